#include "daemon/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "daemon/listen.h"
#include "daemon/tls.h"

#include <microhttpd.h>

enum {
	POOL_SIZE = 12 << 10, /* bytes of a connection; so long is a header */
	POOL_SIZE_TLS = 16 << 10,
	SOURCE_SIZE = 80,
	TEXT_SIZE = 256
};

/* Where a connection is, so that no client can sit on it. */
enum phase { PHASE_HEADER, PHASE_BODY, PHASE_ANSWER };

struct client {
	struct client *previous;
	struct client *next;
	int fd;
	enum phase phase;
	time_t since;
};

struct request {
	struct http *http;
	struct MHD_Connection *connection;
	struct client *client;
	const struct door *door;
	struct buffer body;
	size_t reserved;
	bool encoded;
	bool our_type;
	enum http_target target;
	bool gets;           /* GET or HEAD of what is no report */
	unsigned int status; /* 0: not decided */
	bool submitted;
	bool draining; /* the body is read, and thrown away */
	char text[TEXT_SIZE];
};

struct http {
	struct pipeline *pipeline;
	struct http_settings settings;
	struct MHD_Daemon *daemon;
	int listener; /* after quiescing; or -1 */
	bool is_local;
	_Atomic bool quiescing;
	_Atomic bool refusing;
	_Atomic size_t nrequests;
	pthread_mutex_t lock; /* guards the clients */
	struct client *first;
};

static time_t
now(void)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec;
}

static void
enter(struct request *request, enum phase phase)
{
	struct http *http = request->http;

	if (request->client == NULL)
		return;
	(void)pthread_mutex_lock(&http->lock);
	request->client->phase = phase;
	request->client->since = now();
	(void)pthread_mutex_unlock(&http->lock);
}

/* --- answers -------------------------------------------------------------- */

static enum MHD_Result
send_response(struct request *request, unsigned int status,
    struct MHD_Response *response)
{
	enum MHD_Result queued;

	if (status == 405)
		(void)MHD_add_response_header(response, "Allow",
		    request->door != NULL ? "POST" : "GET, HEAD");
	if (status == 415)
		(void)MHD_add_response_header(response, "Accept-Encoding",
		    "gzip, identity");
	if (status == 503)
		(void)MHD_add_response_header(response, "Retry-After", "300");
	/* Who has a connection could go on for ever. */
	if (request->http->quiescing)
		(void)MHD_add_response_header(response, "Connection", "close");
	queued = MHD_queue_response(request->connection, status, response);
	MHD_destroy_response(response);
	metrics_code(request->http->settings.metrics->http_responses, status);
	return queued;
}

static enum MHD_Result
respond(struct request *request, unsigned int status, const char *text)
{
	char line[TEXT_SIZE + 2];
	struct MHD_Response *response;

	(void)snprintf(line, sizeof(line), "%s\n", text);
	response = MHD_create_response_from_buffer(strlen(line), line,
	    MHD_RESPMEM_MUST_COPY);
	if (response == NULL)
		return MHD_NO;
	(void)MHD_add_response_header(response, "Content-Type",
	    "text/plain; charset=utf-8");
	return send_response(request, status, response);
}

/* Would a report be accepted now?  By the database, or by the spool. */
static enum MHD_Result
respond_health(struct request *request)
{
	struct http *http = request->http;
	bool up = pipeline_is_up(http->pipeline);
	char text[TEXT_SIZE];

	if (http->quiescing)
		return respond(request, 503, "shutting down");
	if (up)
		return respond(request, 200, "ok");
	if (!spool_has_room(http->settings.spool))
		return respond(request, 503,
		    "the database is away, and the spool takes nothing");
	(void)snprintf(text, sizeof(text),
	    "ok: the database is away, and %zu documents wait in the spool",
	    spool_depth(http->settings.spool));
	return respond(request, 200, text);
}

static enum MHD_Result
respond_metrics(struct request *request)
{
	struct http *http = request->http;
	struct metrics_gauges gauges = {
		.database_up = pipeline_is_up(http->pipeline),
		.spool_depth = spool_depth(http->settings.spool),
		.spool_oldest = spool_oldest(http->settings.spool),
		.waiting = pipeline_waiting(http->pipeline),
		.now = time(NULL),
	};
	struct buffer text = { 0 };
	struct MHD_Response *response;

	metrics_write(http->settings.metrics, &gauges, &text);
	response = MHD_create_response_from_buffer(text.len, text.at,
	    MHD_RESPMEM_MUST_FREE);
	if (response == NULL) {
		buffer_free(&text);
		return MHD_NO;
	}
	(void)MHD_add_response_header(response, "Content-Type",
	    "text/plain; version=0.0.4; charset=utf-8");
	return send_response(request, 200, response);
}

