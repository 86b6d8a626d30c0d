// Which of Node's modules a program has that uses none, also after a while.
'use strict';
const { writeSync } = require('fs');

function look(when) {
  const loaded = process.moduleLoadList.filter((name) =>
    /worker|stream|perf|child_process|net$/.test(name));
  writeSync(1, `${when}: ${loaded.join(', ')}\n`);
}

look('at once');
setTimeout(look, 1500, 'later');
