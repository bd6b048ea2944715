/*
 * What one message holds: the pure heart of the programs.  Bytes in, a struct
 * out; no file, no clock, no network, nothing that lasts between two calls.
 */
#ifndef DECODE_H
#define DECODE_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/limits.h"
#include "report/report.h"

/* What becomes of DKIM's verdict. */
enum auth_rule { AUTH_RECORD, AUTH_REQUIRE, AUTH_OFF };

/* What an operator wants to believe and to accept. */
struct decode_rules {
	struct limits limits;
	enum auth_rule auth;
	struct text_list authserv_ids;
	struct text_list domains; /* ours, as text_domain(); none: all */
};

/* Where the bytes come from. */
struct origin {
	const char *source;
	int64_t received_at;
	int64_t now;          /* against which dates are plausible */
	enum channel channel; /* CHANNEL_MAIL becomes CHANNEL_FILE where the
				 bytes are a bare document, no message */
};

/*
 * Decode one message, or one bare document.  It cannot fail for the message's
 * sake: a message without a report is an intake with outcome OUTCOME_REJECTED,
 * a reason and a detail.  Else its outcome is OUTCOME_NONE and it has reports.
 *
 * The intake, and all it points to but report->document, which may lie in
 * raw, belongs to the arena.
 */
struct intake *intake_decode(struct bytes raw, const struct origin *origin,
    const struct decode_rules *rules, struct arena *arena);

/*
 * The intake of a message that was too long to be read to its end; raw is
 * what was read of it.
 */
struct intake *intake_cut(struct bytes raw, const struct origin *origin,
    const struct decode_rules *rules, struct arena *arena);

/* The intake of a message that cannot be decoded; detail says why. */
struct intake *intake_unreadable(const struct origin *origin,
    const char *detail, struct arena *arena);

#endif
