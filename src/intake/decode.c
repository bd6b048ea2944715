#include "intake/decode.h"

#include <string.h>

#include "base/datetime.h"
#include "base/text.h"
#include "mail/authres.h"
#include "mail/gunzip.h"
#include "mail/header.h"
#include "mail/message.h"
#include "report/identity.h"
#include "report/ours.h"
#include "report/rejoin.h"
#include "report/report_read.h"

enum { DAY = 24 * 60 * 60 };

/* 2016-01-01T00:00:00Z: there was no TLS-RPT before, not even as a draft. */
static const int64_t first_plausible = INT64_C(1451606400);

/* What decoding one message carries along. */
struct decoding {
	const struct origin *origin;
	const struct decode_rules *rules;
	struct arena *arena;
	struct message message;
	struct intake *intake;
	bool left_out; /* a part that is typed as a TLS report failed */
};

/*
 * Of several reasons to turn a message away the gravest is told: a part that
 * was a report and could not be read says more than one that was none.
 */
static int
gravity(enum reason reason)
{
	static const int rank[NREASONS] = {
		[REASON_NONE] = 0,
		[REASON_NOT_A_REPORT] = 1,
		[REASON_FOREIGN_DOMAIN] = 2,
		[REASON_UNAUTHENTICATED] = 3,
		[REASON_UNREADABLE] = 4,
		[REASON_TOO_LARGE] = 5,
	};

	return rank[reason];
}

static void
reject(struct decoding *decoding, enum reason reason, const char *detail)
{
	struct intake *intake = decoding->intake;

	if (gravity(reason) <= gravity(intake->reason))
		return;
	intake->reason = reason;
	intake->detail = arena_copy(decoding->arena, detail, strlen(detail));
}

static bool
starts_json(struct bytes bytes)
{
	size_t at = 0;

	if (bytes.len >= 3 && memcmp(bytes.at, "\xef\xbb\xbf", 3) == 0)
		at = 3;
	while (at < bytes.len &&
	    (bytes.at[at] == ' ' || bytes.at[at] == '\t' ||
		bytes.at[at] == '\r' || bytes.at[at] == '\n'))
		at++;
	return at < bytes.len && (bytes.at[at] == '{' || bytes.at[at] == '[');
}

/* gzip or JSON into JSON; content decides, whatever the label says. */
static bool
unpack(struct decoding *decoding, const struct candidate *candidate,
    struct bytes *json, deviations *noted, struct fault *fault)
{
	struct bytes bytes = candidate->content;
	const struct limits *limits = &decoding->rules->limits;
	int times = 0;

	while (gunzip_is_gzip(bytes) && times < 2) {
		struct gunzipped unpacked;

		if (!gunzip(bytes, limits, decoding->arena, &unpacked, fault))
			return false;
		if (unpacked.nmembers > 1)
			*noted |= DEVIATION(GZIP_MEMBERS);
		if (unpacked.trailing_data)
			*noted |= DEVIATION(GZIP_TRAILING_DATA);
		bytes = unpacked.plain;
		times++;
	}
	if (bytes.len > limits->report)
		return fault_set(fault, FAULT_LIMIT,
		    "document is longer than %zu bytes", limits->report);
	if (!starts_json(bytes))
		return fault_set(fault, FAULT_CONTENT,
		    times > 0 ? "gzip data holds no JSON" :
				"content is neither gzip nor JSON");
	if (times > 1)
		*noted |= DEVIATION(GZIP_TWICE);
	if ((candidate->label == LABEL_GZIP && times == 0) ||
	    (candidate->label == LABEL_JSON && times > 0))
		*noted |= DEVIATION(MISLABELLED);
	*json = bytes;
	return true;
}

/* The same report twice in one message is one. */
static bool
is_known(const struct intake *intake, const struct report *report)
{
	for (size_t i = 0; i < intake->nreports; i++)
		if (memcmp(intake->reports[i].key, report->key,
			REPORT_KEY_SIZE) == 0 &&
		    memcmp(intake->reports[i].content_digest,
			report->content_digest, DIGEST_SIZE) == 0)
			return true;
	return false;
}

static void
add_report(struct decoding *decoding, const struct report *report)
{
	struct intake *intake = decoding->intake;
	struct report *more;

	if (is_known(intake, report))
		return;
	more =
	    arena_array(decoding->arena, intake->nreports + 1, sizeof(*more));
	if (intake->nreports > 0)
		memcpy(more, intake->reports, intake->nreports * sizeof(*more));
	more[intake->nreports++] = *report;
	intake->reports = more;
}

static void
match_domain(const char *named, struct report *report)
{
	bool matches = false;

	if (named == NULL || named[0] == '\0')
		return;
	for (size_t i = 0; i < report->npolicies; i++) {
		struct policy *policy = &report->policies[i];

		if (policy->domain == NULL) {
			policy->domain = named;
			report->deviations |= DEVIATION(POLICY_DOMAIN_DERIVED);
		}
		matches |= strcmp(policy->domain, named) == 0;
	}
	if (!matches && report->npolicies > 0)
		report->deviations |= DEVIATION(REPORT_DOMAIN_MISMATCH);
}

