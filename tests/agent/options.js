// What NODE_OPTIONS said before looptop added to it.
console.log('title', process.title, 'limit', Error.stackTraceLimit,
            process.execArgv, '');
