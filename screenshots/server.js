// A server that now and then does what it should not: compute on its loop.
const { fork } = require('child_process');

if (process.argv[2] === 'child') {
	process.on('message', (ms) => {
		for (const end = Date.now() + ms; Date.now() < end;);
	});
} else {
	const child = fork(__filename, ['child']);
	require('http').createServer((request, response) => response.end('pong'))
		.listen(0, () => console.log('listening'));
	setInterval(() => child.send(300), 700);
	setInterval(() => {
		for (const end = Date.now() + 400; Date.now() < end;);
	}, 1500);
}
