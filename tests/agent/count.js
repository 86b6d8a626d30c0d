// What a program of these sent and received itself: each process and thread
// adds its line to the file COUNTS when it ends.
'use strict';
const { appendFileSync } = require('fs');
const counts = { sent: 0, received: 0 };

process.on('exit', () => {
  if (!process.env.COUNTS) return;
  appendFileSync(process.env.COUNTS, `${counts.sent} ${counts.received}\n`);
});

module.exports = counts;
