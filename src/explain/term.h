/* Text for people at a terminal, in a pipe, or in a mail. */
#ifndef TERM_H
#define TERM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"

enum { TERM_WIDTH = 80, TERM_LEAST = 40, TERM_MOST = 120 };

struct term {
	struct buffer *out;
	struct arena *arena;
	int width;
	bool colour; /* and sparklines */
};

/*
 * What standard output is: its width, and whether it takes colour, which is
 * only on a terminal without NO_COLOR (no-color.org) or TERM=dumb.
 */
void term_look(struct term *term, struct buffer *out, struct arena *arena);

/* A colour means one thing: how bad it is. */
enum tone { TONE_PLAIN, TONE_GOOD, TONE_WARN, TONE_BAD, TONE_DIM, TONE_TITLE };

/* Text in a tone; the text itself where there is no colour. */
const char *term_tone(const struct term *term, enum tone tone,
    const char *text);

/*
 * A paragraph, wrapped.  first and rest are blanks before its first and its
 * other lines.  Words too long for a line are broken.
 */
void term_paragraph(const struct term *term, int first, int rest,
    const char *text);

/* A paragraph with a mark, such as "1." or "-", hanging before it. */
void term_item(const struct term *term, int indent, const char *mark,
    const char *text);

/* A line that is not wrapped, such as a command. */
void term_line(const struct term *term, int indent, const char *text);

void term_title(const struct term *term, const char *text);
void term_blank(const struct term *term);

struct term_column {
	const char *title;
	bool number; /* to the right, and never cut */
	bool fixed;  /* never cut either */
};

/*
 * A table with its titles; cells[row * ncolumns + column], NULL is empty, and
 * tones, one a row, may be NULL.  Columns of text are cut so that it fits.
 */
void term_table(const struct term *term, const struct term_column columns[],
    size_t ncolumns, const char *const cells[], size_t nrows,
    const enum tone tones[]);

/* How many columns a text takes. */
int term_columns(const char *text);

/* The text, cut to so many columns with an ellipsis. */
const char *term_cut(const char *text, int columns, struct arena *arena);

/* One block a number, the greatest the highest; "" without colour. */
const char *term_sparkline(const struct term *term, const int64_t numbers[],
    size_t n);

#endif
