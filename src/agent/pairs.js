// Pairs: which two ports belong together, and who has them.
//
// A MessageChannel puts its ports into the properties port1 and port2: a
// setter on the prototype sees both, whoever makes the channel, and leaves
// what it would have been without. A port that is transferred is another
// object in the other thread: the message that carries it has a number there
// and here, and under that the native part, which all threads share, keeps
// what is known of it (native_ports.c).
//
// A thread that is born with ports, in its workerData, has them before its
// agent is there: those are known by where in it they are.
//
// Not known: what a receiveMessageOnPort() takes that the program took out of
// its module before there was any channel; to be there first the module would
// have to be loaded in every program.
const receivingPorts = Symbol.for('nodejs.internal.kCurrentlyReceivingPorts');
let cloner = false; // the channel of structuredClone() was seen
let newest = []; // the ends of the newest channel

// Node 18 and 20 clone through a channel of their own.
function isCloners() {
  if (cloner) return false;
  for (const frame of framesOf(isCloners, 4)) {
    if (frame.getFileName() === 'node:internal/structured_clone') {
      cloner = true;
      return true;
    }
  }
  return false;
}

function holdEnd(port, end) {
  defineProperty(port, STATE, { value: end, configurable: true });
}

function pair(port1, port2) {
  const none = isCloners();
  const id = nextId();
  newest = [[port1, 0], [port2, 1]].map(([port, back]) => {
    const end = none ? null : makeEnd(id, back, 0);
    if (end) end.born = false;
    holdEnd(port, end);
    return end;
  });
  if (!none) watchTakes();
}

function watchChannels(prototype) {
  watchAssignments(prototype, 'port2', ({ port1 }, port2) => {
    pair(port1, port2);
  });
}

// Most channels are never used: they are told of with the first message.
function announce(end) {
  const time = now();
  end.born = true;
  record(kind('channel-born'), time, pid, 0, 0, end, end.back, CHANNEL_PORT,
         0, 0, '');
}

// ---- ports on their way ----

function isPort(value) {
  return typeof value === 'object' && value !== null &&
    !types.isProxy(value) && getPrototypeOf(value) === portPrototype;
}

const keyOf = (end, number, index) =>
  `${end.lo} ${end.hi} ${number} ${index}`;

function giveEnd(key, end) {
  if (!end || !loadNative().give) return;
  native.give(key, `${end.lo} ${end.hi} ${end.back} ${end.sent} ${
    end.received}`);
}

function takeEnd(key, port) {
  const found = loadNative().take && native.take(key);
  if (!found || port[STATE] !== undefined) return;
  const [lo, hi, back, sent, received] = found.split(' ').map(Number);
  const end = makeEnd({ lo, hi }, back, 0);
  end.sent = sent;
  end.received = received;
  end.born = false;
  holdEnd(port, end);
}

// Before the message that carries them is posted as the `number`th of `by`.
function givePorts(by, number, transfer) {
  const list = listOf(transfer);
  let index = 0;
  for (let i = 0; i < list.length; i++) {
    const property = getOwnPropertyDescriptor(list, i);
    if (property === undefined || !isPort(property.value)) continue;
    giveEnd(keyOf(by, number, index), property.value[STATE]);
    index++;
  }
}

// They have arrived with it.
function takePorts(by, number, ports) {
  for (let i = 0; i < ports.length; i++) {
    takeEnd(keyOf(by, number, i), ports[i]);
  }
}

// ---- ports that a thread is born with ----

const BORN_DEPTH = 4;
const BORN_NAMES = 16;

// Finds them where one looks for them; `path` says where that is.
function eachPort(value, path, depth, see) {
  if (typeof value !== 'object' || value === null || types.isProxy(value) ||
      types.isTypedArray(value)) return;
  if (isPort(value)) {
    see(value, path);
    return;
  }
  if (depth === BORN_DEPTH) return;
  const names = isArray(value) ? value.keys() : keys(value);
  let count = 0;
  for (const name of names) {
    if (count++ === BORN_NAMES) return;
    const property = getOwnPropertyDescriptor(value, name);
    if (property !== undefined) {
      eachPort(property.value, `${path}.${name}`, depth + 1, see);
    }
  }
}

// Node's message to a new thread: its end of the channel tells which one.
function giveBorn(message, transfer) {
  if (!isNodes(message) || listOf(transfer).length < 2) return;
  const { publicPort, workerData } = getOwnPropertyDescriptors(message);
  if (!publicPort || !workerData || !isPort(publicPort.value)) return;
  const end = publicPort.value[STATE];
  if (!end) return;
  eachPort(workerData.value, '', 0, (port, path) => {
    giveEnd(`born ${end.lo}${path}`, port[STATE]);
  });
}

function takeBorn(workerData, end) {
  eachPort(workerData, '', 0, (port, path) => {
    takeEnd(`born ${end.lo}${path}`, port);
  });
}

// ---- a Worker's channel, as soon as its constructor has made it ----

function watchWorkers({ prototype }) {
  const { kPublicPort } = symbolsAsked(prototype.postMessage, {});
  if (!kPublicPort) return;
  watchAssignments(prototype, kPublicPort, (worker, port) => {
    const there = newest[0] && newest[0] === port[STATE] ? newest[1] : null;
    openWorkerPorts(worker);
    if (there === null) return;
    there.lo = port[STATE].lo;
    there.hi = port[STATE].hi;
  });
}

// ---- receiveMessageOnPort() ----

let takesWatched = false;

function took(port, message) {
  const inner = symbolOf(port, 'kHandle'); // of a BroadcastChannel
  const cast = inner && port[inner] ? port[inner][CAST] : undefined;
  if (cast) heardCast(cast, message, true);
  else arrived(inner ? port[inner] : port, message);
}

// Only when it is sure that the module is loaded: it takes its time.
function watchTakes() {
  if (takesWatched) return;
  takesWatched = true;
  const threads = require('worker_threads');
  const take = threads.receiveMessageOnPort;
  replace(threads, 'receiveMessageOnPort', function(port) {
    const result = apply(take, this, arguments);
    try {
      if (result !== undefined && fd >= 0) took(port, result.message);
    } catch {}
    return result;
  });
  require('module').syncBuiltinESMExports();
  watchWorkers(threads.Worker);
}
