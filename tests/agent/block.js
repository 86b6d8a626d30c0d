// Blocks its loop: node block.js main|worker [MS [CALL]]
'use strict';
const { spawn, execSync } = require('child_process');
const { pbkdf2Sync } = require('crypto');
const fs = require('fs');
const { Worker, isMainThread } = require('worker_threads');
const ms = Number(process.argv[3] || 400);

function hashPassword() {
  const end = Date.now() + ms;
  let hash = 0;
  while (Date.now() < end) hash = (hash * 31 + 7) | 0;
  return hash;
}

// What is done first, for a while, is not what takes long.
function firstOneThing() {
  const end = Date.now() + ms / 4;
  while (Date.now() < end);
  hashPassword();
}

// A FIFO that is written into a while after somebody wants to read it.
const fifo = `/tmp/looptop-block-${process.pid}`;

function readSettings() {
  return fs.readFileSync(fifo, 'utf8');
}

function slowFile() {
  const writer = spawn('sh', ['-c', `sleep ${ms / 1000}; echo x >${fifo}`]);
  writer.on('exit', () => fs.unlinkSync(fifo));
  readSettings();
}

function runTool() {
  return execSync(`sleep ${ms / 1000}`);
}

const flag = new Int32Array(new SharedArrayBuffer(4));

function waitForOther() {
  return Atomics.wait(flag, 0, 0, ms);
}

// As many rounds as take the time, where nobody else has the CPU.
let rounds = 10000;

function deriveKey() {
  return pbkdf2Sync('secret', 'salt', rounds, 32, 'sha512');
}

function timed() {
  const begin = Date.now();
  deriveKey();
  return Math.max(1, Date.now() - begin);
}

function calibrate() {
  rounds = Math.ceil(rounds * ms / Math.min(timed(), timed(), timed()));
}

const calls = {
  spin: [() => {}, hashPassword], then: [() => {}, firstOneThing],
  readFileSync: [() => execSync(`mkfifo ${fifo}`), slowFile],
  execSync: [() => {}, runTool], wait: [() => {}, waitForOther],
  pbkdf2Sync: [calibrate, deriveKey],
};

// The longer the block, the longer it waits before: who watches must have seen
// that it is a loop, and may have little CPU.
function serve() {
  const [prepare, block] = calls[process.argv[4] || 'spin'];
  prepare();
  setTimeout(() => {
    block();
    setTimeout(() => {}, 400);
  }, Math.max(500, ms / 2));
}

if (process.argv[2] !== 'worker') serve();
else if (isMainThread) new Worker(__filename, { argv: process.argv.slice(2) });
else serve();
