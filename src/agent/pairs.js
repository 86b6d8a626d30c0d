// Pairs: which two ports belong together, and who has them.
//
// A MessageChannel puts its ports into the properties port1 and port2: a
// setter on the prototype sees both, whoever makes the channel, and leaves
// what it would have been without. A port that is transferred is another
// object in the other thread: the message that carries it has a number there
// and here, and under that the native part, which all threads share, keeps
// what is known of it (native_ports.c).
//
// Not known: ports in workerData (they are there before the agent is).
const receivingPorts = Symbol.for('nodejs.internal.kCurrentlyReceivingPorts');
let cloner = false; // the channel of structuredClone() was seen

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
  for (const [port, back] of [[port1, 0], [port2, 1]]) {
    const end = none ? null : makeEnd(id, back, 0);
    if (end) end.born = false;
    holdEnd(port, end);
  }
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
    !types.isProxy(value) && getPrototypeOf(value) === MessagePort.prototype;
}

const keyOf = (end, number, index) =>
  `${end.lo} ${end.hi} ${number} ${index}`;

// Before the message that carries them is posted as the `number`th of `by`.
function givePorts(by, number, transfer) {
  const list = listOf(transfer);
  let index = 0;
  for (let i = 0; i < list.length; i++) {
    const property = getOwnPropertyDescriptor(list, i);
    if (property === undefined || !isPort(property.value)) continue;
    const end = property.value[STATE];
    if (end && loadNative().give) {
      loadNative().give(keyOf(by, number, index),
        `${end.lo} ${end.hi} ${end.back} ${end.sent} ${end.received}`);
    }
    index++;
  }
}

// They have arrived with it.
function takePorts(by, number, ports) {
  for (let i = 0; i < ports.length; i++) {
    const found = loadNative().take && loadNative().take(keyOf(by, number, i));
    if (!found || ports[i][STATE] !== undefined) continue;
    const [lo, hi, back, sent, received] = found.split(' ').map(Number);
    const end = makeEnd({ lo, hi }, back, 0);
    end.sent = sent;
    end.received = received;
    end.born = false;
    holdEnd(ports[i], end);
  }
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
}
