#include <string.h>

#include "base/text.h"
#include "dns/check.h"

static void
keep_tlsa(struct check *check, const struct check_host *host,
    const struct answer *answer, const char *name, const struct tlsa *tlsa)
{
	char *text = tlsa_text(tlsa, check->arena);
	const char *data = strrchr(text, ' ');

	result_add(check->result,
	    &(struct result_record){ .name = name,
		.type = "TLSA",
		.ttl = answer->ttl,
		.dnssec = answer->secure ? DNSSEC_SECURE : DNSSEC_INSECURE,
		.value = text,
		.more = arena_printf(check->arena,
		    ", \"mx_host\": \"%s\", \"usage\": %u, \"selector\": %u, "
		    "\"matching\": %u, \"data\": \"%s\"",
		    host->host, tlsa->usage, tlsa->selector, tlsa->matching,
		    data != NULL ? data + 1 : "") });
}

static void
read_tlsa(struct check *check, struct check_host *host,
    const struct answer *answer, const char *name, struct findings *findings)
{
	host->tlsa =
	    arena_array(check->arena, CHECK_TLSA_MOST, sizeof(*host->tlsa));
	for (size_t i = 0; i < answer->nrecords; i++) {
		struct tlsa *tlsa = &host->tlsa[host->ntlsa];

		if (host->ntlsa == CHECK_TLSA_MOST)
			break;
		tlsa_read(answer->records[i], tlsa, findings);
		keep_tlsa(check, host, answer, name, tlsa);
		host->ntlsa++;
		host->nusable += tlsa->usable;
	}
	host->tlsa_secure = answer->secure;
	if (answer->secure && host->ntlsa > 0)
		check->has_dane = true;
}

void
check_load_tlsa(struct check *check, struct check_host *host, bool tell)
{
	char *name = arena_printf(check->arena, "_25._tcp.%s", host->host);
	const struct answer *answer =
	    resolver_ask(check->resolver, name, DNS_TLSA);
	struct findings unseen = { .arena = check->arena };
	struct tlsa tlsa;

	if (host->tlsa == NULL)
		read_tlsa(check, host, answer, name, &unseen);
	if (!tell)
		return;
	check->result->findings.subject = host->host;
	for (size_t i = 0; i < answer->nrecords && i < CHECK_TLSA_MOST; i++)
		tlsa_read(answer->records[i], &tlsa, &check->result->findings);
	check->result->findings.subject = NULL;
}

/* SERVFAIL where the host's address was answered is the servers' own fault. */
static void
tell_answer(struct check *check, const struct check_host *host)
{
	char *name = arena_printf(check->arena, "_25._tcp.%s", host->host);
	const struct answer *answer =
	    resolver_ask(check->resolver, name, DNS_TLSA);
	const struct answer *address =
	    resolver_ask(check->resolver, host->host, DNS_A);

	if (answer->status == ANSWER_BOGUS) {
		check_add(check, FINDING_DANE_BOGUS, host->host, answer->why);
	} else if (answer->status == ANSWER_FAILED) {
		if (address->status < ANSWER_BOGUS)
			check_add(check, FINDING_DANE_LOOKUP, host->host,
			    answer->why);
		else
			(void)check_ask(check, name, DNS_TLSA);
	} else if (host->ntlsa > 0 && !host->tlsa_secure) {
		check_add(check, FINDING_DANE_INSECURE, host->host, NULL);
	} else if (host->ntlsa > 0 && host->nusable == 0) {
		check_add(check, FINDING_DANE_UNUSABLE, host->host, NULL);
	}
}

/*
 * Does one record match what is served?  With DANE-EE names and dates do not
 * count (RFC 7672, section 3.1.1), with DANE-TA they do (3.1.2).
 */
static bool
matches(const struct check *check, const struct check_host *host,
    const struct tlsa *tlsa, const char **why)
{
	const struct probe *probe = &host->probe;
	const struct tls_peer *peer = &probe->peer;

	if (tlsa->usage == TLSA_USAGE_EE)
		return peer->nchain > 0 && tlsa_matches(tlsa, &peer->chain[0]);
	for (size_t i = 0; i < peer->nchain; i++) {
		if (!tlsa_matches(tlsa, &peer->chain[i]))
			continue;
		*why = probe->anchor_failure[i];
		if (*why == NULL && !tls_names(peer, host->host) &&
		    !tls_names(peer, check->domain))
			*why = "the certificate does not name the host";
		return *why == NULL;
	}
	return false;
}

static void
compare(struct check *check, struct check_host *host)
{
	const struct tlsa *stale = NULL;
	const char *why = NULL;
	bool found = false;

	for (size_t i = 0; i < host->ntlsa; i++) {
		const struct tlsa *tlsa = &host->tlsa[i];

		if (!tlsa->usable)
			continue;
		if (matches(check, host, tlsa, &why))
			found = true;
		else
			stale = tlsa;
	}
	if (!found)
		check_add(check,
		    why != NULL ? FINDING_DANE_ANCHOR : FINDING_DANE_MISMATCH,
		    host->host, why);
	else if (stale != NULL)
		check_add(check, FINDING_DANE_ROLLOVER, host->host,
		    tlsa_text(stale, check->arena));
}

static void
judge(struct check *check, struct check_host *host)
{
	enum probe_step step = host->probe.step;

	if (host->nusable == 0 || !host->tlsa_secure || host->ntargets == 0)
		return;
	if (step == PROBE_DONE) {
		compare(check, host);
	} else if (step == PROBE_NO_STARTTLS || step == PROBE_REFUSED) {
		check_add(check, FINDING_DANE_NO_STARTTLS, host->host,
		    host->probe.detail);
	} else {
		(void)check_certificate(check, host);
	}
}

/* Is it only some of the hosts that have records? */
static void
tell_missing(struct check *check)
{
	size_t with = 0;

	for (size_t i = 0; i < check->nhosts; i++)
		with += check->hosts[i].ntlsa > 0;
	if (with == 0 && check->nhosts > 0 &&
	    !findings_have(&check->result->findings, FINDING_DANE_LOOKUP) &&
	    !findings_have(&check->result->findings, FINDING_DANE_BOGUS))
		check_add(check, FINDING_DANE_MISSING, check->domain, NULL);
	for (size_t i = 0; with > 0 && i < check->nhosts; i++)
		if (check->hosts[i].ntlsa == 0)
			check_add(check, FINDING_DANE_SOME,
			    check->hosts[i].host, NULL);
	if (with > 0 && !check->mx_secure)
		check_add(check, FINDING_DANE_MX_INSECURE, check->domain, NULL);
}

void
check_dane(struct check *check)
{
	const struct answer *zone;

	resolver_expect(check->resolver, check->domain, DNS_SOA);
	check_load_mx(check);
	for (size_t i = 0; i < check->nhosts; i++)
		resolver_expect(check->resolver,
		    arena_printf(check->arena, "_25._tcp.%s",
			check->hosts[i].host),
		    DNS_TLSA);
	zone = check_ask(check, check->domain, DNS_SOA);
	if (zone->status < ANSWER_BOGUS && !zone->secure)
		check_add(check, FINDING_DNS_UNSIGNED, check->domain, NULL);
	for (size_t i = 0; i < check->nhosts; i++) {
		check_load_tlsa(check, &check->hosts[i], true);
		tell_answer(check, &check->hosts[i]);
	}
	tell_missing(check);
	if (!check->has_dane)
		return;
	check_probe(check);
	for (size_t i = 0; i < check->nhosts; i++)
		judge(check, &check->hosts[i]);
}
