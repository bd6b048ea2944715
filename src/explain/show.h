/* One report, explained in sentences. */
#ifndef SHOW_H
#define SHOW_H

#include "explain/term.h"
#include "report/report.h"

/* Sentences first, then all that stands in it, then what is odd. */
void show_report(const struct term *term, const struct report *report);

#endif
