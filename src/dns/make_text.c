#include <string.h>

#include "base/translate.h"
#include "dns/make.h"

const char make_servers[] = "nginx|caddy|apache";

/* DOMAIN stands for the domain. */
static const struct server {
	const char *name;
	const char *text;
} servers[] = {
	{ "nginx",
	    "server {\n"
	    "\tlisten 443 ssl;\n"
	    "\tlisten [::]:443 ssl;\n"
	    "\tserver_name mta-sts.DOMAIN;\n"
	    "\tssl_certificate /etc/ssl/mta-sts.DOMAIN/fullchain.pem;\n"
	    "\tssl_certificate_key /etc/ssl/mta-sts.DOMAIN/privkey.pem;\n"
	    "\tlocation = /.well-known/mta-sts.txt {\n"
	    "\t\ttypes { }\n"
	    "\t\tdefault_type text/plain;\n"
	    "\t\talias /var/www/mta-sts/DOMAIN.txt;\n"
	    "\t}\n"
	    "\tlocation / {\n"
	    "\t\treturn 404;\n"
	    "\t}\n"
	    "}\n" },
	{ "caddy",
	    "mta-sts.DOMAIN {\n"
	    "\thandle /.well-known/mta-sts.txt {\n"
	    "\t\troot * /var/www/mta-sts\n"
	    "\t\trewrite * /DOMAIN.txt\n"
	    "\t\theader Content-Type text/plain\n"
	    "\t\tfile_server\n"
	    "\t}\n"
	    "\thandle {\n"
	    "\t\trespond 404\n"
	    "\t}\n"
	    "}\n" },
	{ "apache",
	    "<VirtualHost *:443>\n"
	    "\tServerName mta-sts.DOMAIN\n"
	    "\tSSLEngine on\n"
	    "\tSSLCertificateFile /etc/ssl/mta-sts.DOMAIN/fullchain.pem\n"
	    "\tSSLCertificateKeyFile /etc/ssl/mta-sts.DOMAIN/privkey.pem\n"
	    "\tAlias /.well-known/mta-sts.txt /var/www/mta-sts/DOMAIN.txt\n"
	    "\t<Directory /var/www/mta-sts>\n"
	    "\t\tForceType text/plain\n"
	    "\t\tRequire all granted\n"
	    "\t</Directory>\n"
	    "</VirtualHost>\n" },
};

static void
add_with_domain(struct buffer *out, const char *text, const char *domain)
{
	static const char word[] = "DOMAIN";

	for (;;) {
		const char *found = strstr(text, word);

		if (found == NULL)
			break;
		buffer_add(out, text, (size_t)(found - text));
		buffer_text(out, domain);
		text = found + strlen(word);
	}
	buffer_text(out, text);
}

bool
make_server(const char *server, const char *domain, struct buffer *out)
{
	for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++) {
		if (strcmp(servers[i].name, server) == 0) {
			add_with_domain(out, servers[i].text, domain);
			return true;
		}
	}
	return false;
}

static const struct result_record *
record_of_type(const struct result *result, const char *type)
{
	for (size_t i = 0; i < result->nrecords; i++)
		if (strcmp(result->records[i].type, type) == 0)
			return &result->records[i];
	return NULL;
}

static void
add_heading(struct buffer *out, const char *text)
{
	buffer_printf(out, "%s\n", text);
}

static void
add_record(struct buffer *out, const struct result *result,
    const struct result_record *record, const char *zone)
{
	add_heading(out, _("Record:"));
	buffer_printf(out, "  %-6s %s\n  %-6s TXT\n  %-6s %s\n  %-6s %ld\n\n",
	    _("Name"), record->name, _("Type"), _("Value"), record->value,
	    _("TTL"), record->ttl);
	add_heading(out, _("The same as a line of a zone file:"));
	buffer_text(out, "  ");
	(void)make_write("zone", result, zone, out);
	buffer_printf(out, "\n%s\n\n",
	    _("TTL: 3600 to begin with, so that a mistake is soon gone; 86400 "
	      "once it has\nproved right.  How panels want it: "
	      "--format=panels."));
}

static void
add_steps(struct buffer *out, const char *mode)
{
	static const char *const testing = N_(
	    "1. Have the web server serve the policy, then publish the "
	    "record.\n"
	    "2. Publish a TLSRPT record, if there is none, and read the "
	    "reports.\n"
	    "3. After 2 to 4 weeks without a failure: mode enforce, a longer "
	    "max_age,\n"
	    "   and a new id.  tlsrpt-report readiness tells when.\n"
	    "4. With each change of the MX hosts: first the policy, then the "
	    "id, then MX.\n");
	static const char *const enforce = N_(
	    "1. Change the policy on the web server, then publish the new "
	    "id.\n"
	    "2. Raise max_age to weeks or months once nothing fails.\n"
	    "3. With each change of the MX hosts: first the policy, then the "
	    "id, then MX.\n"
	    "4. To end it, never just remove it: mode none first.\n");
	static const char *const none =
	    N_("1. Change the policy on the web server, then publish the new "
	       "id.\n"
	       "2. Wait until max_age of every earlier policy has passed.\n"
	       "3. Remove the record, then the policy and its host.\n");

	add_heading(out, _("Steps:"));
	if (strcmp(mode, "enforce") == 0)
		buffer_text(out, _(enforce));
	else
		buffer_text(out,
		    strcmp(mode, "none") == 0 ? _(none) : _(testing));
	buffer_text(out, "\n");
}

static void
add_policy(struct buffer *out, const struct result *result,
    const struct result_record *policy)
{
	const char *mode = strstr(policy->value, "mode: ");
	struct sts_policy read;
	struct arena *arena = arena_new();
	struct findings findings = { .arena = arena };

	sts_policy_read((struct bytes){ (const unsigned char *)policy->value,
			    strlen(policy->value) },
	    &read, &findings);
	buffer_printf(out, _("Policy, to be served at %s:\n"), policy->name);
	for (const char *at = policy->value; *at != '\0'; at++) {
		if (at == policy->value || at[-1] == '\n')
			buffer_text(out, "  ");
		if (*at != '\r')
			buffer_add(out, at, 1);
	}
	buffer_text(out, "\n");
	if (mode != NULL)
		add_steps(out, sts_mode_name(read.mode));
	add_heading(out, _("nginx:"));
	(void)make_server("nginx", result->domain, out);
	add_heading(out, _("\nCaddy:"));
	(void)make_server("caddy", result->domain, out);
	add_heading(out, _("\nApache:"));
	(void)make_server("apache", result->domain, out);
	buffer_text(out, "\n");
	arena_free(arena);
}

void
make_text(const struct result *result, const char *zone, struct buffer *out)
{
	const struct result_record *record = record_of_type(result, "TXT");
	const struct result_record *policy = record_of_type(result, "POLICY");

	if (record != NULL)
		add_record(out, result, record, zone);
	if (policy != NULL)
		add_policy(out, result, policy);
	result_findings_text(&result->findings, out);
}
