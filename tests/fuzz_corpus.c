/* The main of a fuzz target without a fuzzer: it is given each file of its
 * corpus once, and parts of it. */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

/* In memory of just that size, for the address sanitizer. */
static void
try_part(const uint8_t *bytes, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	memcpy(copy, bytes, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static int
try_file(const char *path)
{
	static uint8_t bytes[1 << 16];
	FILE *file = fopen(path, "rbe");
	size_t size, step;

	if (!file)
		return 0;
	size = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);
	step = size / 16 + 1;
	try_part(bytes, size);
	for (size_t cut = 0; cut < size; cut += step)
		try_part(bytes, cut);
	return 1;
}

int
main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');
	const char *name = slash ? slash + 1 : argv[0];
	char directory[256], path[1024];
	struct dirent *entry;
	int files = 0;
	DIR *corpus;

	snprintf(directory, sizeof(directory), "tests/corpus/%s", name);
	corpus = opendir(argc > 1 ? argv[1] : directory);
	while (corpus && (entry = readdir(corpus)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s",
		         argc > 1 ? argv[1] : directory, entry->d_name);
		files += try_file(path);
	}
	if (corpus)
		closedir(corpus);
	/* As cmocka says it, for run.sh. */
	printf("%s %s: %d files\n", files ? "[       OK ]" : "[  FAILED  ]",
	       name, files);
	return files ? 0 : 1;
}
