#include "report/report_read.h"

#include <math.h>
#include <pthread.h>
#include <string.h>
#include <strings.h>

#include "base/datetime.h"
#include "base/digest.h"
#include "base/text.h"
#include "report/address.h"
#include "report/identity.h"
#include "report/json_text.h"

#include <cjson/cJSON.h>

static const double double_exact = 9007199254740992.0; /* 2^53 */
static const double int64_end = 9223372036854775808.0; /* 2^63 */

struct reader {
	const struct limits *limits;
	struct arena *arena;
	deviations noted;
	size_t nfailures; /* in all policies so far */
	struct fault *fault;
};

/*
 * cJSON allocates every value by itself and knows no limit.  Its hooks take
 * the memory from the arena of the message that this thread reads, and fail
 * past the limit, so that a short document cannot blow up.
 */
static _Thread_local struct {
	struct arena *arena;
	size_t limit;
	bool exceeded;
} tree;

static void *
tree_alloc(size_t size)
{
	void *piece = arena_try(tree.arena, size, tree.limit);

	tree.exceeded = tree.exceeded || piece == NULL;
	return piece;
}

static void
tree_free(void *piece)
{
	(void)piece;
}

static void
tree_hooks(void)
{
	cJSON_Hooks hooks = { .malloc_fn = tree_alloc, .free_fn = tree_free };

	cJSON_InitHooks(&hooks);
}

static bool
parse(struct reader *reader, struct bytes json, const cJSON **root)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct bytes text;

	if (!json_text(json, reader->limits, reader->arena, &text,
		&reader->noted, reader->fault))
		return false;
	(void)pthread_once(&once, tree_hooks);
	tree.arena = reader->arena;
	tree.limit = limits_memory(reader->limits);
	tree.exceeded = false;
	*root = cJSON_ParseWithLength((const char *)text.at, text.len);
	if (*root != NULL)
		return true;
	if (tree.exceeded)
		return fault_set(reader->fault, FAULT_LIMIT,
		    "JSON takes more than %zu bytes to read", tree.limit);
	return fault_set(reader->fault, FAULT_CONTENT, "not JSON");
}

/* A member's name, and another name by which senders call it. */
struct key {
	const char *name;
	const char *alias;
};

enum { KEYS_MOST = 8 };

/* How well a name fits: a better fit takes the place of a worse one. */
enum fit { FIT_NONE, FIT_CASE, FIT_ALIAS, FIT_EXACT };

static enum fit
key_fit(const struct key *key, const char *name)
{
	if (key->alias != NULL && strcmp(key->alias, name) == 0)
		return FIT_ALIAS;
	if (strcasecmp(key->name, name) == 0)
		return FIT_CASE;
	return FIT_NONE;
}

/* What is found of an object's keys so far. */
struct finding {
	const struct key *keys;
	size_t nkeys;
	const cJSON **found;
	enum fit fits[KEYS_MOST];
};

static void
take_fit(struct reader *reader, struct finding *finding, size_t i, enum fit fit,
    const cJSON *member)
{
	/* RFC 7493 forbids duplicates; as in most readers the last counts. */
	if (fit == finding->fits[i])
		reader->noted |= DEVIATION(DUPLICATE_KEY);
	if (fit < finding->fits[i])
		return;
	finding->fits[i] = fit;
	finding->found[i] = member;
}

/* Exact names first, which most are: no key's alias is another's name. */
static void
take_member(struct reader *reader, struct finding *finding, const cJSON *member)
{
	for (size_t i = 0; i < finding->nkeys; i++) {
		if (strcmp(finding->keys[i].name, member->string) == 0) {
			take_fit(reader, finding, i, FIT_EXACT, member);
			return;
		}
	}
	for (size_t i = 0; i < finding->nkeys; i++) {
		enum fit fit = key_fit(&finding->keys[i], member->string);

		if (fit != FIT_NONE) {
			take_fit(reader, finding, i, fit, member);
			return;
		}
	}
}

/* Sort the members of an object by a table of keys. */
static void
members(struct reader *reader, const cJSON *object, const struct key *keys,
    size_t nkeys, const cJSON *found[])
{
	struct finding finding = { .keys = keys,
		.nkeys = nkeys,
		.found = found };
	const cJSON *member;

	for (size_t i = 0; i < nkeys; i++)
		found[i] = NULL;
	cJSON_ArrayForEach(member, object)
	    take_member(reader, &finding, member);
	for (size_t i = 0; i < nkeys; i++) {
		if (finding.fits[i] == FIT_ALIAS)
			reader->noted |= DEVIATION(KEY_MISSPELT);
		if (finding.fits[i] == FIT_CASE)
			reader->noted |= DEVIATION(KEY_CASE);
	}
}

