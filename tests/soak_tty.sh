#!/bin/sh
# Runs test programs again and again: sh tests/soak_tty.sh DIRECTORY PROGRAM...
#   ROUNDS=100   how often each
#   LOAD=1       two processes that compute beside them
#   JOBS=1       how many run side by side
# A line for each at the end: runs and failures. What a run that failed has
# said stays in DIRECTORY/PROGRAM.ROUND.log. Rounds, not programs, are the
# outer loop: whenever it is ended, all have run about as often.
if [ "$1" = --one ]; then
	name=${4##*/}
	log=$2/$name.$3.log
	"$4" >"$log" 2>&1
	status=$?
	echo "$name $status" >>"$2/runs"
	[ "$status" -ne 0 ] || rm -f "$log"
	exit 0
fi

directory=$1
shift
beside=''
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
for round in $(seq "${ROUNDS:-100}"); do
	for program in "$@"; do
		echo "$round $program"
	done
done | xargs -n 2 -P "${JOBS:-1}" sh "$0" --one "$directory"
