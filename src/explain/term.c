#include "explain/term.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text.h"

void
term_look(struct term *term, struct buffer *out, struct arena *arena)
{
	const char *no_color = getenv("NO_COLOR");
	const char *kind = getenv("TERM");
	struct winsize size = { 0 };
	bool terminal = isatty(STDOUT_FILENO) == 1;
	int width = TERM_WIDTH;

	if (terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 &&
	    size.ws_col > 0)
		width = size.ws_col;
	term->out = out;
	term->arena = arena;
	term->width = width < TERM_LEAST ? TERM_LEAST :
	    width > TERM_MOST            ? TERM_MOST :
					   width;
	term->colour = terminal && (no_color == NULL || *no_color == '\0') &&
	    kind != NULL && strcmp(kind, "dumb") != 0;
}

const char *
term_tone(const struct term *term, enum tone tone, const char *text)
{
	static const char *const codes[] = {
		[TONE_GOOD] = "32",
		[TONE_WARN] = "33",
		[TONE_BAD] = "31;1",
		[TONE_DIM] = "2",
		[TONE_TITLE] = "1",
	};

	if (!term->colour || tone == TONE_PLAIN)
		return text;
	return arena_printf(term->arena, "\033[%sm%s\033[0m", codes[tone],
	    text);
}

/* Bytes of the character at the front, or of an escape that takes no room. */
static size_t
glyph(const char *text, int *columns)
{
	size_t n = 1;

	*columns = 1;
	if (*text == '\033' && text[1] == '[') {
		*columns = 0;
		n = 2 + strcspn(text + 2, "m");
		return text[n] == 'm' ? n + 1 : n;
	}
	while (((unsigned char)text[n] & 0xc0) == 0x80)
		n++;
	return n;
}

int
term_columns(const char *text)
{
	int total = 0;
	int columns;

	for (; *text != '\0'; text += glyph(text, &columns))
		total += (*text == '\033' && text[1] == '[') ? 0 : 1;
	return total;
}

const char *
term_cut(const char *text, int columns, struct arena *arena)
{
	const char *at = text;
	int left = columns - 1;
	int taken;

	if (term_columns(text) <= columns)
		return text;
	while (*at != '\0' && left > 0) {
		at += glyph(at, &taken);
		left -= taken;
	}
	return arena_printf(arena, "%.*s\u2026", (int)(at - text), text);
}

static void
blanks(const struct term *term, int n)
{
	while (n-- > 0)
		buffer_text(term->out, " ");
}

/* The next word with its length; a blank that does not break counts to it. */
static const char *
next_word(const char *text, size_t *len)
{
	text += strspn(text, " \n");
	*len = strcspn(text, " \n");
	return text;
}

/* A word longer than a line goes on in the next one. */
static int
add_long_word(const struct term *term, const char *word, size_t len, int at,
    int rest)
{
	const char *end = word + len;
	int columns;

	while (word < end) {
		size_t n = glyph(word, &columns);

		if (at + columns > term->width) {
			buffer_text(term->out, "\n");
			blanks(term, rest);
			at = rest;
		}
		buffer_add(term->out, word, n);
		at += columns;
		word += n;
	}
	return at;
}

/* From column at on; a line's end is written in any case. */
static void
wrap(const struct term *term, int at, int rest, const char *text)
{
	bool fresh = true;
	size_t len;

	for (text = next_word(text, &len); len > 0;
	     text = next_word(text + len, &len)) {
		int columns = term_columns(arena_copy(term->arena, text, len));

		if (!fresh && at + 1 + columns > term->width) {
			buffer_text(term->out, "\n");
			blanks(term, rest);
			at = rest;
		} else if (!fresh) {
			buffer_text(term->out, " ");
			at++;
		}
		at = add_long_word(term, text, len, at, rest);
		fresh = false;
	}
	buffer_text(term->out, "\n");
}

void
term_paragraph(const struct term *term, int first, int rest, const char *text)
{
	blanks(term, first);
	wrap(term, first, rest, text);
}

void
term_item(const struct term *term, int indent, const char *mark,
    const char *text)
{
	int at = indent + term_columns(mark) + 1;

	blanks(term, indent);
	buffer_text(term->out, mark);
	buffer_text(term->out, " ");
	wrap(term, at, at, text);
}

void
term_line(const struct term *term, int indent, const char *text)
{
	blanks(term, indent);
	buffer_text(term->out, text);
	buffer_text(term->out, "\n");
}

