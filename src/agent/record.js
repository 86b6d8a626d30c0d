// The agent: what looptop sees of a Node program from inside it.
//
// The parts in this folder are joined to one CommonJS file by the Makefile
// (record, preview, flow, ipc, inside, port, pairs, cast, life, calls, main)
// and preloaded by NODE_OPTIONS.
//
// What can go wrong: nobody reads (it stays out); the reader is slow (records
// are kept for a while, then dropped and counted; a thread that ends before
// they are read leaves them in a file); the program mocks timers,
// fs or JSON (originals are taken here, before it runs); the program looks at
// listeners, handles, properties (there are none of ours to be found); a
// message is a proxy or has getters (they are not touched); an error in here
// (every hook swallows its own, and the original call stands outside).
'use strict';

const hrtime = process.hrtime;
const { closeSync, fstatSync, openSync, readFileSync, readlinkSync,
  writeSync } = require('fs');
const { defineProperty, getOwnPropertyDescriptor, getOwnPropertyDescriptors,
  getOwnPropertySymbols, getPrototypeOf, keys } = Object;
const { apply, deleteProperty } = Reflect;
const setTimer = setTimeout;
const utf8Write = Buffer.prototype.utf8Write;
const pid = process.pid;

// core/event.def by the names of JSON lines; looptop writes OPTIONS and KINDS
// in front of this file.
const kind = (name) => KINDS[name];

const CHUNK = 4096; // PIPE_BUF: such a write is never torn
const HEAD = 64;
const TEXT_MAX = 960;
const KEPT_CHUNKS = 64; // 256 KiB for a reader that is slow
const KEPT_DEAR = 256; // of chunks that hold more than messages and counts
const SEND = kind('message-send');
const RECV = kind('message-recv');
const COUNTS = kind('channel-gauge');
const REST_MAX = 64 << 20; // of all that nobody reads
const LAST_MAX = 2 << 20; // what may be said behind that by one thread
const SILENCE_NS = 20e6; // behind it a record is written at once

let fd = -1;
let streamPath = '';
let last = Infinity; // bytes that may still be said
let tid = 0;
const chunk = Buffer.allocUnsafeSlow(CHUNK);
const words = new Uint32Array(chunk.buffer);
const kept = [];
let used = 0;
let records = 0; // in the chunk
let dear = false; // it holds something that is told but once
let reported = 0; // losses that records in the chunk tell of
let lost = 0; // losses that no record tells of yet
let flushed = 0;

// CLOCK_MONOTONIC in ns: exact for 104 days of uptime, then to 2 ns.
function now() {
  const time = hrtime();
  return time[0] * 1e9 + time[1];
}

// Whether the bytes are on their way; false: the reader is behind.
function put(bytes, size) {
  try {
    writeSync(fd, bytes, 0, size);
    last -= size;
    if (last < 0) fd = -1;
  } catch (error) {
    if (error && error.code === 'EAGAIN') return false;
    fd = -1; // nobody reads any more
  }
  return true;
}

function keep() {
  if (kept.length >= (dear ? KEPT_DEAR : KEPT_CHUNKS)) {
    lost += records + reported;
    return;
  }
  const copy = Buffer.allocUnsafeSlow(used);
  chunk.copy(copy, 0, 0, used);
  kept.push(copy);
}

function flush(time) {
  while (kept.length && fd >= 0 && put(kept[0], kept[0].length)) kept.shift();
  if (used && fd >= 0 && (kept.length || !put(chunk, used))) keep();
  used = records = reported = 0;
  dear = false;
  flushed = time;
}

// The thread ends, and the reader has no room: from here on all that is said
// goes into the file beside the FIFO.
function leaveRest(time) {
  flush(time);
  if (fd < 0 || last < Infinity || !(kept.length || lost)) return;
  const rest = openSync(`${streamPath}.rest`, O_WRONLY_APPEND);
  if (fstatSync(rest).size > REST_MAX) return closeSync(rest);
  fd = rest;
  last = LAST_MAX;
  if (lost) {
    const number = lost;
    lost = 0;
    record(kind('lost'), time, pid, 0, 0, null, 0, number, 0, 0, '');
  }
  flush(time);
}

function wide(at, value) {
  words[at] = value % 4294967296;
  words[at + 1] = value / 4294967296;
}

// One record; `channel` has lo and hi. The caller flushes what is urgent.
function record(of, time, by, other, otherTid, channel, back, number, size,
                value, text) {
  if (fd < 0) return;
  const room = HEAD + (text ? Math.min(text.length * 3 + 7, TEXT_MAX) : 0);
  if (used + room > CHUNK) flush(time);
  const at = used >> 2;
  let length = 0;
  if (text) {
    // Node 24 and newer throw when there is less room than is asked for.
    const most = Math.min(TEXT_MAX, CHUNK - used - HEAD);
    length = apply(utf8Write, chunk, [text, used + HEAD, most]);
    const end = used + HEAD + length;
    for (let i = end; i & 7; i++) chunk[i] = 0;
  }
  words[at] = 0xe7 | of << 8 | length << 16;
  words[at + 1] = lost;
  reported += lost;
  lost = 0;
  wide(at + 2, time);
  words[at + 4] = by;
  words[at + 5] = by === pid ? tid : by;
  words[at + 6] = other;
  words[at + 7] = otherTid;
  words[at + 8] = channel ? channel.lo | back : 0;
  words[at + 9] = channel ? channel.hi : 0;
  wide(at + 10, number);
  wide(at + 12, size);
  wide(at + 14, value);
  used += HEAD + ((length + 7) & ~7);
  records++;
  if (!dear) dear = of !== SEND && of !== RECV && of !== COUNTS;
}

function urgent(of, other, otherTid, number, value, text) {
  const time = now();
  record(of, time, pid, other, otherTid, null, 0, number, 0, value, text);
  flush(time);
}

// channel_id() of core/event.h, in two words
function channelId(type, a, b) {
  return { lo: (b << 1 | a << 31) >>> 0, hi: (a >>> 1 | type << 28) >>> 0 };
}
