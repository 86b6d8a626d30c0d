// Channels between threads: two workers talk to each other through one that
// the main thread made, a third is asked and answers without an event.
'use strict';
const threads = require('worker_threads');
const { Worker, MessageChannel, isMainThread, parentPort } = threads;
const counts = require('./count');
const MESSAGES = 20;

function say(port, message, transfer) {
  counts.sent++;
  port.postMessage(message, transfer);
}

function hear(port, call) {
  port.on('message', (message) => {
    counts.received++;
    call(message);
  });
}

function talk(port, first) {
  let heard = 0;
  hear(port, () => {
    heard++;
    if (!first || heard < MESSAGES) say(port, { n: heard });
    if (heard === MESSAGES) {
      if (first) port.close();
      parentPort.close();
    }
  });
  if (first) say(port, { n: 0 });
}

// Sleeps until there is something, and takes it.
function answer(port, flag) {
  for (let i = 0; i < MESSAGES; i++) {
    let taken;
    while (!(taken = threads.receiveMessageOnPort(port))) {
      Atomics.wait(flag, 0, i, 20);
    }
    counts.received++;
    say(port, { answer: taken.message.ask });
  }
  port.close();
  parentPort.close();
}

function direct() {
  const { port1, port2 } = new MessageChannel();
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const first = new Worker(__filename), second = new Worker(__filename);
  say(second, { port: port2, first: false }, [port2]);
  say(first, { port: port1, first: true }, { transfer: [port1] });

  const asked = new MessageChannel();
  let answers = 0;
  say(new Worker(__filename), { port: asked.port2, flag }, [asked.port2]);
  const ask = () => {
    say(asked.port1, { ask: answers });
    Atomics.add(flag, 0, 1);
    Atomics.notify(flag, 0);
  };
  hear(asked.port1, () => {
    if (++answers < MESSAGES) ask();
    else console.log('answers', answers);
  });
  ask();
}

if (isMainThread) {
  direct();
} else {
  hear(parentPort, (message) => {
    if (message.flag) answer(message.port, message.flag);
    else talk(message.port, message.first);
  });
}
