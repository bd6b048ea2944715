/* SHA-256 (FIPS 180-4). */
#ifndef DIGEST_H
#define DIGEST_H

#include "base/bytes.h"

enum { DIGEST_SIZE = 32, DIGEST_TEXT_SIZE = 2 * DIGEST_SIZE + 1 };

void digest_of(struct bytes bytes, unsigned char digest[DIGEST_SIZE]);

/* A digest in lower-case hexadecimal. */
void digest_write(const unsigned char digest[DIGEST_SIZE],
    char text[DIGEST_TEXT_SIZE]);

#endif