/* --- who asks --------------------------------------------------------------*/

static const struct sockaddr *
peer(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(connection,
		MHD_CONNECTION_INFO_CLIENT_ADDRESS);

	return info != NULL ? info->client_addr : NULL;
}

static void
write_address(const struct sockaddr *address, char text[SOURCE_SIZE])
{
	const void *octets = NULL;

	(void)snprintf(text, SOURCE_SIZE, "local");
	if (address == NULL)
		return;
	if (address->sa_family == AF_INET)
		octets = &((const struct sockaddr_in *)(const void *)address)
			      ->sin_addr;
	else if (address->sa_family == AF_INET6)
		octets = &((const struct sockaddr_in6 *)(const void *)address)
			      ->sin6_addr;
	if (octets != NULL)
		(void)inet_ntop(address->sa_family, octets, text, SOURCE_SIZE);
}

static bool
is_loopback(const char *text)
{
	return strcmp(text, "local") == 0 || strcmp(text, "::1") == 0 ||
	    strncmp(text, "127.", 4) == 0 ||
	    strncmp(text, "::ffff:127.", 11) == 0;
}

static const char *
header(struct request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND,
	    name);
}

/* The client; behind a proxy on this machine, what that says last. */
static char *
source_of(struct request *request)
{
	char text[SOURCE_SIZE];
	const char *forwarded = header(request, "X-Forwarded-For");
	char *source;

	write_address(peer(request->connection), text);
	if (forwarded != NULL && is_loopback(text)) {
		const char *last = strrchr(forwarded, ',');

		last = last != NULL ? last + 1 : forwarded;
		last += strspn(last, " ");
		(void)snprintf(text, sizeof(text), "%s", last);
	}
	source = strdup(text);
	if (source == NULL)
		fault_out_of_memory();
	return source;
}

static bool
may_see_metrics(struct request *request)
{
	char text[SOURCE_SIZE];

	if (request->http->settings.metrics_to_all)
		return true;
	write_address(peer(request->connection), text);
	return is_loopback(text) && header(request, "X-Forwarded-For") == NULL;
}

/* --- a request's way ------------------------------------------------------ */

static bool
expects_continue(struct request *request)
{
	const char *value = header(request, "Expect");

	return value != NULL && strcasecmp(value, "100-continue") == 0;
}

/* Note a refusal; it is sent once the body was read, or at once. */
static void
refuse(struct request *request, unsigned int status, const char *text)
{
	if (request->status != 0)
		return;
	request->status = status;
	(void)snprintf(request->text, sizeof(request->text), "%s", text);
	request->draining = true;
	buffer_free(&request->body);
	budget_release(request->http->settings.budget, &request->reserved);
}

/* What can be said before the body is there. */
static void
check_header(struct request *request)
{
	const struct http_rules *rules = &request->http->settings.rules;
	const char *length = header(request, "Content-Length");
	const char *coding = header(request, "Transfer-Encoding");
	long long bytes = 0;

	request->our_type = http_is_our_type(header(request, "Content-Type"));
	if (!http_is_our_encoding(header(request, "Content-Encoding"),
		&request->encoded))
		refuse(request, 415,
		    "this Content-Encoding is not known here: send gzip");
	else if (length == NULL && coding == NULL)
		refuse(request, 411, "Content-Length is missing");
	else if (length != NULL &&
	    text_read_number(length, 0, INT64_MAX, &bytes) &&
	    (unsigned long long)bytes > rules->body)
		refuse(request, 413, "the document is too long");
}

static enum MHD_Result
answer_get(struct request *request)
{
	if (request->target == TARGET_HEALTH)
		return respond_health(request);
	if (request->target == TARGET_METRICS && may_see_metrics(request))
		return respond_metrics(request);
	return respond(request, 404, "there is nothing here");
}

/*
 * The header is there.  What can be said by now waits for the end of the body,
 * since the library closes a connection that is answered before it; but who
 * asks whether to send the body is told at once.
 */
static enum MHD_Result
begin(struct request *request, const char *url, const char *method)
{
	bool gets = strcmp(method, MHD_HTTP_METHOD_GET) == 0 ||
	    strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;

	request->target =
	    http_target(&request->http->settings.rules, url, &request->door);
	if (request->target == TARGET_REPORT) {
		if (strcmp(method, MHD_HTTP_METHOD_POST) == 0)
			check_header(request);
		else
			refuse(request, 405, "write POST");
	} else {
		request->door = NULL;
		request->gets = gets;
		request->draining = gets;
		if (!gets && request->target == TARGET_NONE)
			refuse(request, 404, "there is nothing here");
		else if (!gets)
			refuse(request, 405, "write GET");
	}
	if (request->status == 0 || !expects_continue(request))
		return MHD_YES;
	return respond(request, request->status, request->text);
}

