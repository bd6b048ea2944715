/* The command "reporters": who reports, how often, and who fell silent. */
#include "base/translate.h"
#include "explain/rows.h"
#include "explain/task.h"
#include "explain/views.h"
#include "explain/words.h"

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

		rows_reporter(reporter, figures->filter, arena, row);
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
