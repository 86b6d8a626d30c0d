#!/bin/sh
# The agent without looptop: its files are taken out of a run, and its stream is
# a FIFO whose reader goes away, or never reads.
#   sh alone.sh LOOPTOP gone|full COMMAND...
looptop=$1 reader=$2
shift 2
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
"$looptop" run --summary --output "$dir/summary" -- sh -c '
	exec cp "${LOOPTOP_EVENTS%/*}/agent.cjs" "${LOOPTOP_EVENTS%/*}/agent.node" \
		"${LOOPTOP_EVENTS%/*}/ask" "$0"' "$dir" || exit 1
mkfifo "$dir/events"
exec 3<>"$dir/events"
LOOPTOP_EVENTS=$dir/events NODE_OPTIONS="--require $dir/agent.cjs" "$@" 3<&- &
program=$!
if [ "$reader" = gone ]; then
	head -c 64 <"$dir/events" >"$dir/first" # it has begun to tell
	exec 3<&-
fi
wait "$program"
