// The least that prints TAP: test(name, function), one after the other.
'use strict';
const tests = [];

async function run() {
  let bad = 0;
  console.log(`1..${tests.length}`);
  for (const [index, { name, body }] of tests.entries()) {
    try {
      await body();
      console.log(`ok ${index + 1} - ${name}`);
    } catch (error) {
      bad++;
      console.log(`not ok ${index + 1} - ${name}`);
      console.error(error);
    }
  }
  process.exitCode = bad ? 1 : 0;
}

exports.test = (name, body) => {
  if (tests.push({ name, body }) === 1) setImmediate(run);
};
