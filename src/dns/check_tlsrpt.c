#include <string.h>

#include "base/text.h"
#include "dns/check.h"
#include "dns/fetch.h"
#include "dns/make.h"

static const struct check_txt tlsrpt_kind = { &txt_tlsrpt,
	FINDING_TLSRPT_MULTIPLE, FINDING_TLSRPT_CNAME,
	FINDING_TLSRPT_OTHER_TXT };

enum { BODY_MOST = 65536 };

/* Names at which records are found that should be elsewhere; "" is the apex. */
static const char *const wrong_owners[] = { "_tls._smtp.", "_smtp-tls.",
	"_smtp_tls.", "_smtp.tls.", "_smtp._tls._smtp._tls.", "_tlsrpt.",
	"_tls-rpt.", "" };

enum { NWRONG = sizeof(wrong_owners) / sizeof(wrong_owners[0]) };

/* -------------------------------------------------------- destinations */

static bool
is_own_host(const struct check *check, const char *host)
{
	for (size_t i = 0; i < check->nhosts; i++)
		if (strcmp(check->hosts[i].host, host) == 0)
			return true;
	return false;
}

static void
check_mailbox(struct check *check, const struct rua *rua)
{
	const struct answer *answer = check_ask(check, rua->domain, DNS_MX);
	bool own = false;
	bool takes = false;
	const char *host;
	int preference;

	for (size_t i = 0; i < answer->nrecords; i++) {
		if (!answer_mx(answer, i, check->arena, &preference, &host) ||
		    host[0] == '\0')
			continue;
		takes = true;
		own = own || is_own_host(check, host);
	}
	if (answer->status == ANSWER_NODATA)
		takes = check_ask(check, rua->domain, DNS_A)->nrecords > 0 ||
		    check_ask(check, rua->domain, DNS_AAAA)->nrecords > 0;
	if (!takes && answer->status < ANSWER_BOGUS)
		check_add(check, FINDING_RUA_DOMAIN, rua->domain, rua->uri);
	if (own)
		check_add(check, FINDING_RUA_OWN_MX, rua->domain, rua->uri);
}

static bool
is_nothing(long status)
{
	return status == 404 || status == 410 || status / 100 == 3 ||
	    status / 100 == 5;
}

static void
check_endpoint(struct check *check, const struct rua *rua)
{
	struct net_target targets[NET_TARGETS_MOST];
	struct fetch_request request = { .net = check->net,
		.host = rua->domain,
		.port = rua->port,
		.path = rua->path,
		.method = "OPTIONS",
		.targets = targets,
		.limit = BODY_MOST };
	struct fetched fetched;
	bool shut;

	request.ntargets =
	    check_targets(check, rua->domain, rua->port, targets, &shut);
	if (request.ntargets == 0) {
		if (!shut)
			check_add(check, FINDING_RUA_UNREACHABLE, rua->domain,
			    rua->uri);
		return;
	}
	fetch_run(&request, check->arena, &fetched);
	if (fetched.outcome == FETCH_DONE && is_nothing(fetched.status)) {
		request.method = "HEAD";
		fetch_run(&request, check->arena, &fetched);
	}
	if (fetched.outcome == FETCH_CERTIFICATE)
		check_add(check, FINDING_RUA_CERTIFICATE, rua->domain,
		    fetched.detail);
	else if (fetched.outcome == FETCH_FAILED)
		check_add(check, FINDING_RUA_UNREACHABLE, rua->domain,
		    fetched.detail);
	else if (is_nothing(fetched.status))
		check_add(check, FINDING_RUA_STATUS, rua->domain,
		    arena_printf(check->arena, "%ld", fetched.status));
}

static bool
is_external(const struct check *check, const struct rua *rua)
{
	return !text_is_within_domain(rua->domain, check->domain) &&
	    !text_is_within_domain(check->domain, rua->domain);
}

static bool
is_version_alone(struct bytes text)
{
	static const char version[] = "v=TLSRPTv1";
	size_t len = strlen(version);

	return text.len >= len && memcmp(text.at, version, len) == 0 &&
	    (text.len == len || text.at[len] == ';');
}

static void
check_permission(struct check *check, const struct rua *rua)
{
	char *name =
	    make_authorization_name(check->domain, rua->domain, check->arena);
	const struct answer *answer =
	    resolver_ask(check->resolver, name, DNS_TXT);
	enum finding_code code = FINDING_AUTHORIZATION_MISSING;

	for (size_t i = 0; i < answer->nrecords; i++) {
		struct bytes text = answer_txt(answer, i, check->arena);

		check_keep_txt(check, name, answer, text, NULL);
		code = is_version_alone(text) ? FINDING_AUTHORIZATION_PRESENT :
						FINDING_AUTHORIZATION_INVALID;
		if (code == FINDING_AUTHORIZATION_PRESENT)
			break;
	}
	check_add(check, code, rua->domain, NULL)->instead =
	    code != FINDING_AUTHORIZATION_PRESENT ?
	    arena_printf(check->arena, "%s. IN TXT \"v=TLSRPTv1\"", name) :
	    NULL;
}

