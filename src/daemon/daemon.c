#include "daemon/daemon.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/budget.h"
#include "daemon/http.h"
#include "daemon/listen.h"
#include "daemon/lmtp.h"
#include "daemon/loop.h"
#include "daemon/metrics.h"
#include "daemon/notify.h"
#include "daemon/tls.h"
#include "daemon/watch.h"

enum {
	TICK = 250,     /* milliseconds */
	SLOW_TICKS = 4, /* of these, for what is looked at once a second */
	HOST_SIZE = 256,
	FILES_SPARE = 100, /* file descriptors besides those of clients */
	STATUS_SIZE = 160
};

/* Sockets by what they are for. */
struct sockets {
	int at[LISTENERS_MOST];
	size_t n;
};

struct daemon {
	const struct settings *settings;
	struct sockets lmtp_sockets;
	struct sockets http_sockets;
	struct metrics metrics;
	struct budget budget;
	struct strangers *strangers;
	struct loop *loop;
	struct spool *spool;
	struct pipeline *pipeline;
	struct lmtp *lmtp;
	struct http *https[LISTENERS_MOST];
	size_t nhttps;
	struct watch *watch;
	struct loop_source signals;
	bool ending;
	int64_t watchdog; /* milliseconds between two signs of life; 0: none */
	int64_t barked;   /* when the latest one was given */
	char host[HOST_SIZE];
};

static int64_t
milliseconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- before the work ------------------------------------------------------ */

static bool
bind_all(const char *const *addresses, const struct listen_rules *rules,
    struct sockets *sockets, struct fault *fault)
{
	for (size_t i = 0; addresses[i] != NULL; i++) {
		if (sockets->n == LISTENERS_MOST)
			return fault_set(fault, FAULT_CONFIG,
			    "more than %d addresses to listen on",
			    LISTENERS_MOST);
		if (!listen_on(addresses[i], rules, &sockets->at[sockets->n],
			fault))
			return false;
		sockets->n++;
	}
	return true;
}

/* What systemd hands over goes before what is configured. */
static bool
open_sockets(struct daemon *self, struct fault *fault)
{
	const struct settings *settings = self->settings;
	struct sockets *lmtp = &self->lmtp_sockets;
	struct sockets *http = &self->http_sockets;

	lmtp->n = listen_inherited("lmtp", lmtp->at, LISTENERS_MOST);
	http->n = listen_inherited("http", http->at, LISTENERS_MOST);
	if (lmtp->n == 0 &&
	    !bind_all(settings->lmtp, &settings->sockets, lmtp, fault))
		return false;
	if (http->n == 0 &&
	    !bind_all(settings->http, &settings->sockets, http, fault))
		return false;
	if (lmtp->n + http->n > 0 || settings->watch[0] != NULL)
		return true;
	return fault_set(fault, FAULT_CONFIG,
	    "nothing to do: set lmtp=, http= or watch= in [daemon]");
}

static bool
become(const struct passwd *user, struct fault *fault)
{
	if (initgroups(user->pw_name, user->pw_gid) == 0 &&
	    setgid(user->pw_gid) == 0 && setuid(user->pw_uid) == 0)
		return true;
	return fault_set(fault, FAULT_LATER, "could not become user \"%s\": %s",
	    user->pw_name, strerror(errno));
}

/* What strangers send is not read with root's rights, unless one insists. */
static bool
drop_rights(const char *name, struct fault *fault)
{
	const struct passwd *user;

	if (geteuid() != 0)
		return true;
	errno = 0;
	user = getpwnam(name != NULL ? name : "tlsrpt");
	if (user == NULL)
		return fault_set(fault, FAULT_CONFIG,
		    "there is no user \"%s\" to run as: set user= in [daemon]",
		    name != NULL ? name : "tlsrpt");
	return user->pw_uid == 0 || become(user, fault);
}

/* As many files as clients may need, and no core dump of other's reports. */
static void
set_limits(const struct settings *settings)
{
	rlim_t wanted = 2 * (rlim_t)settings->clients + FILES_SPARE;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < wanted) {
		limit.rlim_cur =
		    wanted < limit.rlim_max ? wanted : limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/* --- signals -------------------------------------------------------------- */

static void
reload(struct daemon *self)
{
	const struct settings *settings = self->settings;
	struct fault fault = { .kind = FAULT_NONE };

	notify_reloading();
	if (settings->certificate == NULL)
		log_line(LOG_LEVEL_INFO, NULL,
		    "SIGHUP: there is no certificate to read anew");
	else if (tls_load(settings->certificate, settings->key, &fault))
		log_line(LOG_LEVEL_INFO, NULL,
		    "SIGHUP: the certificate was read anew");
	else
		log_line(LOG_LEVEL_ERROR, NULL,
		    "SIGHUP: the certificate stays as it was: %s", fault.text);
	notify_send("READY=1");
}

static void
on_signal(void *data, uint32_t events)
{
	struct daemon *self = data;
	struct signalfd_siginfo info;

	(void)events;
	while (read(self->signals.fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGHUP)
			reload(self);
		else
			self->ending = true;
	}
}

/* Before any thread starts, so that none of them gets a signal. */
static bool
catch_signals(struct daemon *self, struct fault *fault)
{
	sigset_t signals;

	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGTERM);
	(void)sigaddset(&signals, SIGINT);
	(void)sigaddset(&signals, SIGHUP);
	(void)pthread_sigmask(SIG_BLOCK, &signals, NULL);
	self->signals = (struct loop_source){ signalfd(-1, &signals,
						  SFD_CLOEXEC | SFD_NONBLOCK),
		on_signal, self };
	if (self->signals.fd != -1 &&
	    loop_add(self->loop, &self->signals, EPOLLIN))
		return true;
	return fault_set(fault, FAULT_LATER, "signalfd: %s", strerror(errno));
}