static enum MHD_Result
take(struct request *request, const char *data, size_t len)
{
	struct http *http = request->http;
	size_t limit = http->settings.rules.body;

	if (!request->draining && request->body.len + len > limit)
		refuse(request, 413, "the document is too long");
	if (!request->draining) {
		buffer_add(&request->body, data, len);
		if (!budget_hold(http->settings.budget, request->body.size,
			&request->reserved))
			refuse(request, 503,
			    "too many large documents at once");
	}
	/*
	 * What is too long is read for as long as a body may take, and thrown
	 * away: who reads the answer only after all is sent, gets it even so.
	 */
	return MHD_YES;
}

/* Called by a thread of the pipeline's. */
static void
on_result(void *owner, const struct result *result)
{
	struct request *request = owner;

	request->status = http_status(result);
	if (result->verdict == VERDICT_LATER)
		(void)snprintf(request->text, sizeof(request->text), "%s",
		    "not stored, try again later");
	else if (result->outcome == OUTCOME_REJECTED)
		(void)snprintf(request->text, sizeof(request->text), "%s: %s",
		    reason_codes[result->reason].code, result->text);
	else
		(void)snprintf(request->text, sizeof(request->text), "%s",
		    result->verdict == VERDICT_SPOOLED ?
			"spooled" :
			outcome_names[result->outcome]);
	MHD_resume_connection(request->connection);
}

static void
submit(struct request *request)
{
	struct job job = { .way = WAY_HTTP,
		.channel = CHANNEL_HTTPS,
		.door = request->door,
		.body = request->body,
		.encoded = request->encoded,
		.source = source_of(request),
		.received_at = time(NULL),
		.done = on_result,
		.owner = request };

	request->body = (struct buffer){ 0 };
	request->submitted = true;
	MHD_suspend_connection(request->connection);
	pipeline_submit(request->http->pipeline, &job);
}

/* All of the body is there, or the answer is. */
static enum MHD_Result
end(struct request *request)
{
	struct bytes body = { (const unsigned char *)request->body.at,
		request->body.len };

	if (request->status != 0)
		return respond(request, request->status, request->text);
	if (request->gets)
		return answer_get(request);
	if (!http_is_likely(body)) {
		if (request->our_type)
			return respond(request, 400,
			    "not-a-report: neither gzip nor JSON");
		return respond(request, 415,
		    "send application/tlsrpt+gzip or "
		    "application/tlsrpt+json (RFC 8460)");
	}
	if (request->http->refusing)
		return respond(request, 503, "shutting down");
	enter(request, PHASE_ANSWER);
	submit(request);
	return MHD_YES;
}

static struct client *
client_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(connection,
		MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info != NULL ? info->socket_context : NULL;
}

/* NOLINTBEGIN(readability-function-size): the library's own signature */
static enum MHD_Result
on_request(void *data, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *upload,
    size_t *upload_size, void **context)
{
	struct http *http = data;
	struct request *request = *context;

	(void)version;
	if (request == NULL) {
		request = calloc(1, sizeof(*request));
		if (request == NULL)
			fault_out_of_memory();
		request->http = http;
		request->connection = connection;
		request->client = client_of(connection);
		*context = request;
		http->nrequests++;
		enter(request, PHASE_BODY);
		return begin(request, url, method);
	}
	if (*upload_size > 0) {
		size_t len = *upload_size;

		*upload_size = 0;
		return take(request, upload, len);
	}
	return end(request);
}
/* NOLINTEND(readability-function-size) */

static void
on_completed(void *data, struct MHD_Connection *connection, void **context,
    enum MHD_RequestTerminationCode code)
{
	struct http *http = data;
	struct request *request = *context;

	(void)connection;
	(void)code;
	if (request == NULL)
		return;
	*context = NULL;
	enter(request, PHASE_HEADER);
	budget_release(http->settings.budget, &request->reserved);
	buffer_free(&request->body);
	free(request);
	http->nrequests--;
}

/* --- connections ---------------------------------------------------------- */

static void
add_client(struct http *http, struct MHD_Connection *connection, void **context)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(connection,
		MHD_CONNECTION_INFO_CONNECTION_FD);
	struct client *client = calloc(1, sizeof(*client));

	if (client == NULL)
		fault_out_of_memory();
	client->fd = info != NULL ? info->connect_fd : -1;
	client->since = now();
	(void)pthread_mutex_lock(&http->lock);
	client->next = http->first;
	if (http->first != NULL)
		http->first->previous = client;
	http->first = client;
	(void)pthread_mutex_unlock(&http->lock);
	*context = client;
	http->settings.metrics->connections[WAY_HTTP]++;
	http->settings.metrics->accepted[WAY_HTTP]++;
}

