// Real servers, each made to block while `looptop attach` watches it from
// outside: node tests/real_servers.js [NAME]. Prints how long who asked had to
// wait, and what looptop saw. Exit code 1: something was not seen.
'use strict';
const { spawn, spawnSync } = require('child_process');
const fs = require('fs');
const net = require('net');
const os = require('os');
const path = require('path');

const looptop = process.env.LOOPTOP || 'build/looptop';
const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'looptop-real-'));
const inside = (name) => path.join(directory, name);
const later = (ms) => new Promise((done) => setTimeout(done, ms));
const http = (what) => `GET ${what} HTTP/1.0\r\n\r\n`;

fs.writeFileSync(inside('answer.py'), `
import asyncio, sys, time
async def answer(reader, writer):
    line = await reader.readline()
    if b'sleep' in line:
        time.sleep(0.7)
    else:
        end = time.monotonic() + 0.4
        while time.monotonic() < end:
            pass
    writer.write(b'HTTP/1.0 200 OK\\r\\n\\r\\n')
    writer.close()
async def main():
    server = await asyncio.start_server(answer, '127.0.0.1', int(sys.argv[1]))
    await server.serve_forever()
asyncio.run(main())
`);
fs.writeFileSync(inside('server.js'), `
const crypto = require('crypto'), fs = require('fs');
const { execSync } = require('child_process');
require('http').createServer((request, response) => {
  if (request.url === '/hash')
    crypto.pbkdf2Sync('secret', 'salt', 800000, 64, 'sha512');
  if (request.url === '/exec') execSync('sleep 0.6');
  if (request.url === '/wait')
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
  response.end('ok');
}).listen(process.argv[2], '127.0.0.1');
`);
// A location that a long row of a's takes exponential time to refuse.
const nginx = (port) => {
  fs.writeFileSync(inside('nginx.conf'), `
daemon off; worker_processes 1; pid ${inside('pid')}; error_log /dev/null;
events {}
http { access_log off; client_body_temp_path ${directory};
  proxy_temp_path ${directory}; fastcgi_temp_path ${directory};
  uwsgi_temp_path ${directory}; scgi_temp_path ${directory};
  server { listen 127.0.0.1:${port};
    location ~ ^/(a+)+$ { return 200 "a"; }
    location / { return 200 "ok"; } } }
`);
  return ['nginx', '-c', inside('nginx.conf'), '-p', directory,
    '-e', '/dev/null'];
};

const servers = [
  {
    name: 'redis',
    command: (port) => ['redis-server', '--port', port, '--save', '',
      '--enable-debug-command', 'yes'],
    ask: [
      ['DEBUG SLEEP 0.8', 'DEBUG SLEEP 0.8\r\n'],
      ['EVAL, a loop', 'EVAL "local n=0 for i=1,30000000 do n=n+i end" 0\r\n'],
    ],
  },
  {
    name: 'nginx',
    command: nginx,
    ask: [['location ~ ^/(a+)+$', http(`/${'a'.repeat(22)}!`)]],
  },
  {
    name: 'asyncio',
    command: (port) => ['/usr/bin/python3', inside('answer.py'), port],
    ask: [
      ['time.sleep(0.7)', http('/sleep')],
      ['computing 0.4 s', http('/compute')],
    ],
  },
  {
    name: 'node',
    command: (port) => [process.execPath, inside('server.js'), port],
    ask: [
      ['pbkdf2Sync()', http('/hash')],
      ["execSync('sleep 0.6')", http('/exec')],
      ['Atomics.wait(500)', http('/wait')],
    ],
  },
];

// Resolves to the time that the answer took, or rejects.
function ask(port, words) {
  return new Promise((done, fail) => {
    const begin = process.hrtime.bigint();
    const socket = net.connect(port, '127.0.0.1', () => socket.write(words));
    socket.once('data', () => {
      done(Number(process.hrtime.bigint() - begin) / 1e6);
      socket.destroy();
    });
    socket.on('error', fail);
  });
}

async function untilUp(port) {
  for (let i = 0; i < 200; i++) {
    const up = await new Promise((done) => {
      const socket = net.connect(port, '127.0.0.1', () => {
        socket.destroy();
        done(true);
      });
      socket.on('error', () => done(false));
    });
    if (up) return true;
    await later(50);
  }
  return false;
}

function freePort() {
  return new Promise((done) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

function watch(pid) {
  const child = spawn(looptop, ['attach', '--json', String(pid)],
    { stdio: ['ignore', 'pipe', 'inherit'] });
  const watcher = { child, events: [], text: '', hear: () => {} };
  child.stdout.on('data', (bytes) => {
    const lines = (watcher.text + bytes).split('\n');
    watcher.text = lines.pop();
    for (const line of lines) watcher.events.push(JSON.parse(line));
    watcher.hear();
  });
  watcher.until = (found) => new Promise((done) => {
    const timer = setTimeout(() => done(false), 5000);
    watcher.hear = () => {
      if (!watcher.events.some(found)) return;
      clearTimeout(timer);
      done(true);
    };
    watcher.hear();
  });
  return watcher;
}

let missed = 0;

function print(name, what, waited, blocked, freed) {
  const seen = freed ? `${freed.ms.toFixed(0)} ms ${freed.cause}` : 'NOTHING';
  const early = blocked ? `${blocked.ms.toFixed(0)} ms` : '-';
  if (!freed) missed++;
  console.log(`  ${name.padEnd(9)}${what.padEnd(24)}` +
    `${waited.toFixed(0).padStart(6)} ms  ${early.padStart(8)}  ${seen}`);
}

async function play(server) {
  const port = await freePort();
  const [file, ...args] = server.command(String(port));
  if (spawnSync('which', [file]).status) {
    console.log(`  ${server.name}: skipped: ${file} is not installed`);
    return;
  }
  const child = spawn(file, args, { stdio: 'ignore' });
  if (!await untilUp(port)) throw new Error(`${file} does not listen`);
  const watcher = watch(child.pid);
  await watcher.until((event) => event.kind === 'loop-gauge');
  for (const [what, words] of server.ask) {
    const before = watcher.events.length;
    const waited = await ask(port, words);
    await watcher.until((event) => event.kind === 'loop-freed' &&
      watcher.events.indexOf(event) >= before);
    const news = watcher.events.slice(before);
    print(server.name, what, waited,
      news.find((event) => event.kind === 'loop-blocked'),
      news.find((event) => event.kind === 'loop-freed'));
  }
  watcher.child.kill('SIGINT');
  child.kill('SIGTERM');
}

(async () => {
  console.log('  server   what blocks it              waited  seen after  ' +
    'length and cause');
  for (const server of servers)
    if (!process.argv[2] || server.name === process.argv[2])
      await play(server);
  fs.rmSync(directory, { recursive: true });
  process.exitCode = missed ? 1 : 0;
})();
