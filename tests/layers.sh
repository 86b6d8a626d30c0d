#!/bin/sh
# Who may include what (DESIGN.md section 2). Prints each include that is not
# allowed and fails.
#
#   core <- runtime <- load <- stage
#   core <- observe, report, ui
#   explorer and main.c see all; a library only its own layer
cd "$(dirname "$0")/.." || exit 1
bad=0

# forbid LAYER-FILES PATTERN WHY: no include line may match
forbid() {
	# shellcheck disable=SC2086
	found=$(grep -nE "^#[[:space:]]*include[[:space:]]+[<\"]($2)" $1 \
		/dev/null 2>/dev/null)
	if [ -n "$found" ]; then
		echo "$found" | sed "s|\$|   <- $3|"
		bad=1
	fi
}

ours='core|runtime|load|observe|report|stage|explorer|ui'
not() {
	echo "$ours" | tr '|' '\n' | grep -vxE "$1" | sed 's|$|/|' |
		paste -sd '|' -
}
files() { echo "$1"/*.c "$1"/*.h "$1"/*.def; }

forbid "$(files src/core)" "$(not core)" 'core stands on libc alone'
forbid "$(files src/core)" 'uv.h|jansson.h|libproc2|n?curses' \
	'core stands on libc alone'
forbid "$(files src/runtime)" "$(not 'core|runtime')" 'runtime stands on core'
forbid "$(files src/load)" "$(not 'core|runtime|load')" \
	'load stands on runtime'
forbid "$(files src/observe)" "$(not 'core|observe')" 'observe stands on core'
forbid "$(files src/report)" "$(not 'core|report')" 'report stands on core'
forbid "$(files src/stage) src/stage_main.c src/static.c" \
	"$(not 'core|runtime|load|stage')" \
	'the stage knows nothing of the screen'
forbid "$(files ui)" "$(not 'core|ui')" 'ui stands on core'
forbid "$(files ui) $(files src/observe) $(files src/report)" 'uv.h' \
	'libuv is the runtime'"'"'s and the explorer'"'"'s'
forbid "$(files ui) $(files src/observe)" 'jansson.h' 'no JSON here'
forbid "$(files src/runtime) $(files src/load) $(files src/report) \
$(files src/stage) $(files src/explorer) $(files ui) src/main.c" 'libproc2' \
	'libproc2 is observe'"'"'s'
forbid "$(files src/runtime) $(files src/load) $(files src/observe) \
$(files src/report) $(files src/stage) $(files src/explorer) src/main.c \
$(ls ui/*.c ui/*.h | grep -v '^ui/frame.c$' | tr '\n' ' ')" 'n?curses' \
	'curses is ui/frame.c'"'"'s'

[ "$bad" -eq 0 ] && echo 'layers: every include is allowed'
exit "$bad"