static void
drop_client(struct http *http, void **context)
{
	struct client *client = *context;

	if (client == NULL)
		return;
	*context = NULL;
	(void)pthread_mutex_lock(&http->lock);
	if (client->previous != NULL)
		client->previous->next = client->next;
	else
		http->first = client->next;
	if (client->next != NULL)
		client->next->previous = client->previous;
	(void)pthread_mutex_unlock(&http->lock);
	free(client);
	http->settings.metrics->connections[WAY_HTTP]--;
}

static void
on_connection(void *data, struct MHD_Connection *connection, void **context,
    enum MHD_ConnectionNotificationCode code)
{
	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		add_client(data, connection, context);
	else
		drop_client(data, context);
}

/* A client that sends a byte now and then is not idle, but too slow. */
void
http_tick(struct http *http)
{
	const struct http_settings *settings = &http->settings;
	time_t time = now();

	(void)pthread_mutex_lock(&http->lock);
	for (struct client *client = http->first; client != NULL;
	     client = client->next) {
		int limit = client->phase == PHASE_BODY ?
		    settings->body_seconds :
		    settings->header_seconds;

		if (client->phase != PHASE_ANSWER &&
		    time - client->since > limit && client->fd != -1)
			(void)shutdown(client->fd, SHUT_RDWR);
	}
	(void)pthread_mutex_unlock(&http->lock);
}

static void on_log(void *data, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/* What the library has to say is about clients, and of no great interest. */
static void
on_log(void *data, const char *format, va_list args)
{
	char text[TEXT_SIZE];

	(void)data;
	if (!log_shows(LOG_LEVEL_DEBUG))
		return;
	(void)vsnprintf(text, sizeof(text), format, args);
	text[strcspn(text, "\r\n")] = '\0';
	log_line(LOG_LEVEL_DEBUG, "http", "%s", text);
}

static void
start(struct http *http, int fd)
{
	const struct http_settings *settings = &http->settings;
	bool tls = settings->tls && !http->is_local;
	/* NOLINTBEGIN(performance-no-int-to-ptr): options are pointers there */
	struct MHD_OptionItem with_tls[] = {
		{ MHD_OPTION_HTTPS_PRIORITIES, 0,
		    (void *)(uintptr_t)tls_priorities },
		{ MHD_OPTION_HTTPS_CERT_CALLBACK, 0,
		    (void *)(uintptr_t)tls_callback() },
		{ MHD_OPTION_END, 0, NULL },
	};
	/* NOLINTEND(performance-no-int-to-ptr) */
	const struct MHD_OptionItem without[] = { { MHD_OPTION_END, 0, NULL } };
	unsigned int flags = MHD_USE_EPOLL_INTERNAL_THREAD |
	    MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
	    (tls ? MHD_USE_TLS : 0U);
	int idle = settings->header_seconds > settings->body_seconds ?
	    settings->header_seconds :
	    settings->body_seconds;

	http->daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_request, http,
	    MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL, MHD_OPTION_LISTEN_SOCKET,
	    fd, MHD_OPTION_CONNECTION_LIMIT,
	    (unsigned int)settings->connections, MHD_OPTION_CONNECTION_TIMEOUT,
	    (unsigned int)idle, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
	    (size_t)(tls ? POOL_SIZE_TLS : POOL_SIZE),
	    MHD_OPTION_NOTIFY_COMPLETED, on_completed, http,
	    MHD_OPTION_NOTIFY_CONNECTION, on_connection, http, MHD_OPTION_ARRAY,
	    tls ? with_tls : without, MHD_OPTION_END);
}

bool
http_open(struct pipeline *pipeline, const struct http_settings *settings,
    int fd, struct http **http, struct fault *fault)
{
	struct http *made = calloc(1, sizeof(*made));

	if (made == NULL)
		fault_out_of_memory();
	made->pipeline = pipeline;
	made->settings = *settings;
	made->listener = -1;
	made->is_local = listen_is_local(fd);
	(void)pthread_mutex_init(&made->lock, NULL);
	start(made, fd);
	if (made->daemon != NULL) {
		*http = made;
		return true;
	}
	(void)pthread_mutex_destroy(&made->lock);
	free(made);
	return fault_set(fault, FAULT_LATER,
	    "the HTTP server could not be started: %s", strerror(errno));
}

void
http_quiesce(struct http *http)
{
	http->quiescing = true;
	http->listener = MHD_quiesce_daemon(http->daemon);
	if (http->listener != -1)
		(void)close(http->listener);
}

void
http_refuse(struct http *http)
{
	http->refusing = true;
}

size_t
http_requests(struct http *http)
{
	return http->nrequests;
}

void
http_close(struct http *http)
{
	if (http == NULL)
		return;
	MHD_stop_daemon(http->daemon);
	(void)pthread_mutex_destroy(&http->lock);
	free(http);
}
