#include "base/translate.h"

#ifdef ENABLE_NLS
#include <libintl.h>
#include <locale.h>
#include <stdlib.h>

static const char domain[] = "tlsrpt-tools";

/*
 * Catalogues that are not installed are found by TEXTDOMAINDIR, the variable
 * of gettext(1).  LC_CTYPE is not the user's: Turkish has other capitals.
 */
void
translate_init(void)
{
	const char *folder = getenv("TEXTDOMAINDIR");

	(void)setlocale(LC_CTYPE, "C.UTF-8");
	(void)setlocale(LC_MESSAGES, "");
	if (folder == NULL || folder[0] == '\0')
		folder = LOCALEDIR;
	(void)bindtextdomain(domain, folder);
	(void)bind_textdomain_codeset(domain, "UTF-8");
}

/* The empty text is the catalogue's own head. */
const char *
translate(const char *text)
{
	return text[0] == '\0' ? text : dgettext(domain, text);
}

const char *
translate_plural(const char *one, const char *many, unsigned long n)
{
	return dngettext(domain, one, many, n);
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