static void
take_candidate(struct decoding *decoding, const struct candidate *candidate)
{
	struct report report;
	struct bytes json = { 0 };
	struct fault fault = { .kind = FAULT_NONE };
	deviations noted = candidate->deviations;
	bool likely;

	if (unpack(decoding, candidate, &json, &noted, &fault) &&
	    report_read(json, &decoding->rules->limits, decoding->arena,
		&report, &fault)) {
		report.document = candidate->content;
		report.deviations |= noted;
		match_domain(candidate->report_domain, &report);
		report_take_submitter(&report, candidate->report_submitter,
		    decoding->arena);
		add_report(decoding, &report);
		return;
	}
	likely = candidate->declared || report_is_likely(json);
	decoding->left_out |= likely;
	if (fault.kind == FAULT_LIMIT)
		reject(decoding, REASON_TOO_LARGE, fault.text);
	else
		reject(decoding,
		    likely ? REASON_UNREADABLE : REASON_NOT_A_REPORT,
		    fault.text);
}

static void
take_candidates(struct decoding *decoding)
{
	struct intake *intake = decoding->intake;
	const struct message *message = &decoding->message;

	for (size_t i = 0; i < message->ncandidates; i++) {
		if (intake->nreports == LIMIT_REPORTS) {
			reject(decoding, REASON_TOO_LARGE,
			    "message holds too many reports");
			intake->nreports = 0;
			return;
		}
		take_candidate(decoding, &message->candidates[i]);
	}
}

static const char *
domain_of(const char *address)
{
	return address != NULL ? text_address_domain(address) : NULL;
}

static void
authenticate(struct decoding *decoding, struct report *report)
{
	const struct message *message = &decoding->message;
	const char *domains[] = { domain_of(message->sender),
		message->report_submitter, domain_of(report->contact) };
	struct text_list signers = { domains,
		sizeof(domains) / sizeof(domains[0]) };
	struct authres verdict;

	if (decoding->rules->auth == AUTH_OFF)
		return;
	verdict = authres_read(&message->signing,
	    &decoding->rules->authserv_ids, &signers, decoding->arena);
	report->auth = verdict.auth;
	report->auth_domain = verdict.domain;
}

static void
check_dates(struct decoding *decoding, struct report *report)
{
	int64_t latest = decoding->origin->now + (int64_t)2 * DAY;

	if (report->start < first_plausible || report->start > latest ||
	    report->end < first_plausible || report->end > latest)
		report->deviations |= DEVIATION(DATES_IMPLAUSIBLE);
}

static bool
is_ours(const char *domain, const void *data)
{
	const struct text_list *domains = data;

	return domains->len == 0 || ours_has(domains, domain);
}

/* False where the rules turn the report away. */
static bool
judge(struct decoding *decoding, struct report *report)
{
	if (!ours_keep(report, is_ours, &decoding->rules->domains)) {
		reject(decoding, REASON_FOREIGN_DOMAIN,
		    "its policy domains are none of ours");
		return false;
	}
	if (decoding->rules->auth == AUTH_REQUIRE &&
	    report->auth != AUTH_PASS) {
		reject(decoding, REASON_UNAUTHENTICATED,
		    "no trusted Authentication-Results with dkim=pass of its "
		    "sender");
		return false;
	}
	return true;
}

/* TLS-Report-Domain names one domain: with several reports, one matches. */
static void
forgive_mismatch(struct intake *intake)
{
	bool matched = false;

	for (size_t i = 0; i < intake->nreports; i++)
		matched |= (intake->reports[i].deviations &
			       DEVIATION(REPORT_DOMAIN_MISMATCH)) == 0;
	for (size_t i = 0; i < intake->nreports && matched; i++)
		intake->reports[i].deviations &=
		    ~DEVIATION(REPORT_DOMAIN_MISMATCH);
}

static void
finish_reports(struct decoding *decoding)
{
	struct intake *intake = decoding->intake;
	deviations common = 0;
	size_t kept = 0;

	if (intake->nreports > 1)
		common |= DEVIATION(SEVERAL_REPORTS);
	if (decoding->left_out)
		common |= DEVIATION(PART_LEFT_OUT);
	forgive_mismatch(intake);
	for (size_t i = 0; i < intake->nreports; i++) {
		struct report *report = &intake->reports[i];

		report->deviations |= common;
		authenticate(decoding, report);
		check_dates(decoding, report);
		report_fit(report, decoding->arena);
		if (judge(decoding, report))
			intake->reports[kept++] = *report;
	}
	intake->nreports = kept;
}

