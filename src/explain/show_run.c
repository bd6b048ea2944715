/* The command "show": a file, standard input, or a key of the database. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "explain/load.h"
#include "explain/show.h"
#include "explain/task.h"
#include "intake/decoder.h"
#include "report/identity.h"
#include "report/report_write.h"

static const struct table_column columns[] = {
	{ "report_key", CELL_TEXT },
	{ "organization", CELL_TEXT },
	{ "report_id", CELL_TEXT },
	{ "policy_no", CELL_NUMBER },
	{ "policy_domain", CELL_TEXT },
	{ "policy_type", CELL_TEXT },
	{ "sts_mode", CELL_TEXT },
	{ "successful", CELL_NUMBER },
	{ "failed", CELL_NUMBER },
	{ "result_type", CELL_TEXT },
	{ "sending_mta_ip", CELL_TEXT },
	{ "receiving_mx_hostname", CELL_TEXT },
	{ "receiving_mx_helo", CELL_TEXT },
	{ "receiving_ip", CELL_TEXT },
	{ "failed_here", CELL_NUMBER },
	{ "additional_information", CELL_TEXT },
	{ "failure_reason_code", CELL_TEXT },
};

enum { NCOLUMNS = sizeof(columns) / sizeof(columns[0]) };

static const char **
policy_row(struct table *table, const struct report *report, size_t n,
    struct arena *arena)
{
	const struct policy *policy = &report->policies[n];
	const char **row = table_row(table);
	char key[REPORT_KEY_TEXT_SIZE];

	identity_write(report->key, key);
	row[0] = arena_copy(arena, key, strlen(key));
	row[1] = report->organization;
	row[2] = report->id;
	row[3] = table_number((int64_t)n + 1, arena);
	row[4] = policy->domain;
	row[5] = policy->type;
	row[6] = policy->sts_mode;
	row[7] = table_number(policy->successful, arena);
	row[8] = table_number(policy->failed, arena);
	return row;
}

static void
failure_cells(const char **row, const struct failure *failure,
    struct arena *arena)
{
	row[9] = failure->result_type;
	row[10] = failure->sending_mta_ip.text;
	row[11] = failure->receiving_mx_hostname;
	row[12] = failure->receiving_mx_helo;
	row[13] = failure->receiving_ip.text;
	row[14] = table_number(failure->failed, arena);
	row[15] = failure->additional_information;
	row[16] = failure->failure_reason_code;
}

/* A row for each failure, and one for a policy without any. */
static struct table
table_of(const struct report *reports, size_t n, struct arena *arena)
{
	struct table table;
	size_t rows = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < reports[i].npolicies; j++)
			rows += 1 + reports[i].policies[j].nfailures;
	table = table_new("show", columns, NCOLUMNS, rows, arena);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < reports[i].npolicies; j++) {
			const struct policy *policy = &reports[i].policies[j];

			if (policy->nfailures == 0)
				(void)policy_row(&table, &reports[i], j, arena);
			for (size_t k = 0; k < policy->nfailures; k++)
				failure_cells(policy_row(&table, &reports[i], j,
						  arena),
				    &policy->failures[k], arena);
		}
	return table;
}

static void
print_reports(const struct task *task, const struct report *reports, size_t n)
{
	struct table table;

	if (task->format == FORMAT_CSV) {
		table = table_of(reports, n, task->arena);
		table_csv(&table, task->term.out);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (task->format == FORMAT_JSON) {
			report_write(&reports[i], task->term.out);
			buffer_text(task->term.out, "\n");
			continue;
		}
		if (i > 0)
			term_blank(&task->term);
		show_report(&task->term, &reports[i]);
	}
}

/* All of a file, and no more than one message may have. */
static bool
read_all(int fd, size_t most, struct buffer *out, struct fault *fault)
{
	for (;;) {
		ssize_t got = read(fd, buffer_room(out, 65536), 65536);

		if (got == 0)
			return true;
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fault_set(fault, FAULT_INPUT,
			    "cannot be read: %s", strerror(errno));
		out->len += (size_t)got;
		if (out->len > most)
			return fault_set(fault, FAULT_LIMIT,
			    "is longer than %zu bytes", most);
	}
}

/* Behind a wall, since mail comes from strangers: see intake/decoder.h. */
static const struct intake *
decode_apart(const struct task *task, const char *source,
    const struct decode_rules *rules, const struct buffer *in)
{
	struct decoding_job job = { .raw = { (const unsigned char *)in->at,
					in->len },
		.origin = { source, task->now, task->now, CHANNEL_MAIL } };
	struct decoder *decoder = NULL;

	(void)signal(SIGPIPE, SIG_IGN);
	if (!decoder_start(rules, &job.raw, !task->unconfined, &decoder,
		task->fault))
		return NULL;
	if (decoder_lack(decoder) != NULL && !task->unconfined)
		log_line(LOG_LEVEL_DEBUG, "sandbox", DECODER_LACKS,
		    decoder_lack(decoder));
	decoder_decode(decoder, &job, 1, task->arena);
	decoder_stop(decoder);
	if (job.intake == NULL)
		*task->fault = job.fault;
	return job.intake;
}

static bool
show_bytes(const struct task *task, const char *source, const struct buffer *in)
{
	const struct decode_rules rules = { .limits = LIMITS_DEFAULT,
		.auth = AUTH_RECORD,
		.authserv_ids = task->authserv_ids };
	const struct intake *intake = decode_apart(task, source, &rules, in);

	if (intake == NULL)
		return false;
	if (intake->nreports == 0)
		return fault_set(task->fault, FAULT_CONTENT, "%s: %s", source,
		    intake->detail != NULL ? intake->detail :
					     reason_codes[intake->reason].code);
	print_reports(task, intake->reports, intake->nreports);
	return true;
}

static bool
show_file(const struct task *task, const char *path)
{
	static const struct limits limits = LIMITS_DEFAULT;
	bool standard = strcmp(path, "-") == 0;
	const char *source = standard ? "stdin" : path;
	struct buffer in = { 0 };
	bool done;
	int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return fault_set(task->fault, FAULT_INPUT,
		    "%s: cannot be opened: %s", path, strerror(errno));
	buffer_text(&in, "");
	done = read_all(fd, limits.message, &in, task->fault) ||
	    fault_at(task->fault, "%s: ", source);
	if (!standard)
		(void)close(fd);
	done = done && show_bytes(task, source, &in);
	buffer_free(&in);
	return done;
}

bool
show_run(struct task *task, const char *operand)
{
	struct report report;

	if (task->query == NULL)
		return show_file(task, operand);
	if (!load_report(task->query, operand, task->arena, &report,
		task->fault))
		return false;
	print_reports(task, &report, 1);
	return true;
}
