#include "explain/html.h"

#include <string.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/text.h"
#include "base/translate.h"
#include "explain/words.h"

/*
 * A colour means one thing: red is mail kept away or a session that failed,
 * amber is a warning, green is well, blue is a session whatever its policy.
 */
static const char style[] =
    ":root{color-scheme:light dark;--ground:#fff;--text:#1b1b1b;"
    "--dim:#595959;--line:#c9c9c9;--panel:#f4f5f7;--session:#2b5d9b;"
    "--bad:#b3261e;--warn:#7a4d00;--good:#1b6e3c}"
    "@media(prefers-color-scheme:dark){:root{--ground:#14171a;"
    "--text:#ececec;--dim:#b0b4b8;--line:#3c4248;--panel:#1e2226;"
    "--session:#8ab4f8;--bad:#ff8a80;--warn:#ffca6a;--good:#7ddc9a}}"
    "*{box-sizing:border-box}"
    "body{margin:0 auto;padding:1rem;max-width:60rem;background:"
    "var(--ground);color:var(--text);font:1rem/1.5 system-ui,sans-serif;"
    "overflow-wrap:anywhere}"
    "h1{font-size:1.5rem;margin:0}"
    "h2{font-size:1.2rem;margin:2rem 0 .5rem}"
    "h3{font-size:1rem;margin:1rem 0 .25rem}"
    "p{margin:.25rem 0}"
    ".dim,figcaption,footer{color:var(--dim)}"
    ".status{font-size:1.2rem;font-weight:600;padding:.75rem 1rem;"
    "border-left:.4rem solid;background:var(--panel);margin:1rem 0}"
    ".bad{color:var(--bad)}.warn{color:var(--warn)}.good{color:var(--good)}"
    ".tiles{display:grid;grid-template-columns:repeat(auto-fit,"
    "minmax(9rem,1fr));gap:.75rem;margin:1rem 0;padding:0;list-style:none}"
    ".tiles li{background:var(--panel);padding:.5rem .75rem}"
    ".tiles b{display:block;font-size:1.3rem;white-space:nowrap}"
    "figure{margin:1rem 0}"
    ".plot{display:block;width:100%;height:9rem;background:var(--panel)}"
    ".axis{display:flex;justify-content:space-between;color:var(--dim);"
    "font-size:.85rem}"
    ".session{fill:var(--session)}.failed{fill:var(--bad)}"
    ".bar{display:block;width:100%;min-width:6rem;height:1rem}"
    ".wide{overflow-x:auto;margin:.5rem 0}"
    "table{border-collapse:collapse;width:100%;font-size:.95rem}"
    "caption{text-align:left;font-weight:600;padding:.25rem 0}"
    "th,td{text-align:left;padding:.3rem .75rem .3rem 0;border-bottom:1px "
    "solid var(--line);vertical-align:top;overflow-wrap:normal;"
    "font-weight:400}"
    "thead th{color:var(--dim)}"
    "td.number,th.number{text-align:right;font-variant-numeric:"
    "tabular-nums;white-space:nowrap}"
    "td.long{width:45%}"
    "article{border-top:1px solid var(--line);padding:.5rem 0}"
    "summary{cursor:pointer;color:var(--dim)}"
    "a:focus-visible,summary:focus-visible,.wide:focus-visible{outline:"
    "2px solid var(--session);outline-offset:2px}"
    "footer{margin:2rem 0;font-size:.85rem}"
    "@media print{:root{--ground:#fff;--text:#000;--dim:#444;"
    "--panel:#fff;--line:#999;--session:#2b5d9b;--bad:#b3261e;"
    "--warn:#7a4d00;--good:#1b6e3c}body{max-width:none;padding:0}"
    ".wide{overflow:visible}article,figure,tr{break-inside:avoid}"
    "*{print-color-adjust:exact;-webkit-print-color-adjust:exact}"
    "details::details-content{content-visibility:visible;display:block}}";

