/* A mail message (RFC 5322, RFC 2045) into what may be a report in it. */
#ifndef MESSAGE_H
#define MESSAGE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/fault.h"
#include "base/limits.h"
#include "mail/authres.h"
#include "report/report.h"

/* A MIME part that may hold a report. */
/* What the type or the name of a part says of its form. */
enum label { LABEL_NONE, LABEL_GZIP, LABEL_JSON };

struct candidate {
	struct bytes content; /* decoded */
	enum label label;
	bool declared; /* its media type says that it is a TLS report */
	deviations deviations;
	/* Of the message that it stands in, which may be a forwarded one. */
	const char *report_domain;    /* TLS-Report-Domain, as text_domain() */
	const char *report_submitter; /* TLS-Report-Submitter, likewise */
};

struct message {
	const char *message_id;
	const char *sender; /* the address in From */
	const char *subject;
	const char *report_domain; /* as in struct candidate */
	const char *report_submitter;
	struct signing signing; /* topmost first; bounded by LIMIT_SIGNING */
	struct candidate *candidates;
	size_t ncandidates;
	bool bounce; /* a delivery status report: what it returns is not read */
};

/*
 * Take a message apart.
 *
 *	raw	the message, with CR LF or LF; a leading "From " line, as
 *		mail systems pipe it, is passed over
 *	message	its header fields are set even on failure, as far as they
 *		were read; candidates on success only
 *
 * Fails with FAULT_LIMIT where the header, the parts or their nesting are
 * more than allowed.  A message without any candidate is no failure.
 */
bool message_read(struct bytes raw, const struct limits *limits,
    struct arena *arena, struct message *message, struct fault *fault);

/*
 * Load all that message_read() may want to load later: a process that is to
 * shut itself in calls it before, while it has one thread.
 *
 *	raw	the one message that will be read; NULL: there will be others
 */
void message_prepare(const struct bytes *raw);

#endif
