#!/bin/sh
# A real redis that is asked to sleep, seen by `looptop attach` from outside.
redis-server --port 7397 --save '' --enable-debug-command yes >/dev/null &
redis=$!
trap 'kill $redis' EXIT
until redis-cli -p 7397 PING >/dev/null 2>&1; do sleep 0.1; done
(sleep 2; redis-cli -p 7397 DEBUG SLEEP 3 >/dev/null) &
"$LOOPTOP" attach "$@" "$redis"
