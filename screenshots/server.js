// A server that now and then does what it should not: compute on its loop.
const { fork } = require('child_process');

function hash(ms) {
	for (const end = Date.now() + ms; Date.now() < end;);
	console.error(`hashed a password in ${ms} ms`);
}

function report() {
	for (const end = Date.now() + 400; Date.now() < end;);
	console.log('report written in 400 ms');
}

if (process.argv[2] === 'child') {
	process.on('message', hash);
} else {
	const child = fork(__filename, ['child']);
	require('http').createServer((request, response) => response.end('pong'))
		.listen(0, () => console.log('listening'));
	setInterval(() => child.send(300), 700);
	setInterval(report, 1500);
}
