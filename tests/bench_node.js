// What Node itself needs for a row of the benches: node bench_node.js ROW
// prints one number. Times are medians in microseconds unless said otherwise.
'use strict';
const cp = require('child_process');
const fs = require('fs');

const now = () => Number(process.hrtime.bigint()) / 1e3;

function median(values) {
  values.sort((a, b) => a - b);
  return values[values.length >> 1];
}

async function sample(count, once) {
  const taken = [];
  for (let i = 0; i < count; i++) {
    const begin = now();
    await once();
    taken.push(now() - begin);
  }
  return median(taken);
}

const spawned = () => new Promise((done) => {
  cp.spawn('true', { stdio: 'ignore' }).on('exit', done);
});

function pss(pid) {
  const text = fs.readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return Number(/^Pss:\s+(\d+)/m.exec(text)[1]);
}

// A cluster of two that says hello; wrk asks.
function serve(header, shared) {
  const cluster = require('cluster');
  if (!cluster.isPrimary) {
    require('http').createServer((request, response) => {
      response.end('hello\n');
    }).listen(0, '127.0.0.1');
    return new Promise(() => {});
  }
  cluster.schedulingPolicy =
    shared ? cluster.SCHED_NONE : cluster.SCHED_RR;
  let up = 0;
  return new Promise((done) => {
    cluster.on('listening', (worker, address) => {
      if (++up < 2) return;
      cp.exec(`wrk -t1 -c32 -d2s ${header} ` +
        `http://127.0.0.1:${address.port}/`, (error, report) => {
        for (const one of Object.values(cluster.workers))
          one.process.kill('SIGKILL');
        done(Number(/^Requests\/sec: *([\d.]+)/m.exec(report)[1]));
      });
    });
    cluster.fork();
    cluster.fork();
  });
}

// Messages a second, a thousand, from a parent to its child by fork().
function oneWay(count, size, serialization, isObject) {
  const what = isObject ? { n: 123456, text: 'a'.repeat(size - 25) }
    : 'a'.repeat(size - 3);
  const child = cp.fork(__filename, ['sink', count + 1], { serialization });
  const part = Math.min(count, 1000);
  let sent = 0, begin;
  const more = () => {
    if (sent === count) return;
    for (let i = 1; i < part; i++) child.send(what);
    sent += part;
    child.send(what, more);
  };
  child.send(what, () => setTimeout(() => {
    begin = now();
    more();
  }, 200));
  return new Promise((done) => {
    child.on('disconnect', () => done(count * 1e3 / (now() - begin)));
  });
}

function roundTrips(count) {
  const child = cp.fork(__filename, ['echo']), taken = [];
  let begin;
  return new Promise((done) => {
    child.on('message', () => {
      if (begin) taken.push(now() - begin);
      begin = now();
      if (taken.length < count) child.send({ n: 1 });
      else done(median(taken));
    });
    child.send({ n: 1 });
  });
}

// Milliseconds from when a /ping was due to its answer, the median; asked 100
// times a second in a pipeline, by a process of its own.
function ask(port) {
  const pings = 200, each = 10, taken = [];
  const begin = now() / 1e3;
  let held = '', sent = 0;
  const socket = require('net').connect(port, '127.0.0.1', () => {
    const timer = setInterval(() => {
      while (sent < pings && now() / 1e3 >= begin + sent * each) {
        socket.write('GET /ping HTTP/1.1\r\nHost: x\r\n\r\n');
        sent++;
      }
      if (sent === pings) clearInterval(timer);
    }, 1);
  });
  return new Promise((done) => socket.on('data', (bytes) => {
    const parts = (held + bytes).split('HTTP/1.1 200');
    held = parts[parts.length - 1].slice(-11);
    for (let i = 1; i < parts.length; i++)
      taken.push(now() / 1e3 - begin - taken.length * each);
    if (taken.length === pings) done(median(taken));
  }));
}

function work() {
  const end = now() + 200e3;
  while (now() < end);
}

function answerPings(how) {
  const server = require('http').createServer((request, response) => {
    response.end('pong\n');
  });
  return new Promise((done) => server.listen(0, '127.0.0.1', () => {
    const child = cp.fork(__filename, ['ask', server.address().port]);
    child.on('message', done);
    how();
  }));
}

const rows = {
  spawn: () => sample(100, spawned),

  spawn_big() {
    const memory = Buffer.alloc(1 << 30, 1);
    return sample(7, spawned).then((value) => (memory[5] ? value : 0));
  },

  exec: () => sample(60, () => new Promise((done) => {
    cp.exec('true', done);
  })),

  fork_message: () => sample(7, () => new Promise((done) => {
    const child = cp.fork(__filename, ['hello']);
    child.once('message', () => {
      child.once('exit', () => {});
      child.disconnect();
      done();
    });
  })),

  // KiB, the mean of eight that live at the same time
  child_memory: () => new Promise((done) => {
    const children = [];
    let answers = 0;
    const rested = () => {
      done(children.reduce((sum, child) => sum + pss(child.pid), 0) / 8);
      children.forEach((child) => child.disconnect());
    };
    for (let i = 0; i < 8; i++) {
      children.push(cp.fork(__filename, ['hello']));
      children[i].once('message', () => {
        if (++answers === 8) setTimeout(rested, 200);
      });
    }
  }),

  // ns an iteration
  iteration: () => new Promise((done) => {
    const count = 1e6, begin = now();
    let left = count;
    const turn = () => {
      if (--left) setImmediate(turn);
      else done((now() - begin) * 1e3 / count);
    };
    setImmediate(turn);
  }),

  ipc_trip: () => roundTrips(20000),
  ipc_text: () => oneWay(200000, 64, 'json'),
  ipc_object: () => oneWay(200000, 64, 'json', true),
  ipc_kib_json: () => oneWay(50000, 1 << 10, 'json'),
  ipc_kib_advanced: () => oneWay(50000, 1 << 10, 'advanced'),
  // messages a second
  ipc_mib_json: async () => await oneWay(100, 1 << 20, 'json') * 1e3,
  ipc_mib_advanced: async () => await oneWay(100, 1 << 20, 'advanced') * 1e3,

  sink() {
    let count = 0;
    process.on('message', () => {
      if (++count === Number(process.argv[3])) process.disconnect();
    });
    return new Promise(() => {});
  },

  echo() {
    process.on('message', (message) => process.send(message));
    return new Promise(() => {});
  },

  // ms
  ping_block: () => answerPings(function block() {
    work();
    setImmediate(block);
  }),
  ping_offload: () => answerPings(() => {
    const { Worker } = require('worker_threads');
    new Worker(`const now = ${now}; ${work} for (;;) work();`,
      { eval: true });
  }),

  async ask() {
    process.send(await ask(Number(process.argv[3])), () => process.exit(0));
    return new Promise(() => {});
  },

  // requests a second
  cluster_keep: () => serve(''),
  cluster_each: () => serve("-H 'Connection: close'"),
  cluster_shared: () => serve("-H 'Connection: close'", 'shared'),

  hello() {
    process.on('disconnect', () => process.exit(0));
    process.send('hello');
    return new Promise(() => {});
  },
};

rows[process.argv[2]]().then((value) => {
  console.log(value);
  process.exit(0);
});
