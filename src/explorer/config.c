#include "config.h"

#include "setting.h"

#include "core/text.h"
#include "ui/menu.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { SHOWN = 40 }; /* bytes of what is wrong, in a sentence */

struct config {
	struct options *options;
	char path[PATH_MAX];
	int line;
	int lines[REQUESTS]; /* where a request was given keys; 0: nowhere */
	char *error;
	size_t room;
};

static int fail(struct config *config, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int
fail(struct config *config, int line, const char *format, ...)
{
	va_list list;
	int used = snprintf(config->error, config->room,
	                    "%s:%d: ", config->path, line);

	if (used < 0 || (size_t)used >= config->room)
		return -EINVAL;
	va_start(list, format);
	vsnprintf(config->error + used, config->room - (size_t)used, format,
	          list);
	va_end(list);
	return -EINVAL;
}

/* ---- keys ---- */

/* The letter of a menu is taken, whatever is in the table. */
static int
check_menus(struct config *config, const char *name, enum request request)
{
	const char *keys = config->options->keys.keys[request];

	for (; *keys; keys += strcspn(keys, " "), keys += strspn(keys, " ")) {
		size_t length = strcspn(keys, " ");
		struct key key = key_named(keys, length);
		enum menu_id menu = menu_of_letter(key.code, true);

		if (menu != MENUS)
			return fail(config, config->line,
			            "%s: \"%.*s\" opens the menu %s. Take "
			            "another key.",
			            name, (int)length, keys, menus[menu].name);
	}
	return 0;
}

static int
take_keys(struct config *config, const char *name, const char *value)
{
	const char *asked = name + strlen("key."), *bad;
	enum request request = request_named(asked, strlen(asked));
	size_t length;
	int error;

	if (request == REQUEST_NONE)
		return fail(config, config->line,
		            "%s: nothing is called so. The palette (:) has all "
		            "names.",
		            name);
	error = key_table_set(&config->options->keys, request, value, &bad,
	                      &length);
	if (error == -E2BIG)
		return fail(config, config->line,
		            "%s: these are too many keys. Give fewer.", name);
	if (error && !bad)
		return fail(config, config->line,
		            "%s: no key is given. Give one, as o or F5.", name);
	if (error)
		return fail(config, config->line,
		            "%s: \"%.*s\" is no key. Write it as o, ^O, F5, "
		            "PgUp or ShiftLeft.",
		            name, length < SHOWN ? (int)length : SHOWN, bad);
	config->lines[request] = config->line;
	return check_menus(config, name, request);
}

/* Only at the end of the file: two requests may change places. */
static int
check_clash(struct config *config)
{
	char given[REQUEST_NAME], other[REQUEST_NAME];
	struct key_clash clash;
	bool is_first;

	if (!key_table_clashes(&config->options->keys, &clash))
		return 0;
	is_first = config->lines[clash.first] > config->lines[clash.second];
	request_name(is_first ? clash.first : clash.second, given);
	request_name(is_first ? clash.second : clash.first, other);
	return fail(config,
	            config->lines[is_first ? clash.first : clash.second],
	            "key.%s: \"%s\" is the key of %s too. Give one of the two "
	            "another key.",
	            given, clash.key, other);
}

/* ---- lines ---- */

/* Without the blanks at both ends. */
static char *
trim(char *text)
{
	size_t size;

	text += strspn(text, " \t\r\n");
	size = strlen(text);
	while (size && strchr(" \t\r\n", text[size - 1]))
		text[--size] = '\0';
	return text;
}

/* A comment begins a line, or stands behind a blank. */
static void
cut_comment(char *line)
{
	for (char *at = line; *at; at++)
		if (*at == '#' &&
		    (at == line || at[-1] == ' ' || at[-1] == '\t')) {
			*at = '\0';
			return;
		}
}

static int
take_line(struct config *config, char *line)
{
	char *equals, *name, *value, where[PATH_MAX + 16];
	int error;

	cut_comment(line);
	line = trim(line);
	if (!*line)
		return 0;
	equals = strchr(line, '=');
	if (!equals || equals == line)
		return fail(config, config->line,
		            "\"%.*s\" is no setting. Write name = value, or a "
		            "# before a comment.",
		            SHOWN, line);
	*equals = '\0';
	name = trim(line);
	value = trim(equals + 1);
	if (strncmp(name, "key.", 4) == 0)
		return take_keys(config, name, value);
	snprintf(where, sizeof(where), "%s:%d: ", config->path, config->line);
	error = setting_take(config->options, where, name, value, config->error,
	                     config->room);
	if (error != -ENOENT)
		return error;
	return fail(config, config->line,
	            "%.*s: there is no such setting. There are theme, ascii, "
	            "mouse, fps, rate, preview, port and key.NAME.",
	            SHOWN, name);
}

static int
take_lines(struct config *config, FILE *file)
{
	char *line = NULL, *clean = NULL;
	size_t room = 0;
	ssize_t size;
	int error = 0;

	while (!error && (size = getline(&line, &room, file)) >= 0) {
		char *more = realloc(clean, (size_t)size * 3 + 1);

		if (!more) {
			error = -ENOMEM;
			break;
		}
		clean = more;
		text_clean(clean, (size_t)size * 3 + 1, line, (size_t)size);
		config->line++;
		error = take_line(config, clean);
	}
	free(line);
	free(clean);
	return error ? error : check_clash(config);
}

/* ---- the file ---- */

/* false: there is no home to look in. */
static bool
find_path(char path[PATH_MAX])
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	/* "If an implementation encounters a relative path it should consider
	 * the path invalid and ignore it", so the specification. */
	if (config && *config == '/')
		snprintf(path, PATH_MAX, "%s/looptop/config", config);
	else if (home && *home)
		snprintf(path, PATH_MAX, "%s/.config/looptop/config", home);
	else
		return false;
	return true;
}

/* Behind a folder that is not ours to look into: HOME is still another user's,
 * as setpriv(1) and sudo -E leave it. */
static bool
is_out_of_sight(const char *path)
{
	struct stat about;

	return stat(path, &about) < 0 && errno == EACCES;
}

int
config_read(struct options *options, char *error, size_t room)
{
	struct config config = {
	    .options = options, .error = error, .room = room};
	FILE *file;
	int code;

	if (!find_path(config.path))
		return 0;
	file = fopen(config.path, "re");
	code = file ? take_lines(&config, file) : -errno;
	if (file && ferror(file))
		code = -errno;
	if (file)
		fclose(file);
	if (code == -ENOENT || code == -ENOTDIR ||
	    (code == -EACCES && is_out_of_sight(config.path)))
		return 0;
	if (code && code != -EINVAL)
		snprintf(error, room,
		         "%s: cannot be read: %s. See to that, or say "
		         "--no-config.",
		         config.path, strerror(-code));
	return code;
}