static void
check_destinations(struct check *check)
{
	for (size_t i = 0; i < check->tlsrpt.nruas; i++) {
		const struct rua *rua = &check->tlsrpt.ruas[i];

		if (rua->scheme == RUA_MAILTO)
			check_mailbox(check, rua);
		else if (rua->scheme == RUA_HTTPS)
			check_endpoint(check, rua);
		if (is_external(check, rua))
			check_permission(check, rua);
	}
}

/* --------------------------------------------------------------- records */

/* The record at a name, linted; true where senders see just one. */
static bool
read_at(struct check *check, const char *name, struct tlsrpt_record *record,
    bool *meant)
{
	struct findings *findings = &check->result->findings;
	const struct answer *answer;
	struct bytes text = { 0 };
	size_t count =
	    check_find_txt(check, name, &tlsrpt_kind, &text, meant, &answer);
	size_t from = findings->n;
	enum severity worst;

	if (count == 0 && !*meant)
		return false;
	check_keep_txt(check, name, answer, text, NULL);
	findings->subject = name;
	tlsrpt_record_read(text, record, findings);
	findings->subject = NULL;
	(void)findings_worst(findings, from, &worst);
	return count == 1 && record->nruas > 0;
}

static void
look_elsewhere(struct check *check)
{
	for (int i = 0; i <= NWRONG; i++) {
		char *name = i < NWRONG ?
		    arena_printf(check->arena, "%s%s", wrong_owners[i],
			check->domain) :
		    arena_printf(check->arena, "_smtp._tls.%s.%s",
			check->domain, check->domain);
		const struct answer *answer =
		    resolver_ask(check->resolver, name, DNS_TXT);

		for (size_t j = 0; j < answer->nrecords; j++) {
			struct bytes text = answer_txt(answer, j, check->arena);

			if (!txt_is_meant(text, &txt_tlsrpt))
				continue;
			check_add(check, FINDING_TLSRPT_WRONG_OWNER, name, NULL)
			    ->instead = arena_printf(check->arena,
			    "_smtp._tls.%s", check->domain);
			break;
		}
	}
}

static void
expect_elsewhere(struct check *check)
{
	for (int i = 0; i < NWRONG; i++)
		resolver_expect(check->resolver,
		    arena_printf(check->arena, "%s%s", wrong_owners[i],
			check->domain),
		    DNS_TXT);
	resolver_expect(check->resolver,
	    arena_printf(check->arena, "_smtp._tls.%s.%s", check->domain,
		check->domain),
	    DNS_TXT);
}

/* RFC 8460, section 1.1: for DANE the host itself is the policy domain. */
static void
check_host_records(struct check *check)
{
	for (size_t i = 0; i < check->nhosts; i++) {
		struct check_host *host = &check->hosts[i];
		char *name =
		    arena_printf(check->arena, "_smtp._tls.%s", host->host);
		struct tlsrpt_record record;
		bool meant;

		if (strcmp(host->host, check->domain) == 0)
			continue;
		check_load_tlsa(check, host, false);
		if (!read_at(check, name, &record, &meant) && !meant &&
		    host->nusable > 0 && host->tlsa_secure)
			check_add(check, FINDING_TLSRPT_MX_MISSING, host->host,
			    NULL);
	}
}

void
check_tlsrpt(struct check *check)
{
	char *name = arena_printf(check->arena, "_smtp._tls.%s", check->domain);
	bool meant;

	resolver_expect(check->resolver, name, DNS_TXT);
	expect_elsewhere(check);
	check_load_mx(check);
	check->has_tlsrpt = read_at(check, name, &check->tlsrpt, &meant);
	if (!check->has_tlsrpt && !meant &&
	    !findings_have(&check->result->findings, FINDING_TLSRPT_MULTIPLE) &&
	    resolver_ask(check->resolver, name, DNS_TXT)->status < ANSWER_BOGUS)
		if (check->tlsrpt.ruas == NULL)
			check_add(check, FINDING_TLSRPT_MISSING, name, NULL);
	look_elsewhere(check);
	check_destinations(check);
	check_host_records(check);
}

void
check_authorization(struct check *check)
{
	char *name = arena_printf(check->arena, "_smtp._tls.%s", check->domain);
	bool meant;

	check->has_tlsrpt = read_at(check, name, &check->tlsrpt, &meant);
	if (!check->has_tlsrpt && !meant && check->tlsrpt.ruas == NULL)
		check_add(check, FINDING_TLSRPT_MISSING, name, NULL);
	for (size_t i = 0; i < check->tlsrpt.nruas; i++)
		if (is_external(check, &check->tlsrpt.ruas[i]))
			check_permission(check, &check->tlsrpt.ruas[i]);
}
