// Life: births with their how, ends, worker threads, this process' own end.
const births = { spawn: 2, exec: 3, execFile: 4, fork: 5, cluster: 6 };
const DEATH_CODE = 1;
const DEATH_SIGNAL = 2;

// Which function of child_process the program called: the outermost of its
// frames. The stack is the only place that knows.
function callerOf() {
  let how = 'spawn';
  for (const frame of framesOf(callerOf, 16)) {
    const name = frame.getFunctionName();
    if (frame.getFileName() === 'node:child_process' &&
        births[name] !== undefined) how = name;
  }
  return how;
}

function clusterId(options) {
  const pair = isArray(options.envPairs) && options.envPairs.find(
    (text) => typeof text === 'string' && text.startsWith('NODE_UNIQUE_ID='));
  return pair ? pair.slice(15) : '';
}

// Children whose output is kept until they end.
const keepers = new WeakSet();

function isKept(how) {
  return how === 'exec' || how === 'execFile';
}

// Every stream is closed: how much was kept. Less than a pipe's worth is no
// news.
function tellKept(child) {
  let bytes = 0;

  if (!keepers.has(child)) return;
  keepers.delete(child);
  if (child.stdout) bytes += child.stdout.bytesRead;
  if (child.stderr) bytes += child.stderr.bytesRead;
  if (bytes >= 65536) {
    urgent(kind('output-kept'), child.pid, child.pid, bytes, 0, '');
  }
}

function tellBirth(child, options, time) {
  const id = clusterId(options);
  const how = id ? 'cluster' : callerOf();
  const command = isArray(child.spawnargs) ? child.spawnargs.join(' ') : '';

  record(kind('process-born'), time, child.pid, pid, pid, null, 0, births[how],
         0, 0, command);
  if (id) {
    record(kind('process-title'), time, child.pid, 0, 0, null, 0, 1, 0, 0,
           `worker ${id}`);
  }
  if (isKept(how)) keepers.add(child);
  flush(time);
  openChannel(child, pid, child.pid, true);
}

function tellEnd(child, code, signal) {
  const number = signal ? DEATH_SIGNAL : DEATH_CODE;
  const value = signal ? require('os').constants.signals[signal] : code;

  if (!child.pid) return;
  urgent(kind('process-exit'), child.pid, child.pid, number, value, '');
}

// An own emit: it is found before the inherited one, which it calls; a program
// that replaces that one later is still called.
function watchEmits(prototype, before, after) {
  const above = getPrototypeOf(prototype);
  defineProperty(prototype, 'emit', {
    configurable: true, writable: true, enumerable: false,
    value: function emit(type, first, second) {
      before(this, type, first, second);
      const result = arguments.length === 3 ?
        above.emit.call(this, type, first, second) :
        arguments.length === 2 ? above.emit.call(this, type, first) :
          apply(above.emit, this, arguments);
      if (after !== undefined) after(this, type);
      return result;
    },
  });
}

function isChannelEvent(type) {
  return type === 'message' || type === 'internalMessage' ||
    type === 'disconnect';
}

function watchChildren(ChildProcess) {
  const spawn = ChildProcess.prototype.spawn;
  replace(ChildProcess.prototype, 'spawn', function(options) {
    const time = now();
    const result = apply(spawn, this, arguments);
    try {
      if (result === 0 && this.pid && fd >= 0) tellBirth(this, options, time);
    } catch {}
    return result;
  });
  watchEmits(ChildProcess.prototype, (child, type, first, second) => {
    if (isChannelEvent(type)) beforeEmit(child, type, first, second);
    else if (type === 'exit' && fd >= 0) {
      try {
        tellEnd(child, first, second);
      } catch {}
    } else if (type === 'close' && fd >= 0) {
      try {
        tellKept(child);
      } catch {}
    }
  }, (child, type) => {
    if (type === 'internalMessage') afterEmit(child);
  });
}

function tellLast() {
  try {
    const time = now();
    leaveRest(time); // there is room again for what comes
    tellCounts(time);
    if (tid !== pid) {
      record(kind('thread-died'), time, pid, 0, 0, null, 0, 0, 0, 0, '');
    }
    leaveRest(time);
  } catch {}
}

// Other listeners of the end may have said something.
function tellVeryLast() {
  try {
    const time = now();
    tellCounts(time);
    leaveRest(time);
  } catch {}
}

function watchProcess(onWorker) {
  watchEmits(getPrototypeOf(process), (self, type, first, second) => {
    if (self !== process) return;
    if (isChannelEvent(type)) beforeEmit(self, type, first, second);
    else if (type === 'worker') onWorker(first);
    else if (type === 'exit') tellLast();
  }, (self, type) => {
    if (self !== process) return;
    if (type === 'internalMessage') afterEmit(self);
    else if (type === 'exit') tellVeryLast();
  });
}
