/* The command "digest": a message for sendmail -t (RFC 5322, RFC 2045). */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/text.h"
#include "base/translate.h"
#include "explain/html.h"
#include "explain/task.h"
#include "explain/views.h"

enum { LINE_MOST = 76, MAIL_WIDTH = 72, WORD_BYTES = 45 };

/* Is anything to be said? */
static bool
is_news(const struct figures *figures)
{
	if (figures->now.failed > 0 || figures->now.sessions == 0)
		return true;
	for (size_t i = 0; i < figures->nfailures; i++)
		if (figures->failures[i].now > 0)
			return true;
	for (size_t i = 0; i < figures->nreporters; i++)
		if (figures_is_silent(&figures->reporters[i]))
			return true;
	return false;
}

/* One address of the kind a@b, with nothing in it that a header minds. */
static bool
check_address(const char *name, const char *address, struct fault *fault)
{
	size_t bad = strcspn(address, " \t\r\n<>,;:\"()\\");

	if (address[bad] == '\0' && text_address_domain(address) != NULL &&
	    *address != '@' && !text_has_controls(address) &&
	    strlen(address) <= 254)
		return true;
	return fault_set(fault, FAULT_USAGE,
	    "--%s: \"%s\" is no address such as postmaster@example.com", name,
	    address);
}

static void
quoted_octet(struct buffer *out, unsigned char c)
{
	buffer_printf(out, "=%02X", c);
}

/* Quoted-printable (RFC 2045, section 6.7), with bare LF, as sendmail wants it. */
static void
add_quoted(struct buffer *out, const char *text)
{
	size_t column = 0;

	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;
		bool last = text[1] == '\n' || text[1] == '\0';
		bool plain = (c > 32 && c < 127 && c != '=') ||
		    ((c == ' ' || c == '\t') && !last);

		if (c == '\n') {
			buffer_text(out, "\n");
			column = 0;
			continue;
		}
		if (column + (plain ? 1 : 3) > LINE_MOST - 1) {
			buffer_text(out, "=\n");
			column = 0;
		}
		/* A dot alone on a line ends a message for some. */
		if (plain && !(c == '.' && column == 0)) {
			buffer_add(out, text, 1);
			column++;
		} else {
			quoted_octet(out, c);
			column += 3;
		}
	}
	buffer_text(out, "\n");
}

static bool
is_ascii(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text >= 128 || (unsigned char)*text < 32)
			return false;
	return true;
}

/* A field's text; what is not ASCII in words of RFC 2047, none too long. */
static void
add_words(struct buffer *out, const char *text)
{
	size_t len = 0;

	if (is_ascii(text)) {
		buffer_text(out, text);
		return;
	}
	buffer_text(out, "=?UTF-8?Q?");
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		/* A character is not to be split over two words. */
		if (len >= WORD_BYTES && (c & 0xc0) != 0x80) {
			buffer_text(out, "?=\n =?UTF-8?Q?");
			len = 0;
		}
		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9')) {
			buffer_add(out, text, 1);
			len++;
		} else {
			quoted_octet(out, c);
			len += 3;
		}
	}
	buffer_text(out, "?=");
}

static const char *
subject_of(const struct figures *figures, struct arena *arena)
{
	const struct filter *filter = figures->filter;
	const char *about = filter->domain != NULL ?
	    text_printable(filter->domain, arena) :
	    _("all domains");
	bool cut;

	about = text_cut(about, 100, arena, &cut);
	switch (views_severity(figures)) {
	case SEVERITY_BAD:
		return arena_printf(arena,
		    _("TLS reports on %s: mail was kept away"), about);
	case SEVERITY_WARN:
		return arena_printf(arena, _("TLS reports on %s: %s failed"),
		    about,
		    words_rate(figures->now.failed, figures->now.sessions,
			arena));
	case SEVERITY_GOOD:
		return arena_printf(arena, _("TLS reports on %s: all is well"),
		    about);
	case SEVERITY_NONE:
		break;
	}
	return arena_printf(arena, _("TLS reports on %s: none"), about);
}

