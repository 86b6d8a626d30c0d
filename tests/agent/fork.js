// Ping-pong with a forked child: node fork.js json|advanced [MESSAGES]
'use strict';
const { fork } = require('child_process');
const serialization = process.argv[2] || 'json';
const count = Number(process.argv[3] || 50);

if (process.send && process.argv[4]) {
  process.on('message', (message) => {
    process.send({ pong: message.ping });
  });
} else {
  const child = fork(__filename, [serialization, count, 'child'],
                     { serialization });
  let received = 0;
  child.on('message', ({ pong }) => {
    received++;
    if (pong === count) return child.disconnect();
    child.send({ ping: pong + 1, text: 'x'.repeat(pong % 7) });
  });
  child.on('exit', (code, signal) => {
    console.log(`sent ${count} received ${received}`);
    process.exitCode = code || signal ? 1 : 7;
  });
  child.send({ ping: 1 });
}
