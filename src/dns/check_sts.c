#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/digest.h"
#include "base/text.h"
#include "dns/check.h"
#include "dns/fetch.h"

static const struct check_txt sts_kind = { &txt_sts, FINDING_STS_MULTIPLE,
	FINDING_STS_CNAME, FINDING_STS_OTHER_TXT };

static const char policy_path[] = "/.well-known/mta-sts.txt";

enum { HTTPS_PORT = 443, MEMORY_LINES_MOST = 100000 };

/* ------------------------------------------------------------- the policy */

static bool
is_plain_text(const char *type)
{
	static const char plain[] = "text/plain";

	return type != NULL && strncasecmp(type, plain, strlen(plain)) == 0 &&
	    strchr("; \t", type[strlen(plain)]) != NULL;
}

static void
tell_fetched(struct check *check, const char *host,
    const struct fetched *fetched)
{
	char *status = arena_printf(check->arena, "%ld", fetched->status);

	switch (fetched->outcome) {
	case FETCH_FAILED:
		check_add(check, FINDING_POLICY_UNREACHABLE, host,
		    fetched->detail);
		break;
	case FETCH_CERTIFICATE:
		check_add(check, FINDING_POLICY_CERTIFICATE, host,
		    fetched->detail);
		break;
	case FETCH_TOO_LARGE:
		check_add(check, FINDING_POLICY_TOO_LARGE, host, NULL);
		break;
	case FETCH_DONE:
		if (fetched->status / 100 == 3)
			check_add(check, FINDING_POLICY_REDIRECT, host,
			    fetched->location);
		else if (fetched->status != 200)
			check_add(check, FINDING_POLICY_STATUS, host, status);
		else if (!is_plain_text(fetched->type))
			check_add(check, FINDING_POLICY_TYPE, host,
			    fetched->type);
		break;
	}
}

/* As JSON: what the policy says, and the id that announces it. */
static char *
members(const struct check *check, const char *id)
{
	const struct sts_policy *policy = &check->policy;
	struct buffer more = { 0 };
	char *made;

	buffer_text(&more, ", \"id\": ");
	buffer_json(&more, id);
	buffer_text(&more, ", \"mode\": ");
	buffer_json(&more, sts_mode_name(policy->mode));
	if (policy->max_age < 0)
		buffer_text(&more, ", \"max_age\": null, \"mx\": [");
	else
		buffer_printf(&more, ", \"max_age\": %lld, \"mx\": [",
		    policy->max_age);
	for (size_t i = 0; i < policy->nmx; i++) {
		if (i > 0)
			buffer_text(&more, ", ");
		buffer_json(&more, policy->mx[i]);
	}
	buffer_text(&more, "]");
	made = arena_copy(check->arena, more.at, more.len);
	buffer_free(&more);
	return made;
}

static void
read_policy(struct check *check, const char *host, const char *id,
    struct bytes body)
{
	struct findings *findings = &check->result->findings;
	bool repaired = false;

	findings->subject = host;
	sts_policy_read(body, &check->policy, findings);
	findings->subject = NULL;
	check->has_policy = check->policy.mode != STS_MODE_UNKNOWN;
	result_add(check->result,
	    &(struct result_record){ .name = arena_printf(check->arena,
					 "https://%s%s", host, policy_path),
		.type = "POLICY",
		.ttl = -1,
		.value = text_repair(body, check->arena, &repaired),
		.more = members(check, id) });
}

/* False where there is no host to ask, which only counts with a record. */
static bool
fetch_policy(struct check *check, const char *id, bool wanted,
    struct bytes *body)
{
	char *host = arena_printf(check->arena, "mta-sts.%s", check->domain);
	struct net_target targets[NET_TARGETS_MOST];
	struct fetch_request request = { .net = check->net,
		.host = host,
		.port = HTTPS_PORT,
		.path = policy_path,
		.method = "GET",
		.targets = targets,
		.limit = STS_POLICY_MOST };
	struct fetched fetched;
	bool shut;

	request.ntargets =
	    check_targets(check, host, HTTPS_PORT, targets, &shut);
	if (request.ntargets == 0) {
		if (wanted && !shut)
			check_add(check, FINDING_POLICY_HOST, host, NULL);
		return false;
	}
	fetch_run(&request, check->arena, &fetched);
	if (!wanted &&
	    (fetched.outcome != FETCH_DONE || fetched.status != 200 ||
		!is_plain_text(fetched.type)))
		return false;
	tell_fetched(check, host, &fetched);
	if (fetched.outcome != FETCH_DONE || fetched.status != 200)
		return false;
	read_policy(check, host, id, fetched.body);
	*body = fetched.body;
	return true;
}

/* ------------------------------------------------------- MX and the policy */

static void
compare_hosts(struct check *check)
{
	const struct sts_policy *policy = &check->policy;

	for (size_t i = 0; i < check->nhosts; i++) {
		struct check_host *host = &check->hosts[i];

		if (sts_policy_has(policy, host->host))
			continue;
		host->fails = true;
		check_add(check, FINDING_POLICY_MX_UNMATCHED, host->host, NULL)
		    ->instead =
		    arena_printf(check->arena, "mx: %s", host->host);
	}
	for (size_t i = 0; i < policy->nmx; i++) {
		struct sts_policy one = { .mx = policy->mx + i, .nmx = 1 };
		bool used = false;

		for (size_t j = 0; j < check->nhosts; j++)
			used =
			    used || sts_policy_has(&one, check->hosts[j].host);
		if (!used)
			check_add(check, FINDING_POLICY_MX_UNUSED,
			    policy->mx[i], NULL);
	}
}

