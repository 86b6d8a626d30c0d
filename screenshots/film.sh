#!/bin/sh
# Makes screenshots/looptop.gif: sh screenshots/film.sh
# (LOOPTOP and SHOT in the environment). A picture a frame, one palette for all
# of them, and the last one stays for two seconds. One thread, and nothing of
# the encoder's version in it: the same bytes each time.
directory=build/film

for tool in rsvg-convert ffmpeg gifsicle; do
	command -v $tool >/dev/null && continue
	echo "  skip  screenshots/looptop.gif: no $tool (make deps-film)"
	exit 0
done
echo '  FILM  screenshots/looptop.film'
mkdir -p "$directory" && rm -f "$directory"/frame* "$directory"/film.gif &&
	export XDG_CONFIG_HOME=/nonexistent &&
	"$SHOT" screenshots/looptop.film || exit 1
for frame in "$directory"/frame*.svg; do
	rsvg-convert -o "${frame%.svg}.png" "$frame" || exit 1
done
ffmpeg -v error -y -threads 1 -framerate 10 -i "$directory/frame%04d.png" \
	-filter_complex_threads 1 -fflags +bitexact -flags:v +bitexact \
	-lavfi 'split[a][b];[a]palettegen=max_colors=64:stats_mode=full[p];
		[b][p]paletteuse=dither=none:diff_mode=rectangle' \
	"$directory/film.gif" &&
	gifsicle -O3 "$directory/film.gif" '#0--2' -d200 '#-1' \
		-o screenshots/looptop.gif