void
html_text(const struct html *html, const char *text)
{
	/* What is no text for a terminal is none for a page either. */
	text = text_printable(text, html->arena);
	for (; *text != '\0'; text++) {
		switch (*text) {
		case '&':
			buffer_text(html->out, "&amp;");
			break;
		case '<':
			buffer_text(html->out, "&lt;");
			break;
		case '>':
			buffer_text(html->out, "&gt;");
			break;
		case '"':
			buffer_text(html->out, "&quot;");
			break;
		case '\'':
			buffer_text(html->out, "&#39;");
			break;
		default:
			buffer_add(html->out, text, 1);
		}
	}
}

void
html_element(const struct html *html, const char *name, const char *class,
    const char *text)
{
	buffer_printf(html->out, "<%s", name);
	if (class != NULL)
		buffer_printf(html->out, " class=\"%s\"", class);
	buffer_text(html->out, ">");
	html_text(html, text);
	buffer_printf(html->out, "</%s>\n", name);
}

static const char *
base64(const unsigned char *from, size_t len, struct arena *arena)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz"
				      "0123456789+/=";
	char *text = arena_alloc(arena, 4 * ((len + 2) / 3) + 1);
	char *to = text;

	for (size_t i = 0; i < len; i += 3) {
		unsigned n = (unsigned)from[i] << 16 |
		    (i + 1 < len ? (unsigned)from[i + 1] << 8 : 0U) |
		    (i + 2 < len ? (unsigned)from[i + 2] : 0U);

		*to++ = letters[n >> 18 & 63];
		*to++ = letters[n >> 12 & 63];
		*to++ = letters[i + 1 < len ? n >> 6 & 63 : 64];
		*to++ = letters[i + 2 < len ? n & 63 : 64];
	}
	return text;
}

void
html_start(struct html *html, const char *title)
{
	unsigned char digest[DIGEST_SIZE];
	struct bytes bytes = { (const unsigned char *)style,
		sizeof(style) - 1 };

	digest_of(bytes, digest);
	/* TRANSLATORS: the code of this language, as HTML has it. */
	buffer_printf(html->out, "<!DOCTYPE html>\n<html lang=\"%s\">\n",
	    _("en"));
	buffer_printf(html->out,
	    "<head>\n<meta charset=\"utf-8\">\n"
	    "<meta http-equiv=\"Content-Security-Policy\" content=\""
	    "default-src 'none'; style-src 'sha256-%s'; base-uri 'none'; "
	    "form-action 'none'\">\n",
	    base64(digest, sizeof(digest), html->arena));
	buffer_text(html->out,
	    "<meta name=\"viewport\" content=\"width=device-width, "
	    "initial-scale=1\">\n"
	    "<meta name=\"referrer\" content=\"no-referrer\">\n");
	html_element(html, "title", NULL, title);
	buffer_printf(html->out, "<style>%s</style>\n</head>\n<body>\n", style);
	buffer_text(html->out, "<header>\n");
	html_element(html, "h1", NULL, title);
	buffer_text(html->out, "</header>\n<main>\n");
}

void
html_end(struct html *html, const char *footer)
{
	buffer_text(html->out, "</main>\n");
	html_element(html, "footer", NULL, footer);
	buffer_text(html->out, "</body>\n</html>\n");
}

void
html_section(struct html *html, const char *title)
{
	html->nsections++;
	buffer_printf(html->out,
	    "<section aria-labelledby=\"s%d\">\n<h2 id=\"s%d\">",
	    html->nsections, html->nsections);
	html_text(html, title);
	buffer_text(html->out, "</h2>\n");
}

void
html_section_end(const struct html *html)
{
	buffer_text(html->out, "</section>\n");
}

