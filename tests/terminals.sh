#!/bin/sh
# Pictures of the program in real terminals: sh tests/terminals.sh DIRECTORY
# (LOOPTOP and SHOT in the environment). To look at: nothing is asserted. What
# is not installed is said and left out.
#
# All of them show the same moment of the same recording.
out=$1
recording=screenshots/recordings/lab.trace
theme=dark
moment()
{
	echo "$LOOPTOP replay --at 4.3s --theme $theme $recording"
}
XDG_CONFIG_HOME=/nonexistent
export XDG_CONFIG_HOME
mkdir -p "$out" && rm -f "$out"/*.png "$out"/*.shot || exit 1

has()
{
	for tool; do
		command -v "$tool" >/dev/null && continue
		echo "  skip  $name: no $tool"
		return 1
	done
	echo "  SHOT  $out/$name.png"
}

# libvterm with another environment: NAME VARIABLE... -- COMMAND...
in_vterm()
{
	name=$1
	shift
	has rsvg-convert || return
	{
		echo 'size 100x30'
		while [ "$1" != -- ]; do
			echo "env $1"
			shift
		done
		shift
		echo "run $*"
		echo 'wait PAUSED'
		echo 'settle 200'
		echo "shot $out/$name"
		echo 'end q'
	} >"$out/$name.shot"
	"$SHOT" "$out/$name.shot" &&
		rsvg-convert -o "$out/$name.png" "$out/$name.svg"
}

# A picture of the window as soon as two in a row are the same.
take()
{
	before= now=none
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		sleep 0.5
		import -window root "$out/$name.png" 2>/dev/null || continue
		before=$now now=$(identify -format '%#' "$out/$name.png")
		# An empty screen has one colour.
		[ "$(identify -format '%k' "$out/$name.png")" -gt 8 ] &&
			[ "$before" = "$now" ] && return
	done
}

# NAME VARIABLE... -- XTERM OPTION...
in_xterm()
{
	name=$1 variables=
	shift
	has Xvfb xterm import || return
	while [ "$1" != -- ]; do
		variables="$variables $1"
		shift
	done
	shift
	Xvfb :97 -screen 0 804x512x24 >/dev/null 2>&1 &
	server=$!
	sleep 1
	DISPLAY=:97 env $variables xterm -geometry 100x30+0+0 -b 0 -bw 0 \
		-fa 'DejaVu Sans Mono' -fs 10 "$@" -e $(moment) &
	window=$!
	DISPLAY=:97 take
	kill $window $server
	wait $window $server 2>/dev/null
}

# tmux draws what the program wrote into a terminal of its own: NAME
# INNER-TERM VARIABLE...
in_tmux()
{
	name=$1 inner=$2
	shift 2
	command -v tmux >/dev/null || has tmux || return
	in_vterm "$name" "$@" -- tmux -L "looptop-$$" -f /dev/null \
		set -g default-terminal "$inner" '\;' \
		new-session "'$(moment)'"
	tmux -L "looptop-$$" kill-server 2>/dev/null
}

in_vterm vterm-256 -- $(moment)
in_vterm vterm-8 TERM=xterm -- $(moment)
in_vterm vterm-linux TERM=linux -- $(moment)
in_vterm vterm-linux-c TERM=linux LC_ALL=C -- $(moment)
in_vterm vterm-c LC_ALL=C -- $(moment)
in_vterm vterm-vt100 TERM=vt100 -- $(moment)
in_vterm vterm-no-color NO_COLOR=1 -- $(moment)
in_tmux tmux-256 tmux-256color
in_tmux tmux-8 screen TERM=xterm
in_xterm xterm LC_ALL=C.UTF-8 -- -bg black -fg white
theme=light
in_xterm xterm-light LC_ALL=C.UTF-8 -- -bg white -fg black
theme=dark
in_xterm xterm-8 LC_ALL=C.UTF-8 -- -tn xterm-color -bg black -fg white
in_xterm xterm-c LC_ALL=C -- -bg black -fg white
exit 0
