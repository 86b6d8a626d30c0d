// The same from an ES module: fork by a named import, a worker by a URL.
import { fork } from 'node:child_process';
import { Worker, isMainThread, parentPort } from 'node:worker_threads';
import { fileURLToPath } from 'node:url';
import counts from './count.js';

const file = fileURLToPath(import.meta.url);
if (!isMainThread) {
  parentPort.once('message', (message) => {
    counts.received++;
    counts.sent++;
    parentPort.postMessage(message);
  });
} else if (process.argv[2] === 'child') {
  process.once('message', (message) => {
    counts.received++;
    counts.sent++;
    process.send(message, () => process.disconnect());
  });
} else {
  const child = fork(file, ['child']);
  counts.sent++;
  child.send({ hello: 'child' });
  child.on('message', ({ hello }) => {
    counts.received++;
    console.log('from the child:', hello);
  });
  child.on('exit', () => {
    const worker = new Worker(new URL(import.meta.url));
    counts.sent++;
    worker.postMessage({ hello: 'worker' });
    worker.on('message', ({ hello }) => {
      counts.received++;
      console.log('from the worker:', hello);
    });
  });
}