static bool
is_absent(const cJSON *item)
{
	return item == NULL || cJSON_IsNull(item);
}

/* A long number travels through cJSON as a string: see json_text.h. */
static bool
is_big_number(const cJSON *item)
{
	return cJSON_IsString(item) &&
	    item->valuestring[0] == JSON_TEXT_BIG_NUMBER;
}

static bool
is_text(const cJSON *item)
{
	return cJSON_IsString(item) && !is_big_number(item);
}

/* The text of an optional member: NULL where there is none. */
static const char *
read_text(struct reader *reader, const cJSON *item)
{
	if (item == NULL)
		return NULL;
	if (cJSON_IsNull(item)) {
		reader->noted |= DEVIATION(MEMBER_NULL);
		return NULL;
	}
	if (!is_text(item)) {
		reader->noted |= DEVIATION(MEMBER_NOT_TEXT);
		return NULL;
	}
	return item->valuestring;
}

/* The same for a member that should be there; missing is what to note. */
static const char *
read_wanted_text(struct reader *reader, const cJSON *item, deviations missing)
{
	const char *text = is_absent(item) ? NULL : read_text(reader, item);

	if (text == NULL)
		reader->noted |= missing;
	return text;
}

static void
read_address(struct reader *reader, const cJSON *item, struct address *address)
{
	const char *text = read_text(reader, item);

	if (text != NULL && !address_read(text, reader->arena, address))
		reader->noted |= DEVIATION(ADDRESS_UNREADABLE);
}

enum count { COUNT_READ, COUNT_ABSENT, COUNT_BAD };

static enum count
count_of_digits(struct reader *reader, const char *digits, int64_t *count)
{
	long long value;

	if (digits[0] == '\0' || digits[strspn(digits, "0123456789")] != '\0' ||
	    !text_read_number(digits, 0, INT64_MAX, &value))
		return COUNT_BAD;
	if (value > (long long)double_exact)
		reader->noted |= DEVIATION(COUNT_BEYOND_DOUBLE);
	*count = value;
	return COUNT_READ;
}

/* A count of sessions: a whole number from 0, or its digits as text. */
static enum count
read_count(struct reader *reader, const cJSON *item, int64_t *count)
{
	double value;

	if (item == NULL)
		return COUNT_ABSENT;
	if (is_big_number(item))
		return count_of_digits(reader, item->valuestring + 1, count);
	if (cJSON_IsString(item)) {
		if (count_of_digits(reader, item->valuestring, count) ==
		    COUNT_BAD)
			return COUNT_BAD;
		reader->noted |= DEVIATION(COUNT_AS_TEXT);
		return COUNT_READ;
	}
	if (!cJSON_IsNumber(item))
		return COUNT_BAD;
	value = item->valuedouble;
	if (!(value >= 0 && value < int64_end) || floor(value) < value)
		return COUNT_BAD;
	if (value > double_exact)
		reader->noted |= DEVIATION(COUNT_BEYOND_DOUBLE);
	*count = (int64_t)value;
	return COUNT_READ;
}

static bool
read_entries(struct reader *reader, const cJSON *array, const char *name,
    struct text_list *list)
{
	const cJSON *entry;
	size_t len = 0;

	cJSON_ArrayForEach(entry, array) len++;
	if (len > LIMIT_STRINGS)
		return fault_set(reader->fault, FAULT_LIMIT,
		    "%s has more than %d entries", name, LIMIT_STRINGS);
	list->at = arena_array(reader->arena, len, sizeof(*list->at));
	cJSON_ArrayForEach(entry, array)
	{
		if (is_text(entry))
			list->at[list->len++] = entry->valuestring;
		else
			reader->noted |= DEVIATION(ENTRY_NOT_TEXT);
	}
	return true;
}

/* A list of texts; some senders write a single one without its list. */
static bool
read_list(struct reader *reader, const cJSON *item, deviations not_array,
    struct text_list *list)
{
	if (item == NULL)
		return true;
	if (cJSON_IsArray(item))
		return read_entries(reader, item, item->string, list);
	reader->noted |= not_array;
	if (is_text(item) && item->valuestring[0] != '\0') {
		list->at = arena_array(reader->arena, 1, sizeof(*list->at));
		list->at[0] = item->valuestring;
		list->len = 1;
	}
	return true;
}