static const char *
kept_text(const char *text, size_t limit, struct arena *arena)
{
	bool cut;

	return text != NULL ? text_cut(text, limit, arena, &cut) : NULL;
}

/* The name of a file need not be UTF-8. */
static const char *
kept_source(const char *source, struct arena *arena)
{
	bool repaired;
	struct bytes name = { (const unsigned char *)source, strlen(source) };

	return kept_text(text_repair(name, arena, &repaired), LIMIT_TEXT,
	    arena);
}

static void
take_message(struct decoding *decoding, struct bytes raw)
{
	struct intake *intake = decoding->intake;
	struct message *message = &decoding->message;
	struct fault fault = { .kind = FAULT_NONE };
	bool done;

	done = message_read(raw, &decoding->rules->limits, decoding->arena,
	    message, &fault);
	intake->message_id =
	    kept_text(message->message_id, LIMIT_NAME, decoding->arena);
	intake->sender =
	    kept_text(message->sender, LIMIT_NAME, decoding->arena);
	intake->subject =
	    kept_text(message->subject, LIMIT_NAME, decoding->arena);
	if (!done)
		reject(decoding, REASON_TOO_LARGE, fault.text);
	else if (message->ncandidates == 0)
		reject(decoding, REASON_NOT_A_REPORT,
		    "message has no part that may be a report");
	else
		take_candidates(decoding);
}

/* Some agents put an empty line first, or a quoted ">From " of an mbox. */
static bool
starts_message(struct bytes *raw)
{
	struct bytes rest = *raw;

	while (rest.len > 0 && (rest.at[0] == '\r' || rest.at[0] == '\n')) {
		rest.at++;
		rest.len--;
	}
	if (!header_is_likely(rest) && !header_is_from_line(rest))
		return false;
	*raw = rest;
	return true;
}

static void
take_bytes(struct decoding *decoding, struct bytes raw)
{
	struct candidate bare = { .content = raw, .declared = true };

	if (raw.len > decoding->rules->limits.message) {
		reject(decoding, REASON_TOO_LARGE, "message is too long");
	} else if (gunzip_is_gzip(raw) || starts_json(raw)) {
		if (decoding->intake->channel == CHANNEL_MAIL)
			decoding->intake->channel = CHANNEL_FILE;
		take_candidate(decoding, &bare);
	} else if (starts_message(&raw)) {
		take_message(decoding, raw);
	} else {
		reject(decoding, REASON_NOT_A_REPORT,
		    raw.len == 0 ? "there is nothing in it" :
				   "neither a mail message nor a report");
	}
}

static struct intake *
intake_new(const struct origin *origin, struct arena *arena)
{
	struct intake *intake = arena_alloc(arena, sizeof(*intake));

	intake->channel = origin->channel;
	intake->source = kept_source(origin->source, arena);
	intake->received_at = origin->received_at;
	return intake;
}

struct intake *
intake_cut(struct bytes raw, const struct origin *origin,
    const struct decode_rules *rules, struct arena *arena)
{
	struct intake *intake = intake_new(origin, arena);

	if (gunzip_is_gzip(raw) || starts_json(raw))
		intake->channel = CHANNEL_FILE;
	intake->outcome = OUTCOME_REJECTED;
	intake->reason = REASON_TOO_LARGE;
	intake->detail = arena_printf(arena, "message is longer than %zu bytes",
	    rules->limits.message);
	return intake;
}

struct intake *
intake_unreadable(const struct origin *origin, const char *detail,
    struct arena *arena)
{
	struct intake *intake = intake_new(origin, arena);

	intake->outcome = OUTCOME_REJECTED;
	intake->reason = REASON_UNREADABLE;
	intake->detail = arena_copy(arena, detail, strlen(detail));
	return intake;
}

/*
 * What is left for decoding, so that it and the message take no more than
 * LIMIT_MEMORY_FACTOR times the longest report; with a little kept back for
 * what is not in the arena.  A very long message still gets room for one.
 */
static size_t
memory_for(struct bytes raw, const struct limits *limits)
{
	size_t all = limits->report * LIMIT_MEMORY_FACTOR;
	size_t least = limits->report * 3;
	size_t taken = raw.len + limits->report / 2;

	return taken < all - least ? all - taken : least;
}

struct intake *
intake_decode(struct bytes raw, const struct origin *origin,
    const struct decode_rules *rules, struct arena *arena)
{
	struct decode_rules own = *rules;
	struct decoding decoding = { .origin = origin,
		.rules = &own,
		.arena = arena };
	struct intake *intake = intake_new(origin, arena);

	own.limits.memory = memory_for(raw, &rules->limits);
	decoding.intake = intake;
	take_bytes(&decoding, raw);
	finish_reports(&decoding);
	if (intake->nreports == 0) {
		intake->outcome = OUTCOME_REJECTED;
	} else {
		intake->reason = REASON_NONE;
		intake->detail = NULL;
	}
	return intake;
}
