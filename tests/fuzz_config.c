/* Fuzz target: tlsrpt.conf(5). */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
read_all(struct config *config)
{
	static const char *const keys[] = { "after", "auth", "authserv-id",
		"domain", "max-report", "quarantine" };
	struct arena *arena = arena_new();
	struct fault fault = { .kind = FAULT_NONE };
	const char *uri;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const char *const *list =
		    config_list(config, "ingest", keys[i]);

		for (; *list != NULL; list++)
			if ((*list)[strcspn(*list, ";, \t")] != '\0' ||
			    **list == '\0')
				abort();
	}
	if (!config_database(config, NULL, arena, &uri, &fault) ||
	    uri[0] == '\0' ||
	    config_quarantine(config, NULL, uri, arena) == NULL)
		abort();
	arena_free(arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fault fault = { .kind = FAULT_NONE };
	struct config *config = NULL;
	char path[32];
	int fd = memfd_create("config", MFD_CLOEXEC);

	if (fd == -1 || write(fd, data, size) != (ssize_t)size)
		abort();
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (config_read(path, &config, &fault)) {
		read_all(config);
		config_free(config);
	} else if (fault.kind != FAULT_CONFIG || fault.text[0] == '\0' ||
	    strchr(fault.text, '\n') != NULL) {
		abort();
	}
	close(fd);
	return 0;
}
