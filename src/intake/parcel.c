#include "intake/parcel.h"

#include <stdint.h>
#include <string.h>

#include "base/text.h"

/*
 * One walk over an intake both writes and reads it, so that the two cannot
 * differ.  Numbers are as this machine has them: a parcel never leaves it.
 */
struct parcel {
	void (*write)(void *data, const void *piece, size_t len); /* or NULL */
	void *data;
	struct bytes rest; /* to read, where write is NULL */
	struct arena *arena;
	bool bad;
};

/* What an element takes at least, so that a count cannot ask for more. */
enum {
	TEXT_LEAST = sizeof(uint32_t),
	FAILURE_LEAST = 24,
	POLICY_LEAST = 32,
	REPORT_LEAST = 64
};

/* The next len bytes; NULL where there are not as many. */
static const void *
take(struct parcel *parcel, size_t len)
{
	const unsigned char *at = parcel->rest.at;

	if (parcel->bad || len > parcel->rest.len) {
		parcel->bad = true;
		return NULL;
	}
	parcel->rest.at += len;
	parcel->rest.len -= len;
	return at;
}

static void
pass_raw(struct parcel *parcel, void *value, size_t size)
{
	const void *at;

	if (parcel->write != NULL) {
		parcel->write(parcel->data, value, size);
		return;
	}
	at = take(parcel, size);
	if (at != NULL)
		memcpy(value, at, size);
	else
		memset(value, 0, size);
}

/* A number below most; 0 where it is not. */
static size_t
pass_number(struct parcel *parcel, size_t number, size_t most)
{
	uint32_t passed = (uint32_t)number;

	pass_raw(parcel, &passed, sizeof(passed));
	if (passed < most)
		return passed;
	parcel->bad = true;
	return 0;
}

/* How many elements of a size there are: no more than can be there. */
static size_t
pass_count(struct parcel *parcel, size_t n, size_t least)
{
	size_t most =
	    parcel->write != NULL ? UINT32_MAX : parcel->rest.len / least + 1;

	return pass_number(parcel, n, most);
}

static void
pass_bytes(struct parcel *parcel, struct bytes *bytes)
{
	size_t len = pass_count(parcel, bytes->len, 1);

	if (parcel->write != NULL) {
		parcel->write(parcel->data, bytes->at, len);
		return;
	}
	bytes->at = take(parcel, len);
	bytes->len = bytes->at != NULL ? len : 0;
}

/* A text and its NUL; a length of 0 is for NULL. */
static void
pass_text(struct parcel *parcel, const char **text)
{
	struct bytes bytes = { (const unsigned char *)*text,
		*text != NULL ? strlen(*text) + 1 : 0 };
	bool repaired;

	pass_bytes(parcel, &bytes);
	if (parcel->write != NULL)
		return;
	*text = NULL;
	if (bytes.len == 0)
		return;
	bytes.len--;
	if (bytes.at[bytes.len] != '\0')
		parcel->bad = true;
	else if (text_is_valid(bytes))
		*text = (const char *)bytes.at;
	else
		*text = text_repair(bytes, parcel->arena, &repaired);
}

/* As pass_text(), where NULL would be no text. */
static void
pass_wanted_text(struct parcel *parcel, const char **text)
{
	pass_text(parcel, text);
	if (*text == NULL && parcel->write == NULL) {
		parcel->bad = true;
		*text = "";
	}
}

static void
pass_list(struct parcel *parcel, struct text_list *list)
{
	list->len = pass_count(parcel, list->len, TEXT_LEAST);
	if (parcel->write == NULL)
		list->at =
		    arena_array(parcel->arena, list->len, sizeof(*list->at));
	for (size_t i = 0; i < list->len && !parcel->bad; i++)
		pass_wanted_text(parcel, &list->at[i]);
}

static void
pass_address(struct parcel *parcel, struct address *address)
{
	pass_raw(parcel, &address->family, sizeof(address->family));
	if (address->family == 0)
		return;
	pass_raw(parcel, address->octets, sizeof(address->octets));
	pass_wanted_text(parcel, &address->text);
	if (address->family != 4 && address->family != 6)
		parcel->bad = true;
}

/* Sessions: what goes into the database is never negative. */
static void
pass_sessions(struct parcel *parcel, int64_t *sessions, int64_t least)
{
	pass_raw(parcel, sessions, sizeof(*sessions));
	if (*sessions < least)
		parcel->bad = true;
}

static void
pass_failure(struct parcel *parcel, struct failure *failure)
{
	pass_text(parcel, &failure->result_type);
	pass_address(parcel, &failure->sending_mta_ip);
	pass_text(parcel, &failure->receiving_mx_hostname);
	pass_text(parcel, &failure->receiving_mx_helo);
	pass_address(parcel, &failure->receiving_ip);
	pass_sessions(parcel, &failure->failed, 0);
	pass_text(parcel, &failure->additional_information);
	pass_text(parcel, &failure->failure_reason_code);
}

