#include "daemon/metrics.h"

#include <inttypes.h>

const char *const way_names[NWAYS] = {
	[WAY_LMTP] = "lmtp",
	[WAY_HTTP] = "http",
	[WAY_SPOOL] = "spool",
	[WAY_WATCH] = "watch",
};

static const double second_bounds[METRICS_BUCKETS] = { 0.001, 0.0025, 0.005,
	0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30 };

static const double message_bounds[METRICS_BUCKETS] = { 1, 2, 3, 5, 8, 12, 20,
	32, 50, 80, 125, 200, 320, 500 };

static void
observe(struct histogram *histogram, const double bounds[], double value)
{
	size_t i = 0;

	while (i < METRICS_BUCKETS && value > bounds[i])
		i++;
	atomic_fetch_add(&histogram->counts[i], 1);
	atomic_fetch_add(&histogram->sum,
	    (uint64_t)(value > 0 ? value * 1e6 : 0));
}

void
metrics_intake(struct metrics *metrics, const struct intake *intake)
{
	atomic_fetch_add(&metrics->intakes[intake->channel][intake->outcome],
	    1);
	if (intake->outcome == OUTCOME_REJECTED)
		atomic_fetch_add(&metrics->reasons[intake->reason], 1);
	atomic_fetch_add(&metrics->reports, intake->nreports);
	for (size_t i = 0; i < intake->nreports; i++)
		for (int k = 0; k < NDEVIATIONS; k++)
			if ((intake->reports[i].deviations >> k & 1) != 0)
				atomic_fetch_add(&metrics->deviations[k], 1);
}

void
metrics_commit(struct metrics *metrics, size_t messages, double seconds)
{
	observe(&metrics->commit_seconds, second_bounds, seconds);
	observe(&metrics->commit_messages, message_bounds, (double)messages);
}

void
metrics_answer(struct metrics *metrics, enum way way, double seconds)
{
	observe(&metrics->answer_seconds[way], second_bounds, seconds);
}

void
metrics_code(_Atomic uint64_t *codes, unsigned int code)
{
	if (code < METRICS_STATUS_MOST)
		atomic_fetch_add(&codes[code], 1);
}

static void
head(struct buffer *out, const char *name, const char *type, const char *help)
{
	buffer_printf(out, "# HELP tlsrptd_%s %s\n# TYPE tlsrptd_%s %s\n", name,
	    help, name, type);
}

static void
single(struct buffer *out, const char *name, const char *type, const char *help,
    uint64_t value)
{
	head(out, name, type, help);
	buffer_printf(out, "tlsrptd_%s %" PRIu64 "\n", name, value);
}

static void
write_intakes(struct metrics *metrics, struct buffer *out)
{
	static const enum outcome shown[] = { OUTCOME_STORED, OUTCOME_DUPLICATE,
		OUTCOME_SUPERSEDED, OUTCOME_REJECTED };

	head(out, "intakes_total", "counter",
	    "Messages and documents, by channel and outcome.");
	for (int channel = 0; channel < NCHANNELS; channel++)
		for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
			buffer_printf(out,
			    "tlsrptd_intakes_total{channel=\"%s\","
			    "outcome=\"%s\"} %" PRIu64 "\n",
			    channel_names[channel], outcome_names[shown[i]],
			    metrics->intakes[channel][shown[i]]);
	head(out, "rejected_total", "counter", "Rejected ones, by reason.");
	for (int i = 1; i < NREASONS; i++)
		buffer_printf(out,
		    "tlsrptd_rejected_total{reason=\"%s\"} %" PRIu64 "\n",
		    reason_codes[i].code, metrics->reasons[i]);
	head(out, "deviations_total", "counter",
	    "Reports that deviate from RFC 8460, by code.");
	for (int i = 0; i < NDEVIATIONS; i++)
		buffer_printf(out,
		    "tlsrptd_deviations_total{code=\"%s\"} %" PRIu64 "\n",
		    deviation_codes[i].code, metrics->deviations[i]);
	single(out, "reports_total", "counter", "Reports in those messages.",
	    metrics->reports);
}

static void
write_histogram(struct buffer *out, const char *name, const char *label,
    const double bounds[], struct histogram *histogram)
{
	const char *comma = label[0] != '\0' ? "," : "";
	uint64_t sum = histogram->sum;
	uint64_t total = 0;

	for (size_t i = 0; i < METRICS_BUCKETS; i++) {
		total += histogram->counts[i];
		buffer_printf(out,
		    "tlsrptd_%s_bucket{%s%sle=\"%g\"} %" PRIu64 "\n", name,
		    label, comma, bounds[i], total);
	}
	total += histogram->counts[METRICS_BUCKETS];
	buffer_printf(out, "tlsrptd_%s_bucket{%s%sle=\"+Inf\"} %" PRIu64 "\n",
	    name, label, comma, total);
	buffer_printf(out, "tlsrptd_%s_sum%s%s%s %.6f\n", name,
	    label[0] != '\0' ? "{" : "", label, label[0] != '\0' ? "}" : "",
	    (double)sum / 1e6);
	buffer_printf(out, "tlsrptd_%s_count%s%s%s %" PRIu64 "\n", name,
	    label[0] != '\0' ? "{" : "", label, label[0] != '\0' ? "}" : "",
	    total);
}

