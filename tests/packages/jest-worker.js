// What jest-worker does for jest, with processes and with threads; its own
// suite is in no package.
'use strict';
const assert = require('assert');
const { isMainThread, threadId } = require('worker_threads');
const { Worker, messageParent } = require('jest-worker');

exports.square = (n) => n * n;
exports.place = (key) => `${process.pid} ${threadId} ${key && ''}`;
exports.fail = (text) => {
  throw Object.assign(new RangeError(text), { extra: 7 });
};
exports.later = (n) => new Promise((done) => setTimeout(done, n, n));
exports.shout = (n) => {
  for (let i = 0; i < n; i++) messageParent({ i });
  return n;
};
exports.big = (text) => text.length;
exports.print = (text) => process.stdout.write(text);
exports.leave = () => process.exit(3);
let state = 'none';
exports.setup = (given) => { state = given; };
exports.tell = () => state;

async function use(enableWorkerThreads, options, body) {
  const farm = new Worker(__filename, { enableWorkerThreads, numWorkers: 3,
    exposedMethods: ['square', 'place', 'fail', 'later', 'shout', 'big',
      'print', 'leave', 'tell'], ...options });
  try {
    await body(farm);
  } finally {
    await farm.end();
  }
}

const uses = {
  async 'two hundred calls'(farm) {
    const numbers = Array.from({ length: 200 }, (_, i) => i);
    const squares = await Promise.all(numbers.map((n) => farm.square(n)));
    assert.deepEqual(squares, numbers.map((n) => n * n));
  },
  async 'each worker has some'(farm) {
    const places = await Promise.all(
      Array.from({ length: 30 }, () => farm.place()));
    assert.equal(new Set(places).size, 3);
  },
  async 'an error keeps what it is'(farm) {
    const error = await farm.fail('mine').catch((failure) => failure);
    assert.equal(error.constructor.name, 'RangeError');
    assert.equal(error.message, 'mine');
    assert.equal(error.extra, 7);
  },
  async 'promises'(farm) {
    assert.deepEqual(await Promise.all([farm.later(30), farm.later(10)]),
      [30, 10]);
  },
  async 'messages beside the answer'(farm) {
    const call = farm.shout(20);
    const heard = [];
    call.UNSTABLE_onCustomMessage(({ i }) => heard.push(i));
    assert.equal(await call, 20);
    assert.deepEqual(heard, Array.from({ length: 20 }, (_, i) => i));
  },
  async 'a megabyte'(farm) {
    assert.equal(await farm.big('x'.repeat(1e6)), 1e6);
  },
  async 'output'(farm) {
    let text = '';
    farm.getStdout().on('data', (chunk) => { text += chunk; });
    await farm.print('printed');
    while (!text) await new Promise((done) => setTimeout(done, 10));
    assert.equal(text, 'printed');
  },
  async 'set up before the first call'(farm) {
    assert.equal(await farm.tell(), 'given');
  },
  async 'a worker that leaves'(farm) {
    await assert.rejects(farm.leave());
  },
};
const options = {
  'set up before the first call': { setupArgs: ['given'] },
  'a worker that leaves': { maxRetries: 0 },
};

if (isMainThread && require.main === module) {
  const { test } = require('./tap');
  for (const threads of [false, true]) {
    for (const [name, body] of Object.entries(uses)) {
      test(`${threads ? 'threads' : 'processes'}: ${name}`,
        () => use(threads, options[name] || {}, body));
    }
    test(`${threads ? 'threads' : 'processes'}: a key has one worker`,
      () => use(threads, { computeWorkerKey: (_, key) => String(key) },
        async (farm) => {
          const places = await Promise.all(
            Array.from({ length: 20 }, () => farm.place('same')));
          assert.equal(new Set(places).size, 1);
        }));
  }
}