/* --- the parts ------------------------------------------------------------ */

static bool
open_pipeline(struct daemon *self, struct fault *fault)
{
	const struct settings *settings = self->settings;
	struct pipeline_rules rules = {
		.database = settings->database,
		.quarantine = settings->quarantine,
		.strangers = self->strangers,
		.workers = settings->workers,
		.unconfined = settings->unconfined,
		.decode = { [WAY_LMTP] = &settings->mail_rules,
		    [WAY_HTTP] = &settings->document_rules,
		    [WAY_SPOOL] = &settings->document_rules,
		    [WAY_WATCH] = &settings->mail_rules },
		.connections = settings->connections,
		.patience = settings->patience,
		.replay = settings->doors,
		.metrics = &self->metrics,
	};

	if (!spool_open(settings->spool, settings->spool_most, &self->spool,
		fault))
		return false;
	rules.spool = self->spool;
	return pipeline_start(&rules, &self->pipeline, fault);
}

static bool
open_lmtp(struct daemon *self, struct fault *fault)
{
	const struct settings *settings = self->settings;
	struct lmtp_rules rules = {
		.host = self->host,
		.message = settings->mail_rules.limits.message,
		.connections = settings->clients,
		.idle_seconds = settings->idle_seconds,
		.message_seconds = settings->body_seconds,
		.invalid_fails = settings->invalid_fails,
		.door = &settings->mail_door,
		.budget = &self->budget,
		.metrics = &self->metrics,
	};

	return lmtp_open(self->loop, self->pipeline, &rules,
	    self->lmtp_sockets.at, self->lmtp_sockets.n, &self->lmtp, fault);
}

static bool
open_http(struct daemon *self, struct fault *fault)
{
	const struct settings *settings = self->settings;
	struct http_settings http = {
		.rules = settings->http_rules,
		.connections = settings->clients,
		.header_seconds = settings->header_seconds,
		.body_seconds = settings->body_seconds,
		.tls = settings->certificate != NULL,
		.metrics_to_all = settings->metrics_to_all,
		.budget = &self->budget,
		.metrics = &self->metrics,
		.spool = self->spool,
	};

	for (size_t i = 0; i < self->http_sockets.n; i++) {
		if (!http_open(self->pipeline, &http, self->http_sockets.at[i],
			&self->https[i], fault))
			return false;
		self->nhttps++;
	}
	return true;
}

static bool
open_watch(struct daemon *self, struct fault *fault)
{
	const struct settings *settings = self->settings;
	struct watch_rules rules = {
		.maildirs = settings->watch,
		.state = settings->spool,
		.message = settings->mail_rules.limits.message,
		.after = settings->after,
		.after_folder = settings->after_folder,
		.door = &settings->mail_door,
	};

	return settings->watch[0] == NULL ||
	    watch_open(self->pipeline, &rules, &self->watch, fault);
}

/* The key comes after decoders were made, which know what we know by then. */
static bool
load_certificate(struct daemon *self, struct fault *fault)
{
	const struct settings *settings = self->settings;

	return settings->certificate == NULL ||
	    tls_load(settings->certificate, settings->key, fault);
}

static bool
start(struct daemon *self, struct fault *fault)
{
	const struct settings *settings = self->settings;

	if (gethostname(self->host, sizeof(self->host) - 1) != 0)
		(void)snprintf(self->host, sizeof(self->host), "localhost");
	self->metrics.started = time(NULL);
	self->budget.most = settings->memory;
	self->strangers =
	    strangers_new(settings->quarantine, settings->quarantine_most);
	set_limits(settings);
	return open_sockets(self, fault) &&
	    drop_rights(settings->user, fault) &&
	    loop_open(&self->loop, fault) && catch_signals(self, fault) &&
	    open_pipeline(self, fault) && load_certificate(self, fault) &&
	    open_lmtp(self, fault) && open_http(self, fault) &&
	    open_watch(self, fault);
}

/* --- the work ------------------------------------------------------------- */

