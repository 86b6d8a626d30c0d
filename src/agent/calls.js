// Calls: with --stacks, the place of each call that may block in native code
// is known before it is made; nobody can ask while it lasts (native.c).
//
// This is seen by a program that looks: the functions are others, and errors
// they throw have one frame more. Therefore only when asked for.
const syncCalls = {
  fs: ['readFileSync', 'writeFileSync', 'appendFileSync', 'openSync',
    'readSync', 'writeSync', 'readvSync', 'writevSync', 'fsyncSync',
    'fdatasyncSync', 'copyFileSync', 'cpSync', 'rmSync', 'readdirSync'],
  child_process: ['spawnSync', 'execSync', 'execFileSync'],
  crypto: ['pbkdf2Sync', 'scryptSync', 'generateKeyPairSync',
    'generatePrimeSync', 'checkPrimeSync'],
  zlib: ['gzipSync', 'gunzipSync', 'deflateSync', 'inflateSync', 'unzipSync',
    'brotliCompressSync', 'brotliDecompressSync'],
};

function watchCall(module, name, enter, leave) {
  const call = module[name];
  if (typeof call !== 'function') return;
  replace(module, name, function(...given) {
    enter();
    try {
      return apply(call, this, given);
    } finally {
      leave();
    }
  });
}

function watchCalls({ enter, leave }) {
  if (typeof enter !== 'function') return;
  for (const name of keys(syncCalls)) {
    const module = require(name);
    for (const call of syncCalls[name]) watchCall(module, call, enter, leave);
  }
  require('module').syncBuiltinESMExports();
}