/* The value of a line "key: value" (RFC 8461, section 3.2), or NULL. */
static const char *
line_value(const char *line, size_t len, const char *key, struct arena *arena)
{
	size_t n = strlen(key);
	size_t at = strspn(line, " \t");

	if (len < at + n || strncmp(line + at, key, n) != 0)
		return NULL;
	at += n;
	while (at < len && (line[at] == ' ' || line[at] == '\t'))
		at++;
	if (at >= len || line[at++] != ':')
		return NULL;
	while (at < len && (line[at] == ' ' || line[at] == '\t'))
		at++;
	while (len > at && (line[len - 1] == ' ' || line[len - 1] == '\t'))
		len--;
	return arena_copy(arena, line + at, len - at);
}

/* An entry is one line of the policy, or with some senders all of it. */
static void
read_sts_lines(struct reader *reader, const char *text, struct policy *policy)
{
	long long max_age;

	while (*text != '\0') {
		size_t len = strcspn(text, "\r\n");
		const char *value;

		value = line_value(text, len, "mode", reader->arena);
		if (value != NULL && policy->sts_mode == NULL)
			policy->sts_mode = value;
		value = line_value(text, len, "max_age", reader->arena);
		if (value != NULL && policy->sts_max_age < 0 &&
		    text_read_number(value, 0, INT64_MAX, &max_age))
			policy->sts_max_age = max_age;
		text += len;
		text += strspn(text, "\r\n");
	}
}

static bool
read_policy_object(struct reader *reader, const cJSON *object,
    struct policy *policy)
{
	enum { TYPE, STRING, DOMAIN, MX_HOST, NKEYS };
	static const struct key keys[NKEYS] = {
		[TYPE] = { "policy-type", NULL },
		[STRING] = { "policy-string", NULL },
		[DOMAIN] = { "policy-domain", NULL },
		[MX_HOST] = { "mx-host", "mx-host-pattern" },
	};
	const cJSON *found[NKEYS];

	members(reader, object, keys, NKEYS, found);
	policy->type = read_wanted_text(reader, found[TYPE],
	    DEVIATION(POLICY_TYPE_MISSING));
	if (policy->type != NULL && !policy_type_is_registered(policy->type))
		reader->noted |= DEVIATION(POLICY_TYPE_UNREGISTERED);
	policy->domain = read_wanted_text(reader, found[DOMAIN],
	    DEVIATION(POLICY_DOMAIN_MISSING));
	if (policy->domain != NULL)
		policy->domain = text_domain(policy->domain, reader->arena);
	if (policy->domain != NULL && policy->domain[0] == '\0') {
		reader->noted |= DEVIATION(POLICY_DOMAIN_MISSING);
		policy->domain = NULL;
	}
	if (!read_list(reader, found[STRING],
		DEVIATION(POLICY_STRING_NOT_ARRAY), &policy->strings) ||
	    !read_list(reader, found[MX_HOST], DEVIATION(MX_HOST_NOT_ARRAY),
		&policy->mx_hosts))
		return false;
	policy->sts_max_age = -1;
	if (policy->type != NULL && strcmp(policy->type, "sts") == 0)
		for (size_t i = 0; i < policy->strings.len; i++)
			read_sts_lines(reader, policy->strings.at[i], policy);
	return true;
}

/* False where the counts cannot be used. */
static bool
read_summary(struct reader *reader, const cJSON *item, struct policy *policy)
{
	enum { SUCCESSFUL, FAILED, NKEYS };
	static const struct key keys[NKEYS] = {
		[SUCCESSFUL] = { "total-successful-session-count", NULL },
		[FAILED] = { "total-failure-session-count", NULL },
	};
	const cJSON *found[NKEYS] = { NULL };
	enum count successful;
	enum count failed;

	if (!is_absent(item)) {
		if (!cJSON_IsObject(item))
			return false;
		members(reader, item, keys, NKEYS, found);
	}
	successful = read_count(reader, found[SUCCESSFUL], &policy->successful);
	failed = read_count(reader, found[FAILED], &policy->failed);
	if (successful == COUNT_BAD || failed == COUNT_BAD)
		return false;
	if (successful == COUNT_ABSENT && failed == COUNT_ABSENT)
		reader->noted |= DEVIATION(SUMMARY_MISSING);
	else if (successful == COUNT_ABSENT || failed == COUNT_ABSENT)
		reader->noted |= DEVIATION(COUNT_MISSING);
	return true;
}

