// Broadcasts: what one BroadcastChannel says all others of its name hear, in
// any thread of the process.
//
// Each that speaks is a channel of the stream, and numbers what it says: one
// message is sent once and received by each who hears it. No message says whose
// it is: the native part knows (native_casts.c).
//
// A channel has a MessagePort inside, which no program sees. That one gets own
// functions, so nothing here is in the way of other ports.
const CHANNEL_BROADCAST = 6;
const CAST = Symbol('looptop cast');
const HIGH = 4294967296;

// ---- speaking ----

function announceCast(cast) {
  const time = now();
  cast.end.born = true;
  record(kind('channel-born'), time, pid, 0, 0, cast.end, 0,
         CHANNEL_BROADCAST, 0, 0, cast.name);
  flush(time); // before anybody hears of it
}

// What there is to tell of it; null: it is only counted.
function lookCast(cast, message) {
  if (!cast.end.born) announceCast(cast);
  if (tokens <= 0) return null;
  return { time: now(), size: portSize(message), text: portPreview(message) };
}

function tellCast({ end }, seen) {
  end.sent++;
  if (seen === null) {
    if (!end.listed || !coarse) count(end);
    return;
  }
  tell(kind('message-send'), end, seen.time, end.sent, seen.size, 0, seen.text,
       0);
}

function castPost(cast, post, port, given) {
  let seen = null;
  let posted = false;
  if (tokens > 0 || !cast.end.born) {
    try {
      seen = lookCast(cast, given[0]);
    } catch {}
  }
  native.castPost(cast.serial);
  try {
    const result = given.length === 1 ? post.call(port, given[0]) :
      apply(post, port, given);
    posted = true;
    return result;
  } finally {
    native.castPosted(cast.serial, posted);
    if (posted) tellCast(cast, seen);
  }
}

// ---- hearing ----

// Who hears something is at the other end of the speaker's channel.
function speakerEnd(cast, serial) {
  let end = cast.speakers[serial];
  if (end === undefined) {
    end = makeEnd(channelId(CHANNEL_BROADCAST, pid, serial), 1, 0);
    cast.speakers[serial] = end;
  }
  return end;
}

// One without the agent.
function unknownEnd(cast) {
  if (cast.unknown === null) {
    cast.unknown = makeEnd(nextId(), 0, 0);
    announce(cast.unknown);
  }
  return cast.unknown;
}

function heardCast(cast, message, isMessage) {
  const from = native.castHeard(cast.serial);
  if (!isMessage) return;
  const end = from === undefined ? unknownEnd(cast) :
    speakerEnd(cast, Math.floor(from / HIGH));
  end.received = from === undefined ? end.received + 1 : from % HIGH;
  if (tokens <= 0) {
    if (!end.listed || !coarse) count(end);
    return;
  }
  tell(kind('message-recv'), end, now(), end.received, portSize(message), 0,
       portPreview(message), 1 - end.back);
}

function leaveCast({ serial, end }) {
  native.castLeave(serial);
  if (!end.born) return;
  record(kind('channel-died'), now(), pid, 0, 0, end, 0, 0, 0, 0, '');
}

// ---- life ----

function joinCast(port, serial, name, { post, dispatch, key }) {
  const cast = { serial, name, speakers: Object.create(null), unknown: null,
    end: makeEnd(channelId(CHANNEL_BROADCAST, pid, serial), 0, 0) };
  cast.end.born = false;
  holdEnd(port, null);
  defineProperty(port, CAST, { value: cast });
  defineProperty(port, 'postMessage', { configurable: true, writable: true,
    value(...given) {
      return fd < 0 ? apply(post, this, given) :
        castPost(cast, post, this, given);
    } });
  defineProperty(port, key, { configurable: true, writable: true,
    value(value, type, event) {
      try {
        if (type === 'close') leaveCast(cast);
        else if (fd >= 0) heardCast(cast, value, type === 'message');
      } catch {}
      return dispatch.call(this, value, type, event);
    } });
}

// Its methods ask for its port and its name.
function castSymbols(prototype) {
  const { get } = getOwnPropertyDescriptor(prototype, 'name');
  return symbolsAsked(prototype.close, symbolsAsked(get, {},
    'BroadcastChannel'), 'BroadcastChannel');
}

// What Node's own functions are, before those of ports are replaced.
function watchCasts(prototype, casts) {
  const key = Symbol.for('nodejs.internal.kHybridDispatch');
  const originals = { key, post: prototype.postMessage,
    dispatch: prototype[key] };
  const { kName, kHandle } = castSymbols(casts);
  let opening; // whose constructor runs: Node makes its port
  let first = true; // the one whose port is why this is called
  if (!kName || !kHandle || typeof originals.dispatch !== 'function') return;
  const open = (channel, name) => {
    first = false;
    opening = undefined;
    if (fd >= 0 && loadNative().castOpen) opening = native.castOpen(name);
  };
  watchAssignments(casts, kName, open);
  watchAssignments(casts, kHandle, (channel, port) => {
    if (first) open(channel, channel[kName]); // its name was there before
    if (opening === undefined) return;
    native.castOpened(opening);
    joinCast(port, opening, channel[kName], originals);
    opening = undefined;
  });
}
