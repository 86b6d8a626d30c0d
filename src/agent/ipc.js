// IPC: process.send() and subprocess.send() with all that goes over the same
// socket: handles, and the cluster's own messages.
//
// _send is replaced, not send: it carries internal messages too. Both ends
// count the same: all but NODE_HANDLE (what it wraps is emitted afterwards)
// and its answers. A NACK makes Node send again: that is no new message.
const CHANNEL_IPC = 0;

function isAnswer(message) {
  return message.cmd === 'NODE_HANDLE_ACK' ||
    message.cmd === 'NODE_HANDLE_NACK';
}

// As Node decides it; `cmd` of a program's object may be a getter: not read.
function isInternal(message) {
  if (typeof message !== 'object' || message === null ||
      types.isProxy(message)) return false;
  const cmd = getOwnPropertyDescriptor(message, 'cmd');
  return cmd !== undefined && typeof cmd.value === 'string' &&
    cmd.value.length > 5 && cmd.value.startsWith('NODE_');
}

function handleType(handle) {
  const name = handle.constructor && handle.constructor.name;
  return name === 'Pipe' ? 2 : 3; // enum channel_type: pipe, socket
}

function symbolOf(object, description) {
  return getOwnPropertySymbols(object).find(
    (symbol) => symbol.description === description);
}

function sentDetail(end, time, before, message, handle) {
  const internal = isInternal(message);
  const bytes = end.handle ? end.handle.bytesWritten - before : 0;
  tell(handle ? kind('handle-send') : kind('message-send'), end, time,
       ++end.sent, bytes, handle ? handleType(handle) : 0, preview(message, internal),
       end.back);
}

function watchSends(target, end) {
  const send = target._send;
  target._send = function(message, handle, options, callback) {
    const queued = this._handleQueue && !(message && isAnswer(message));
    if (queued || fd < 0 || (end.mode !== ORDINARY &&
        (end.mode === SENDS_AGAIN || isAnswer(message)))) {
      return send.call(this, message, handle, options, callback);
    }
    if (tokens <= 0) {
      const result = send.call(this, message, handle, options, callback);
      end.sent++;
      count(end);
      return result;
    }
    let time = 0;
    let before = 0;
    try {
      time = now();
      before = end.handle ? end.handle.bytesWritten : 0;
    } catch {}
    const result = send.call(this, message, handle, options, callback);
    try {
      sentDetail(end, time, before, message, handle);
    } catch {}
    return result;
  };
}

// Messages of the program wait while it has no listener for them, Node's own
// do not: those that wait keep their numbers.
function numberOf(target, end, internal) {
  if (!internal) {
    return end.skipped.length ? end.skipped.shift() : ++end.received;
  }
  const channel = target.channel;
  const symbol = channel && symbolOf(channel, 'kPendingMessages');
  const waiting = symbol ? channel[symbol].length : 0;
  while (end.skipped.length < waiting) end.skipped.push(++end.received);
  return ++end.received;
}

// Before the listeners run, for they may block.
function received(target, end, type, message, handle) {
  const internal = type === 'internalMessage';
  end.mode = ORDINARY;
  if (internal && (message.cmd === 'NODE_HANDLE' || isAnswer(message))) {
    if (message.cmd === 'NODE_HANDLE') end.mode = ANSWERS;
    if (message.cmd === 'NODE_HANDLE_NACK') end.mode = SENDS_AGAIN;
    return;
  }
  const number = numberOf(target, end, internal);
  if (tokens <= 0) {
    count(end);
    return;
  }
  tell(handle ? kind('handle-recv') : kind('message-recv'), end, now(),
       number, 0, handle ? handleType(handle) : 0, preview(message, internal),
       1 - end.back);
}

function beforeEmit(target, type, message, handle) {
  const end = target[STATE];
  if (end === undefined || fd < 0) return;
  try {
    if (type === 'disconnect') {
      record(kind('channel-died'), now(), pid, 0, 0, end, 0, 0, 0, 0, '');
    } else {
      received(target, end, type, message, handle);
    }
  } catch {}
}

function afterEmit(target) {
  const end = target[STATE];
  if (end !== undefined) end.mode = ORDINARY;
}

function parentOf(of) {
  const text = readFileSync(`/proc/${of}/stat`, 'latin1');
  return +text.slice(text.lastIndexOf(')') + 2).split(' ')[1];
}

// This process' channel, by the pids of who made it and of its child: between
// the two there may be a shell (npm, exec), and then that child is not we.
function channelPids() {
  const direct = [process.ppid, pid];
  try {
    const exe = readlinkSync('/proc/self/exe');
    if (readlinkSync(`/proc/${process.ppid}/exe`) === exe) return direct;
  } catch {}
  try {
    const { peer } = loadNative();
    const parent = peer && peer(process.channel.fd);
    let child = pid;
    for (let above; parent && child > 1; child = above) {
      above = parentOf(child);
      if (above === parent) return [parent, child];
    }
  } catch {}
  return direct;
}

// Both ends make the same name: from the parent's pid and the child's.
function openChannel(target, parent, child, isParent) {
  if (typeof target._send !== 'function' || !target.channel) return;
  const end = makeEnd(channelId(CHANNEL_IPC, parent, child), isParent ? 0 : 1,
                      isParent ? child : parent);
  const symbol = symbolOf(target, 'kChannelHandle');
  end.handle = symbol ? target[symbol] : null;
  end.base = end.handle ? end.handle.bytesWritten : 0;
  defineProperty(target, STATE, { value: end });
  if (isParent) {
    const time = now();
    record(kind('channel-born'), time, pid, child, child, end, 0, CHANNEL_IPC,
           0, 0, '');
    flush(time);
  } else if (end.base > 0) {
    // A cluster's worker has said that it is online before anybody's code.
    tell(kind('message-send'), end, now(), ++end.sent, end.base, 0, 'online',
         1);
  }
  watchSends(target, end);
}
