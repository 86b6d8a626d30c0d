/* The table of conformance_channel_life.c. */
static const struct rule rules[] = {
    {
	.number = "child 49",
	.text = "fork: the channel is descriptor 3, its name is forgotten",
	.expect = "fd 3\nafterwards unset\n",
	.node = CHILD "{ say('fd', process.channel.fd);\n"
		      "  say('afterwards', process.env.NODE_CHANNEL_FD ?"
		      " 'set' : 'unset'); }\n"
		      "else " FORK ";\n",
	.play = channel_descriptor,
    },
    {
	.number = "child 52",
	.text = "json sends strings, numbers, booleans, null, objects",
	.expect = "parent got \"text\"\nparent got 7\nparent got true\n"
		  "parent got null\nparent got {\"a\":[1,{}]}\n"
		  "parent got []\n",
	.node = CHILD "process.on('message', (m) => process.send(m));\n"
		      "else { const c = " FORK "; let n = 0;\n"
		      "  c.on('message', (m) => {\n"
		      "    say('parent got', JSON.stringify(m));\n"
		      "    if (++n === 6) c.disconnect(); });\n"
		      "  for (const m of ['text', 7, true, null,"
		      " {a: [1, {}]}, []]) c.send(m); }\n",
	.play = kinds_of_message,
    },
    {
	.number = "child 52b",
	.text = "what is no message is refused",
	.expect = "nothing: refused\n",
	.node = CHILD "process.on('message', () => {});\n"
		      "else { const c = " FORK ";\n"
		      "  try { c.send(undefined); } catch (e) {\n"
		      "    say('nothing:', e.code === 'ERR_MISSING_ARGS' ?"
		      " 'refused' : e.code); }\n"
		      "  c.disconnect(); }\n",
	.play = what_cannot_be_sent,
    },
    {
	.number = "child 53",
	.text = "advanced keeps Map, Date, Error, NaN, BigInt, Buffer",
	.expect = "Map Date Error NaN bigint Buffer\n",
	.node = CHILD "process.on('message', (m) => {\n"
		      "  say(...m.map((v) => Number.isNaN(v) ? 'NaN' :\n"
		      "    typeof v === 'bigint' ? 'bigint' :\n"
		      "    v.constructor.name));\n"
		      "  process.disconnect(); });\n"
		      "else cp.fork(__filename, ['child'],"
		      " {serialization: 'advanced'}).send([new Map(),"
		      " new Date(), new Error('x'), NaN, 1n,"
		      " Buffer.from('b')]);\n",
	.reason = "a value here is JSON's: Date and BigInt are numbers, Buffer "
		  "a string; Map and Error cost the message and a note "
		  "(runtime_advanced, runtime_node_wire)",
    },
    {
	.number = "child 54",
	.text = "a message comes with its handle, or with none",
	.expect = "parent got 1\n",
	.node = CHILD "process.on('message', (m, h) => process.send(h ===\n"
		      "  undefined ? m : 'a handle'));\n"
		      "else { const c = " FORK ";\n"
		      "  c.on('message', (m) => {\n"
		      "    say('parent got', JSON.stringify(m));\n"
		      "    c.disconnect(); }); c.send(1); }\n",
	.play = a_message_with_no_handle,
    },
    {
	.number = "ipc slow",
	.text = "send says false behind 128 KiB, and nothing is dropped",
	.expect = "false behind 128 KiB\n4001 came\n",
	.node = CHILD "{ let n = 0;\n"
		      "  process.on('message', (m) => { n++;\n"
		      "    if (m === null) { say(n, 'came');"
		      " process.disconnect(); } });\n"
		      "} else { const c = " FORK "; let first = 0;\n"
		      "  process.kill(c.pid, 'SIGSTOP');\n"
		      "  const text = 'x'.repeat(1000);\n"
		      "  for (let i = 1; i <= 4000; i++)\n"
		      "    if (!c.send(text) && !first) first = i;\n"
		      "  say('false', first * 1000 >= 131072 && first < 4000 ?"
		      " 'behind 128 KiB' : first);\n"
		      "  c.send(null); process.kill(c.pid, 'SIGCONT'); }\n",
	.play = slow_peer,
    },
    {
	.number = "ipc exit small",
	.text = "what is small is out before exit",
	.expect = "length 5\nlength 5\nlength 5\nexit 0 0\n",
	.node = CHILD "{ for (let i = 0; i < 3; i++) process.send('small');\n"
		      "  process.exit(0);\n"
		      "} else { const c = " FORK ";\n"
		      "  c.on('message', (m) => say('length', m.length));\n"
		      "  c.on('close', (code, s) => say('exit', code, s ?? 0));"
		      " }\n",
	.play = small_then_exit,
    },
    {
	.number = "ipc exit big",
	.text = "of what is big the rest is lost with exit",
	.expect = "exit 0 0\n",
	.node = CHILD "{ process.send('x'.repeat(1e6)); process.exit(0);\n"
		      "} else { const c = " FORK ";\n"
		      "  c.on('message', (m) => say('length', m.length));\n"
		      "  c.on('close', (code, s) => say('exit', code, s ?? 0));"
		      " }\n",
	.play = big_then_exit,
    },
    {
	.number = "ipc exit sent",
	.text = "when it is written first, it arrives",
	.expect = "length 1000000\nexit 0 0\n",
	.node = CHILD "process.send('x'.repeat(1e6), () => process.exit(0));\n"
		      "else { const c = " FORK ";\n"
		      "  c.on('message', (m) => say('length', m.length));\n"
		      "  c.on('close', (code, s) => say('exit', code, s ?? 0));"
		      " }\n",
	.play = big_then_exit_drained,
    },
    {
	.number = "ipc ref none",
	.text = "a child that does not listen is not kept by its channel",
	.expect = "child ends\n",
	.node = CHILD "process.on('exit', () => say('child ends'));\n"
		      "else " FORK ";\n",
	.play = nobody_listens,
    },
    {
	.number = "ipc ref",
	.text = "one that listens is kept until the channel ends",
	.expect = "parent lets go\nchild is disconnected\nchild ends\n",
	.node = CHILD "{ process.on('message', () => {});\n"
		      "  process.on('disconnect', () =>"
		      " say('child is disconnected'));\n"
		      "  process.on('exit', () => say('child ends'));\n"
		      "  process.send('here');\n"
		      "} else { const c = " FORK ";\n"
		      "  c.on('message', () => { say('parent lets go');\n"
		      "    c.disconnect(); }); }\n",
	.play = somebody_listens,
    },
    {
	.number = "ipc unref",
	.text = "channel.unref() lets it end though it listens",
	.expect = "child ends\n",
	.node = CHILD "{ process.on('message', () => {});\n"
		      "  process.on('exit', () => say('child ends'));\n"
		      "  process.channel.unref();\n"
		      "} else " FORK ";\n",
	.play = somebody_listens_unreferenced,
    },
    {
	.number = "ipc queued",
	.text = "messages before the first listener wait for it",
	.expect = "listens\ngot 1\ngot 2\n",
	.node = CHILD "setTimeout(() => { say('listens'); let n = 0;\n"
		      "  process.on('message', (m) => { say('got', m);\n"
		      "    if (++n === 2) setImmediate(() =>"
		      " process.disconnect()); });\n"
		      "}, 50);\n"
		      "else { const c = " FORK "; c.send(1); c.send(2); }\n",
	.play = queued_until_listened,
    },
    {
	.number = "child 56",
	.text = "disconnect comes before exit when the child ends",
	.expect = "disconnect\nexit 3 0\n",
	.node = CHILD "process.exit(3);\n"
		      "else { const c = " FORK ";\n"
		      "  c.on('disconnect', () => say('disconnect'));\n"
		      "  c.on('exit', (code, s) => say('exit', code, s ?? 0));"
		      " }\n",
	.play = child_exits,
    },
    {
	.number = "ipc disconnect",
	.text = "the parent disconnects: connected is false at once",
	.expect = "connected false\ndisconnect\nexit 0 0\nclose\n",
	.node =
	    CHILD "process.on('message', () => {});\n"
		  "else { const c = " FORK ";\n"
		  "  c.on('disconnect', () => say('disconnect'));\n"
		  "  c.on('exit', (code, s) => say('exit', code, s ?? 0));\n"
		  "  c.on('close', () => say('close'));\n"
		  "  c.disconnect(); say('connected', c.connected); }\n",
	.play = parent_disconnects,
	.reason = "Node never emits close then, which is its bug in all "
		  "versions; ours does, for the struct must be freed",
	.node_expect = "connected false\ndisconnect\nexit 0 0\n",
    },
    {
	.number = "ipc closed",
	.text = "send on a closed channel fails",
	.expect = "send fails, closed\n",
	.node = CHILD "process.on('message', () => {});\n"
		      "else { const c = " FORK ";\n"
		      "  c.disconnect();\n"
		      "  c.send(true, (e) => say('send', e.code ==="
		      " 'ERR_IPC_CHANNEL_CLOSED' ? 'fails, closed' : e)); }\n",
	.play = send_when_closed,
    },
};
