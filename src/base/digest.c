#include "base/digest.h"

#include <glib.h>

void
digest_of(struct bytes bytes, unsigned char digest[DIGEST_SIZE])
{
	GChecksum *checksum = g_checksum_new(G_CHECKSUM_SHA256);
	gsize size = DIGEST_SIZE;

	/* GLib takes at most G_MAXSSIZE bytes at once; no message has more. */
	g_checksum_update(checksum, bytes.at, (gssize)bytes.len);
	g_checksum_get_digest(checksum, digest, &size);
	g_checksum_free(checksum);
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
