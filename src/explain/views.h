/* The figures as tables, for programs and for the page alike. */
#ifndef VIEWS_H
#define VIEWS_H

#include "explain/figures.h"
#include "explain/table.h"
#include "explain/term.h"

struct table views_days(const struct figures *figures, struct arena *arena);
struct table views_domains(const struct figures *figures, struct arena *arena);
struct table views_failures(const struct figures *figures, struct arena *arena);
struct table views_reporters(const struct figures *figures,
    struct arena *arena);

/*
 * The sentence that says how it stands: is something wrong, where, since when,
 * and was mail lost?  *worst is the failure it speaks of, or NULL.
 */
const char *views_status(const struct figures *figures,
    const struct failure_figures **worst, struct arena *arena);

/* How bad is it? */
enum severity { SEVERITY_NONE, SEVERITY_GOOD, SEVERITY_WARN, SEVERITY_BAD };
enum severity views_severity(const struct figures *figures);

/*
 * A failure in sentences: what, where, how often, who saw it, since when; and
 * without what and where, for below a title that says them.
 */
const char *views_failure(const struct figures *figures,
    const struct failure_figures *failure, struct arena *arena);

const char *views_failure_rest(const struct figures *figures,
    const struct failure_figures *failure, struct arena *arena);

/* A reporter's silence in a sentence. */
const char *views_silence(const struct reporter_figures *reporter,
    struct arena *arena);

/* The span in words: "26 August to 25 September 2026" */
const char *views_span(const struct filter *filter, struct arena *arena);

/* The summary as text, from its status to its reporters. */
void summary_print(const struct term *term, const struct figures *figures);

/* "up from 0.2 %" and the like; NULL where there is nothing to compare. */
const char *views_trend(const struct count *now, const struct count *before,
    struct arena *arena);

#endif
