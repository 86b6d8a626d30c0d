# sh stopped.sh COMMAND...: runs it while looptop stands still.
looptop=$PPID
while [ "$(cat /proc/$looptop/comm)" != looptop ] ||
      grep -q @guard /proc/$looptop/cmdline; do
	looptop=$(sed 's/.*) . \([0-9]*\) .*/\1/' /proc/$looptop/stat)
	[ "$looptop" -gt 1 ] || exit 99
done
kill -STOP "$looptop"
"$@"
status=$?
kill -CONT "$looptop"
exit $status
