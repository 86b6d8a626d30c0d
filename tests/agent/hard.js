// What a program may do to itself and its children: node hard.js CASE [N]
'use strict';
const cp = require('child_process');
const { Worker, isMainThread, parentPort, workerData } =
  require('worker_threads');
const n = Number(process.argv[3] || 0);

// A child of this file; its end is printed.
function start(name, options, ...args) {
  const child = cp.fork(__filename, [name, ...args], options);
  child.on('exit', (code, signal) => console.log(name, 'ended', code, signal));
  return child;
}

function count(emitter, done) {
  let received = 0;
  emitter.on('message', () => received++);
  emitter.on('exit', (code) => {
    setImmediate(() => console.log('received', received, 'code', code));
    if (done) done();
  });
}

const cases = {
  // Nothing of the environment is left, neither here nor in the child.
  wiped() {
    const { PATH } = process.env;
    for (const key of Object.keys(process.env)) delete process.env[key];
    process.env.PATH = PATH;
    const child = start('bare', { env: {} });
    child.on('message', (keys) => console.log('the child has', keys));
    child.on('exit', () => {
      cp.execFile(process.execPath, ['-p', '1 + 1'], (error, out) => {
        console.log('the other says', out.trim());
        new Worker(__filename, { env: {}, argv: ['thread'] });
      });
    });
  },
  bare() {
    process.send(Object.keys(process.env), () => process.disconnect());
  },
  thread() {
    console.log('the thread has', Object.keys(process.env));
  },

  // Each has a child, and what the last one says goes up through all.
  chain() {
    if (!n) {
      process.send({ from: 'the last' }, () => process.disconnect());
      process.exitCode = 5;
      return;
    }
    const child = cp.fork(__filename, ['chain', n - 1]);
    child.on('message', (message) => {
      if (process.send) process.send(message, () => process.disconnect());
      else console.log('heard', message.from);
    });
    child.on('exit', (code) => { process.exitCode = code; });
  },

  many() {
    let open = n, sum = 0;
    for (let i = 0; i < n; i++) {
      const worker = new Worker(
        'const { parentPort, workerData } = require("worker_threads");' +
        'parentPort.postMessage(workerData);',
        { eval: true, workerData: i, resourceLimits: { stackSizeMb: 1 } });
      worker.on('message', (value) => { sum += value; });
      worker.on('exit', () => {
        if (--open === 0) console.log('threads', n, 'sum', sum);
      });
    }
  },

  // What cannot be sent, and what hardly can.
  messages() {
    const cyclic = { name: 'cyclic' };
    cyclic.self = cyclic;
    const throwing = { get secret() { throw new Error('not yours'); } };
    const trap = () => { throw new Error('a trap'); };
    const proxy = new Proxy({}, { get: trap, ownKeys: trap, has: trap,
      getOwnPropertyDescriptor: trap, getPrototypeOf: trap });
    const json = start('echo', {});
    const advanced = start('echo', { serialization: 'advanced' });
    const worker = new Worker(__filename, { argv: ['echo'] });
    const send = {
      json: (message) => json.send(message),
      advanced: (message) => advanced.send(message),
      worker: (message) => worker.postMessage(message),
    };
    for (const way of Object.keys(send)) {
      for (const message of [cyclic, throwing, proxy, () => {}, Symbol('s'),
        undefined, null, NaN, 10n]) {
        try {
          send[way](message);
          console.log(way, 'sent');
        } catch (error) {
          console.log(way, error.name, error.message);
        }
      }
    }
    const results = [];
    for (const [name, target] of Object.entries({ json, advanced, worker })) {
      target.on('message', (message) => {
        if (message.length === undefined) return;
        results.push(`${name} ${message.length}`);
        if (results.length < 3) return;
        console.log(results.sort().join());
        json.disconnect();
        advanced.disconnect();
        worker.terminate();
      });
    }
    const big = 'x'.repeat(n);
    json.send(big);
    advanced.send(Buffer.from(big));
    worker.postMessage(big);
  },
  echo() {
    const answer = (message) => (message && message.length === n ||
      message && message.length > 1e5 ? { length: message.length } : 0);
    if (!isMainThread) {
      parentPort.on('message', (m) => parentPort.postMessage(answer(m)));
    } else {
      process.on('message', (m) => process.send(answer(m)));
    }
  },

  // The end in the middle of many messages.
  burst() {
    count(start('shot', {}), () => {
      count(new Worker(__filename, { argv: ['shot'] }));
    });
  },
  shot() {
    for (let i = 0; i < 150; i++) {
      if (isMainThread) process.send({ i });
      else parentPort.postMessage({ i });
    }
    process.exit(3);
  },

  crash() {
    const quiet = { stdio: ['ignore', 'inherit', 'ignore', 'ipc'] };
    const hear = (child) => child.on('message', () => {});
    hear(start('abort', quiet)).on('exit', () => {
      hear(start('killed', {})).on('exit', () => {
        start('thrown', quiet).on('exit', fill);
      });
    });
    function fill() {
      const worker = new Worker(__filename, { argv: ['full'],
        resourceLimits: { maxOldGenerationSizeMb: 16 } });
      worker.on('error', (error) => console.log('thread', error.code));
      worker.on('exit', (code) => console.log('thread ended', code));
    }
  },
  abort() {
    for (let i = 0; i < 50; i++) process.send({ i });
    process.abort();
  },
  killed() {
    for (let i = 0; i < 50; i++) process.send({ i });
    process.kill(process.pid, 'SIGKILL');
  },
  thrown() {
    process.send({});
    throw new Error('uncaught');
  },
  full() {
    const all = [];
    for (;;) all.push(new Array(1e4).fill(all.length));
  },

  // A few messages a second, for as long as it takes.
  slow() {
    const child = start('answers', {});
    let left = n;
    child.on('message', () => {
      if (--left === 0) return child.disconnect();
      setTimeout(() => child.send({ left, text: 'x'.repeat(3000) }), 5);
    });
    child.send({ left });
  },
  // Talks to a child and a thread until it is ended.
  endless() {
    const child = start('answers', {});
    const worker = new Worker(__filename, { argv: ['echo'] });
    const loop = (target, say) => {
      let heard = 0;
      target.on('message', () => {
        if (++heard === 20) console.log('talks');
        setTimeout(say, 5);
      });
      say();
    };
    loop(child, () => child.send('x'));
    loop(worker, () => worker.postMessage('x'));
  },
  answers() {
    process.on('message', (message) => process.send(message));
  },
};

cases[process.argv[2]]();
