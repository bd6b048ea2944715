/* SHA-256 (FIPS 180-4). */
#ifndef DIGEST_H
#define DIGEST_H

#include "base/bytes.h"

enum { DIGEST_SIZE = 32, DIGEST_TEXT_SIZE = 2 * DIGEST_SIZE + 1 };

struct digest;

/* Bit by bit, for what does not lie in one piece; digest_end() frees it. */
struct digest *digest_start(void);
void digest_add(struct digest *digest, const void *bytes, size_t len);
void digest_end(struct digest *digest, unsigned char sum[DIGEST_SIZE]);

/* The digest of bytes. */
void digest_of(struct bytes bytes, unsigned char digest[DIGEST_SIZE]);

/* A digest in lower-case hexadecimal. */
void digest_write(const unsigned char digest[DIGEST_SIZE],
    char text[DIGEST_TEXT_SIZE]);

#endif