void
term_title(const struct term *term, const char *text)
{
	buffer_text(term->out, term_tone(term, TONE_TITLE, text));
	buffer_text(term->out, "\n");
}

void
term_blank(const struct term *term)
{
	buffer_text(term->out, "\n");
}

enum { COLUMNS_MOST = 16, GAP = 2, TEXT_LEAST = 8 };

static void
measure(const struct term_column columns[], size_t ncolumns,
    const char *const cells[], size_t nrows, int widths[])
{
	for (size_t i = 0; i < ncolumns; i++) {
		widths[i] = term_columns(columns[i].title);
		for (size_t row = 0; row < nrows; row++) {
			const char *cell = cells[row * ncolumns + i];
			int width = cell != NULL ? term_columns(cell) : 0;

			if (width > widths[i])
				widths[i] = width;
		}
	}
}

/* Take from the widest column of text, until all fits. */
static void
squeeze(const struct term *term, const struct term_column columns[],
    size_t ncolumns, int widths[])
{
	for (;;) {
		int total = -GAP;
		size_t widest = ncolumns;

		for (size_t i = 0; i < ncolumns; i++) {
			total += widths[i] + GAP;
			if (!columns[i].number && !columns[i].fixed &&
			    widths[i] > TEXT_LEAST &&
			    (widest == ncolumns || widths[i] > widths[widest]))
				widest = i;
		}
		if (total <= term->width || widest == ncolumns)
			return;
		widths[widest]--;
	}
}

static void
table_row(const struct term *term, const struct term_column columns[],
    size_t ncolumns, const char *const cells[], const int widths[])
{
	struct buffer line = { 0 };
	size_t len;

	buffer_text(&line, "");
	for (size_t i = 0; i < ncolumns; i++) {
		const char *cell = term_cut(cells[i] != NULL ? cells[i] : "",
		    widths[i], term->arena);
		int pad = widths[i] - term_columns(cell);

		if (i > 0)
			buffer_text(&line, "  ");
		while (columns[i].number && pad-- > 0)
			buffer_text(&line, " ");
		buffer_text(&line, cell);
		while (!columns[i].number && pad-- > 0)
			buffer_text(&line, " ");
	}
	for (len = line.len; len > 0 && line.at[len - 1] == ' '; len--)
		;
	line.at[len] = '\0';
	buffer_text(term->out, line.at);
	buffer_free(&line);
}

void
term_table(const struct term *term, const struct term_column columns[],
    size_t ncolumns, const char *const cells[], size_t nrows,
    const enum tone tones[])
{
	int widths[COLUMNS_MOST];
	const char *titles[COLUMNS_MOST];
	size_t n = ncolumns <= COLUMNS_MOST ? ncolumns : COLUMNS_MOST;

	measure(columns, n, cells, nrows, widths);
	squeeze(term, columns, n, widths);
	for (size_t i = 0; i < n; i++)
		titles[i] = columns[i].title;
	for (size_t row = 0; row <= nrows; row++) {
		struct buffer line = { 0 };
		struct term inner = { &line, term->arena, term->width, false };
		enum tone tone = row == 0 ? TONE_DIM :
		    tones != NULL         ? tones[row - 1] :
					    TONE_PLAIN;

		table_row(&inner, columns, n,
		    row == 0 ? titles : &cells[(row - 1) * ncolumns], widths);
		term_line(term, 0, term_tone(term, tone, line.at));
		buffer_free(&line);
	}
}

const char *
term_sparkline(const struct term *term, const int64_t numbers[], size_t n)
{
	static const char *const blocks[] = { " ", "\u2581", "\u2582", "\u2583",
		"\u2584", "\u2585", "\u2586", "\u2587", "\u2588" };
	struct buffer out = { 0 };
	const char *text;
	int64_t most = 0;

	if (!term->colour)
		return "";
	for (size_t i = 0; i < n; i++)
		if (numbers[i] > most)
			most = numbers[i];
	buffer_text(&out, "");
	for (size_t i = 0; i < n; i++) {
		double share = most > 0 ? (double)numbers[i] / (double)most : 0;
		int level = numbers[i] > 0 ? 1 + (int)(share * 7) : 0;

		buffer_text(&out, blocks[level > 8 ? 8 : level]);
	}
	text = arena_copy(term->arena, out.at, out.len);
	buffer_free(&out);
	return text;
}
