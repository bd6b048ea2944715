#include "dns/check.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/datetime.h"
#include "base/text.h"
#include "base/translate.h"
#include "dns/names.h"
#include "dns/parallel.h"

enum { DAY = 86400 };

void
check_init(struct check *check, const struct net *net,
    struct resolver *resolver, struct result *result)
{
	*check = (struct check){ .net = net,
		.resolver = resolver,
		.arena = result->arena,
		.result = result,
		.domain = result->domain };
}

void
check_end(struct check *check)
{
	for (size_t i = 0; i < check->nhosts; i++)
		arena_free(check->hosts[i].arena);
}

struct finding *
check_add(struct check *check, enum finding_code code, const char *subject,
    const char *detail)
{
	struct finding *finding =
	    findings_add(&check->result->findings, code, detail);

	finding->subject = subject;
	return finding;
}

/* ------------------------------------------------------------------- DNS */

static bool
was_told(const struct check *check, const char *subject)
{
	const struct findings *findings = &check->result->findings;

	for (size_t i = 0; i < findings->n; i++) {
		const struct finding *finding = &findings->list[i];

		if ((finding->code == FINDING_DNS_FAILURE ||
			finding->code == FINDING_DNS_BOGUS) &&
		    finding->subject != NULL &&
		    strcmp(finding->subject, subject) == 0)
			return true;
	}
	return false;
}

const struct answer *
check_ask(struct check *check, const char *name, enum dns_type type)
{
	const struct answer *answer = resolver_ask(check->resolver, name, type);
	struct findings *findings = &check->result->findings;

	if (answer->status == ANSWER_FAILED && !was_told(check, name)) {
		check_add(check, FINDING_DNS_FAILURE, name, answer->why);
		findings->unknown = true;
	}
	if (answer->status == ANSWER_BOGUS && !was_told(check, name))
		check_add(check, FINDING_DNS_BOGUS, name, answer->why);
	if (answer->more)
		check_add(check, FINDING_DNS_TOO_MANY, name, NULL);
	return answer;
}

void
check_keep_txt(struct check *check, const char *name,
    const struct answer *answer, struct bytes text, const char *more)
{
	bool repaired = false;

	result_add(check->result,
	    &(struct result_record){ .name = name,
		.type = "TXT",
		.ttl = answer->ttl,
		.dnssec = answer->secure ? DNSSEC_SECURE : DNSSEC_INSECURE,
		.value = text_repair(text, check->arena, &repaired),
		.more = more });
}

size_t
check_find_txt(struct check *check, const char *name,
    const struct check_txt *kind, struct bytes *text, bool *meant,
    const struct answer **asked)
{
	const struct answer *answer = check_ask(check, name, DNS_TXT);
	bool repaired = false;
	size_t count = 0;

	*meant = false;
	*asked = answer;
	for (size_t i = 0; i < answer->nrecords; i++) {
		struct bytes found = answer_txt(answer, i, check->arena);

		if (txt_is_selected(found, kind->dialect)) {
			*text = found;
			count++;
		} else if (txt_is_meant(found, kind->dialect)) {
			if (count == 0)
				*text = found;
			*meant = true;
		} else {
			check_add(check, kind->other, name,
			    text_repair(found, check->arena, &repaired));
		}
	}
	if (answer->nrecords > 0 && answer->cname && (count > 0 || *meant))
		check_add(check, kind->cname, name, answer->name);
	if (count > 1)
		check_add(check, kind->multiple, name, NULL);
	return count;
}

static bool
add_target(const struct check *check, struct bytes address, int port,
    struct net_target *target)
{
	if (!check->net->allow_private && !net_is_public(address))
		return false;
	target->port = port;
	return net_address_text(address, target->address);
}

