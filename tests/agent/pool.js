// A pool of four workers with a hundred tasks: each worker has one at a time,
// tells of its progress over a channel of its own, and has its results taken
// without an event.
'use strict';
const { Worker, MessageChannel, isMainThread, parentPort, receiveMessageOnPort,
} = require('worker_threads');
const counts = require('./count');
const WORKERS = 4, TASKS = 100;

function work() {
  let progress;
  parentPort.on('message', (message) => {
    counts.received++;
    if (message.port) progress = message.port;
    else if (message.end) {
      progress.close();
      parentPort.close();
    } else {
      counts.sent += 2;
      progress.postMessage({ task: message.task });
      parentPort.postMessage({ task: message.task,
        square: message.task ** 2 });
    }
  });
}

function direct() {
  let task = 0, open = WORKERS, sum = 0, told = 0;
  for (let i = 0; i < WORKERS; i++) {
    const worker = new Worker(__filename);
    const { port1, port2 } = new MessageChannel();
    const post = (message, transfer) => {
      counts.sent++;
      worker.postMessage(message, transfer);
    };
    const next = () => post(task < TASKS ? { task: task++ } : { end: true });
    post({ port: port2 }, [port2]);
    port1.on('message', () => {
      counts.received++;
      told++;
    });
    worker.on('message', ({ square }) => {
      counts.received++;
      sum += square;
      next();
    });
    worker.on('exit', () => {
      if (--open === 0) console.log(`tasks ${TASKS} sum ${sum} told ${told}`);
    });
    next();
  }
}

if (isMainThread) direct();
else work();