enum {
	RESULT_TYPE,
	SENDING_MTA_IP,
	RECEIVING_MX_HOSTNAME,
	RECEIVING_MX_HELO,
	RECEIVING_IP,
	FAILED_SESSION_COUNT,
	ADDITIONAL_INFORMATION,
	FAILURE_REASON_CODE,
	NFAILURE_KEYS
};

/* False where it is no object, or its count cannot be used. */
static bool
read_failure(struct reader *reader, const cJSON *item, struct failure *failure)
{
	static const struct key keys[NFAILURE_KEYS] = {
		[RESULT_TYPE] = { "result-type", NULL },
		[SENDING_MTA_IP] = { "sending-mta-ip", NULL },
		[RECEIVING_MX_HOSTNAME] = { "receiving-mx-hostname",
		    "receiving-mx-host-name" },
		[RECEIVING_MX_HELO] = { "receiving-mx-helo", NULL },
		[RECEIVING_IP] = { "receiving-ip", NULL },
		[FAILED_SESSION_COUNT] = { "failed-session-count", NULL },
		[ADDITIONAL_INFORMATION] = { "additional-information",
		    "additional-info-uri" },
		[FAILURE_REASON_CODE] = { "failure-reason-code",
		    "failure-error-code" },
	};
	const cJSON *found[NFAILURE_KEYS];
	enum count count;
	const char *host;

	if (!cJSON_IsObject(item))
		return false;
	members(reader, item, keys, NFAILURE_KEYS, found);
	count =
	    read_count(reader, found[FAILED_SESSION_COUNT], &failure->failed);
	if (count == COUNT_BAD)
		return false;
	if (count == COUNT_ABSENT)
		reader->noted |= DEVIATION(COUNT_MISSING);
	failure->result_type = read_wanted_text(reader, found[RESULT_TYPE],
	    DEVIATION(RESULT_TYPE_MISSING));
	if (failure->result_type != NULL &&
	    !result_type_is_registered(failure->result_type))
		reader->noted |= DEVIATION(RESULT_TYPE_UNREGISTERED);
	read_address(reader, found[SENDING_MTA_IP], &failure->sending_mta_ip);
	read_address(reader, found[RECEIVING_IP], &failure->receiving_ip);
	host = read_text(reader, found[RECEIVING_MX_HOSTNAME]);
	if (host != NULL)
		failure->receiving_mx_hostname =
		    text_domain(host, reader->arena);
	failure->receiving_mx_helo =
	    read_text(reader, found[RECEIVING_MX_HELO]);
	failure->additional_information =
	    read_text(reader, found[ADDITIONAL_INFORMATION]);
	failure->failure_reason_code =
	    read_text(reader, found[FAILURE_REASON_CODE]);
	return true;
}

static void
note_failure_sum(struct reader *reader, const struct policy *policy)
{
	int64_t sum = 0;
	bool overflow = false;

	for (size_t i = 0; i < policy->nfailures; i++)
		overflow |= __builtin_add_overflow(sum,
		    policy->failures[i].failed, &sum);
	if (policy->nfailures > 0 && (overflow || sum != policy->failed))
		reader->noted |= DEVIATION(FAILURE_SUM);
}

static bool
read_failures(struct reader *reader, const cJSON *array, struct policy *policy)
{
	const cJSON *item;
	size_t len = 0;

	if (is_absent(array))
		return true;
	if (!cJSON_IsArray(array)) {
		reader->noted |= DEVIATION(FAILURE_DETAILS_LEFT_OUT);
		return true;
	}
	cJSON_ArrayForEach(item, array) len++;
	reader->nfailures += len;
	if (reader->nfailures > LIMIT_FAILURES)
		return fault_set(reader->fault, FAULT_LIMIT,
		    "report has more than %d failure details", LIMIT_FAILURES);
	policy->failures =
	    arena_array(reader->arena, len, sizeof(*policy->failures));
	cJSON_ArrayForEach(item, array)
	{
		struct failure failure = { 0 };

		if (read_failure(reader, item, &failure))
			policy->failures[policy->nfailures++] = failure;
		else
			reader->noted |= DEVIATION(FAILURE_LEFT_OUT);
	}
	note_failure_sum(reader, policy);
	return true;
}

