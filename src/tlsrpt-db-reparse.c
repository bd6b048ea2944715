#include "tlsrpt-db-reparse.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/log.h"
#include "base/text.h"
#include "intake/decoder.h"
#include "store/reparse.h"
#include "tlsrpt-db-show.h"

static const char program[] = "tlsrpt-db";

static volatile sig_atomic_t asked_to_stop;

static void
ask_to_stop(int signal)
{
	(void)signal;
	asked_to_stop = 1;
}

static bool
stops(void)
{
	return asked_to_stop != 0;
}

/* The transaction under way is finished; a decoder that is gone is no end. */
static void
take_signals(void)
{
	struct sigaction action = { .sa_handler = ask_to_stop,
		.sa_flags = SA_RESTART };

	(void)sigemptyset(&action.sa_mask);
	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
}

static bool
settle_size(struct config *config, const char *key, size_t *size,
    struct fault *fault)
{
	static const size_t most = (size_t)1 << 30;
	const char *value = config_text(config, "ingest", key);

	return value == NULL ||
	    (text_read_size(value, size) && *size > 0 && *size <= most) ||
	    fault_set(fault, FAULT_CONFIG,
		"[ingest] %s: \"%s\" is not a size such as 16M, at most 1G",
		key, value);
}

/* What was taken in by these limits is read by them; nobody is judged anew. */
static bool
settle_rules(struct config *config, struct decode_rules *rules,
    struct fault *fault)
{
	const char *depth = config_text(config, "ingest", "max-depth");
	long long number = 0;

	*rules =
	    (struct decode_rules){ .limits = LIMITS_DEFAULT, .auth = AUTH_OFF };
	if (depth != NULL &&
	    !text_read_number(depth, 1, LIMIT_DEPTH_MOST, &number))
		return fault_set(fault, FAULT_CONFIG,
		    "[ingest] max-depth: \"%s\" is not a number from 1 to %d",
		    depth, LIMIT_DEPTH_MOST);
	if (depth != NULL)
		rules->limits.depth = (int)number;
	return settle_size(config, "max-message", &rules->limits.message,
		   fault) &&
	    settle_size(config, "max-report", &rules->limits.report, fault);
}

static bool
start_decoder(struct config *config, const struct decode_rules *rules,
    struct decoder **decoder, struct fault *fault)
{
	const char *unconfined = config_text(config, "ingest", "no-sandbox");
	bool apart = unconfined == NULL || strcmp(unconfined, "yes") != 0;
	const char *lack;

	if (!decoder_start(rules, NULL, apart, decoder, fault))
		return false;
	lack = decoder_lack(*decoder);
	if (!apart)
		log_line(LOG_LEVEL_INFO, "sandbox", "%s", DECODER_OFF);
	else if (lack != NULL)
		log_line(LOG_LEVEL_INFO, "sandbox", DECODER_LACKS, lack);
	return true;
}

/* Documents come from strangers: they are decoded as mail is. */
static bool
decode(void *data, struct reparse_job *jobs, size_t n, struct arena *arena,
    struct fault *fault)
{
	struct decoding_job inner[DECODER_MESSAGES];

	for (size_t i = 0; i < n; i++)
		inner[i] = (struct decoding_job){ .raw = jobs[i].document,
			.origin = { .source = jobs[i].key,
			    .received_at = jobs[i].received_at,
			    .now = jobs[i].received_at,
			    .channel = CHANNEL_FILE } };
	decoder_decode(data, inner, n, arena);
	for (size_t i = 0; i < n; i++) {
		jobs[i].intake = inner[i].intake;
		if (jobs[i].intake == NULL) {
			*fault = inner[i].fault;
			return false;
		}
	}
	return true;
}

static void
tell(const char *key, const char *why)
{
	log_line(LOG_LEVEL_ERROR, key, "left as it is: %s", why);
}

