// One thread calls, three hear it.
'use strict';
const { Worker, isMainThread, parentPort, BroadcastChannel } =
  require('worker_threads');
const counts = require('./count');
const CALLS = 10, HEARERS = 3;

if (!isMainThread) {
  const channel = new BroadcastChannel('news');
  let heard = 0;
  channel.onmessage = () => {
    counts.received++;
    if (++heard < CALLS) return;
    counts.sent++;
    channel.close();
    parentPort.postMessage({ heard });
  };
  counts.sent++;
  parentPort.postMessage('ready');
} else {
  const channel = new BroadcastChannel('news');
  let ready = 0, heard = 0, open = HEARERS;
  for (let i = 0; i < HEARERS; i++) {
    const worker = new Worker(__filename);
    worker.on('message', (message) => {
      counts.received++;
      if (message !== 'ready') {
        heard += message.heard;
        return;
      }
      if (++ready < HEARERS) return;
      for (let n = 1; n <= CALLS; n++) {
        counts.sent++;
        channel.postMessage({ n });
      }
      channel.close();
    });
    worker.on('exit', () => {
      if (--open === 0) console.log(`sent ${CALLS} received ${heard}`);
    });
  }
}
