#include "explain/rows.h"

#include "base/translate.h"
#include "explain/words.h"

void
rows_domain(const struct domain_figures *domain, struct arena *arena,
    const char *row[DOMAIN_CELLS])
{
	row[0] = words_name(domain->domain, _("(not named)"), arena);
	row[1] = words_count(domain->now.sessions, arena);
	row[2] = words_count(domain->now.failed, arena);
	row[3] = words_rate(domain->now.failed, domain->now.sessions, arena);
	row[4] =
	    words_rate(domain->before.failed, domain->before.sessions, arena);
	row[5] = words_count(domain->reporters, arena);
}

static const char *
remark_of(const struct reporter_figures *reporter, struct arena *arena)
{
	if (reporter->loop)
		return _("loop");
	if (figures_is_silent(reporter))
		return arena_printf(arena, _("silent for %s"),
		    words_days(reporter->silent, arena));
	if (!reporter->regular)
		return _("now and then");
	return "";
}

void
rows_reporter(const struct reporter_figures *reporter,
    const struct filter *filter, struct arena *arena,
    const char *row[REPORTER_CELLS])
{
	row[0] =
	    words_name(reporter->organization, _("(without a name)"), arena);
	row[1] = words_count(reporter->now.sessions, arena);
	row[2] = words_count(reporter->now.failed, arena);
	row[3] = arena_printf(arena, _("%s of %s"),
	    words_count(reporter->days, arena),
	    words_number(filter_days(filter), arena));
	row[4] = filter_day_text(reporter->last_day, arena);
	row[5] = remark_of(reporter, arena);
}
