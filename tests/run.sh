#!/bin/sh
# Runs test programs: sh tests/run.sh PROGRAM... Most of them wait most of the
# time, so JOBS (3) run side by side; those of the whole program (end_*), which
# take longest, go first. Prints a line for each, all of what a failing one
# said, and at the end how many tests passed, failed, and were skipped for which
# reason.

# run_one RESULTS PROGRAM: what it said is printed at once, or not at all
run_one() {
	name=${2##*/}
	log=$1/$name.log
	start=$(date +%s)
	"$2" >"$log" 2>&1
	status=$?
	p=$(grep -c '^\[       OK \]' "$log")
	f=$(grep '^\[  FAILED  \] [a-z]' "$log" | sort -u | wc -l)
	s=$(grep -c '^\[  SKIPPED \] [a-z]' "$log")
	bad=
	if [ "$status" -ne 0 ]; then
		bad=$name
		[ "$f" -gt 0 ] || f=1
	fi
	grep '^SKIP: ' "$log" | sed "s|^|$name: |" >"$1/$name.reasons"
	echo "$p $f $s $bad" >"$1/$name.counts"
	{
		[ -z "$bad" ] || cat "$log"
		printf '  %-28s %3d passed  %d failed  %d skipped  %d s\n' \
			"$name" "$p" "$f" "$s" $(($(date +%s) - start))
	} >"$1/$name.said"
	cat "$1/$name.said"
}

if [ "$1" = --one ]; then
	run_one "$2" "$3"
	exit 0
fi

results=$(mktemp -d) || exit 1
trap 'rm -rf "$results"' EXIT
began=$(date +%s)
{
	printf '%s\n' "$@" | grep '/end_'
	printf '%s\n' "$@" | grep -v '/end_'
} | xargs -n 1 -P "${JOBS:-3}" sh "$0" --one "$results"
cat "$results"/*.reasons | grep .
cat "$results"/*.counts | awk -v seconds=$(($(date +%s) - began)) \
	-v programs=$# '
	{ passed += $1; failed += $2; skipped += $3 }
	$4 { bad = bad " " $4 }
	END {
		if (NR < programs) { print programs - NR, "did not run"; bad = bad " (not run)" }
		printf "%d passed, %d failed, %d skipped in %d s\n",
			passed, failed, skipped, seconds
		if (bad != "") { print "failed:" bad; exit 1 }
	}'
