/* The page as HTML: one file, no script, nothing from elsewhere. */
#ifndef HTML_H
#define HTML_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "explain/figures.h"

struct html {
	struct buffer *out;
	struct arena *arena;
	int nsections;
};

/* Text as text: what HTML would take for marks is escaped. */
void html_text(const struct html *html, const char *text);

/* <name class="class">text</name>; class may be NULL. */
void html_element(const struct html *html, const char *name, const char *class,
    const char *text);

/*
 * From the doctype to <main>.  The policy lets nothing in but the style that
 * stands in the page, by its hash.
 */
void html_start(struct html *html, const char *title);
void html_end(struct html *html, const char *footer);

/* A section with its title. */
void html_section(struct html *html, const char *title);
void html_section_end(const struct html *html);

/* A column of numbers stands to the right. */
struct html_column {
	const char *title;
	bool number;
};

/*
 * A table that may be wider than the screen; cells[row * ncolumns + column],
 * NULL is empty.  The first cell of a row is its head.
 */
void html_table(const struct html *html, const char *caption,
    const struct html_column columns[], size_t ncolumns,
    const char *const cells[], size_t nrows);

/* A bar of a plot: its label, what is said of it, and how long it is. */
struct html_bar {
	const char *label;
	const char *title;
	int64_t value;
};

/*
 * Bars one beside another, with their title and the dates of the first and
 * the last.  class decides the colour.
 */
void html_columns(const struct html *html, const char *title, const char *class,
    const struct html_bar bars[], size_t n);

/* Bars one below another: a table with a plot in it. */
void html_rows(const struct html *html, const char *caption, const char *label,
    const char *number, const char *class, const struct html_bar bars[],
    size_t n);

/*
 * The whole page; without plots for mail, whose readers often show none.
 *
 *	now	when it is made, seconds since 1970
 */
void html_page(const struct figures *figures, bool plots, int64_t now,
    struct buffer *out, struct arena *arena);

#endif
