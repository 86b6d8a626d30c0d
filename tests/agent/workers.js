// Worker threads: clone, transfer, a shared buffer; each answers each message.
'use strict';
const { Worker, isMainThread, parentPort, workerData } =
  require('worker_threads');
const counts = require('./count');
const MESSAGES = 15;

if (!isMainThread) {
  const shared = new Int32Array(workerData);
  parentPort.on('message', (message) => {
    counts.received++;
    if (message === 'end') return parentPort.close();
    Atomics.add(shared, 0, 1);
    counts.sent++;
    parentPort.postMessage({ n: message.n, bytes: message.buffer.byteLength });
  });
} else {
  const buffer = new SharedArrayBuffer(8);
  let open = 2, received = 0, sent = 0;
  for (let id = 0; id < 2; id++) {
    const worker = new Worker(__filename, { workerData: buffer });
    const post = (n) => {
      const transferred = new ArrayBuffer(1024);
      sent = ++counts.sent;
      worker.postMessage({ n, buffer: transferred, shared: buffer },
                         [transferred]);
    };
    worker.on('message', ({ n }) => {
      received = ++counts.received;
      if (n < MESSAGES) return post(n + 1);
      sent = ++counts.sent;
      worker.postMessage('end');
    });
    worker.on('exit', (code) => {
      if (code) console.log(`worker ended ${code}`);
      if (--open === 0) {
        console.log(`sent ${sent} received ${received} shared ${
          new Int32Array(buffer)[0]}`);
      }
    });
    post(1);
  }
}
