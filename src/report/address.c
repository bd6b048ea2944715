#include "report/address.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

enum { NGROUPS = 8 };

/* Where the most groups of zero stand that "::" can take the place of. */
struct gap {
	int first;
	int len; /* 0: there are not two together */
};

static struct gap
longest_gap(const uint16_t groups[NGROUPS])
{
	struct gap longest = { 0, 0 };
	int first = 0;

	for (int i = 0; i < NGROUPS; i++) {
		if (groups[i] != 0)
			first = i + 1;
		else if (i + 1 - first > longest.len)
			longest = (struct gap){ first, i + 1 - first };
	}
	return longest.len > 1 ? longest : (struct gap){ 0, 0 };
}

static char *
write_group(char *to, unsigned group)
{
	static const char digits[] = "0123456789abcdef";

	for (int shift = 12; shift > 0; shift -= 4)
		if (group >> shift != 0)
			*to++ = digits[group >> shift & 15];
	*to++ = digits[group & 15];
	return to;
}

/*
 * As inet_ntop(3), which prints each group by itself with sprintf(3), and
 * takes longer for it than all the rest of a failure takes to read.
 */
static void
write_6(const unsigned char octets[16], char text[INET6_ADDRSTRLEN])
{
	uint16_t groups[NGROUPS];
	struct gap gap;
	char *to = text;

	for (size_t i = 0; i < NGROUPS; i++)
		groups[i] = (uint16_t)(octets[2 * i] << 8 | octets[2 * i + 1]);
	gap = longest_gap(groups);
	if (gap.first == 0 && gap.len >= 5) {
		/* An IPv4 address may be inside. */
		(void)inet_ntop(AF_INET6, octets, text, INET6_ADDRSTRLEN);
		return;
	}
	for (int i = 0; i < NGROUPS; i++) {
		if (gap.len > 0 && i == gap.first) {
			*to++ = ':';
			i += gap.len - 1;
			if (i == NGROUPS - 1)
				*to++ = ':';
			continue;
		}
		if (i > 0)
			*to++ = ':';
		to = write_group(to, groups[i]);
	}
	*to = '\0';
}

bool
address_read(const char *text, struct arena *arena, struct address *address)
{
	struct address read = { 0 };
	char written[INET6_ADDRSTRLEN];

	if (inet_pton(AF_INET, text, read.octets) == 1) {
		read.family = 4;
		read.text = text; /* there is no other way to write it */
	} else if (inet_pton(AF_INET6, text, read.octets) == 1) {
		read.family = 6;
		write_6(read.octets, written);
		read.text = arena_copy(arena, written, strlen(written));
	} else {
		return false;
	}
	*address = read;
	return true;
}
