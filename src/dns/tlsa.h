/* TLSA records (RFC 6698, section 2.1; RFC 7672, section 3.1). */
#ifndef DNS_TLSA_H
#define DNS_TLSA_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "dns/finding.h"

enum {
	TLSA_USAGE_TA = 2, /* the authority */
	TLSA_USAGE_EE = 3, /* the certificate of the host itself */
	TLSA_SHA256_SIZE = 32,
	TLSA_SHA512_SIZE = 64
};

struct tlsa {
	unsigned usage;
	unsigned selector;
	unsigned matching;
	struct bytes data;
	bool usable; /* for SMTP; others count as if they were not there */
};

/* What a record is compared with: one certificate of the chain. */
struct tlsa_certificate {
	struct bytes der;
	struct bytes key; /* SubjectPublicKeyInfo */
	unsigned char der_sha256[TLSA_SHA256_SIZE];
	unsigned char der_sha512[TLSA_SHA512_SIZE];
	unsigned char key_sha256[TLSA_SHA256_SIZE];
	unsigned char key_sha512[TLSA_SHA512_SIZE];
};

/* Read the data of one record; its bytes stay where they are. */
void tlsa_read(struct bytes data, struct tlsa *tlsa, struct findings *findings);

/*
 * Read a record as people write it, "3 1 1 AB12..."; blanks may be in the
 * digits.  False where it is none.
 */
bool tlsa_read_text(const char *text, struct arena *arena, struct bytes *data);

/* As "3 1 1 ab12...". */
char *tlsa_text(const struct tlsa *tlsa, struct arena *arena);

/* Is this certificate the one that the record means? */
bool tlsa_matches(const struct tlsa *tlsa,
    const struct tlsa_certificate *certificate);

#endif