/* An address that may not be connected to is told once for each host. */
static void
tell_private(struct check *check, const char *host, const struct answer *answer)
{
	const struct findings *findings = &check->result->findings;
	char text[NET_ADDRESS_SIZE] = "";

	for (size_t i = 0; i < findings->n; i++)
		if (findings->list[i].code == FINDING_PRIVATE_ADDRESS &&
		    findings->list[i].subject != NULL &&
		    strcmp(findings->list[i].subject, host) == 0)
			return;
	for (size_t i = 0; i < answer->nrecords && text[0] == '\0'; i++)
		if (!net_is_public(answer->records[i]))
			(void)net_address_text(answer->records[i], text);
	check_add(check, FINDING_PRIVATE_ADDRESS, host, text);
}

static size_t
redirected(const struct net_connect *rule, struct net_target *target)
{
	*target = (struct net_target){ .port = rule->to_port };
	memcpy(target->address, rule->address,
	    strnlen(rule->address, NET_ADDRESS_SIZE - 1));
	return 1;
}

/* The addresses of one answer; *private tells that some were left out. */
static size_t
add_targets(struct check *check, const struct answer *answer, int port,
    struct net_target targets[NET_TARGETS_MOST], size_t n, bool *private)
{
	for (size_t i = 0; i < answer->nrecords && n < NET_TARGETS_MOST; i++) {
		if (add_target(check, answer->records[i], port, &targets[n]))
			n++;
		else
			*private = true;
	}
	return n;
}

size_t
check_targets(struct check *check, const char *host, int port,
    struct net_target targets[NET_TARGETS_MOST], bool *shut)
{
	static const enum dns_type types[] = { DNS_AAAA, DNS_A };
	const struct net_connect *rule = net_redirect(check->net, host, port);
	size_t n = 0;

	*shut = false;
	for (int t = 0; t < 2; t++) {
		const struct answer *answer = check_ask(check, host, types[t]);
		bool private = false;

		n = add_targets(check, answer, port, targets, n, &private);
		if (!private || rule != NULL)
			continue;
		tell_private(check, host, answer);
		*shut = true;
	}
	*shut = *shut && n == 0;
	return rule != NULL ? redirected(rule, &targets[0]) : n;
}

/* -------------------------------------------------------------- MX hosts */

static bool
has_address(struct check *check, const char *host, bool *ipv6)
{
	const struct answer *four = check_ask(check, host, DNS_A);
	const struct answer *six = check_ask(check, host, DNS_AAAA);

	*ipv6 = six->nrecords > 0;
	return four->nrecords > 0 || *ipv6;
}

static bool
failed(const struct check *check, const char *host)
{
	return resolver_ask(check->resolver, host, DNS_A)->status >=
	    ANSWER_BOGUS ||
	    resolver_ask(check->resolver, host, DNS_AAAA)->status >=
	    ANSWER_BOGUS;
}

static void
add_host(struct check *check, const char *name, int preference)
{
	struct check_host *host = &check->hosts[check->nhosts];

	for (size_t i = 0; i < check->nhosts; i++)
		if (strcmp(check->hosts[i].host, name) == 0)
			return;
	if (check->nhosts == CHECK_HOSTS_MOST) {
		check_add(check, FINDING_DNS_TOO_MANY, check->domain, NULL);
		return;
	}
	if (!name_is_host(name)) {
		check_add(check, FINDING_MX_LITERAL, name, NULL);
		return;
	}
	*host = (struct check_host){ .host = name, .preference = preference };
	if (resolver_ask(check->resolver, name, DNS_A)->cname)
		check_add(check, FINDING_MX_CNAME, name,
		    resolver_ask(check->resolver, name, DNS_A)->name);
	if (!has_address(check, name, &host->ipv6) && !failed(check, name))
		check_add(check, FINDING_MX_NO_ADDRESS, name, NULL);
	host->ntargets =
	    check_targets(check, name, SMTP_PORT, host->targets, &host->shut);
	check->nhosts++;
}

struct mx {
	int preference;
	const char *host;
};

/* As senders go through them; those of one preference by name. */
static int
by_preference(const void *one, const void *other)
{
	const struct mx *a = one;
	const struct mx *b = other;

	if (a->preference != b->preference)
		return a->preference < b->preference ? -1 : 1;
	return strcmp(a->host, b->host);
}

static size_t
sort_mx(const struct check *check, const struct answer *answer,
    struct mx list[ANSWER_RECORDS_MOST])
{
	size_t n = 0;

