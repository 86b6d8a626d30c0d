#!/bin/sh
# The program in README.md, which the Makefile has built beside this script's
# folder: what it prints, that it ends well, and that it has under 40 lines of
# code.
here=$(dirname "$0")/..
# It leaves the freeing to its end, as short programs do.
export ASAN_OPTIONS=detect_leaks=0
lines=$(grep -c . "$here/readme.c")
said=$("$here/readme" 2>&1 | sort)
status=$?
expected='the child says hello
two threads counted to 2000000'
if [ "$said" = "$expected" ] && [ $status -eq 0 ] && [ "$lines" -lt 40 ]; then
	echo '[       OK ] readme'
else
	printf '%s\n[  FAILED  ] readme (%s lines)\n' "$said" "$lines"
	exit 1
fi
