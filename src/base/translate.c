#include "base/translate.h"

#ifdef ENABLE_NLS
#include <libintl.h>
#include <locale.h>
#include <stdlib.h>

static const char domain[] = "tlsrpt-tools";

/* The language of the user; (locale_t)0 for none but English. */
static locale_t of_user;

/*
 * Catalogues that are not installed are found by TEXTDOMAINDIR, the variable
 * of gettext(1).  LC_CTYPE is not the user's: Turkish has other capitals.
 * Nor is LC_MESSAGES, but in translate(): what libraries say of an error goes
 * into diagnostics and JSON.
 */
void
translate_init(void)
{
	const char *folder = getenv("TEXTDOMAINDIR");

	(void)setlocale(LC_CTYPE, "C.UTF-8");
	of_user = newlocale(LC_MESSAGES_MASK, "", (locale_t)0);
	if (folder == NULL || folder[0] == '\0')
		folder = LOCALEDIR;
	(void)bindtextdomain(domain, folder);
	(void)bind_textdomain_codeset(domain, "UTF-8");
}

/* The empty text is the catalogue's own head. */
const char *
translate(const char *text)
{
	locale_t before;

	if (of_user == (locale_t)0 || text[0] == '\0')
		return text;
	before = uselocale(of_user);
	text = dgettext(domain, text);
	(void)uselocale(before);
	return text;
}

const char *
translate_plural(const char *one, const char *many, unsigned long n)
{
	locale_t before;
	const char *text;

	if (of_user == (locale_t)0)
		return n == 1 ? one : many;
	before = uselocale(of_user);
	text = dngettext(domain, one, many, n);
	(void)uselocale(before);
	return text;
}

#else

void
translate_init(void)
{
}

const char *
translate(const char *text)
{
	return text;
}

const char *
translate_plural(const char *one, const char *many, unsigned long n)
{
	return n == 1 ? one : many;
}

#endif
