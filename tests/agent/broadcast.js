// All call at once and each hears all others: four threads, a second channel
// in the first of them, one that comes later, and a name that nobody shares.
//   node broadcast.js [CALLS]
'use strict';
const { Worker, isMainThread, parentPort, threadId, BroadcastChannel } =
  require('worker_threads');
const counts = require('./count');
const CALLS = Number(process.argv[2] || 10), WORKERS = 3;

// What it says is by whom it is, and how many are to hear it.
function call(channel, by, hearers, times) {
  for (let n = 1; n <= times; n++) {
    counts.sent++;
    channel.postMessage({ n, by, hearers });
  }
}

function work() {
  const channel = new BroadcastChannel('news');
  const post = (message) => {
    counts.sent++;
    parentPort.postMessage(message);
  };
  let heard = 0;
  channel.onmessage = ({ data }) => {
    counts.received++;
    if (++heard === CALLS * WORKERS || data.last) post('heard');
    if (data.by === 0 && data.n === 1 && data.hearers === 4) {
      call(channel, threadId, 4, CALLS);
    }
  };
  parentPort.on('message', () => {
    counts.received++;
    channel.close();
    try {
      channel.postMessage(1);
    } catch (error) {
      post(error.name);
    }
    parentPort.close();
  });
  post('ready');
}

function direct() {
  const channel = new BroadcastChannel('news');
  const second = new BroadcastChannel('news');
  const alone = new BroadcastChannel('nobody');
  const workers = [];
  const said = {};
  let open = 0, heard = 0;
  channel.onmessage = second.onmessage = () => {
    counts.received++;
    heard++;
  };
  const hear = (what) => {
    counts.received++;
    said[what] = (said[what] || 0) + 1;
    if (said.ready === WORKERS && what === 'ready') {
      call(channel, 0, 4, CALLS);
    } else if (said.heard === WORKERS && what === 'heard') {
      add();
    } else if (said.ready === WORKERS + 1 && what === 'ready') {
      call(channel, 0, 5, CALLS);
      counts.sent++;
      channel.postMessage({ n: 0, last: true, hearers: 5 });
    } else if (said.heard === 2 * WORKERS + 1 && what === 'heard') {
      end();
    }
  };
  const end = () => {
    try {
      channel.postMessage(() => {});
    } catch (error) {
      console.log(error.name);
    }
    call(alone, 0, 0, 1);
    for (const worker of workers) {
      counts.sent++;
      worker.postMessage('end');
    }
    for (const each of [channel, second, alone]) each.close();
  };
  const add = () => {
    const worker = new Worker(__filename, { argv: [CALLS] });
    open++;
    workers.push(worker);
    worker.on('message', hear);
    worker.on('exit', () => {
      if (--open === 0) console.log(said, `heard ${heard}`);
    });
  };
  for (let i = 0; i < WORKERS; i++) add();
}

if (isMainThread) direct();
else work();
