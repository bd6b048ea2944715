#include "dns/make.h"

#include <string.h>

#include "base/text.h"
#include "dns/names.h"
#include "dns/tlsrpt_record.h"
#include "dns/txt_record.h"

char *
make_authorization_name(const char *domain, const char *destination,
    struct arena *arena)
{
	return arena_printf(arena, "%s._report._tls.%s", domain, destination);
}

static bool
has_errors(const struct result *result)
{
	enum severity worst;

	(void)findings_worst(&result->findings, 0, &worst);
	return worst == SEVERITY_ERROR;
}

static void
check_ttl(const struct make_request *request, struct findings *findings)
{
	if (request->ttl < MAKE_TTL_SHORT || request->ttl > MAKE_TTL_LONG)
		findings_add(findings, FINDING_MAKE_TTL,
		    arena_printf(findings->arena, "%ld", request->ttl));
}

/* Does this domain get its mail where the reports' subject is? */
static bool
is_behind(const struct make_request *request, const char *domain)
{
	if (strcmp(domain, request->domain) == 0)
		return true;
	for (size_t i = 0; i < request->nbehind; i++)
		if (strcmp(domain, request->behind[i]) == 0)
			return true;
	return false;
}

static void
check_destination(const struct make_request *request, const struct rua *rua,
    struct findings *findings)
{
	if (rua->scheme == RUA_MAILTO && is_behind(request, rua->domain))
		findings_add(findings, FINDING_MAKE_SAME_MX, rua->uri);
	if (!text_is_within_domain(rua->domain, request->domain) &&
	    !text_is_within_domain(request->domain, rua->domain))
		findings_add(findings, FINDING_MAKE_EXTERNAL, rua->domain)
		    ->instead =
		    arena_printf(findings->arena, "%s. IN TXT \"v=TLSRPTv1\"",
			make_authorization_name(request->domain, rua->domain,
			    findings->arena));
}

static void
check_record(const char *value, struct result *result)
{
	struct tlsrpt_record record;

	tlsrpt_record_read((struct bytes){ (const unsigned char *)value,
			       strlen(value) },
	    &record, &result->findings);
}

void
make_tlsrpt(const struct make_request *request, struct result *result)
{
	struct buffer value = { 0 };

	check_ttl(request, &result->findings);
	buffer_text(&value, "");
	for (size_t i = 0; i < request->nruas; i++) {
		char *uri = rua_encode(request->ruas[i], result->arena);
		struct rua rua = { .scheme = RUA_OTHER };

		buffer_printf(&value, "%s%s", i == 0 ? "v=TLSRPTv1; rua=" : ",",
		    uri);
		if (rua_read(uri, NULL, &rua, &result->findings))
			check_destination(request, &rua, &result->findings);
	}
	if (!has_errors(result) && value.at != NULL)
		check_record(value.at, result);
	if (!has_errors(result))
		result_add(result,
		    &(struct result_record){ .name = arena_printf(result->arena,
						 "_smtp._tls.%s",
						 request->domain),
			.type = "TXT",
			.ttl = request->ttl,
			.value =
			    arena_copy(result->arena, value.at, value.len) });
	buffer_free(&value);
}

void
make_authorization(const char *domain, const char *destination, long ttl,
    struct result *result)
{
	result_add(result,
	    &(struct result_record){ .name = make_authorization_name(domain,
					 destination, result->arena),
		.type = "TXT",
		.ttl = ttl,
		.value = "v=TLSRPTv1" });
}

/* -------------------------------------------------------------- MTA-STS */

static void
compare_with_live(const struct make_request *request,
    const struct sts_policy *policy, struct findings *findings)
{
	if (!request->online) {
		findings_add(findings, FINDING_MAKE_MX_UNKNOWN, NULL);
		return;
	}
	if (policy->mode == STS_MODE_NONE)
		return;
	for (size_t i = 0; i < request->nlive; i++)
		if (!sts_policy_has(policy, request->live[i]))
			findings_add(findings, FINDING_MAKE_MX_UNMATCHED,
			    request->live[i])
			    ->instead = arena_printf(findings->arena, "mx: %s",
			    request->live[i]);
}

static char *
policy_text(const struct make_request *request, struct arena *arena)
{
	const char *const *mx = request->nmx > 0 ? request->mx : request->live;
	size_t nmx = request->nmx > 0 ? request->nmx : request->nlive;
	struct buffer text = { 0 };
	char *made;

	buffer_printf(&text, "version: STSv1\r\nmode: %s\r\n",
	    sts_mode_name(request->mode));
	for (size_t i = 0; i < nmx; i++)
		buffer_printf(&text, "mx: %s\r\n", mx[i]);
	buffer_printf(&text, "max_age: %lld\r\n", request->max_age);
	made = arena_copy(arena, text.at, text.len);
	buffer_free(&text);
	return made;
}

static char *
json_members(const struct make_request *request,
    const struct sts_policy *policy, struct arena *arena)
{
	struct buffer more = { 0 };
	char *made;

	buffer_printf(&more,
	    ", \"id\": \"%s\", \"mode\": \"%s\", \"max_age\": %lld, "
	    "\"mx\": [",
	    request->id, sts_mode_name(request->mode), request->max_age);
	for (size_t i = 0; i < policy->nmx; i++) {
		if (i > 0)
			buffer_text(&more, ", ");
		buffer_json(&more, policy->mx[i]);
	}
	buffer_text(&more, "]");
	made = arena_copy(arena, more.at, more.len);
	buffer_free(&more);
	return made;
}

static void
add_policy(const struct make_request *request, const char *text,
    const struct sts_policy *policy, struct result *result)
{
	struct arena *arena = result->arena;

	result_add(result,
	    &(struct result_record){
		.name = arena_printf(arena,
		    "https://mta-sts.%s/.well-known/mta-sts.txt",
		    request->domain),
		.type = "POLICY",
		.ttl = -1,
		.value = text,
		.more = json_members(request, policy, arena) });
	result_add(result,
	    &(struct result_record){
		.name = arena_printf(arena, "_mta-sts.%s", request->domain),
		.type = "TXT",
		.ttl = request->ttl,
		.value = arena_printf(arena, "v=STSv1; id=%s", request->id),
		.more = arena_printf(arena, ", \"id\": \"%s\"", request->id) });
}

void
make_sts(const struct make_request *request, struct result *result)
{
	char *text = policy_text(request, result->arena);
	struct sts_policy policy;
	const char *id;
	char *record =
	    arena_printf(result->arena, "v=STSv1; id=%s", request->id);

	check_ttl(request, &result->findings);
	sts_policy_read((struct bytes){ (const unsigned char *)text,
			    strlen(text) },
	    &policy, &result->findings);
	sts_record_read((struct bytes){ (const unsigned char *)record,
			    strlen(record) },
	    &id, &result->findings);
	compare_with_live(request, &policy, &result->findings);
	if (request->mode == STS_MODE_ENFORCE && request->first)
		findings_add(&result->findings, FINDING_MAKE_ENFORCE_FIRST,
		    NULL);
	if (!has_errors(result))
		add_policy(request, text, &policy, result);
}