	for (size_t i = 0; i < answer->nrecords; i++)
		n += answer_mx(answer, i, check->arena, &list[n].preference,
		    &list[n].host);
	if (n > 1)
		qsort(list, n, sizeof(*list), by_preference);
	for (size_t i = 0; i < n; i++) {
		resolver_expect(check->resolver, list[i].host, DNS_A);
		resolver_expect(check->resolver, list[i].host, DNS_AAAA);
	}
	return n;
}

static void
read_mx(struct check *check, const struct answer *answer)
{
	struct mx list[ANSWER_RECORDS_MOST] = { { 0, NULL } };
	size_t n = sort_mx(check, answer, list);

	for (size_t i = 0; i < n; i++) {
		result_add(check->result,
		    &(struct result_record){ .name = check->domain,
			.type = "MX",
			.ttl = answer->ttl,
			.dnssec =
			    answer->secure ? DNSSEC_SECURE : DNSSEC_INSECURE,
			.value = arena_printf(check->arena, "%d %s",
			    list[i].preference, list[i].host) });
		if (list[i].host[0] == '\0')
			check->null_mx = true;
		else
			add_host(check, list[i].host, list[i].preference);
	}
}

static void
judge_mx(struct check *check, const struct answer *answer)
{
	bool ipv6 = false;

	if (check->null_mx)
		check_add(check,
		    answer->nrecords > 1 ? FINDING_MX_NULL_MIXED :
					   FINDING_MX_NULL,
		    check->domain, NULL);
	if (answer->status == ANSWER_NODATA ||
	    answer->status == ANSWER_NXDOMAIN) {
		if (has_address(check, check->domain, &ipv6)) {
			check_add(check, FINDING_MX_IMPLICIT, check->domain,
			    NULL);
			add_host(check, check->domain, 0);
		} else if (!failed(check, check->domain)) {
			check_add(check, FINDING_MX_NONE, check->domain, NULL);
		}
	}
	for (size_t i = 0; i < check->nhosts; i++)
		ipv6 = ipv6 || check->hosts[i].ipv6;
	if (check->nhosts > 0 && !ipv6)
		check_add(check, FINDING_MX_NO_IPV6, check->domain, NULL);
}

void
check_load_mx(struct check *check)
{
	const struct answer *answer;

	if (check->loaded)
		return;
	check->loaded = true;
	check->hosts =
	    arena_array(check->arena, CHECK_HOSTS_MOST, sizeof(*check->hosts));
	answer = check_ask(check, check->domain, DNS_MX);
	check->mx_failed = answer->status == ANSWER_FAILED;
	check->mx_secure = answer->secure;
	read_mx(check, answer);
	judge_mx(check, answer);
}

/* ---------------------------------------------------------------- probing */

struct job {
	const struct check *check;
	struct check_host *host;
};

static void
probe_one(void *thing)
{
	struct job *job = thing;
	struct check_host *host = job->host;
	struct probe_request request = { .net = job->check->net,
		.host = host->host,
		.targets = host->targets,
		.ntargets = host->ntargets,
		.versions = job->check->versions };

	host->arena = arena_new();
	probe_run(&request, host->arena, &host->probe);
}

