/* What a command of tlsrpt-report works with, and what each of them is. */
#ifndef TASK_H
#define TASK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/bytes.h"
#include "base/fault.h"
#include "explain/filter.h"
#include "explain/table.h"
#include "explain/term.h"
#include "report/report.h"
#include "store/query.h"

enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_CSV };

/* From which value on something is a warning, and from which it is critical. */
struct threshold {
	double warning;
	double critical;
};

/* What "check" measures against. */
struct check_rules {
	struct threshold failure_rate; /* percent of the sessions */
	struct threshold silence;      /* days of a regular reporter */
	struct threshold age;          /* hours since the last arrival */
	struct threshold quarantine;   /* messages turned away in a day */
};

/* What "readiness" asks for. */
struct readiness_rules {
	int64_t days;        /* with reports, and in a row without a failure */
	int64_t reporters;   /* that were heard */
	int64_t sessions;    /* that were counted */
	double failure_rate; /* percent that may fail all the same */
};

struct task {
	struct arena *arena;
	struct query *query; /* NULL where the command needs none */
	struct filter filter;
	enum format format;
	struct term term; /* term.out takes what is printed, in any format */
	int64_t now;      /* seconds since 1970 */
	struct check_rules check;
	struct readiness_rules readiness;
	bool unconfined;               /* show: decode in this process */
	struct text_list authserv_ids; /* show: whose verdict to believe */
	struct bytes live; /* drift: what tlsrpt-dns --format=json printed */
	bool live_given;
	const char *from; /* digest: addresses, as given */
	const char *to;
	bool always; /* digest: also where nothing is to be said */
	int status;  /* exit status where all went well */
	struct fault *fault;
};

/*
 * The commands.  Each writes to task->term.out; operand is its operand, or
 * NULL.  False with a fault; nothing is to be printed then.
 */
bool summary_run(struct task *task, const char *operand);
bool failures_run(struct task *task, const char *operand);
bool reporters_run(struct task *task, const char *operand);
bool show_run(struct task *task, const char *operand);
bool explain_run(struct task *task, const char *operand);
bool readiness_run(struct task *task, const char *operand);
bool check_run(struct task *task, const char *operand);
bool metrics_run(struct task *task, const char *operand);
bool html_run(struct task *task, const char *operand);
bool digest_run(struct task *task, const char *operand);

bool drift_run(struct task *task, const char *operand);

/* Print tables in the format asked for, which is not FORMAT_TEXT. */
void task_table(const struct task *task, const struct table *table);

#endif
