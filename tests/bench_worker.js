// The same as tests/bench_worker.c measures, in Node: prints "row value".
'use strict';
const { Worker } = require('worker_threads');
const fs = require('fs');
const us = () => Number(process.hrtime.bigint()) / 1000;
const say = (row, value) => fs.writeSync(1, row + ' ' + value + '\n');
const median = (all) => all.sort((a, b) => a - b)[all.length >> 1];
const once = (who, what) => new Promise((done) => who.once(what, done));
const idle = 'require("worker_threads").parentPort.on("message", () => {})';
const echo = 'const p = require("worker_threads").parentPort;' +
	'p.on("message", (m) => p.postMessage(m))';
const count = 'const { parentPort: p, workerData: n } =' +
	'require("worker_threads"); let i = 0;' +
	'p.on("message", () => { if (++i % n === 0) p.postMessage(i) })';
const wait = 'const { workerData: a } = require("worker_threads");' +
	'for (let i = 0; i < 5000; i++) {' +
	'while (Atomics.load(a, 0) === 0) Atomics.wait(a, 0, 0);' +
	'Atomics.store(a, 0, 0); Atomics.notify(a, 0); }';

async function start() {
	const all = [];
	for (let i = 0; i < 9; i++) {
		const begin = us();
		const worker = new Worker(idle, { eval: true });
		await once(worker, 'online');
		all.push(us() - begin);
		await worker.terminate();
	}
	say(0, median(all));
}

async function roundTrip() {
	const worker = new Worker(echo, { eval: true });
	const all = [];
	await once(worker, 'online');
	for (let i = 0; i < 5000; i++) {
		const begin = us();
		worker.postMessage(i);
		await once(worker, 'message');
		all.push(us() - begin);
	}
	say(1, median(all));
	await worker.terminate();
}

async function oneWay(row, rounds, batch, post) {
	const worker = new Worker(count, { eval: true, workerData: batch });
	await once(worker, 'online');
	post(worker);
	const begin = us();
	for (let i = 0; i < rounds; i++) {
		for (let j = i ? 0 : 1; j < batch; j++)
			post(worker);
		await once(worker, 'message');
	}
	say(row, rounds * batch / (us() - begin) * 1e6);
	await worker.terminate();
}

const pss = () => Number(/Pss:\s+(\d+)/.exec(
	fs.readFileSync('/proc/self/smaps_rollup', 'utf8'))[1]);

async function memory() {
	const workers = [], before = pss();
	for (let i = 0; i < 5; i++) {
		workers.push(new Worker(idle, { eval: true }));
		await once(workers[i], 'online');
	}
	say(5, (pss() - before) / 5 / 1024);
	for (const worker of workers)
		await worker.terminate();
}

async function pingPong() {
	const all = [];
	const a = new Int32Array(new SharedArrayBuffer(4));
	const worker = new Worker(wait, { eval: true, workerData: a });
	await once(worker, 'online');
	for (let i = 0; i < 5000; i++) {
		const begin = us();
		Atomics.store(a, 0, 1);
		Atomics.notify(a, 0);
		while (Atomics.load(a, 0) === 1)
			Atomics.wait(a, 0, 1);
		all.push(us() - begin);
	}
	say(6, median(all));
	await worker.terminate();
}

(async () => {
	await start();
	await roundTrip();
	await oneWay(2, 10, 20000, (w) => w.postMessage(1));
	await oneWay(3, 8, 128, (w) => {
		const bytes = new ArrayBuffer(1 << 20);
		w.postMessage(bytes, [bytes]);
	});
	const bytes = new ArrayBuffer(1 << 20);
	await oneWay(4, 128, 4, (w) => w.postMessage(bytes));
	await memory();
	await pingPong();
})();