/* *usable is false where the policy has to be left out. */
static bool
read_policy(struct reader *reader, const cJSON *item, struct policy *policy,
    bool *usable)
{
	enum { POLICY, SUMMARY, DETAILS, NKEYS };
	static const struct key keys[NKEYS] = {
		[POLICY] = { "policy", NULL },
		[SUMMARY] = { "summary", NULL },
		[DETAILS] = { "failure-details", NULL },
	};
	const cJSON *found[NKEYS];

	*usable = false;
	if (!cJSON_IsObject(item))
		return true;
	members(reader, item, keys, NKEYS, found);
	if (!cJSON_IsObject(found[POLICY]) ||
	    !read_summary(reader, found[SUMMARY], policy))
		return true;
	*usable = true;
	return read_policy_object(reader, found[POLICY], policy) &&
	    read_failures(reader, found[DETAILS], policy);
}

static bool
read_policies(struct reader *reader, const cJSON *array, struct report *report)
{
	const cJSON *item;
	size_t len = 0;

	if (!cJSON_IsArray(array))
		return fault_set(reader->fault, FAULT_CONTENT,
		    array == NULL ? "report has no policies" :
				    "report's policies are not a list");
	cJSON_ArrayForEach(item, array) len++;
	if (len > LIMIT_POLICIES)
		return fault_set(reader->fault, FAULT_LIMIT,
		    "report has more than %d policies", LIMIT_POLICIES);
	report->policies =
	    arena_array(reader->arena, len, sizeof(*report->policies));
	cJSON_ArrayForEach(item, array)
	{
		struct policy policy = { 0 };
		bool usable;

		if (!read_policy(reader, item, &policy, &usable))
			return false;
		if (usable)
			report->policies[report->npolicies++] = policy;
		else
			reader->noted |= DEVIATION(POLICY_LEFT_OUT);
	}
	if (len > 0 && report->npolicies == 0)
		return fault_set(reader->fault, FAULT_CONTENT,
		    "report has no policy that can be used");
	if (len == 0)
		reader->noted |= DEVIATION(POLICIES_EMPTY);
	return true;
}

static bool
read_datetime(struct reader *reader, const cJSON *item, const char *name,
    int64_t *seconds)
{
	struct datetime datetime;

	if (!is_text(item))
		return fault_set(reader->fault, FAULT_CONTENT,
		    "report has no readable %s", name);
	if (!datetime_read(item->valuestring, &datetime))
		return fault_set(reader->fault, FAULT_CONTENT,
		    "%s is no date: \"%.40s\"", name, item->valuestring);
	if (datetime.without_time)
		reader->noted |= DEVIATION(DATETIME_WITHOUT_TIME);
	else if (datetime.without_zone)
		reader->noted |= DEVIATION(DATETIME_WITHOUT_ZONE);
	if (datetime.odd_form)
		reader->noted |= DEVIATION(DATETIME_FORM);
	*seconds = datetime.seconds;
	return true;
}

static bool
read_date_range(struct reader *reader, const cJSON *object,
    struct report *report)
{
	enum { START, END, NKEYS };
	static const struct key keys[NKEYS] = {
		[START] = { "start-datetime", NULL },
		[END] = { "end-datetime", NULL },
	};
	const cJSON *found[NKEYS];

	if (!cJSON_IsObject(object))
		return fault_set(reader->fault, FAULT_CONTENT,
		    "report has no date-range");
	members(reader, object, keys, NKEYS, found);
	if (!read_datetime(reader, found[START], keys[START].name,
		&report->start) ||
	    !read_datetime(reader, found[END], keys[END].name, &report->end))
		return false;
	if (report->start > report->end)
		reader->noted |= DEVIATION(DATES_REVERSED);
	return true;
}

static void
read_reporter(struct reader *reader, const cJSON *organization,
    const cJSON *contact, struct report *report)
{
	report->organization = read_wanted_text(reader, organization,
	    DEVIATION(ORGANIZATION_MISSING));
	if (report->organization != NULL && text_is_blank(report->organization))
		reader->noted |= DEVIATION(ORGANIZATION_BLANK);
	report->contact =
	    read_wanted_text(reader, contact, DEVIATION(CONTACT_MISSING));
	if (report->contact != NULL &&
	    (strncasecmp(report->contact, "mailto:", 7) == 0 ||
		text_address_domain(report->contact) == NULL))
		reader->noted |= DEVIATION(CONTACT_NOT_ADDRESS);
}

