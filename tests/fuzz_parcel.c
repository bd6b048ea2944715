/* Fuzz target: what comes out of a decoder that was taken over. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "intake/parcel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
add(void *data, const void *piece, size_t len)
{
	buffer_add(data, piece, len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct intake *intake =
	    parcel_read((struct bytes){ data, size }, arena);
	struct buffer again = { 0 };

	/* Whatever is taken can be sent on, and is taken again. */
	if (intake != NULL) {
		parcel_write(intake, add, &again);
		if (parcel_read((struct bytes){ (const unsigned char *)again.at,
				    again.len },
			arena) == NULL)
			abort();
	}
	buffer_free(&again);
	arena_free(arena);
	return 0;
}
