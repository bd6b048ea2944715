/*
 * Bytes looked at eight at a time.  Text is gone over many times, and nearly
 * all of it is plain: eight plain bytes are told in a few instructions.
 */
#ifndef EIGHT_H
#define EIGHT_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t
eight_at(const void *at)
{
	uint64_t bytes;

	memcpy(&bytes, at, sizeof(bytes));
	return bytes;
}

static inline uint64_t
eight_times(unsigned char c)
{
	return UINT64_C(0x0101010101010101) * c;
}

/* Is one of them below n, which is at most 128? */
static inline bool
eight_any_below(uint64_t bytes, unsigned char n)
{
	return ((bytes - eight_times(n)) & ~bytes & eight_times(0x80)) != 0;
}

/* Is one of them n or more, where n is from 1 to 128? */
static inline bool
eight_any_from(uint64_t bytes, unsigned char n)
{
	uint64_t sums = bytes + eight_times((unsigned char)(0x80 - n));

	return ((bytes | sums) & eight_times(0x80)) != 0;
}

static inline bool
eight_any(uint64_t bytes, unsigned char c)
{
	return eight_any_below(bytes ^ eight_times(c), 1);
}

#endif