static void
judge_hosts(struct check *check)
{
	check_probe(check);
	for (size_t i = 0; i < check->nhosts; i++)
		if (!check_certificate(check, &check->hosts[i]))
			check->hosts[i].fails = true;
}

/* ------------------------------------------------------------- remembering */

struct memory {
	const char *id;
	const char *digest;
};

/*
 * Lines "domain id digest": the one of this domain, and all the others into
 * *rest.  A file that is not there is an empty one.
 */
static void
recall(const struct check *check, struct memory *memory, struct buffer *rest)
{
	FILE *file = fopen(check->remember, "re");
	char line[1024];

	buffer_text(rest, "");
	for (int i = 0; file != NULL && i < MEMORY_LINES_MOST &&
	     fgets(line, sizeof(line), file) != NULL;
	     i++) {
		char *words = arena_printf(check->arena, "%s", line);
		char *save = NULL;
		const char *domain = strtok_r(words, " \n", &save);

		if (domain == NULL)
			continue;
		if (strcmp(domain, check->domain) != 0) {
			buffer_text(rest, line);
			continue;
		}
		memory->id = strtok_r(NULL, " \n", &save);
		memory->digest = strtok_r(NULL, " \n", &save);
	}
	if (file != NULL)
		(void)fclose(file);
}

/* Written beside it and put in its place, so that it is whole at any time. */
static bool
store(const struct check *check, const struct buffer *text)
{
	char *beside = arena_printf(check->arena, "%s.new", check->remember);
	FILE *file = fopen(beside, "we");
	bool done =
	    file != NULL && fwrite(text->at, 1, text->len, file) == text->len;

	if (file != NULL)
		done = fclose(file) == 0 && done;
	return done && rename(beside, check->remember) == 0;
}

static void
remember(struct check *check, const char *id, struct bytes body)
{
	struct memory memory = { NULL, NULL };
	unsigned char digest[DIGEST_SIZE];
	char now[DIGEST_TEXT_SIZE];
	struct buffer text = { 0 };

	if (check->remember == NULL || id == NULL)
		return;
	digest_of(body, digest);
	digest_write(digest, now);
	recall(check, &memory, &text);
	if (memory.id != NULL && memory.digest != NULL) {
		bool same_id = strcmp(memory.id, id) == 0;
		bool same_text = strcmp(memory.digest, now) == 0;

		if (same_id && !same_text)
			check_add(check, FINDING_STS_ID_STALE, check->domain,
			    id);
		else if (!same_id && same_text)
			check_add(check, FINDING_STS_ID_ONLY, check->domain,
			    id);
	}
	buffer_printf(&text, "%s %s %s\n", check->domain, id, now);
	if (!store(check, &text)) {
		check->result->findings.unknown = true;
		check_add(check, FINDING_NOT_REMEMBERED, check->domain,
		    strerror(errno));
	}
	buffer_free(&text);
}

/* ---------------------------------------------------------------- the whole */

static bool
read_record(struct check *check, const char **id, bool *wanted)
{
	char *name = arena_printf(check->arena, "_mta-sts.%s", check->domain);
	struct findings *findings = &check->result->findings;
	const struct answer *answer;
	struct bytes text = { 0 };
	bool meant;
	size_t count =
	    check_find_txt(check, name, &sts_kind, &text, &meant, &answer);

	*id = NULL;
	*wanted = count == 1;
	if (count == 0 && !meant)
		return answer->status >= ANSWER_BOGUS;
	findings->subject = name;
	sts_record_read(text, id, findings);
	findings->subject = NULL;
	check_keep_txt(check, name, answer, text,
	    *id != NULL ? arena_printf(check->arena, ", \"id\": \"%s\"", *id) :
			  ", \"id\": null");
	return true;
}

void
check_sts(struct check *check)
{
	char *host = arena_printf(check->arena, "mta-sts.%s", check->domain);
	struct bytes body = { 0 };
	const char *id;
	bool wanted;
	bool there;

	resolver_expect(check->resolver,
	    arena_printf(check->arena, "_mta-sts.%s", check->domain), DNS_TXT);
	resolver_expect(check->resolver, host, DNS_A);
	resolver_expect(check->resolver, host, DNS_AAAA);
	check_load_mx(check);
	there = read_record(check, &id, &wanted);
	if (fetch_policy(check, id, wanted, &body)) {
		if (!there)
			check_add(check, FINDING_STS_RECORD_MISSING,
			    check->domain, NULL);
		remember(check, id, body);
	} else if (!there) {
		check_add(check, FINDING_STS_MISSING, check->domain, NULL);
	}
	if (check->has_policy && check->policy.mode != STS_MODE_NONE) {
		compare_hosts(check);
		judge_hosts(check);
	}
	for (size_t i = 0; i < check->nhosts; i++)
		check_load_tlsa(check, &check->hosts[i], false);
}