static bool
read_root(struct reader *reader, const cJSON *root, struct report *report)
{
	enum { ORGANIZATION, DATE_RANGE, CONTACT, ID, POLICIES, NKEYS };
	static const struct key keys[NKEYS] = {
		[ORGANIZATION] = { "organization-name", NULL },
		[DATE_RANGE] = { "date-range", NULL },
		[CONTACT] = { "contact-info", NULL },
		[ID] = { "report-id", NULL },
		[POLICIES] = { "policies", NULL },
	};
	const cJSON *found[NKEYS];

	if (!cJSON_IsObject(root))
		return fault_set(reader->fault, FAULT_CONTENT,
		    "JSON is not an object");
	members(reader, root, keys, NKEYS, found);
	if (!is_text(found[ID]) || text_is_blank(found[ID]->valuestring))
		return fault_set(reader->fault, FAULT_CONTENT,
		    "report has no report-id");
	report->id = found[ID]->valuestring;
	read_reporter(reader, found[ORGANIZATION], found[CONTACT], report);
	return read_date_range(reader, found[DATE_RANGE], report) &&
	    read_policies(reader, found[POLICIES], report);
}

bool
report_read(struct bytes json, const struct limits *limits, struct arena *arena,
    struct report *report, struct fault *fault)
{
	struct reader reader = { .limits = limits,
		.arena = arena,
		.fault = fault };
	struct report read = { .auth = AUTH_NONE };
	const cJSON *root;

	if (!parse(&reader, json, &root) || !read_root(&reader, root, &read))
		return false;
	read.deviations = reader.noted;
	digest_of(json, read.content_digest);
	identity_set(&read, arena);
	*report = read;
	return true;
}

static bool
holds(struct bytes json, const char *key)
{
	return json.len > 0 &&
	    memmem(json.at, json.len, key, strlen(key)) != NULL;
}

bool
report_is_likely(struct bytes json)
{
	return holds(json, "\"policies\"") &&
	    (holds(json, "\"report-id\"") || holds(json, "\"date-range\"") ||
		holds(json, "\"organization-name\""));
}

/* What report_fit() carries along. */
struct fitting {
	struct arena *arena;
	deviations noted;
};

static void
fit(struct fitting *fitting, const char **text, size_t limit)
{
	bool cut = false;

	if (*text == NULL)
		return;
	*text = text_cut(*text, limit, fitting->arena, &cut);
	if (cut)
		fitting->noted |= DEVIATION(TEXT_CUT);
	if (text_has_controls(*text))
		fitting->noted |= DEVIATION(CONTROL_CHARACTER);
}

static void
fit_list(struct fitting *fitting, struct text_list *list)
{
	for (size_t i = 0; i < list->len; i++)
		fit(fitting, &list->at[i], LIMIT_TEXT);
}

static void
fit_policy(struct fitting *fitting, struct policy *policy)
{
	fit(fitting, &policy->type, LIMIT_NAME);
	fit(fitting, &policy->domain, LIMIT_NAME);
	fit(fitting, &policy->sts_mode, LIMIT_NAME);
	fit_list(fitting, &policy->strings);
	fit_list(fitting, &policy->mx_hosts);
	for (size_t i = 0; i < policy->nfailures; i++) {
		struct failure *failure = &policy->failures[i];

		fit(fitting, &failure->result_type, LIMIT_NAME);
		fit(fitting, &failure->receiving_mx_hostname, LIMIT_NAME);
		fit(fitting, &failure->receiving_mx_helo, LIMIT_TEXT);
		fit(fitting, &failure->additional_information, LIMIT_TEXT);
		fit(fitting, &failure->failure_reason_code, LIMIT_TEXT);
	}
}

void
report_fit(struct report *report, struct arena *arena)
{
	struct fitting fitting = { .arena = arena };

	fit(&fitting, &report->organization, LIMIT_NAME);
	fit(&fitting, &report->id, LIMIT_NAME);
	fit(&fitting, &report->contact, LIMIT_NAME);
	fit(&fitting, &report->submitter, LIMIT_NAME);
	fit(&fitting, &report->auth_domain, LIMIT_NAME);
	for (size_t i = 0; i < report->npolicies; i++)
		fit_policy(&fitting, &report->policies[i]);
	report->deviations |= fitting.noted;
}
