#!/bin/sh
# Runs test programs again and again: sh tests/soak_tty.sh DIRECTORY PROGRAM...
#   ROUNDS=100   how often each
#   LOAD=1       two processes that compute beside them
# A line for each at the end: runs and failures. What a run that failed has
# said stays in DIRECTORY/PROGRAM.ROUND.log. Rounds, not programs, are the
# outer loop: whenever it is ended, all have run about as often.
directory=$1
shift
rounds=${ROUNDS:-100} beside='' round=0
mkdir -p "$directory" || exit 1
: >"$directory/runs" || exit 1

report()
{
	trap - EXIT INT TERM
	[ -z "$beside" ] || kill $beside 2>/dev/null
	for program in "$@"; do
		name=${program##*/}
		printf '  %-20s %4d runs  %3d failed\n' "$name" \
			"$(grep -c "^$name " "$directory/runs")" \
			"$(grep -c "^$name [^0]" "$directory/runs")"
	done
	! grep -q ' [^0]' "$directory/runs"
	exit
}

trap 'report "$@"' EXIT INT TERM
if [ -n "$LOAD" ]; then
	for i in 1 2; do
		sh -c 'while :; do :; done' &
		beside="$beside $!"
	done
fi
while [ "$round" -lt "$rounds" ]; do
	round=$((round + 1))
	for program in "$@"; do
		name=${program##*/}
		log=$directory/$name.$round.log
		"$program" >"$log" 2>&1
		status=$?
		echo "$name $status" >>"$directory/runs"
		[ "$status" -ne 0 ] || rm -f "$log"
	done
done
