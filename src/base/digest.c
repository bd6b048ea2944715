#include "base/digest.h"

#include <nettle/sha2.h>
#include <nettle/version.h>

void
digest_of(struct bytes bytes, unsigned char digest[DIGEST_SIZE])
{
	struct sha256_ctx context;

	/* Unlike GLib's, this one asks the processor for its own SHA-256. */
	sha256_init(&context);
	sha256_update(&context, bytes.len, bytes.at);
#if NETTLE_VERSION_MAJOR < 4
	sha256_digest(&context, DIGEST_SIZE, digest);
#else
	sha256_digest(&context, digest);
#endif
}

void
digest_write(const unsigned char digest[DIGEST_SIZE],
    char text[DIGEST_TEXT_SIZE])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < DIGEST_SIZE; i++) {
		text[2 * i] = digits[digest[i] >> 4];
		text[2 * i + 1] = digits[digest[i] & 15];
	}
	text[DIGEST_TEXT_SIZE - 1] = '\0';
}
