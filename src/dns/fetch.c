#include "dns/fetch.h"

#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/fault.h"

#include <curl/curl.h>

struct body {
	struct buffer bytes;
	size_t limit;
	bool too_large;
};

void
fetch_init(void)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
		fault_out_of_memory();
}

static size_t
keep(char *from, size_t size, size_t n, void *data)
{
	struct body *body = data;
	size_t len = size * n;

	if (len > body->limit - body->bytes.len) {
		body->too_large = true;
		return 0;
	}
	buffer_add(&body->bytes, from, len);
	return len;
}

/* curl is told where to go, and never asks DNS itself. */
static struct curl_slist *
way(const struct fetch_request *request, struct arena *arena)
{
	const char *list = "";

	for (size_t i = 0; i < request->ntargets; i++) {
		bool six = strchr(request->targets[i].address, ':') != NULL;

		list = arena_printf(arena, "%s%s%s%s%s", list, i > 0 ? "," : "",
		    six ? "[" : "", request->targets[i].address,
		    six ? "]" : "");
	}
	return curl_slist_append(NULL,
	    arena_printf(arena, "%s:%d:%s", request->host,
		request->targets[0].port, list));
}

static void
set_options(CURL *curl, const struct fetch_request *request,
    struct curl_slist *addresses, struct curl_slist *port, struct body *body,
    char *error)
{
	const struct net *net = request->net;
	long milliseconds = net->timeout * 1000L;

	curl_easy_setopt(curl, CURLOPT_RESOLVE, addresses);
	curl_easy_setopt(curl, CURLOPT_CONNECT_TO, port);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
	curl_easy_setopt(curl, CURLOPT_NOBODY,
	    strcmp(request->method, "GET") != 0 ? 1L : 0L);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, milliseconds);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "tlsrpt-dns");
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, body);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
	curl_easy_setopt(curl, CURLOPT_CERTINFO, 1L);
	if (net->ca_file != NULL) {
		curl_easy_setopt(curl, CURLOPT_CAINFO, net->ca_file);
		curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
	}
}

/* RFC 8461, section 3.3: a common name is no DNS-ID. */
static bool
has_names(CURL *curl)
{
	struct curl_certinfo *info = NULL;

	if (curl_easy_getinfo(curl, CURLINFO_CERTINFO, &info) != CURLE_OK ||
	    info == NULL || info->num_of_certs == 0)
		return true;
	for (const struct curl_slist *item = info->certinfo[0]; item != NULL;
	     item = item->next)
		if (strncasecmp(item->data, "X509v3 Subject Alternative Name",
			31) == 0)
			return true;
	return false;
}

static const char *
text_of(CURL *curl, CURLINFO info, struct arena *arena)
{
	const char *text = NULL;

	if (curl_easy_getinfo(curl, info, &text) != CURLE_OK || text == NULL)
		return NULL;
	return arena_printf(arena, "%s", text);
}

static void
judge(CURL *curl, CURLcode code, const char *error, const struct body *body,
    struct arena *arena, struct fetched *fetched)
{
	fetched->outcome = FETCH_FAILED;
	fetched->detail = arena_printf(arena, "%s",
	    error[0] != '\0' ? error : curl_easy_strerror(code));
	if (body->too_large)
		fetched->outcome = FETCH_TOO_LARGE;
	else if (code == CURLE_PEER_FAILED_VERIFICATION)
		fetched->outcome = FETCH_CERTIFICATE;
	if (code != CURLE_OK)
		return;
	if (!has_names(curl)) {
		fetched->outcome = FETCH_CERTIFICATE;
		fetched->detail = "no subject alternative name";
		return;
	}
	fetched->outcome = FETCH_DONE;
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &fetched->status);
	fetched->type = text_of(curl, CURLINFO_CONTENT_TYPE, arena);
	fetched->location = text_of(curl, CURLINFO_REDIRECT_URL, arena);
	fetched->body.at = (const unsigned char *)arena_copy(arena,
	    body->bytes.at != NULL ? body->bytes.at : "", body->bytes.len);
	fetched->body.len = body->bytes.len;
}

void
fetch_run(const struct fetch_request *request, struct arena *arena,
    struct fetched *fetched)
{
	CURL *curl = curl_easy_init();
	struct body body = { .limit = request->limit };
	char error[CURL_ERROR_SIZE] = "";
	struct curl_slist *addresses = way(request, arena);
	/* The same host at another port, where --connect says so. */
	struct curl_slist *port = curl_slist_append(NULL,
	    arena_printf(arena, "::%s:%d", request->host,
		request->targets[0].port));

	*fetched = (struct fetched){ .outcome = FETCH_FAILED };
	if (curl == NULL || addresses == NULL || port == NULL)
		fault_out_of_memory();
	set_options(curl, request, addresses, port, &body, error);
	curl_easy_setopt(curl, CURLOPT_URL,
	    arena_printf(arena, "https://%s:%d%s", request->host, request->port,
		request->path[0] != '\0' ? request->path : "/"));
	judge(curl, curl_easy_perform(curl), error, &body, arena, fetched);
	curl_easy_cleanup(curl);
	curl_slist_free_all(addresses);
	curl_slist_free_all(port);
	buffer_free(&body.bytes);
}