/* A host as a record of type SMTP: what was seen there. */
static void
keep_probe(struct check *check, const struct check_host *host)
{
	const struct tls_peer *peer = &host->probe.peer;
	struct arena *arena = check->arena;
	struct buffer more = { 0 };
	char until[DATETIME_SIZE];
	long long days = (peer->not_after - (int64_t)time(NULL)) / DAY;

	if (host->probe.step != PROBE_DONE)
		return;
	datetime_write(peer->not_after, until);
	buffer_printf(&more,
	    ", \"address\": \"%s\", \"tls\": \"%s\", \"not_after\": \"%s\", "
	    "\"days_left\": %lld, \"trusted\": %s, \"names\": [",
	    host->probe.address, peer->version, until, days,
	    peer->trusted ? "true" : "false");
	for (size_t i = 0; i < peer->nnames; i++) {
		bool repaired = false;

		if (i > 0)
			buffer_text(&more, ", ");
		buffer_json(&more,
		    text_repair(
			(struct bytes){ (const unsigned char *)peer->names[i],
			    strlen(peer->names[i]) },
			arena, &repaired));
	}
	buffer_text(&more, "]");
	result_add(check->result,
	    &(struct result_record){ .name = host->host,
		.type = "SMTP",
		.ttl = -1,
		.value = arena_printf(arena,
		    "%s, certificate until %.10s (%lld days)", peer->version,
		    until, days),
		.said = arena_printf(arena,
		    translate_plural("%s, certificate until %.10s (%lld day)",
			"%s, certificate until %.10s (%lld days)",
			(unsigned long)llabs(days)),
		    peer->version, until, days),
		.more = arena_copy(arena, more.at, more.len) });
	buffer_free(&more);
}

void
check_probe(struct check *check)
{
	struct job jobs[CHECK_HOSTS_MOST];
	void *things[CHECK_HOSTS_MOST];
	size_t n = 0;

	if (check->probed)
		return;
	check->probed = true;
	for (size_t i = 0; i < check->nhosts; i++) {
		if (check->hosts[i].ntargets == 0)
			continue;
		jobs[n] = (struct job){ check, &check->hosts[i] };
		things[n] = &jobs[n];
		n++;
	}
	parallel_run(probe_one, things, n, n);
	for (size_t i = 0; i < check->nhosts; i++)
		keep_probe(check, &check->hosts[i]);
}

static bool
tell_step(struct check *check, const struct check_host *host)
{
	static const enum finding_code codes[] = {
		[PROBE_NO_CONNECTION] = FINDING_MX_UNREACHABLE,
		[PROBE_NO_GREETING] = FINDING_MX_REFUSED,
		[PROBE_NO_EHLO] = FINDING_MX_REFUSED,
		[PROBE_NO_STARTTLS] = FINDING_MX_NO_STARTTLS,
		[PROBE_REFUSED] = FINDING_MX_NO_STARTTLS,
		[PROBE_NO_TLS] = FINDING_MX_TLS_FAILED,
	};
	enum probe_step step = host->probe.step;

	if (step == PROBE_DONE)
		return true;
	if (host->ntargets == 0)
		return false; /* that was told already */
	if (step <= PROBE_NO_EHLO)
		check->result->findings.unknown = true;
	check_add(check, codes[step], host->host, host->probe.detail);
	return false;
}

static bool
tell_dates(struct check *check, const struct check_host *host)
{
	const struct tls_peer *peer = &host->probe.peer;
	int64_t now = time(NULL);
	char text[DATETIME_SIZE];

	datetime_write(now < peer->not_before ? peer->not_before :
						peer->not_after,
	    text);
	if (now < peer->not_before)
		check_add(check, FINDING_MX_NOT_YET_VALID, host->host, text);
	else if (now > peer->not_after)
		check_add(check, FINDING_MX_EXPIRED, host->host, text);
	else if (peer->not_after - now < (int64_t)CHECK_SOON * DAY)
		check_add(check, FINDING_MX_EXPIRES_SOON, host->host, text);
	return now >= peer->not_before && now <= peer->not_after;
}

static bool
judge_certificate(struct check *check, const struct check_host *host)
{
	const struct tls_peer *peer = &host->probe.peer;
	bool named = tls_names(peer, host->host);
	bool good;

	if (!tell_step(check, host))
		return host->probe.step <= PROBE_NO_EHLO;
	good = tell_dates(check, host);
	if (!peer->trusted)
		check_add(check, FINDING_MX_UNTRUSTED, host->host,
		    peer->untrusted);
	if (!named)
		check_add(check, FINDING_MX_NAME, host->host,
		    peer->nnames > 0 ? peer->names[0] : peer->subject);
	return good && peer->trusted && named;
}

bool
check_certificate(struct check *check, struct check_host *host)
{
	if (!host->judged)
		host->good = judge_certificate(check, host);
	host->judged = true;
	return host->good;
}
