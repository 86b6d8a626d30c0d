// What execa does for programs; its own suite is in no package.
import assert from 'node:assert';
import { fileURLToPath } from 'node:url';
import { execa, execaNode, execaSync, getEachMessage, getOneMessage,
  sendMessage } from 'execa';
import tap from './tap.js';

const { test } = tap;
const file = fileURLToPath(import.meta.url);
const roles = {
  async echo() {
    for await (const message of getEachMessage()) {
      if (message === 'end') break;
      await sendMessage({ echo: message });
    }
  },
  async asks() {
    await sendMessage('who?');
    const { name } = await getOneMessage();
    console.log(`hello ${name}`);
  },
  says: (...words) => console.log(words.join(' ')),
  fails() {
    console.error('it is bad');
    process.exit(3);
  },
  throws() {
    throw new TypeError('mine');
  },
  upper: () => process.stdin.on('data', (text) =>
    process.stdout.write(String(text).toUpperCase())),
  floods: () => process.stdout.write('x'.repeat(1e6)),
  lines: () => console.log('one\ntwo\nthree'),
  env: () => console.log(Object.keys(process.env).sort().join()),
  stays() {
    process.on('SIGTERM', () => {});
    setInterval(() => {}, 1000);
    process.send('stays');
  },
};
const role = (name, args = [], options = {}) =>
  execaNode(file, [name, ...args], { ipc: false, ...options });

function direct() {
  test('output and command', async () => {
    const result = await role('says', ['a b', 'c']);
    assert.equal(result.stdout, 'a b c');
    assert.equal(result.exitCode, 0);
    assert.equal(result.stderr, '');
  });
  test('a failure is an error', async () => {
    const error = await role('fails').catch((failure) => failure);
    assert.equal(error.exitCode, 3);
    assert.equal(error.stderr, 'it is bad');
    assert.equal(error.failed, true);
    assert.equal(error.signal, undefined);
  });
  test('an uncaught error is the child\'s own', async () => {
    const error = await role('throws').catch((failure) => failure);
    assert.equal(error.exitCode, 1);
    assert.match(error.stderr, /TypeError: mine\n {4}at .*execa\.mjs/);
    assert.doesNotMatch(error.stderr, /agent\.cjs/);
  });
  test('a command that is not there', async () => {
    const error = await execa('no-such-command').catch((failure) => failure);
    assert.equal(error.code, 'ENOENT');
  });
  test('input', async () => {
    const { stdout } = await role('upper', [], { input: 'quiet' });
    assert.equal(stdout, 'QUIET');
  });
  test('a pipe from one to the next', async () => {
    const { stdout } = await role('says', ['loud']).pipe(role('upper'));
    assert.equal(stdout.trim(), 'LOUD');
  });
  test('lines while it runs', async () => {
    const lines = [];
    for await (const line of role('lines')) lines.push(line);
    assert.deepEqual(lines, ['one', 'two', 'three']);
  });
  test('more output than is wanted', async () => {
    const error = await role('floods', [], { maxBuffer: 1000 })
      .catch((failure) => failure);
    assert.equal(error.isMaxBuffer, true);
    assert.equal(error.stdout.length, 1000);
  });
  test('an environment of one\'s own', async () => {
    const { stdout } = await role('env', [],
      { extendEnv: false, env: { ONLY: '1' } });
    assert.equal(stdout, 'ONLY,PATH'); // execa adds that one
  });
  test('synchronously', () => {
    const { stdout } = execaSync(process.execPath, [file, 'says', 'now']);
    assert.equal(stdout, 'now');
  });
  for (const serialization of ['json', 'advanced']) {
    test(`messages, ${serialization}`, async () => {
      const child = role('echo', [], { ipc: true, serialization });
      for (let i = 0; i < 50; i++) {
        const [answer] = await Promise.all([child.getOneMessage(),
          child.sendMessage({ i })]);
        assert.deepEqual(answer, { echo: { i } });
      }
      await child.sendMessage('end');
      assert.equal((await child).exitCode, 0);
    });
  }
  test('a question and its answer', async () => {
    const child = role('asks', [], { ipc: true });
    assert.equal(await child.getOneMessage(), 'who?');
    await child.sendMessage({ name: 'you' });
    assert.equal((await child).stdout, 'hello you');
  });
  test('what cannot be sent', async () => {
    const child = role('echo', [], { ipc: true });
    await assert.rejects(child.sendMessage({ call: () => {} }));
    await assert.rejects(child); // it was disconnected
  });
  test('a signal', async () => {
    const child = execa('sleep', ['60']);
    child.kill('SIGINT');
    const error = await child.catch((failure) => failure);
    assert.equal(error.signal, 'SIGINT');
    assert.equal(error.isTerminated, true);
  });
  test('a time limit', async () => {
    const error = await execa('sleep', ['60'], { timeout: 200 })
      .catch((failure) => failure);
    assert.equal(error.timedOut, true);
    assert.equal(error.signal, 'SIGTERM');
  });
  test('one that does not want to end', async () => {
    const child = role('stays', [], { ipc: true, forceKillAfterDelay: 300 });
    assert.equal(await child.getOneMessage(), 'stays');
    child.kill();
    const error = await child.catch((failure) => failure);
    assert.equal(error.signal, 'SIGKILL');
    assert.equal(error.isForcefullyTerminated, true);
  });
  test('cancelled', async () => {
    const controller = new AbortController();
    const child = execa('sleep', ['60'],
      { cancelSignal: controller.signal });
    controller.abort();
    const error = await child.catch((failure) => failure);
    assert.equal(error.isCanceled, true);
  });
  test('many at once', async () => {
    const all = await Promise.all(Array.from({ length: 12 },
      (_, i) => role('says', [i])));
    assert.deepEqual(all.map(({ stdout }) => Number(stdout)),
      Array.from({ length: 12 }, (_, i) => i));
  });
}

if (process.argv[2]) roles[process.argv[2]](...process.argv.slice(3));
else direct();
