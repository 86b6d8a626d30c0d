// Main: where the agent opens the stream, or stays out.
const TICK_MS = 100;
const REST_MS = 1000; // between ticks of a loop that has nothing to do
const GAUGE_NS = 1e9;
const majors = [18, 20, 22, 24, 26];
const O_WRONLY_NONBLOCK = 1 | 0o4000;
const O_WRONLY_APPEND = 1 | 0o2000;

// ---- the loop: its utilisation and lag, once a second ----

const dlopen = process.dlopen;
const nativePath = `${__dirname}/agent.node`;
let native = null; // what it offers

// What names a block (native.c), but not before a program has lived a little:
// short ones need not pay for it, unless they wish to (--stacks).
function loadNative() {
  if (native !== null) return native;
  const module = { exports: {} };
  native = module.exports;
  try {
    dlopen.call(process, module, nativePath);
    if (OPTIONS.stacks) watchCalls(native);
  } catch {}
  return native;
}

const loop = { timer: null, due: 0, gauged: 0, ticked: 0, resting: false,
  lags: [], last: undefined };

// The one timer is used again: a new one would be noticed (async_hooks).
function schedule(time, ms) {
  loop.timer._idleTimeout = ms;
  loop.due = time + ms * 1e6;
  loop.resting = ms === REST_MS;
  loop.timer.refresh();
}

function wake(time) {
  schedule(time, TICK_MS);
}

// As eventLoopUtilization() has it, in ns; to ask that loads perf_hooks: it is
// done only where the native part cannot tell.
function readUse(time) {
  if (native.idle) {
    const idle = native.idle();
    return { active: time - idle, idle };
  }
  const { active, idle } = globalThis.performance.eventLoopUtilization();
  return { active: active * 1e6, idle: idle * 1e6 };
}

function tellLoop(time) {
  const used = readUse(time);
  const since = loop.last || { active: 0, idle: 0 };
  const busy = used.active - since.active;
  const window = busy + used.idle - since.idle;
  const lags = loop.lags.sort((a, b) => a - b);
  const worst = lags.length ? lags[lags.length - 1] : 0;

  loop.last = used;
  loop.lags = [];
  loop.gauged = time;
  if (!(window > 0)) return true;
  record(kind('loop-gauge'), time, pid, 0, 0,
         { lo: (lags.length ? lags[lags.length >> 1] : 0) / 1000 >>> 0,
           hi: worst / 1000 >>> 0 }, 0,
         worst, window, busy > 0 ? busy : 0, '');
  return busy / window > 0.01;
}

function tick() {
  try {
    loadNative();
    const time = now();
    const late = time - loop.due;
    let busy = changed.length > 0;

    if (loop.last === undefined && native.idle) loop.last = readUse(time);
    loop.lags.push(late > 0 ? late : 0);
    tokens = Math.min(RATE, tokens + RATE * (time - loop.ticked) / 1e9);
    loop.ticked = time;
    const second = time - loop.gauged >= GAUGE_NS - 1e7;
    // What is dropped would not be told again.
    if (changed.length && (coarse || second) &&
        kept.length < KEPT_CHUNKS / 2) tellCounts(time);
    if (second) busy = tellLoop(time) || busy;
    else busy = true;
    if (used || kept.length) flush(time);
    if (fd < 0) return;
    schedule(time, busy ? TICK_MS : REST_MS);
  } catch {}
}

function startTicks() {
  const time = now();
  loop.due = time + TICK_MS * 1e6;
  loop.gauged = loop.ticked = time;
  loop.timer = setTimer(tick, TICK_MS);
  loop.timer.unref();
}

// ---- what is watched ----

function subscribe() {
  const channels = require('diagnostics_channel');
  let seen = false;
  if (typeof channels.subscribe !== 'function') return;
  channels.subscribe('child_process', ({ process: child }) => {
    if (seen) return;
    seen = true;
    try {
      watchChildren(child.constructor);
    } catch {}
  });
  channels.subscribe('worker_threads', ({ worker }) => onWorker(worker));
}

function onWorker(worker) {
  try {
    openWorkerPorts(worker);
  } catch {}
}

function startWorker() {
  const threads = require('worker_threads');
  const name = threads.threadName || `thread ${threads.threadId}`;
  urgent(kind('thread-born'), 0, 0, 2, threads.threadId, name);
  watchPorts(MessagePort.prototype, MessageChannel, BroadcastChannel);
  watchTakes();
  if (threads.parentPort) openParentPort(threads.parentPort, threads.threadId);
}

function readTid() {
  try {
    return +readlinkSync('/proc/thread-self').split('/').pop() || pid;
  } catch {
    return pid;
  }
}

function start() {
  const path = process.env.LOOPTOP_EVENTS;
  const major = parseInt(process.versions.node, 10);
  if (!path) return;
  fd = openSync(path, O_WRONLY_NONBLOCK);
  streamPath = path;
  tid = readTid();
  if (!majors.includes(major)) {
    urgent(kind('note'), 0, 0, 1, 0, `Node ${process.version} is not known ` +
      `to looptop's agent: it is seen from outside only`);
    fd = -1;
    return;
  }
  if (tid === pid) urgent(kind('agent'), 0, 0, 0, 0, process.version);
  else startWorker();
  startTicks();
  if (OPTIONS.stacks) loadNative();
  if (tid === pid) watchFirstPort();
  watchProcess(onWorker);
  subscribe();
  if (tid === pid && process.channel) {
    const [parent, child] = channelPids();
    openChannel(process, parent, child, false);
  }
}

delete require.cache[__filename];
try {
  start();
} catch {
  fd = -1; // nobody reads, or it is not permitted: the program goes on
}