static double
seconds_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* On a terminal, how far it is. */
static void
show_progress(int64_t done, int64_t total, int64_t changed)
{
	static double began;
	double now = seconds_now();
	double rate;

	if (began <= 0)
		began = now;
	rate = now > began ? (double)done / (now - began) : 0;
	(void)fprintf(stderr, "\r%" PRId64 "/%" PRId64 "  %" PRId64 " changed",
	    done, total, changed);
	if (rate > 0 && total >= done)
		(void)fprintf(stderr, "  %.0f/s  %.0f s left", rate,
		    (double)(total - done) / rate);
	(void)fputs(" \033[K", stderr);
	(void)fflush(stderr);
}

static void
show(const struct reparse_counts *counts, bool dry_run)
{
	(void)printf("%s %" PRId64 " reports%s:\n",
	    dry_run ? "Would change, of" : "Changed, of", counts->reports,
	    counts->resumed ? ", where an earlier run was broken off" : "");
	show_number("reports", counts->changed);
	show_number("  identity", counts->identities);
	show_number("  reporter", counts->heads);
	show_number("  deviations", counts->deviations);
	show_number("  policies", counts->policies);
	show_number("  failures", counts->failures);
	(void)printf("Left as they are:\n");
	show_number("unreadable", counts->unreadable);
	show_number("refused", counts->refused);
	show_number("no document", counts->undocumented);
}

static void
show_json(const struct reparse_counts *counts, bool dry_run)
{
	(void)printf("{\"dry_run\": %s, \"resumed\": %s, \"finished\": %s, "
		     "\"reports\": %" PRId64 ", \"changed\": %" PRId64
		     ", \"identity\": %" PRId64 ", \"reporter\": %" PRId64
		     ", \"deviations\": %" PRId64 ", \"policies\": %" PRId64
		     ", \"failures\": %" PRId64 ", \"unreadable\": %" PRId64
		     ", \"refused\": %" PRId64 ", \"no_document\": %" PRId64
		     "}\n",
	    dry_run ? "true" : "false", counts->resumed ? "true" : "false",
	    counts->stopped ? "false" : "true", counts->reports,
	    counts->changed, counts->identities, counts->heads,
	    counts->deviations, counts->policies, counts->failures,
	    counts->unreadable, counts->refused, counts->undocumented);
}

static bool
run(const char *uri, struct decoder *decoder,
    const struct reparse_options *options, struct fault *fault)
{
	bool shows = !options->quiet && isatty(STDERR_FILENO) == 1;
	const struct reparse_wish wish = { .decode = decode,
		.data = decoder,
		.tell = tell,
		.show = shows ? show_progress : NULL,
		.stops = stops,
		.program = PACKAGE_VERSION };
	struct reparse_counts counts;
	struct store *store = NULL;
	struct query *query = NULL;
	bool done;

	done = query_open(uri, program, 0, &query, fault) &&
	    (options->dry_run ||
		store_open(uri, STORE_ALTER, program, 0, &store, fault)) &&
	    reparse(query, store, &wish, &counts, fault);
	if (shows)
		(void)fputs("\r\033[K", stderr);
	store_close(store);
	query_close(query);
	if (!done)
		return false;
	if (options->json)
		show_json(&counts, options->dry_run);
	else if (!options->quiet || options->dry_run)
		show(&counts, options->dry_run);
	return !counts.stopped ||
	    fault_set(fault, FAULT_LATER,
		"stopped by a signal: run it again to go on");
}

bool
reparse_run(const char *uri, struct config *config,
    const struct reparse_options *options, struct fault *fault)
{
	struct decode_rules rules;
	struct decoder *decoder = NULL;
	bool done;

	take_signals();
	/* Before there is a connection: the process has a copy of all this. */
	done = settle_rules(config, &rules, fault) &&
	    start_decoder(config, &rules, &decoder, fault) &&
	    run(uri, decoder, options, fault);
	decoder_stop(decoder);
	return done;
}