/* Of the recipient, the span and the moment: the same for nobody else. */
static const char *
unique(const struct task *task, const char *purpose)
{
	unsigned char digest[DIGEST_SIZE];
	char text[DIGEST_TEXT_SIZE];
	const char *seed = arena_printf(task->arena, "%s %s %lld %lld %ld",
	    purpose, task->to, (long long)task->now,
	    (long long)task->filter.since, (long)getpid());
	struct bytes bytes = { (const unsigned char *)seed, strlen(seed) };

	digest_of(bytes, digest);
	digest_write(digest, text);
	return arena_copy(task->arena, text, 32);
}

static const char *
date_text(int64_t now, struct arena *arena)
{
	static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu",
		"Fri", "Sat" };
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May",
		"Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	time_t seconds = (time_t)now;
	struct tm tm = { 0 };

	(void)gmtime_r(&seconds, &tm);
	return arena_printf(arena, "%s, %d %s %d %02d:%02d:%02d +0000",
	    days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon], 1900 + tm.tm_year,
	    tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* postmaster at this host, where its name is good for an address. */
static const char *
sender_of(const struct task *task)
{
	char host[256] = "";

	if (task->from != NULL)
		return task->from;
	if (gethostname(host, sizeof(host) - 1) != 0 || *host == '\0' ||
	    strspn(host,
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789.-") != strlen(host))
		return "postmaster@localhost";
	return arena_printf(task->arena, "postmaster@%s", host);
}

static void
add_header(const struct task *task, const struct figures *figures,
    const char *boundary)
{
	struct buffer *out = task->term.out;
	const char *from = sender_of(task);

	buffer_printf(out, "From: %s\nTo: %s\nSubject: ", from, task->to);
	add_words(out, subject_of(figures, task->arena));
	buffer_printf(out,
	    "\nDate: %s\nMessage-ID: <%s@%s>\nMIME-Version: 1.0\n",
	    date_text(task->now, task->arena), unique(task, "message"),
	    text_address_domain(from));
	buffer_printf(out,
	    "Auto-Submitted: auto-generated\n"
	    "Content-Type: multipart/alternative;\n boundary=\"%s\"\n\n",
	    boundary);
}

static void
add_part(struct buffer *out, const char *boundary, const char *type,
    const char *text)
{
	buffer_printf(out,
	    "--%s\nContent-Type: %s; charset=utf-8\n"
	    "Content-Transfer-Encoding: quoted-printable\n\n",
	    boundary, type);
	add_quoted(out, text);
}

static bool
check_addresses(const struct task *task)
{
	if (task->to == NULL)
		return fault_set(task->fault, FAULT_USAGE,
		    "digest wants --to=ADDRESS, or to= in [report]");
	return check_address("to", task->to, task->fault) &&
	    (task->from == NULL ||
		check_address("from", task->from, task->fault));
}

bool
digest_run(struct task *task, const char *operand)
{
	struct figures figures;
	struct buffer text = { 0 };
	struct buffer page = { 0 };
	struct buffer *out = task->term.out;
	struct term mail = { &text, task->arena, MAIL_WIDTH, false };
	const char *boundary;

	(void)operand;
	if (!check_addresses(task) ||
	    !figures_read(task->query, &task->filter, FIGURES_ALL, task->arena,
		&figures, task->fault))
		return false;
	if (!task->always && !is_news(&figures))
		return true;
	summary_print(&mail, &figures);
	html_page(&figures, false, task->now, &page, task->arena);
	boundary = arena_printf(task->arena, "=_%s", unique(task, "boundary"));
	add_header(task, &figures, boundary);
	add_part(out, boundary, "text/plain", text.at);
	add_part(out, boundary, "text/html", page.at);
	buffer_printf(out, "--%s--\n", boundary);
	buffer_free(&text);
	buffer_free(&page);
	return true;
}
