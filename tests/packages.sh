#!/bin/sh
# Test suites of packages from npm that live on child processes and worker
# threads, below looptop and without: sh tests/packages.sh DIR [PACKAGE]...
#
# Each suite runs RUNS times either way (default 2), in turn, and prints TAP. A
# test that fails each time fails; those must be the same ones, and the suite
# must end the same. What fails only now and then is told, for what some of
# them test is how long things take. The packages are old enough to hold their
# tests; what runs the tests comes from npm too. Where no package has its tests
# (execa, jest-worker) those in tests/packages do.
set -u
runs=${RUNS:-2}
looptop=${LOOPTOP:?is the program}
own=$(cd "$(dirname "$0")/packages" && pwd)
mkdir -p "${1:?is the directory for the packages}" || exit 1
dir=$(cd "$1" && pwd)
shift
bad=0

tools='tape@4.10.1 errno@0.1.7 mocha@2.5.3 object-assign@4.1.1 tap@16.3.7
	ts-node@10.9.2 typescript@5.6.2 @types/node@22.4.1
	abort-controller@3.0.0 concat-stream@2.0.0'

# What each suite is run by, in the package's own directory; it prints TAP.
suite()
{
	case $1 in
	worker-farm) echo 'exec node tests/' ;;
	workerpool)
		echo 'exec node ../node_modules/mocha/bin/_mocha test' \
			'--timeout 20000 --reporter tap' ;;
	piscina)
		echo 'for file in test/*.ts; do echo "# $file";' \
			'node -r ../node_modules/ts-node/register "$file";' \
			'done' ;;
	execa) echo 'exec node ./execa.mjs' ;;
	jest-worker) echo 'exec node ./jest-worker.js' ;;
	esac
}

version()
{
	case $1 in
	worker-farm) echo 1.7.0 ;;
	workerpool) echo 2.3.4 ;;
	piscina) echo 4.9.2 ;;
	execa) echo 9.6.0 ;;
	jest-worker) echo 29.7.0 ;;
	*)
		echo "packages: $1: not one of worker-farm, workerpool," \
			'piscina, execa, jest-worker' >&2
		exit 1 ;;
	esac
}

fetch()
{
	if ls "$own/$1".* >/dev/null 2>&1; then
		mkdir -p "$dir/$1"
		cp "$own/$1".* "$own/tap.js" "$dir/$1"
		(cd "$dir" && npm install --silent --no-audit --no-fund \
			--ignore-scripts "$1@$2") || exit 1
		return
	fi
	[ -d "$dir/$1" ] && return
	archive=$(cd "$dir" && npm pack --silent "$1@$2") || exit 1
	mkdir "$dir/$1.new"
	tar -xzf "$dir/$archive" -C "$dir/$1.new" --strip-components 1
	# Its own says lint and coverage.
	printf '%s\n' '{"compilerOptions":{"module":"commonjs",' \
		'"moduleResolution":"node","target":"es2020",' \
		'"esModuleInterop":true}}' >"$dir/$1.new/tsconfig.json"
	mv "$dir/$1.new" "$dir/$1"
}

# Verdicts of top-level tests: which file, ok or not, what; no numbers, pids
# and times, which are others each time. Not those that say how long they took:
# they fail on a busy machine.
verdicts()
{
	sed -n -e 's/^# \(test\/.*\)/\1/p' -e 's/^\(ok\|not ok\) [0-9]*/\1/p' |
		sed -e 's/ # time=.*//' -e 's/([^()]*)$//' -e 's/[0-9][0-9.]*/N/g' |
		grep -v -e 'processed tasks' -e 'has been up' |
		awk '/^test\// { file = $0 ": "; next }
			{ ok = sub(/^ok/, ""); sub(/^not ok/, "")
			  sub(/^ *-? */, ""); name = file $0
			  print (ok ? "ok " : "not ok ") name \
			        (seen[name]++ ? " (" seen[name] ")" : "") }'
}

# One run: alone or with, its number.
run()
{
	out=$dir/out/$1.$2.$3
	command=$(suite "$1")
	if [ "$2" = alone ]; then
		set -- "$@" env
	else
		set -- "$@" "$looptop" run --json --output "$out.json" --
	fi
	name=$1
	shift 3
	(cd "$dir/$name" && TS_NODE_TRANSPILE_ONLY=1 timeout 900 "$@" \
		sh -c "$command") >"$out.tap" 2>"$out.err" </dev/null
	echo "exit $?" >"$out.exit"
	verdicts <"$out.tap" | sort >"$out.verdicts"
}

# Tests with that verdict in each of the runs.
always()
{
	cat "$dir/out/$2.$3".*.verdicts | grep "^$1 " | sort | uniq -c |
		awk -v runs="$runs" '$1 == runs' | sed 's/^ *[0-9]* //'
}

# Those that failed in some run but not in all.
sometimes()
{
	cat "$dir/out/$1".*.verdicts | grep '^not ok ' | sort | uniq -c |
		awk -v runs="$((2 * runs))" '$1 < runs' | wc -l
}

events()
{
	grep -h -c "\"kind\":\"$2\"" "$dir/out/$1".with.*.json |
		awk '{ sum += $1 } END { print sum }'
}

compare()
{
	always 'not ok' "$1" alone >"$dir/out/$1.alone"
	always 'not ok' "$1" with >"$dir/out/$1.with"
	# Below looptop it fails always, and without never; or the reverse.
	new=$(while IFS= read -r line; do
		grep -qxF -- "$line" "$dir/out/$1".alone.*.verdicts ||
			echo "$line"
	done <"$dir/out/$1.with")
	gone=$(while IFS= read -r line; do
		grep -qxF -- "$line" "$dir/out/$1".with.*.verdicts ||
			echo "$line"
	done <"$dir/out/$1.alone")
	printf '%s: %d tests; fail always: %d alone, %d below looptop;' "$1" \
		"$(wc -l <"$dir/out/$1.alone.1.verdicts")" \
		"$(wc -l <"$dir/out/$1.alone")" "$(wc -l <"$dir/out/$1.with")"
	printf ' now and then: %d\n' "$(sometimes "$1")"
	printf '  seen in %d runs: %d processes, %d threads, %d messages, %s\n' \
		"$runs" "$(events "$1" process-born)" \
		"$(events "$1" thread-born)" "$(events "$1" message-send)" \
		"$(cat "$dir/out/$1".*.exit | sort | uniq -c | tr '\n' ' ')"
	[ -z "$new$gone" ] && return
	echo "$new" | sed '/^$/d; s/^/  only below looptop: /'
	echo "$gone" | sed '/^$/d; s/^/  only without: /'
	bad=1
}

[ -f "$dir/package.json" ] || echo '{"private":true}' >"$dir/package.json"
# shellcheck disable=SC2086
(cd "$dir" && npm install --silent --no-audit --no-fund --ignore-scripts \
	$tools) || exit 1
rm -rf "$dir/out"
mkdir "$dir/out"
[ $# -gt 0 ] || set -- worker-farm workerpool piscina execa jest-worker
for package in "$@"; do
	fetch "$package" "$(version "$package")"
	turn=1
	while [ "$turn" -le "$runs" ]; do
		run "$package" alone "$turn"
		run "$package" with "$turn"
		turn=$((turn + 1))
	done
	compare "$package"
done
exit $bad
