/*
 * Run a fuzz target over the files of folders, without a fuzzer: what was
 * found once is tried with every compiler.  A fault ends the program.
 *
 *	replay_NAME FOLDER ...
 */
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "mutate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Flip a bit: enough to see that a mutator's result is taken. */
size_t
LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max)
{
	(void)max;
	if (size > 0)
		data[size / 2] ^= 1;
	return size;
}

static bool
read_file(const char *path, struct buffer *bytes)
{
	FILE *file = fopen(path, "rb");
	size_t got = 1;

	if (file == NULL)
		return false;
	while (got > 0) {
		char *room = buffer_room(bytes, 65536);

		got = fread(room, 1, 65536, file);
		bytes->len += got;
	}
	return fclose(file) == 0;
}

static size_t
replay(const char *folder)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	size_t n = 0;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		struct buffer path = { 0 };
		struct buffer bytes = { 0 };

		buffer_printf(&path, "%s/%s", folder, entry->d_name);
		if (entry->d_name[0] != '.' && read_file(path.at, &bytes)) {
			(void)LLVMFuzzerTestOneInput((uint8_t *)bytes.at,
			    bytes.len);
			n++;
		}
		buffer_free(&path);
		buffer_free(&bytes);
	}
	if (dir != NULL)
		closedir(dir);
	return n;
}

int
main(int argc, char *argv[])
{
	size_t n = 0;

	for (int i = 1; i < argc; i++)
		n += replay(argv[i]);
	printf("%zu inputs\n", n);
	return n > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
