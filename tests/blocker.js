// A program that knows when its loops were blocked, and says so at the end:
//   B tid kind begin end    a block it made, ns of CLOCK_MONOTONIC
//   L tid lag begin end     its heartbeat came over 25 ms late all the same
//   U elu worst_ms          of a server: utilisation, own worst delay
//
// node blocker.js block main,worker light|heavy SECONDS SEED [FROM TO KINDS]
// node blocker.js serve SECONDS        prints its port first
// node blocker.js hammer PORT SECONDS
'use strict';
const fs = require('fs');
const http = require('http');
const os = require('os');
const path = require('path');
const { execSync, spawn } = require('child_process');
const { Worker, isMainThread, workerData, parentPort } =
	require('worker_threads');
const perf = require('perf_hooks');

const now = () => process.hrtime.bigint();
const BEAT_MS = 10;

function burn(ms) {
	const end = performance.now() + ms;
	while (performance.now() < end);
}

// Not by random(): a run can be repeated.
function chance(seed) {
	let state = seed >>> 0;
	return () => {
		state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
		return state / 2 ** 32;
	};
}

const kinds = {
	cpu: (ms) => burn(ms),
	atomics: (ms) => Atomics.wait(
		new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms),
	exec: (ms) => execSync(`sleep ${ms / 1000}`),
	fifo: (ms, feeder) => {
		feeder.child.stdin.write(`${ms / 1000}\n`);
		fs.readSync(feeder.fd, Buffer.alloc(8));
	},
};

// Writes into a FIFO when it has been told to, a while later.
function feed(fifo) {
	execSync(`mkfifo ${fifo}`);
	const child = spawn('/bin/sh', ['-c',
		`while read s; do sleep $s; echo x; done >${fifo}`]);
	return { child, fd: fs.openSync(fifo, 'r+') };
}

function heartbeat(tid, log, done) {
	let last = now();
	// Before its first beat nobody knows.
	log.push(`L ${tid} start 1 ${last}`);
	const beat = setInterval(() => {
		const time = now();
		if (time - last > 25_000_000n + BigInt(BEAT_MS) * 1_000_000n)
			log.push(`L ${tid} lag ${last} ${time}`);
		if (!done())
			fs.readFile('/etc/hostname', () => {});
		else
			clearInterval(beat);
		last = now();
	}, BEAT_MS);
}

function blocks(options, report) {
	const { heavy, seconds, seed, from, to, which } = options;
	const tid = path.basename(fs.readlinkSync('/proc/thread-self'));
	const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'blocker-'));
	const random = chance(seed), log = [], made = [];
	const end = Date.now() + seconds * 1000;
	let over = false;

	const feeder = feed(path.join(dir, 'fifo'));
	heartbeat(tid, log, () => over);
	const load = heavy ? setInterval(() => burn(1), 4) : null;
	const one = () => {
		const ms = from * Math.pow(to / from, random());
		const kind = which[Math.floor(random() * which.length)];
		const begin = now();

		kinds[kind](ms, feeder);
		made.push([kind, begin, now()]);
		if (Date.now() < end) {
			setTimeout(one, 100 + 200 * random());
			return;
		}
		// The last one must be seen to be over.
		setTimeout(() => {
			over = true;
			clearInterval(load);
			feeder.child.stdin.end();
			fs.rmSync(dir, { recursive: true });
			// What its end costs nobody logs any more.
			log.push(`L ${tid} end ${now()} ${2n ** 63n}`);
			for (const [kind, begin, end] of made)
				log.push(`B ${tid} ${kind} ${begin} ${end}`);
			report(log);
		}, 300);
	};
	setTimeout(one, 1000);
}

function print(log) {
	fs.writeSync(1, log.join('\n') + '\n');
}

function play(threads, load, seconds, seed, from, to, which) {
	const options = {
		heavy: load === 'heavy', seconds: Number(seconds),
		seed: Number(seed), from: Number(from || 5),
		to: Number(to || 2000),
		which: which ? which.split(',') : Object.keys(kinds),
	};

	if (threads.includes('worker'))
		new Worker(__filename, {
			workerData: { ...options, seed: options.seed + 7 },
		}).on('message', print);
	if (threads.includes('main'))
		blocks(options, print);
}

function serve(seconds) {
	const delay = perf.monitorEventLoopDelay({ resolution: 1 });
	const server = http.createServer((request, response) => {
		burn(0.3);
		response.end('hello');
	});
	let before;

	server.listen(0, '127.0.0.1', () =>
		print([`P ${server.address().port}`]));
	// Without the time in which nobody asks.
	setTimeout(() => {
		before = performance.eventLoopUtilization();
		delay.enable();
	}, 1500);
	setTimeout(() => {
		const { utilization } =
			performance.eventLoopUtilization(before);
		print([`U ${utilization.toFixed(3)} ` +
			(delay.max / 1e6).toFixed(1)]);
		process.exit();
	}, Number(seconds) * 1000);
}

function hammer(port, seconds) {
	const agent = new http.Agent({ keepAlive: true, maxSockets: 32 });
	const ask = () => http.get({ port, agent, host: '127.0.0.1' }, (got) =>
		got.resume().on('end', ask)).on('error', () => {});

	for (let i = 0; i < 32; i++)
		ask();
	setTimeout(() => process.exit(), Number(seconds) * 1000);
}

if (!isMainThread)
	blocks(workerData, (log) => parentPort.postMessage(log));
else
	({ block: play, serve, hammer })[process.argv[2]](
		...process.argv.slice(3));
