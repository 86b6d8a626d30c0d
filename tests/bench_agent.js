// What a program costs with looptop's agent and without: paired runs in
// alternating order, each pair one ratio, the median of PAIRS of them.
//   node tests/bench_agent.js [NODE...]     LOOPTOP names the program, and
//                                          NEWEST another Node, when it is there
// Both run below looptop, once with --no-agent: what is measured is the agent.
'use strict';
const { spawnSync, spawn, fork } = require('child_process');
const { Worker, isMainThread, parentPort, workerData } =
  require('worker_threads');
const http = require('http');
const { existsSync } = require('fs');

const PAIRS = Number(process.env.PAIRS || 7);
const LOOPTOP = process.env.LOOPTOP || 'build/looptop';

// ---- the programs: each prints {rate, cpu}, cpu in us a piece of work ----

function report(count, begin, cpu) {
  const seconds = Number(process.hrtime.bigint() - begin) / 1e9;
  const { user, system } = process.cpuUsage(cpu);
  console.log(JSON.stringify({ rate: count / seconds,
    cpu: (user + system) / count }));
}

// Echoes with a window of messages on their way, after a warm-up; seconds of it,
// or what is measured is how Node's compiler begins.
function echo(send, count, window, done) {
  const all = count + count / 5;
  let received = 0, sent = 0, begin, cpu;
  const post = () => {
    if (sent === all) return;
    sent++;
    send();
  };
  return {
    start() {
      for (let i = 0; i < window; i++) post();
    },
    message() {
      if (++received === all - count) {
        begin = process.hrtime.bigint();
        cpu = process.cpuUsage();
      }
      if (received < all) return post();
      report(count, begin, cpu);
      done();
    },
  };
}

function ipc(serialization) {
  if (process.send) return process.on('message', (m) => process.send(m));
  const child = fork(__filename, ['run', serialization], { serialization });
  const message = { id: 1, text: 'hello' };
  const run = echo(() => child.send(message),
                   serialization === 'json' ? 200000 : 80000, 32,
                   () => child.disconnect());
  child.on('message', run.message);
  run.start();
}

function workers() {
  if (!isMainThread) {
    return parentPort.on('message', (m) => parentPort.postMessage(m));
  }
  const worker = new Worker(__filename, { argv: ['run', 'worker'] });
  const message = { id: 1, text: 'hello' };
  const run = echo(() => worker.postMessage(message), 400000, 32,
                   () => worker.terminate());
  worker.on('message', run.message);
  run.start();
}

function hello() {
  const server = http.createServer((request, response) => {
    response.end('hello');
  });
  server.listen(0, () => {
    const url = `http://127.0.0.1:${server.address().port}/`;
    const load = (seconds, done) => {
      const wrk = spawn('wrk', ['-t1', '-c16', `-d${seconds}s`, url]);
      let text = '';
      wrk.stdout.on('data', (data) => { text += data; });
      wrk.on('close', () => done(text));
    };
    load(1, () => {
      const begin = process.hrtime.bigint(), cpu = process.cpuUsage();
      load(3, (text) => {
        report(Number(/(\d+) requests in/.exec(text)[1]), begin, cpu);
        server.close();
        server.closeAllConnections();
      });
    });
  });
}

function idle() {
  const seconds = 5;
  setTimeout(() => {
    const begin = process.hrtime.bigint(), cpu = process.cpuUsage();
    const { voluntaryContextSwitches: before } = process.resourceUsage();
    setTimeout(() => {
      const { user, system } = process.cpuUsage(cpu);
      const { voluntaryContextSwitches: after } = process.resourceUsage();
      console.log(JSON.stringify({
        cores: (user + system) / 1e6 / seconds,
        wakes: (after - before) / seconds }));
    }, seconds * 1000);
  }, 1500);
}

const programs = {
  json: () => ipc('json'), advanced: () => ipc('advanced'), worker: workers,
  http: hello, start() {}, idle,
};

// ---- the measure ----

function once(node, name, agent) {
  const begin = process.hrtime.bigint();
  const run = name === 'start' ? 15 : 1;
  const args = name === 'start' ?
    ['sh', '-c', `for i in ${'1 '.repeat(run)}; do "$0" -e 0; done`, node] :
    [node, __filename, 'run', name];
  const { stdout } = spawnSync(LOOPTOP, ['run', '--json', '--output',
    '/dev/null', ...(agent ? [] : ['--no-agent']), '--', ...args],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  if (name !== 'start') return JSON.parse(stdout.trim().split('\n').pop());
  const seconds = Number(process.hrtime.bigint() - begin) / 1e9;
  return { rate: run / seconds, cpu: seconds / run };
}

const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];
const percent = (x) => `${x >= 0 ? '+' : ''}${(x * 100).toFixed(1)} %`;

function compare(node, name) {
  const rates = [], cpus = [];
  for (let i = 0; i < PAIRS; i++) {
    const first = once(node, name, i % 2 === 0);
    const second = once(node, name, i % 2 !== 0);
    const [on, off] = i % 2 === 0 ? [first, second] : [second, first];
    rates.push(off.rate / on.rate - 1);
    cpus.push(on.cpu / off.cpu - 1);
  }
  const low = Math.min(...rates), high = Math.max(...rates);
  console.log(`  ${name.padEnd(10)} time ${percent(median(rates)).padStart(8)
  } [${percent(low)} .. ${percent(high)}]   CPU ${percent(median(cpus))}`);
}

// The one that runs this, and the newest when there is one.
function nodesHere() {
  const newest = process.env.NEWEST;
  if (newest && existsSync(newest)) return [process.execPath, newest];
  console.log("this Node only: `make newest-node` fetches npm's newest");
  return [process.execPath];
}

function main(nodes) {
  console.log(`the agent's cost, median of ${PAIRS} paired ratios; goal < 3 %`);
  for (const node of nodes.length ? nodes : nodesHere()) {
    const version = spawnSync(node, ['--version'], { encoding: 'utf8' });
    console.log(version.stdout.trim());
    for (const name of Object.keys(programs)) {
      if (name !== 'idle') compare(node, name);
    }
    const on = once(node, 'idle', true), off = once(node, 'idle', false);
    console.log(`  idle       ${percent(on.cores - off.cores)} of a core, ${
      (on.wakes - off.wakes).toFixed(1)} wake-ups a second more`);
  }
}

if (!isMainThread || process.argv[2] === 'run') {
  programs[isMainThread ? process.argv[3] : 'worker']();
} else {
  main(process.argv.slice(2));
}
