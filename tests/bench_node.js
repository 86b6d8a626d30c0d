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

  // KiB
  child_memory: () => new Promise((done) => {
    const child = cp.fork(__filename, ['hello']);
    child.once('message', () => setTimeout(() => {
      done(pss(child.pid));
      child.disconnect();
    }, 200));
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
