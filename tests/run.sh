#!/bin/sh
# Runs test programs: sh tests/run.sh PROGRAM... Those of the whole program
# (end_*) mostly wait for it, so they run beside the others. Prints a line for
# each, all of what a failing one said, and at the end how many tests passed,
# failed, and were skipped for which reason.
results=$(mktemp -d) || exit 1
trap 'rm -rf "$results"' EXIT
began=$(date +%s)

# run_program PROGRAM LOG COUNTS
run_program() {
	start=$(date +%s)
	"$1" >"$2" 2>&1
	status=$?
	p=$(grep -c '^\[       OK \]' "$2")
	f=$(grep '^\[  FAILED  \] [a-z]' "$2" | sort -u | wc -l)
	s=$(grep -c '^\[  SKIPPED \] [a-z]' "$2")
	bad=
	if [ "$status" -ne 0 ]; then
		cat "$2"
		bad=${1##*/}
		[ "$f" -gt 0 ] || f=1
	fi
	grep '^SKIP: ' "$2" | sed "s|^|${1##*/}: |" >>"$results/reasons"
	echo "$p $f $s $bad" >>"$3"
	printf '  %-28s %3d passed  %d failed  %d skipped  %d s\n' \
		"${1##*/}" "$p" "$f" "$s" $(($(date +%s) - start))
}

# run_those WHICH PROGRAM...: those whose name begins so, or (other) does not
run_those() {
	which=$1
	shift
	for program in "$@"; do
		case ${program##*/} in
		end_*) kind=end ;;
		*) kind=other ;;
		esac
		[ $kind = "$which" ] || continue
		run_program "$program" "$results/$which.log" \
			"$results/$which.counts"
	done
}

: >"$results/reasons"
: >"$results/end.counts"
: >"$results/other.counts"
run_those end "$@" &
run_those other "$@"
wait
grep . "$results/reasons"
cat "$results"/*.counts | awk -v seconds=$(($(date +%s) - began)) '
	{ passed += $1; failed += $2; skipped += $3 }
	$4 { bad = bad " " $4 }
	END {
		printf "%d passed, %d failed, %d skipped in %d s\n",
			passed, failed, skipped, seconds
		if (bad != "") { print "failed:" bad; exit 1 }
	}'
