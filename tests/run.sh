#!/bin/sh
# Runs test programs one after the other: sh tests/run.sh PROGRAM...
# Prints a line for each, all of what a failing one said, and at the end how
# many tests passed, failed, and were skipped for which reason.
passed=0 failed=0 skipped=0 reasons='' bad=''
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
began=$(date +%s)
for program in "$@"; do
	start=$(date +%s)
	"$program" >"$log" 2>&1
	status=$?
	p=$(grep -c '^\[       OK \]' "$log")
	f=$(grep '^\[  FAILED  \] [a-z]' "$log" | sort -u | wc -l)
	s=$(grep -c '^\[  SKIPPED \] [a-z]' "$log")
	if [ "$status" -ne 0 ]; then
		cat "$log"
		bad="$bad ${program##*/}"
		[ "$f" -gt 0 ] || f=1
	fi
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	reasons="$reasons$(grep '^SKIP: ' "$log" | sed "s|^|${program##*/}: |")
"
	printf '  %-28s %3d passed  %d failed  %d skipped  %d s\n' \
		"${program##*/}" "$p" "$f" "$s" $(($(date +%s) - start))
done
printf '%s' "$reasons" | grep .
printf '%d passed, %d failed, %d skipped in %d s\n' \
	"$passed" "$failed" "$skipped" $(($(date +%s) - began))
if [ -n "$bad" ]; then
	echo "failed:$bad"
	exit 1
fi
