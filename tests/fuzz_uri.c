/*
 * Fuzz target: the URI of a database.  What is wrong with one is said in one
 * line that does not show its password; and no password passes on the command
 * line, however it is written.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>

#include "base/config.h"
#include "store/store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
holds_password(const char *uri)
{
	PQconninfoOption *options = PQconninfoParse(uri, NULL);
	bool holds = false;

	for (const PQconninfoOption *option = options;
	     option != NULL && option->keyword != NULL; option++)
		holds |= strcmp(option->keyword, "password") == 0 &&
		    option->val != NULL && option->val[0] != '\0';
	PQconninfoFree(options);
	return holds;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	const char *option = arena_copy(arena, data, size);
	struct fault fault = { .kind = FAULT_NONE };
	const char *uri;

	/* An empty one is looked for elsewhere. */
	if (option[0] != '\0' &&
	    config_database(NULL, option, arena, &uri, &fault) &&
	    strncmp(option, "sqlite:", 7) != 0 && holds_password(option))
		abort();
	fault.kind = FAULT_NONE;
	if (!store_check_uri(option, &fault) &&
	    (fault.kind != FAULT_CONFIG || fault.text[0] == '\0'))
		abort();
	arena_free(arena);
	return 0;
}