static void
table_start(const struct html *html, const char *caption)
{
	/* What scrolls has to be reached by keys, and needs a name then. */
	buffer_text(html->out,
	    "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"");
	html_text(html, caption);
	buffer_text(html->out, "\">\n<table>\n");
	html_element(html, "caption", NULL, caption);
	buffer_text(html->out, "<thead><tr>");
}

static void
table_head(const struct html *html, const char *title, bool number)
{
	buffer_printf(html->out, "<th scope=\"col\"%s>",
	    number ? " class=\"number\"" : "");
	html_text(html, title);
	buffer_text(html->out, "</th>");
}

static void
table_end(const struct html *html)
{
	buffer_text(html->out, "</tbody>\n</table>\n</div>\n");
}

void
html_table(const struct html *html, const char *caption,
    const struct html_column columns[], size_t ncolumns,
    const char *const cells[], size_t nrows)
{
	table_start(html, caption);
	for (size_t i = 0; i < ncolumns; i++)
		table_head(html, columns[i].title, columns[i].number);
	buffer_text(html->out, "</tr></thead>\n<tbody>\n");
	for (size_t row = 0; row < nrows; row++) {
		buffer_text(html->out, "<tr>");
		for (size_t i = 0; i < ncolumns; i++) {
			const char *cell = cells[row * ncolumns + i];

			buffer_printf(html->out, "<%s%s>",
			    i == 0 ? "th scope=\"row\"" : "td",
			    columns[i].number ? " class=\"number\"" : "");
			html_text(html, cell != NULL ? cell : "");
			buffer_text(html->out, i == 0 ? "</th>" : "</td>");
		}
		buffer_text(html->out, "</tr>\n");
	}
	table_end(html);
}

static int64_t
most_of(const struct html_bar bars[], size_t n)
{
	int64_t most = 0;

	for (size_t i = 0; i < n; i++)
		if (bars[i].value > most)
			most = bars[i].value;
	return most;
}

/* Of full; what is there at all is seen. */
static double
length_of(int64_t value, int64_t most, double full)
{
	double length = most > 0 ? full * (double)value / (double)most : 0;

	return value > 0 && length < full / 60 ? full / 60 : length;
}

static void
column_bar(const struct html *html, const struct html_bar *bar, size_t n,
    int64_t most, const char *class)
{
	double height = length_of(bar->value, most, 100);

	buffer_printf(html->out,
	    "<rect class=\"%s\" x=\"%zu\" y=\"%.2f\" width=\"8\" "
	    "height=\"%.2f\">",
	    class, 10 * n + 1, 100 - height, height);
	html_element(html, "title", NULL, bar->title);
	buffer_text(html->out, "</rect>\n");
}

void
html_columns(const struct html *html, const char *title, const char *class,
    const struct html_bar bars[], size_t n)
{
	int64_t most = most_of(bars, n);

	buffer_text(html->out, "<figure>\n");
	buffer_text(html->out, "<figcaption>");
	html_text(html, title);
	buffer_text(html->out, "</figcaption>\n");
	buffer_printf(html->out,
	    "<svg class=\"plot\" role=\"img\" viewBox=\"0 0 %zu 100\" "
	    "preserveAspectRatio=\"none\">\n",
	    10 * n);
	html_element(html, "title", NULL, title);
	for (size_t i = 0; i < n; i++)
		if (bars[i].value > 0)
			column_bar(html, &bars[i], i, most, class);
	buffer_text(html->out, "</svg>\n<div class=\"axis\">");
	html_element(html, "span", NULL, n > 0 ? bars[0].label : "");
	html_element(html, "span", NULL,
	    arena_printf(html->arena, _("highest: %s"),
		words_count(most, html->arena)));
	html_element(html, "span", NULL, n > 0 ? bars[n - 1].label : "");
	buffer_text(html->out, "</div>\n</figure>\n");
}

void
html_rows(const struct html *html, const char *caption, const char *label,
    const char *number, const char *class, const struct html_bar bars[],
    size_t n)
{
	int64_t most = most_of(bars, n);

	table_start(html, caption);
	table_head(html, label, false);
	table_head(html, number, true);
	table_head(html, _("share"), false);
	buffer_text(html->out, "</tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < n; i++) {
		buffer_text(html->out, "<tr><th scope=\"row\">");
		html_text(html, bars[i].label);
		buffer_text(html->out, "</th><td class=\"number\">");
		html_text(html, words_count(bars[i].value, html->arena));
		buffer_printf(html->out,
		    "</td><td class=\"long\"><svg class=\"bar\" role=\"img\" "
		    "viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\">");
		html_element(html, "title", NULL, bars[i].title);
		buffer_printf(html->out,
		    "<rect class=\"%s\" width=\"%.2f\" height=\"10\"/></svg>"
		    "</td></tr>\n",
		    class, length_of(bars[i].value, most, 100));
	}
	table_end(html);
}
