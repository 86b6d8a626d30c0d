// Ping-pong with a forked child: node fork.js json|advanced [MESSAGES]
'use strict';
const { fork } = require('child_process');
const counts = require('./count');
const serialization = process.argv[2] || 'json';
const count = Number(process.argv[3] || 50);

if (process.send && process.argv[4]) {
  process.on('message', (message) => {
    counts.received++;
    counts.sent++;
    process.send({ pong: message.ping });
  });
} else {
  const child = fork(__filename, [serialization, count, 'child'],
                     { serialization });
  let received = 0;
  child.on('message', ({ pong }) => {
    received = ++counts.received;
    if (pong === count) return child.disconnect();
    counts.sent++;
    child.send({ ping: pong + 1, text: 'x'.repeat(pong % 7) });
  });
  child.on('exit', (code, signal) => {
    console.log(`sent ${count} received ${received}`);
    process.exitCode = code || signal ? 1 : 7;
  });
  counts.sent++;
  child.send({ ping: 1 });
}
