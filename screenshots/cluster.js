// A cluster of three workers and a client with kept connections.
'use strict';
const cluster = require('cluster');
const http = require('http');
const { fork } = require('child_process');

const port = 3456;

if (process.argv[2] === 'client') {
	const agent = new http.Agent({ keepAlive: true, maxSockets: 9 });
	setInterval(() => {
		for (let i = 0; i < 9; i++)
			http.get({ port, agent }, (answer) => answer.resume())
				.on('error', () => {});
	}, 100);
} else if (cluster.isPrimary) {
	let left = 3;
	for (let i = 0; i < 3; i++)
		cluster.fork();
	cluster.on('listening', () => {
		if (--left === 0)
			fork(__filename, ['client']);
	});
} else {
	http.createServer((request, answer) => answer.end('hello\n'))
		.listen(port);
}