static void
pass_policy(struct parcel *parcel, struct policy *policy)
{
	pass_text(parcel, &policy->type);
	pass_text(parcel, &policy->domain);
	pass_list(parcel, &policy->strings);
	pass_list(parcel, &policy->mx_hosts);
	pass_text(parcel, &policy->sts_mode);
	pass_sessions(parcel, &policy->sts_max_age, -1);
	pass_sessions(parcel, &policy->successful, 0);
	pass_sessions(parcel, &policy->failed, 0);
	policy->nfailures =
	    pass_count(parcel, policy->nfailures, FAILURE_LEAST);
	if (parcel->write == NULL)
		policy->failures = arena_array(parcel->arena, policy->nfailures,
		    sizeof(*policy->failures));
	for (size_t i = 0; i < policy->nfailures && !parcel->bad; i++)
		pass_failure(parcel, &policy->failures[i]);
}

static void
pass_report(struct parcel *parcel, struct report *report)
{
	pass_raw(parcel, report->key, sizeof(report->key));
	pass_raw(parcel, report->content_digest,
	    sizeof(report->content_digest));
	pass_bytes(parcel, &report->document);
	pass_text(parcel, &report->organization);
	pass_wanted_text(parcel, &report->id);
	pass_text(parcel, &report->contact);
	pass_text(parcel, &report->submitter);
	pass_raw(parcel, &report->start, sizeof(report->start));
	pass_raw(parcel, &report->end, sizeof(report->end));
	report->auth = (enum auth)pass_number(parcel, report->auth, NAUTHS);
	pass_text(parcel, &report->auth_domain);
	pass_raw(parcel, &report->deviations, sizeof(report->deviations));
	if (report->deviations >> NDEVIATIONS != 0)
		parcel->bad = true;
	report->npolicies = pass_count(parcel, report->npolicies, POLICY_LEAST);
	if (parcel->write == NULL)
		report->policies = arena_array(parcel->arena, report->npolicies,
		    sizeof(*report->policies));
	for (size_t i = 0; i < report->npolicies && !parcel->bad; i++)
		pass_policy(parcel, &report->policies[i]);
}

/* Before the database is asked, a message is rejected or not yet decided. */
static void
pass_outcome(struct parcel *parcel, struct intake *intake)
{
	intake->outcome =
	    (enum outcome)pass_number(parcel, intake->outcome, NOUTCOMES);
	intake->reason =
	    (enum reason)pass_number(parcel, intake->reason, NREASONS);
	pass_text(parcel, &intake->detail);
	if (intake->outcome != OUTCOME_NONE &&
	    intake->outcome != OUTCOME_REJECTED)
		parcel->bad = true;
	if ((intake->outcome == OUTCOME_REJECTED) !=
	    (intake->reason != REASON_NONE))
		parcel->bad = true;
}

static void
pass_intake(struct parcel *parcel, struct intake *intake)
{
	intake->channel =
	    (enum channel)pass_number(parcel, intake->channel, NCHANNELS);
	pass_wanted_text(parcel, &intake->source);
	pass_raw(parcel, &intake->received_at, sizeof(intake->received_at));
	pass_text(parcel, &intake->message_id);
	pass_text(parcel, &intake->sender);
	pass_text(parcel, &intake->subject);
	pass_outcome(parcel, intake);
	intake->nreports = pass_count(parcel, intake->nreports, REPORT_LEAST);
	if (parcel->write == NULL)
		intake->reports = arena_array(parcel->arena, intake->nreports,
		    sizeof(*intake->reports));
	for (size_t i = 0; i < intake->nreports && !parcel->bad; i++)
		pass_report(parcel, &intake->reports[i]);
	if ((intake->nreports == 0) != (intake->outcome == OUTCOME_REJECTED))
		parcel->bad = true;
}

void
parcel_write(const struct intake *intake,
    void (*write)(void *data, const void *piece, size_t len), void *data)
{
	struct parcel parcel = { .write = write, .data = data };
	struct intake copy = *intake;

	pass_intake(&parcel, &copy);
}

static void
count(void *data, const void *piece, size_t len)
{
	size_t *total = data;

	(void)piece;
	*total += len;
}

size_t
parcel_size(const struct intake *intake)
{
	size_t total = 0;

	parcel_write(intake, count, &total);
	return total;
}

struct intake *
parcel_read(struct bytes bytes, struct arena *arena)
{
	struct parcel parcel = { .rest = bytes, .arena = arena };
	struct intake *intake = arena_alloc(arena, sizeof(*intake));

	pass_intake(&parcel, intake);
	return parcel.bad || parcel.rest.len > 0 ? NULL : intake;
}
