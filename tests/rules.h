/*
 * rules: what Node does, held against what the runtime does.
 *
 * A rule is a row of the table of Node's semantics. It is told three times: as
 * the lines that it expects, as a scenario in C that prints what it sees, and,
 * where the rule can be seen from a program, as the same scenario in JavaScript
 * for a real Node. C must print what is expected, and Node (20 or newer) too:
 * so the table is held against both. Without node on the machine that half is
 * skipped, and counted.
 *
 * A test program is: rules_main() with its rules and, where a scenario forks
 * this program again, the roles it plays then (child_fork(..., "@child", ...)).
 * With RULES=table in the environment it prints the table instead of cmocka's
 * lines (make conformance).
 */
#ifndef TESTS_RULES_H
#define TESTS_RULES_H

#include <stddef.h>

struct rule {
	const char *number; /* of the table: "child 2", "1.4 disconnect" */
	const char *text;   /* the rule, in a line */
	const char *expect; /* lines, each ended by \n */
	/* The scenario in JavaScript, run as a file (CommonJS). It has
	 * say(...), which prints a line at once, and cp, net, cluster, dgram,
	 * wt (worker threads) required. In a child: process.argv[2] says what
	 * it was forked as. NULL: see `reason`. */
	const char *node;
	/* The scenario in C, in a process of its own; prints by rules_say().
	 * NULL: the rule has no place in C, see `reason`. */
	void (*play)(void);
	/* Why there is no `node` or no `play`, or why Node's lines are not the
	 * expected ones (then `node_expect` has its lines). */
	const char *reason;
	const char *node_expect;
	int node_major; /* the oldest Node that does so; 0: 20 */
};

struct rule_role {
	const char *name; /* "@child" */
	void (*play)(int argc, char **argv);
};

/* Prints a line at once, as printf(). */
void rules_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The main of a program of rules; `roles` end with a NULL name, or NULL. */
int rules_main(int argc, char **argv, const struct rule *rules, size_t count,
               const struct rule_role *roles);

#endif
