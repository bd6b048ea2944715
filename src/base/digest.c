#include "base/digest.h"

#include <stdlib.h>

#include <nettle/sha2.h>
#include <nettle/version.h>

#include "base/fault.h"

struct digest {
	struct sha256_ctx context;
};

/* Unlike GLib's, this one asks the processor for its own SHA-256. */
struct digest *
digest_start(void)
{
	struct digest *digest = malloc(sizeof(*digest));

	if (digest == NULL)
		fault_out_of_memory();
	sha256_init(&digest->context);
	return digest;
}

void
digest_add(struct digest *digest, const void *bytes, size_t len)
{
	sha256_update(&digest->context, len, bytes);
}

void
digest_end(struct digest *digest, unsigned char sum[DIGEST_SIZE])
{
#if NETTLE_VERSION_MAJOR < 4
	sha256_digest(&digest->context, DIGEST_SIZE, sum);
#else
	sha256_digest(&digest->context, sum);
#endif
	free(digest);
}

void
digest_of(struct bytes bytes, unsigned char digest[DIGEST_SIZE])
{
	struct digest *sum = digest_start();

	digest_add(sum, bytes.at, bytes.len);
	digest_end(sum, digest);
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
