// A shell stands between parent and child, as below npm.
'use strict';
const { spawn } = require('child_process');
const counts = require('./count');
const MESSAGES = 20;

if (process.argv[2] === 'child') {
  process.on('message', ({ ping }) => {
    counts.received++;
    counts.sent++;
    process.send({ pong: ping });
  });
} else {
  const command = `"${process.execPath}" "${__filename}" child; exit $?`;
  const child = spawn('sh', ['-c', command],
                      { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] });
  const ping = (n) => {
    counts.sent++;
    child.send({ ping: n });
  };
  child.on('message', ({ pong }) => {
    counts.received++;
    if (pong === MESSAGES) child.disconnect();
    else ping(pong + 1);
  });
  child.on('exit', (code) => console.log('heard', counts.received, code));
  ping(1);
}
