#include "daemon/http_rules.h"

#include <string.h>
#include <strings.h>

static bool
is_below(const char *path, const char *folder)
{
	size_t len = strlen(folder);

	while (len > 0 && folder[len - 1] == '/')
		len--;
	return strncmp(path, folder, len) == 0 &&
	    (path[len] == '\0' || path[len] == '/');
}

enum http_target
http_target(const struct http_rules *rules, const char *path,
    const struct door **door)
{
	for (size_t i = 0; i < rules->nsecrets; i++)
		if (strcmp(path, rules->secrets[i].path) == 0) {
			*door = rules->secrets[i].door;
			return TARGET_REPORT;
		}
	if (strcmp(path, "/healthz") == 0)
		return TARGET_HEALTH;
	if (strcmp(path, "/metrics") == 0)
		return TARGET_METRICS;
	*door = rules->door;
	if (strcmp(path, "/v1/report") == 0 || strcmp(path, "/v1/report/") == 0)
		return TARGET_REPORT;
	for (size_t i = 0; i < rules->accept.len; i++)
		if (is_below(path, rules->accept.at[i]))
			return TARGET_REPORT;
	return TARGET_NONE;
}

/* As decoding tells gzip and JSON: RFC 1952, 2.3.1; blanks and a mark. */
bool
http_is_likely(struct bytes body)
{
	static const unsigned char mark[] = { 0xef, 0xbb, 0xbf };
	size_t i = 0;

	if (body.len >= 3 && body.at[0] == 0x1f && body.at[1] == 0x8b &&
	    body.at[2] == 8)
		return true;
	if (body.len >= sizeof(mark) &&
	    memcmp(body.at, mark, sizeof(mark)) == 0)
		i = sizeof(mark);
	while (i < body.len && strchr(" \t\r\n", body.at[i]) != NULL &&
	    body.at[i] != '\0')
		i++;
	return i < body.len && (body.at[i] == '{' || body.at[i] == '[');
}

bool
http_is_our_type(const char *content_type)
{
	static const char *const ours[] = { "application/tlsrpt+gzip",
		"application/tlsrpt+json" };
	size_t len;

	if (content_type == NULL)
		return false;
	len = strcspn(content_type, "; \t");
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (strlen(ours[i]) == len &&
		    strncasecmp(ours[i], content_type, len) == 0)
			return true;
	return false;
}

bool
http_is_our_encoding(const char *encoding, bool *gzip)
{
	*gzip = false;
	if (encoding == NULL || *encoding == '\0' ||
	    strcasecmp(encoding, "identity") == 0)
		return true;
	*gzip = strcasecmp(encoding, "gzip") == 0 ||
	    strcasecmp(encoding, "x-gzip") == 0;
	return *gzip;
}

unsigned int
http_status(const struct result *result)
{
	static const unsigned int statuses[] = {
		[REASON_NONE] = 200,
		[REASON_NOT_A_REPORT] = 400,
		[REASON_UNREADABLE] = 400,
		[REASON_TOO_LARGE] = 413,
		[REASON_UNAUTHENTICATED] = 403,
		[REASON_FOREIGN_DOMAIN] = 403,
		[REASON_REFUSED_BY_DATABASE] = 200, /* it is kept */
	};

	if (result->verdict == VERDICT_LATER)
		return 503;
	return result->outcome == OUTCOME_REJECTED ? statuses[result->reason] :
						     200;
}
