/*
 * What people read, in their language: gettext behind a header of our own.
 *
 * Only text for people is marked: explanations, summaries, findings, pages.
 * What programs read (JSON, CSV, metrics, exit statuses, a record to publish)
 * and diagnostics on stderr stay as they are.  Text in tables is marked with
 * N_() where it stands, and looked up with _() where it is shown.  A sentence
 * is marked whole, never put together from pieces.
 */
#ifndef TRANSLATE_H
#define TRANSLATE_H

#define _(text)  translate(text)
#define N_(text) (text)

/*
 * Take up the language of the environment (LANGUAGE, LC_ALL, LC_MESSAGES,
 * LANG); call it once, first of all.  Numbers, dates, and what counts as a
 * letter stay those of the C locale; text is UTF-8.  Without this call, or
 * without a catalogue, everything is English.
 */
void translate_init(void);

/*
 * The text in the language of the user, or the text itself.  It is never
 * freed.  A translation of a format takes the same arguments.
 */
const char *translate(const char *text) __attribute__((format_arg(1)));

/*
 * The form that goes with a number: one for 1, many for the others, or what
 * the language has for it.
 *
 *	printf(translate_plural("%lu day", "%lu days", n), n)
 */
const char *translate_plural(const char *one, const char *many, unsigned long n)
    __attribute__((format_arg(1))) __attribute__((format_arg(2)));

#endif
