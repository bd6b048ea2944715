#include "dns/tlsa.h"

#include <string.h>

#include "base/buffer.h"
#include "base/text.h"

enum { HEAD = 3, NUMBER_MOST = 255, DATA_MOST = 65535 };

static bool
check_numbers(const struct tlsa *tlsa, struct findings *findings)
{
	const char *text = tlsa_text(tlsa, findings->arena);

	if (tlsa->usage < TLSA_USAGE_TA)
		findings_add(findings, FINDING_TLSA_USAGE_PKIX, text);
	else if (tlsa->usage > TLSA_USAGE_EE)
		findings_add(findings, FINDING_TLSA_USAGE, text);
	else if (tlsa->selector > 1)
		findings_add(findings, FINDING_TLSA_SELECTOR, text);
	else if (tlsa->matching > 2)
		findings_add(findings, FINDING_TLSA_MATCHING, text);
	else
		return true;
	return false;
}

static bool
check_data(const struct tlsa *tlsa, struct findings *findings)
{
	static const size_t sizes[] = { 0, TLSA_SHA256_SIZE, TLSA_SHA512_SIZE };
	const char *text = tlsa_text(tlsa, findings->arena);

	if (tlsa->matching == 0) {
		if (tlsa->data.len == 0) {
			findings_add(findings, FINDING_TLSA_SYNTAX, text);
			return false;
		}
		findings_add(findings, FINDING_TLSA_FULL, text);
		return true;
	}
	if (tlsa->data.len != sizes[tlsa->matching]) {
		findings_add(findings, FINDING_TLSA_DIGEST_LENGTH, text);
		return false;
	}
	return true;
}

void
tlsa_read(struct bytes data, struct tlsa *tlsa, struct findings *findings)
{
	*tlsa = (struct tlsa){ .usable = false };
	if (data.len <= HEAD) {
		findings_add(findings, FINDING_TLSA_SYNTAX, NULL);
		return;
	}
	*tlsa = (struct tlsa){ .usage = data.at[0],
		.selector = data.at[1],
		.matching = data.at[2],
		.data = { data.at + HEAD, data.len - HEAD } };
	tlsa->usable =
	    check_numbers(tlsa, findings) && check_data(tlsa, findings);
	if (tlsa->usable && tlsa->usage == TLSA_USAGE_EE && tlsa->selector == 0)
		findings_add(findings, FINDING_TLSA_WHOLE_CERTIFICATE,
		    tlsa_text(tlsa, findings->arena));
}

static int
hex_value(char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *found = c != '\0' ? strchr(digits, c) : NULL;

	return found != NULL ? (int)((found - digits) % 16) : -1;
}

/* One of the three numbers in front. */
static bool
read_head(const char **text, unsigned char *number)
{
	size_t len = strspn(*text, "0123456789");
	unsigned value = 0;

	if (len == 0 || len > 3)
		return false;
	for (size_t i = 0; i < len; i++)
		value = value * 10 + (unsigned)((*text)[i] - '0');
	*text += len;
	*text += strspn(*text, " \t");
	*number = (unsigned char)value;
	return value <= NUMBER_MOST;
}

bool
tlsa_read_text(const char *text, struct arena *arena, struct bytes *data)
{
	size_t room = strlen(text);
	unsigned char *made;
	size_t ndigits = 0;

	if (room > 2 * (size_t)DATA_MOST)
		return false;
	made = arena_alloc(arena, HEAD + room);
	text += strspn(text, " \t");
	for (int i = 0; i < HEAD; i++)
		if (!read_head(&text, &made[i]))
			return false;
	for (; *text != '\0'; text++) {
		int value = hex_value(*text);
		unsigned char *at = &made[HEAD + ndigits / 2];

		if (strchr(" \t\n()", *text) != NULL)
			continue;
		if (value < 0)
			return false;
		*at = (unsigned char)(*at << 4 | value);
		ndigits++;
	}
	*data = (struct bytes){ made, HEAD + ndigits / 2 };
	return ndigits % 2 == 0;
}

char *
tlsa_text(const struct tlsa *tlsa, struct arena *arena)
{
	struct buffer out = { 0 };
	char *made;

	buffer_printf(&out, "%u %u %u ", tlsa->usage, tlsa->selector,
	    tlsa->matching);
	for (size_t i = 0; i < tlsa->data.len; i++)
		buffer_printf(&out, "%02x", tlsa->data.at[i]);
	made = arena_copy(arena, out.at, out.len);
	buffer_free(&out);
	return made;
}

static bool
equal(struct bytes data, const unsigned char *digest, size_t size)
{
	return data.len == size && memcmp(data.at, digest, size) == 0;
}

bool
tlsa_matches(const struct tlsa *tlsa,
    const struct tlsa_certificate *certificate)
{
	bool key = tlsa->selector == 1;
	struct bytes whole = key ? certificate->key : certificate->der;

	if (!tlsa->usable)
		return false;
	if (tlsa->matching == 0)
		return equal(tlsa->data, whole.at, whole.len);
	if (tlsa->matching == 1)
		return equal(tlsa->data,
		    key ? certificate->key_sha256 : certificate->der_sha256,
		    TLSA_SHA256_SIZE);
	return equal(tlsa->data,
	    key ? certificate->key_sha512 : certificate->der_sha512,
	    TLSA_SHA512_SIZE);
}
