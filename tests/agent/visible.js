// What a program can see of itself: with the agent it must see the same.
'use strict';
const { AsyncResource } = require('async_hooks');
const { EventEmitter } = require('events');
const cp = require('child_process');
const { inspect } = require('util');
const { BroadcastChannel, Worker, isMainThread, MessageChannel, parentPort } =
  require('worker_threads');

// All of an object's own properties, in the order in which they came.
const ownOf = (object) => Reflect.ownKeys(object).map((key) =>
  [String(key), Object.getOwnPropertyDescriptor(object, key).enumerable]);

function look(name) {
  const env = Object.keys(process.env).filter((key) => ![
    'NODE_OPTIONS', 'LOOPTOP_EVENTS', 'PATH', '_', 'SHLVL', 'OLDPWD', 'PWD',
  ].includes(key) && !key.startsWith('LOOPTOP'));
  const { port1, port2 } = new MessageChannel();
  const cast = new BroadcastChannel(name);
  const seen = {
    cast: [ownOf(cast), inspect(cast), Object.getOwnPropertyNames(
      BroadcastChannel.prototype)],
    env: env.length,
    execArgv: process.execArgv,
    argv: process.argv.length,
    cache: Object.keys(require.cache).map((key) => key.split('/').pop()),
    main: require.main && require.main.children.length,
    listeners: process.eventNames().map((event) =>
      [String(event), process.listenerCount(event)]),
    active: process.getActiveResourcesInfo(),
    keys: Object.keys(process).sort(),
    own: Object.getOwnPropertyNames(globalThis).sort(),
    port: [Object.keys(port1), Object.getOwnPropertyNames(port1)],
    post: [port1.postMessage.name, port1.postMessage.length],
    spawn: cp.ChildProcess.prototype.spawn.length,
    emits: Object.keys(Object.getPrototypeOf(process)),
    isEmitter: process instanceof EventEmitter,
  };
  port2.close();
  cast.close();
  console.log(name, JSON.stringify(seen));
}

function failures() {
  for (const message of [() => {}, Symbol('x')]) {
    try {
      new MessageChannel().port1.postMessage(message);
    } catch (error) {
      console.log(error.name, error.message);
    }
  }
  const cast = new BroadcastChannel('failures');
  for (const given of [[() => {}], []]) {
    try {
      cast.postMessage(...given);
    } catch (error) {
      console.log(error.name, error.message);
    }
  }
  cast.close();
  for (const given of [undefined, null, {}]) {
    try {
      MessagePort.prototype.postMessage.call(given, 1);
    } catch (error) {
      console.log(error.name, error.message);
    }
  }
}

function getters(done) {
  let read = 0;
  const child = cp.fork(__filename, ['child']);
  const message = { get secret() { read++; return 'x'; } };
  message.self = new Proxy({}, { get() { read++; } });
  child.on('message', (answer) => {
    console.log('answer', answer, 'read', read);
    const cyclic = {};
    cyclic.cyclic = cyclic;
    try {
      child.send(cyclic);
    } catch (error) {
      console.log(error.name);
    }
    child.disconnect();
  });
  child.on('exit', (code) => {
    console.log('ended', code, Object.keys(child).sort().join());
    done();
  });
  child.send(message);
}

if (!isMainThread) {
  look('thread');
  parentPort.postMessage('seen');
} else if (process.argv[2] === 'child') {
  look('child');
  process.on('message', (message) => process.send(Object.keys(message)));
} else {
  look('main');
  failures();
  new AsyncResource('mine').runInAsyncScope(() => {
    getters(() => {
      const worker = new Worker(__filename);
      console.log('thread', JSON.stringify(ownOf(worker)));
      worker.on('exit', (code) => {
        console.log('thread ended', code);
        process.on('exit', (status) => console.log('exit', status));
        for (let i = 0; i < 100; i++) new MessageChannel().port1.postMessage(i);
        process.exit(3);
      });
    });
  });
}
