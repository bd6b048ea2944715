/* A run of bytes that somebody else owns. */
#ifndef BYTES_H
#define BYTES_H

#include <stddef.h>

struct bytes {
	const unsigned char *at;
	size_t len;
};

#endif
