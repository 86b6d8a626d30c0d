// Ports that a thread is born with: in its workerData.
'use strict';
const { Worker, MessageChannel, isMainThread, parentPort, workerData } =
  require('worker_threads');
const counts = require('./count');
const MESSAGES = 10;

function talk(port, first, done) {
  let heard = 0;
  const say = (n) => {
    counts.sent++;
    port.postMessage({ n });
  };
  port.on('message', ({ n }) => {
    counts.received++;
    if (++heard < MESSAGES || !first) say(n + 1);
    if (heard === MESSAGES) done(heard);
    if (heard === MESSAGES && first) port.close();
  });
  if (first) say(0);
}

if (!isMainThread) {
  parentPort.once('message', () => counts.received++);
  for (const { port, first } of workerData.ports) talk(port, first, () => {});
} else {
  const between = new MessageChannel(), up = new MessageChannel();
  const give = (...ports) => {
    const worker = new Worker(__filename, { workerData: { ports },
      transferList: ports.map(({ port }) => port) });
    counts.sent++;
    worker.postMessage('at once');
    return worker;
  };
  give({ port: between.port1, first: true }, { port: up.port2 });
  give({ port: between.port2 });
  talk(up.port1, true, (heard) => console.log('heard', heard));
}
