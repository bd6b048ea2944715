/* The command "reporters": who reports, how often, and who fell silent. */
#include "base/translate.h"
#include "explain/task.h"
#include "explain/views.h"
#include "explain/words.h"

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

static void
print_table(const struct task *task, const struct figures *figures)
{
	struct arena *arena = task->arena;
	const struct term_column columns[] = { { _("reporter"), false, false },
		{ _("sessions"), true, false }, { _("failed"), true, false },
		{ _("days"), true, false }, { _("last"), false, true },
		{ _("remark"), false, true } };
	enum { N = sizeof(columns) / sizeof(columns[0]) };
	const char **cells =
	    arena_array(arena, figures->nreporters * N, sizeof(*cells));
	enum tone *tones =
	    arena_array(arena, figures->nreporters, sizeof(*tones));

	for (size_t i = 0; i < figures->nreporters; i++) {
		const struct reporter_figures *reporter =
		    &figures->reporters[i];
		const char **row = &cells[i * N];

		row[0] = words_name(reporter->organization,
		    _("(without a name)"), arena);
		row[1] = words_count(reporter->now.sessions, arena);
		row[2] = words_count(reporter->now.failed, arena);
		row[3] = arena_printf(arena, _("%s of %s"),
		    words_count(reporter->days, arena),
		    words_number(filter_days(figures->filter), arena));
		row[4] = filter_day_text(reporter->last_day, arena);
		row[5] = remark_of(reporter, arena);
		tones[i] = reporter->loop       ? TONE_DIM :
		    figures_is_silent(reporter) ? TONE_WARN :
						  TONE_PLAIN;
	}
	term_table(&task->term, columns, N, cells, figures->nreporters, tones);
}

bool
reporters_run(struct task *task, const char *operand)
{
	struct arena *arena = task->arena;
	struct figures figures;
	struct table table;
	bool loops = false;

	(void)operand;
	if (!figures_read(task->query, &task->filter, FIGURES_DAYS, arena,
		&figures, task->fault))
		return false;
	if (task->format != FORMAT_TEXT) {
		table = views_reporters(&figures, arena);
		task_table(task, &table);
		return true;
	}
	if (figures.nreporters == 0) {
		term_paragraph(&task->term, 0, 0,
		    _("There are no reports in this span, nor in the one "
		      "before."));
		return true;
	}
	term_title(&task->term,
	    arena_printf(arena, _("Reporters, %s"),
		views_span(&task->filter, arena)));
	print_table(task, &figures);
	for (size_t i = 0; i < figures.nreporters; i++) {
		loops |= figures.reporters[i].loop;
		if (figures_is_silent(&figures.reporters[i]))
			term_paragraph(&task->term, 0, 2,
			    views_silence(&figures.reporters[i], arena));
	}
	if (loops)
		term_paragraph(&task->term, 0, 2,
		    _("A loop is one session a day: it carries your own report "
		      "to them, and theirs tells of it.  It says nothing of "
		      "other mail."));
	return true;
}
