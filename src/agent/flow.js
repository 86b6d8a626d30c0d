// Flow: the counters of a channel's end, and the budget of details.
//
// In the hot path a message costs one counter. Up to RATE messages a second
// and thread are told one by one; above that they are counted only, and the
// exact counts travel as gauges.
const STATE = Symbol('looptop');
const RATE = 2000;
let tokens = RATE;
let coarse = false; // messages went by that were only counted
let said = 0; // when that was last said
// What an end is about while Node answers for a handle: see ipc.
const ORDINARY = 0;
const ANSWERS = 1;
const SENDS_AGAIN = 2;
const changed = []; // ends whose counts are to be told

// The frames of the stack below a function, at most so many.
function framesOf(below, limit) {
  const { prepareStackTrace, stackTraceLimit } = Error;
  let frames = [];
  try {
    const holder = {};
    Error.stackTraceLimit = limit;
    Error.prepareStackTrace = (_, found) => found;
    Error.captureStackTrace(holder, below);
    frames = holder.stack;
  } catch {}
  try {
    Error.stackTraceLimit = stackTraceLimit;
    Error.prepareStackTrace = prepareStackTrace;
  } catch {}
  return frames;
}

function makeEnd(id, sendBack, peer) {
  return { lo: id.lo, hi: id.hi, back: sendBack, peer, sent: 0, received: 0,
    bytes: 0, handle: null, base: 0, mode: ORDINARY, skipped: [],
    listed: false, born: true };
}

// A message without details.
function count(end) {
  coarse = true;
  if (!end.listed) {
    end.listed = true;
    changed.push(end);
  }
}

// It throws nothing, or a send that went well would seem to fail.
function tell(of, end, time, number, size, value, text, back) {
  try {
    tellOne(of, end, time, number, size, value, text, back);
  } catch {}
}

function tellOne(of, end, time, number, size, value, text, back) {
  tokens--;
  if (loop.resting) wake(time);
  record(of, time, pid, end.peer, end.peer, end, back, number, size, value,
         text);
  if (time - flushed > SILENCE_NS) flush(time);
  if (!end.listed) {
    end.listed = true;
    changed.push(end);
  }
}

function tellCounts(time) {
  for (let i = 0; i < changed.length; i++) {
    const end = changed[i];
    end.listed = false;
    record(kind('channel-gauge'), time, pid, 0, 0, end, end.back, end.sent,
           end.handle ? end.handle.bytesWritten - end.base : end.bytes,
           end.received, '');
  }
  changed.length = 0;
  if (coarse && time - said > 10e9) {
    said = time;
    record(kind('note'), time, pid, 0, 0, null, 0, 0, 0, 0,
           `over ${RATE} messages a second: counted, not shown one by one`);
  }
  coarse = false;
}
