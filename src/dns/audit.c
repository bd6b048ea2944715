#include "dns/audit.h"

#include <stdlib.h>
#include <string.h>

static void
expect_all(struct check *check)
{
	static const struct {
		const char *prefix;
		enum dns_type type;
	} questions[] = {
		{ "", DNS_MX },
		{ "", DNS_TXT },
		{ "", DNS_SOA },
		{ "_dmarc.", DNS_TXT },
		{ "_smtp._tls.", DNS_TXT },
		{ "_mta-sts.", DNS_TXT },
		{ "mta-sts.", DNS_A },
		{ "mta-sts.", DNS_AAAA },
	};

	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++)
		resolver_expect(check->resolver,
		    arena_printf(check->arena, "%s%s", questions[i].prefix,
			check->domain),
		    questions[i].type);
}

static void
judge_tls(struct check *check, struct check_host *host)
{
	const char *version = host->probe.peer.version;

	(void)check_certificate(check, host);
	if (host->probe.step != PROBE_DONE)
		return;
	if (strcmp(version, "TLSv1.2") != 0 && strcmp(version, "TLSv1.3") != 0)
		check_add(check, FINDING_MX_TLS12_MISSING, host->host, version);
	else if (host->probe.old_tls)
		check_add(check, FINDING_MX_TLS_OLD, host->host, NULL);
	if (strcmp(version, "TLSv1.3") != 0)
		check_add(check, FINDING_MX_TLS13_MISSING, host->host, NULL);
}

/* How the parts fit together. */
static void
judge_fit(struct check *check)
{
	bool sts = check->has_policy && check->policy.mode != STS_MODE_NONE;

	if (check->nhosts == 0)
		return;
	if (!sts && !check->has_dane)
		check_add(check, FINDING_FIT_NO_POLICY, check->domain, NULL);
	if ((sts || check->has_dane) && !check->has_tlsrpt)
		check_add(check, FINDING_FIT_NO_REPORTS, check->domain, NULL);
	for (size_t i = 0; sts && i < check->nhosts; i++)
		if (check->policy.mode == STS_MODE_ENFORCE &&
		    check->hosts[i].fails)
			check_add(check, FINDING_FIT_ENFORCE,
			    check->hosts[i].host, NULL);
}

/* The most severe first, then the worst grade, then the order of the table. */
static int
by_importance(const void *one, const void *other)
{
	const struct finding *a = one;
	const struct finding *b = other;
	const struct finding_kind *kind_a = &finding_kinds[a->code];
	const struct finding_kind *kind_b = &finding_kinds[b->code];

	if (kind_a->severity != kind_b->severity)
		return kind_a->severity > kind_b->severity ? -1 : 1;
	if (kind_a->grade != kind_b->grade)
		return kind_a->grade > kind_b->grade ? -1 : 1;
	if (a->code != b->code)
		return a->code < b->code ? -1 : 1;
	return strcmp(a->subject != NULL ? a->subject : "",
	    b->subject != NULL ? b->subject : "");
}

/* The worst of what findings allow. */
static char
worst_grade(const struct findings *findings)
{
	char worst = 'A';

	for (size_t i = 0; i < findings->n; i++)
		if (finding_kinds[findings->list[i].code].grade > worst)
			worst = finding_kinds[findings->list[i].code].grade;
	return worst;
}

bool
audit_blames(const struct audit *audit, enum finding_code code)
{
	if (audit->grade == AUDIT_NO_GRADE)
		return code == FINDING_DNS_FAILURE;
	return audit->grade > 'A' && finding_kinds[code].grade == audit->grade;
}

/* The grade, and the codes that keep it from a better one. */
static void
keep_grade(struct audit *audit)
{
	const struct findings *findings = &audit->result.findings;
	struct buffer more = { 0 };
	const char *before = "";

	if (audit->grade == AUDIT_NO_GRADE)
		buffer_text(&more, ", \"grade\": null, \"because\": [");
	else
		buffer_printf(&more, ", \"grade\": \"%c\", \"because\": [",
		    audit->grade);
	for (size_t i = 0; i < findings->n; i++) {
		const struct finding *finding = &findings->list[i];

		if (!audit_blames(audit, finding->code) ||
		    (i > 0 && finding[-1].code == finding->code))
			continue;
		buffer_printf(&more, "%s\"%s\"", before,
		    finding_kinds[finding->code].code);
		before = ", ";
	}
	buffer_text(&more, "]");
	audit->result.more = arena_copy(audit->result.arena, more.at, more.len);
	buffer_free(&more);
}

/* DNSSEC and TLSA are looked at by check_dane(), MX by the first of them. */
static void
check_all(struct check *check)
{
	expect_all(check);
	check_load_mx(check);
	check_probe(check);
	for (size_t i = 0; i < check->nhosts; i++)
		judge_tls(check, &check->hosts[i]);
	check_sts(check);
	check_tlsrpt(check);
	check_dane(check);
	check_senders(check);
	judge_fit(check);
}

bool
audit_run(const struct audit_request *request, const char *domain,
    struct arena *arena, struct audit *audit, struct fault *fault)
{
	struct findings *findings = &audit->result.findings;
	struct resolver *resolver;
	struct check check;

	result_init(&audit->result, domain, "audit", arena);
	audit->grade = AUDIT_NO_GRADE;
	if (!resolver_open(request->net, &resolver, fault))
		return false;
	check_init(&check, request->net, resolver, &audit->result);
	check.selectors = request->selectors;
	check.nselectors = request->nselectors;
	check.remember = request->remember;
	check.versions = true;
	check_all(&check);
	if (findings->n > 1)
		qsort(findings->list, findings->n, sizeof(*findings->list),
		    by_importance);
	audit->grade = worst_grade(findings);
	if (check.mx_failed)
		audit->grade = AUDIT_NO_GRADE;
	keep_grade(audit);
	check_end(&check);
	resolver_close(resolver);
	return true;
}
