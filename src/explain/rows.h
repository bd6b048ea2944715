/* Rows of tables that the terminal and the page both show. */
#ifndef ROWS_H
#define ROWS_H

#include "base/arena.h"
#include "explain/figures.h"

enum { DOMAIN_CELLS = 6, REPORTER_CELLS = 6 };

/* Domain, sessions, failed, rate, the rate before, reporters. */
void rows_domain(const struct domain_figures *domain, struct arena *arena,
    const char *row[DOMAIN_CELLS]);

/* Reporter, sessions, failed, days of those asked for, last seen, remark. */
void rows_reporter(const struct reporter_figures *reporter,
    const struct filter *filter, struct arena *arena,
    const char *row[REPORTER_CELLS]);

#endif