static void
write_histograms(struct metrics *metrics, struct buffer *out)
{
	static const char *const labels[NWAYS] = {
		[WAY_LMTP] = "way=\"lmtp\"",
		[WAY_HTTP] = "way=\"http\"",
		[WAY_SPOOL] = "way=\"spool\"",
		[WAY_WATCH] = "way=\"watch\"",
	};

	head(out, "commit_seconds", "histogram",
	    "Time that a transaction took.");
	write_histogram(out, "commit_seconds", "", second_bounds,
	    &metrics->commit_seconds);
	head(out, "commit_messages", "histogram",
	    "Messages in one transaction.");
	write_histogram(out, "commit_messages", "", message_bounds,
	    &metrics->commit_messages);
	head(out, "answer_seconds", "histogram",
	    "From the last byte of a message to its answer.");
	for (int way = 0; way < NWAYS; way++)
		write_histogram(out, "answer_seconds", labels[way],
		    second_bounds, &metrics->answer_seconds[way]);
}

static void
write_codes(struct buffer *out, const char *name, _Atomic uint64_t *codes)
{
	for (unsigned int code = 0; code < METRICS_STATUS_MOST; code++)
		if (codes[code] > 0)
			buffer_printf(out,
			    "tlsrptd_%s{code=\"%u\"} %" PRIu64 "\n", name, code,
			    codes[code]);
}

static void
write_ways(struct buffer *out, const char *name, const _Atomic uint64_t *values)
{
	for (int way = 0; way < NWAYS; way++)
		buffer_printf(out, "tlsrptd_%s{way=\"%s\"} %" PRIu64 "\n", name,
		    way_names[way], values[way]);
}

static void
write_traffic(struct metrics *metrics, struct buffer *out)
{
	head(out, "connections", "gauge", "Connections that are open.");
	write_ways(out, "connections", metrics->connections);
	head(out, "connections_total", "counter", "Connections taken.");
	write_ways(out, "connections_total", metrics->accepted);
	head(out, "connections_refused_total", "counter",
	    "Connections closed for there were too many.");
	write_ways(out, "connections_refused_total", metrics->refused);
	head(out, "received_bytes_total", "counter",
	    "Bytes of messages and documents.");
	write_ways(out, "received_bytes_total", metrics->bytes);
	head(out, "lmtp_replies_total", "counter",
	    "Replies to messages, a recipient each, by code.");
	write_codes(out, "lmtp_replies_total", metrics->lmtp_replies);
	head(out, "http_responses_total", "counter", "Responses, by status.");
	write_codes(out, "http_responses_total", metrics->http_responses);
}

static void
write_gauges(const struct metrics_gauges *gauges, struct buffer *out)
{
	int64_t age =
	    gauges->spool_oldest > 0 ? gauges->now - gauges->spool_oldest : 0;

	single(out, "database_up", "gauge",
	    "1 where the database answers, as far as is known.",
	    gauges->database_up ? 1 : 0);
	single(out, "spool_documents", "gauge",
	    "Documents that wait for the database.", gauges->spool_depth);
	single(out, "spool_oldest_seconds", "gauge",
	    "How long the oldest of them has waited; 0: none waits.",
	    age > 0 ? (uint64_t)age : 0);
	single(out, "waiting_messages", "gauge",
	    "Messages that are complete and not committed yet.",
	    gauges->waiting);
}

void
metrics_write(struct metrics *metrics, const struct metrics_gauges *gauges,
    struct buffer *out)
{
	write_intakes(metrics, out);
	single(out, "spooled_total", "counter",
	    "Documents answered from the spool.", metrics->spooled);
	single(out, "commit_failures_total", "counter",
	    "Transactions that came to nothing.", metrics->failures);
	write_histograms(metrics, out);
	write_traffic(metrics, out);
	write_gauges(gauges, out);
	single(out, "start_time_seconds", "gauge",
	    "When the daemon started, in seconds since 1970.",
	    (uint64_t)metrics->started);
	head(out, "build_info", "gauge", "The version that runs.");
	buffer_printf(out, "tlsrptd_build_info{version=\"%s\"} 1\n",
	    PACKAGE_VERSION);
}