static void
tell_status(struct daemon *self)
{
	char status[STATUS_SIZE];

	(void)snprintf(status, sizeof(status),
	    "STATUS=database %s, %zu in the spool, %zu under way",
	    pipeline_is_up(self->pipeline) ? "up" : "away",
	    spool_depth(self->spool), pipeline_waiting(self->pipeline));
	notify_send(status);
}

static void
tick(struct daemon *self, int64_t count)
{
	pipeline_tick(self->pipeline);
	if (self->watchdog > 0 &&
	    milliseconds() - self->barked >= self->watchdog / 2 &&
	    pipeline_is_alive(self->pipeline)) {
		notify_send("WATCHDOG=1");
		self->barked = milliseconds();
	}
	if (count % SLOW_TICKS != 0)
		return;
	lmtp_tick(self->lmtp);
	for (size_t i = 0; i < self->nhttps; i++)
		http_tick(self->https[i]);
	if (count % ((int64_t)SLOW_TICKS * SLOW_TICKS) == 0)
		tell_status(self);
}

/* Wait for what comes, once, and look after what waits. */
static void
turn(struct daemon *self, int64_t *ticked)
{
	loop_run(self->loop, TICK);
	if (milliseconds() - *ticked < TICK)
		return;
	*ticked = milliseconds();
	tick(self, *ticked / TICK);
}

static void
serve(struct daemon *self)
{
	int64_t ticked = 0;

	while (!self->ending)
		turn(self, &ticked);
}

static size_t
unanswered(struct daemon *self)
{
	size_t n =
	    pipeline_waiting(self->pipeline) + lmtp_connections(self->lmtp);

	for (size_t i = 0; i < self->nhttps; i++)
		n += http_requests(self->https[i]);
	return n;
}

/* Until nothing waits for an answer, or it is too late for that. */
static void
answer_all(struct daemon *self, int64_t until)
{
	int64_t ticked = 0;

	while (unanswered(self) > 0 && milliseconds() < until) {
		loop_run(self->loop, 20);
		if (milliseconds() - ticked >= TICK) {
			ticked = milliseconds();
			tick(self, ticked / TICK);
		}
	}
}

/*
 * Take nothing more, and answer what was taken; last, what came meanwhile by
 * connections that there were.
 */
static bool
finish(struct daemon *self, struct fault *fault)
{
	int64_t until =
	    milliseconds() + (int64_t)self->settings->shutdown_seconds * 1000;

	notify_send("STOPPING=1");
	log_line(LOG_LEVEL_INFO, NULL, "shutting down");
	for (size_t i = 0; i < self->nhttps; i++)
		http_quiesce(self->https[i]);
	if (self->watch != NULL)
		watch_quiesce(self->watch);
	lmtp_quiesce(self->lmtp);
	answer_all(self, until);
	for (size_t i = 0; i < self->nhttps; i++)
		http_refuse(self->https[i]);
	answer_all(self, until);
	if (pipeline_waiting(self->pipeline) == 0)
		return true;
	return fault_set(fault, FAULT_LATER,
	    "%zu messages were not answered in time",
	    pipeline_waiting(self->pipeline));
}

static void
close_sockets(const struct sockets *sockets)
{
	for (size_t i = 0; i < sockets->n; i++)
		(void)close(sockets->at[i]);
}

/* In the order that leaves nobody with an answer for what is gone. */
static void
end(struct daemon *self)
{
	for (size_t i = 0; i < self->nhttps; i++)
		http_close(self->https[i]);
	pipeline_stop(self->pipeline);
	watch_close(self->watch);
	lmtp_close(self->lmtp);
	spool_close(self->spool);
	strangers_free(self->strangers);
	if (self->signals.fd > 0)
		(void)close(self->signals.fd);
	loop_close(self->loop);
	tls_free();
}

static void
unlink_sockets(const struct settings *settings)
{
	for (size_t i = 0; settings->lmtp[i] != NULL; i++)
		listen_unlink(settings->lmtp[i]);
	for (size_t i = 0; settings->http[i] != NULL; i++)
		listen_unlink(settings->http[i]);
}

bool
daemon_run(const struct settings *settings, struct fault *fault)
{
	struct daemon *self = calloc(1, sizeof(*self));
	bool done;

	if (self == NULL)
		fault_out_of_memory();
	self->settings = settings;
	self->watchdog = notify_watchdog();
	if (!start(self, fault)) {
		if (self->lmtp == NULL)
			close_sockets(&self->lmtp_sockets);
		if (self->nhttps == 0)
			close_sockets(&self->http_sockets);
		end(self);
		free(self);
		return false;
	}
	log_line(LOG_LEVEL_INFO, NULL, "ready");
	notify_send("READY=1");
	serve(self);
	unlink_sockets(settings);
	done = finish(self, fault);
	/* Who still waits has threads that would wait with us. */
	if (!done)
		return false;
	end(self);
	free(self);
	return true;
}
