#include "base/libraries.h"

#include <link.h>
#include <string.h>

/*
 * What configure found, as "libgmime-3.0.so=GMime 3.2.13;...": the start of
 * the file's name, what to call it, and the version.
 */
static const char known[] = LIBRARY_LIST;

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

static int
print_one(struct dl_phdr_info *info, size_t size, void *data)
{
	const char *file = base_name(info->dlpi_name);
	FILE *out = data;

	(void)size;
	for (const char *entry = known; *entry != '\0';) {
		size_t name = strcspn(entry, "=");
		size_t len = strcspn(entry, ";");

		if (strncmp(file, entry, name) == 0)
			(void)fprintf(out, "  %.*s  %s\n",
			    (int)(len - name - 1), entry + name + 1,
			    info->dlpi_name);
		entry += len + (entry[len] == ';');
	}
	return 0;
}

void
libraries_print(FILE *out)
{
	(void)dl_iterate_phdr(print_one, out);
}
