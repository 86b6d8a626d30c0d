// Blocks its loop: node block.js main|worker [MS]
'use strict';
const { Worker, isMainThread, workerData } = require('worker_threads');

function hashPassword(ms) {
  const end = Date.now() + ms;
  let hash = 0;
  while (Date.now() < end) hash = (hash * 31 + 7) | 0;
  return hash;
}

function serve(ms) {
  setTimeout(() => hashPassword(ms), 500);
  setTimeout(() => {}, 1200 + ms);
}

const ms = Number(process.argv[3] || 400);
if (process.argv[2] !== 'worker') serve(ms);
else if (isMainThread) new Worker(__filename, { argv: ['worker', ms] });
else serve(ms);
