// Ports: postMessage() to a worker thread and back, or through a
// MessageChannel. A BroadcastChannel has one inside: see cast.
//
// Both ends of a worker's channel know its threadId, which makes the name. Of
// other ports: see pairs. Those nothing is known of are counted at each end.
const CHANNEL_PORT = 1;
const LONER = 0x20000000; // above every threadId
const internalTypes = new Set(['loadScript', 'upAndRunning', 'stdioPayload',
  'stdioWantsMoreData', 'errorMessage', 'couldNotSerializeError']);
let loners = 0;
let portPrototype = null; // once there are ports
const seenWorkers = new WeakSet();

// Node's own traffic with a worker: its messages say so.
function isNodes(message) {
  if (typeof message !== 'object' || message === null ||
      types.isProxy(message)) return false;
  const type = getOwnPropertyDescriptor(message, 'type');
  return type !== undefined && internalTypes.has(type.value);
}

const nextId = () => channelId(CHANNEL_PORT, pid, LONER |
  (tid & 0x3fff) << 14 | (++loners & 0x3fff));

// The end of a port that was never seen before; null: it is not to be told of.
function learn(port, message) {
  const end = isNodes(message) ? null : makeEnd(nextId(), 0, 0);
  holdEnd(port, end);
  if (end) announce(end);
  return end;
}

// Before the call, for what is transferred is empty afterwards.
const looked = { end: null, time: 0, size: 0, text: '' };

function look(port, message, transfer) {
  let end = port[STATE];
  if (end === undefined) end = learn(port, message);
  looked.end = end;
  if (end === null) return;
  if (!end.born) announce(end);
  looked.size = portSize(message);
  looked.text = portPreview(message, transfer);
  looked.time = now();
}

function arrived(port, message) {
  let end = port[STATE];
  if (end === undefined) end = learn(port, message);
  if (end === null) return;
  end.received++;
  if (!end.born) announce(end);
  if (tokens <= 0) {
    count(end);
    return;
  }
  tell(kind('message-recv'), end, now(), end.received, portSize(message), 0,
       portPreview(message), 1 - end.back);
}

function replace(object, name, value) {
  const old = getOwnPropertyDescriptor(object, name);
  const original = old ? old.value : object[name];
  defineProperty(value, 'name', { value: original.name, configurable: true });
  defineProperty(value, 'length',
                 { value: original.length, configurable: true });
  defineProperty(object, name, { configurable: true, writable: true,
    enumerable: old ? old.enumerable : false, value });
}

function watchPosts(prototype) {
  const post = prototype.postMessage;
  replace(prototype, 'postMessage', function postMessage(message, transfer) {
    const end = this === undefined || this === null ? null : this[STATE];
    const given = arguments.length;
    if (end && tokens <= 0 && given === 1) {
      const result = post.call(this, message);
      end.sent++;
      if (!end.listed || !coarse) count(end);
      return result;
    }
    if (end === null || fd < 0) {
      try {
        if (given > 1 && fd >= 0) giveBorn(message, transfer);
      } catch {}
      return apply(post, this, arguments);
    }
    if (given > 1 && end) {
      try {
        givePorts(end, end.sent + 1, transfer);
      } catch {}
    }
    if (tokens > 0 || end === undefined) {
      looked.end = null;
      try {
        look(this, message, transfer);
      } catch {}
      const { end: seen, time, size, text } = looked;
      const result = given === 1 ? post.call(this, message) :
        apply(post, this, arguments);
      if (seen !== null) {
        tell(kind('message-send'), seen, time, ++seen.sent, size, 0, text,
             seen.back);
      }
      return result;
    }
    const result = given === 1 ? post.call(this, message) :
      apply(post, this, arguments);
    end.sent++;
    count(end);
    return result;
  });
}

function watchArrivals(prototype) {
  const dispatch = Symbol.for('nodejs.internal.kHybridDispatch');
  const above = getPrototypeOf(prototype);
  if (typeof above[dispatch] !== 'function') return;
  replace(prototype, dispatch, function(value, type, event) {
    const end = this[STATE];
    if (end && tokens <= 0 && type === 'message') {
      end.received++;
      if (!end.listed || !coarse) count(end);
    } else if (end !== null && type === 'message' && fd >= 0) {
      try {
        arrived(this, value);
      } catch {}
    }
    if (end && this[receivingPorts] && this[receivingPorts].length) {
      try {
        takePorts(end, end.received, this[receivingPorts]);
      } catch {}
    }
    return above[dispatch].call(this, value, type, event);
  });
}

function watchPorts(prototype, MessageChannel, BroadcastChannel) {
  portPrototype = prototype;
  try {
    watchCasts(prototype, BroadcastChannel.prototype);
  } catch {}
  watchPosts(prototype);
  watchArrivals(prototype);
  watchChannels(MessageChannel.prototype);
}

// The parent's side of a worker thread, before the thread runs any code.
function openWorkerPorts(worker) {
  const own = symbolOf(worker, 'kPort');
  const open = symbolOf(worker, 'kPublicPort');
  const end = makeEnd(channelId(CHANNEL_PORT, pid, worker.threadId), 0, 0);
  const time = now();

  if (own && worker[own] && worker[own][STATE] === undefined) {
    defineProperty(worker[own], STATE, { value: null });
  }
  watchTakes();
  if (!open || !worker[open] || seenWorkers.has(worker)) return;
  seenWorkers.add(worker);
  holdEnd(worker[open], end);
  announce(end);
  flush(time);
}

// The same in the thread: its end announces who it is.
function openParentPort(parentPort, threadId) {
  const end = makeEnd(channelId(CHANNEL_PORT, pid, threadId), 1, 0);

  holdEnd(parentPort, end);
  announce(end);
  flush(now());
  takeBorn(require('worker_threads').workerData, end);
}
