// A cluster: the primary asks, two workers answer over IPC and HTTP.
// MESSAGES is what each worker gets and answers.
'use strict';
const cluster = require('cluster');
const http = require('http');
const counts = require('./count');
const MESSAGES = 20;

function get(port, left, done) {
  if (!left) return done();
  http.get({ port, agent: false }, (response) => {
    response.resume();
    response.on('end', () => get(port, left - 1, done));
  });
}

function primary() {
  const answers = {};
  let up = 0, ended = 0;
  for (let i = 0; i < 2; i++) cluster.fork();
  cluster.on('message', (worker, { answer }) => {
    counts.received++;
    answers[worker.id] = answer;
    if (answer < MESSAGES) ask(worker, answer + 1);
    else if (Object.values(answers).every((n) => n === MESSAGES) &&
             Object.keys(answers).length === 2) finish();
  });
  function ask(worker, n) {
    counts.sent++;
    worker.send({ ask: n });
  }
  let port;
  cluster.on('listening', (worker, address) => {
    port = address.port;
    if (++up === 2) {
      get(port, 10, () => {
        for (const id in cluster.workers) ask(cluster.workers[id], 1);
      });
    }
  });
  function finish() {
    console.log(`answers ${JSON.stringify(answers)}`);
    for (const id in cluster.workers) cluster.workers[id].disconnect();
  }
  cluster.on('exit', (worker, code) => {
    console.log(`worker ended ${code}`);
    if (++ended < 2) return;
    console.log('sent', 2 * MESSAGES, 'received', 2 * MESSAGES);
  });
}

if (cluster.isPrimary) {
  primary();
} else {
  process.on('message', ({ ask }) => {
    counts.received++;
    counts.sent++;
    process.send({ answer: ask });
  });
  http.createServer((request, response) => response.end('hello\n')).listen(0);
}
