/* The command "explain": what a word means, and what to do about it. */
#include <string.h>

#include "base/text.h"
#include "base/translate.h"
#include "explain/task.h"
#include "explain/words.h"
#include "report/explanation.h"
#include "report/failure_reason.h"

static const struct table_column columns[] = {
	{ "name", CELL_TEXT },
	{ "kind", CELL_TEXT },
	{ "concern", CELL_TEXT },
	{ "summary", CELL_TEXT },
	{ "advice", CELL_TEXT },
	{ "causes", CELL_TEXT },
	{ "verify", CELL_TEXT },
	{ "mend", CELL_TEXT },
};

enum { NCOLUMNS = sizeof(columns) / sizeof(columns[0]) };

static const char *const kind_codes[NWORD_KINDS] = {
	[WORD_RESULT_TYPE] = "result-type",
	[WORD_POLICY_TYPE] = "policy-type",
	[WORD_DEVIATION] = "deviation",
};

static const char *
title_of(const struct word *word, struct arena *arena)
{
	switch (word->kind) {
	case WORD_RESULT_TYPE:
		return arena_printf(arena, _("%s: a result type (%s)"),
		    word->name, word->concern);
	case WORD_POLICY_TYPE:
		return arena_printf(arena, _("%s: a policy type (%s)"),
		    word->name, _(word->concern));
	case WORD_DEVIATION:
	case NWORD_KINDS:
		break;
	}
	return arena_printf(arena, _("%s: a deviation (%s)"), word->name,
	    word->concern);
}

/* Reason codes that senders write for this result type. */
static void
print_reasons(const struct term *term, const struct word *word)
{
	const char *last = NULL;
	bool first = true;

	for (size_t i = 0; i < nfailure_reasons; i++) {
		const struct failure_reason *row = &failure_reasons[i];

		if (word->kind != WORD_RESULT_TYPE || row->meaning == last ||
		    strcmp(row->result_type, word->name) != 0)
			continue;
		last = row->meaning;
		if (first) {
			term_blank(term);
			term_title(term, _("Words of senders for it"));
		}
		first = false;
		term_item(term, 2, "-",
		    arena_printf(term->arena, _("\"%s\" (%s): %s"), row->text,
			row->words, _(row->meaning)));
	}
}

static void
print_word(const struct term *term, const struct word *word)
{
	const struct explanation *explanation = word->explanation;
	struct arena *arena = term->arena;

	term_title(term, title_of(word, arena));
	term_paragraph(term, 2, 2, _(word->summary));
	if (word->advice != NULL)
		term_paragraph(term, 2, 2, _(word->advice));
	term_blank(term);
	term_title(term, _("Usual causes, the likeliest first"));
	for (size_t i = 0; explanation->causes[i] != NULL; i++)
		term_item(term, 2, arena_printf(arena, "%zu.", i + 1),
		    _(explanation->causes[i]));
	term_blank(term);
	term_title(term, _("See for yourself"));
	for (size_t i = 0; explanation->checks[i].command != NULL; i++) {
		term_item(term, 2, "$", explanation->checks[i].command);
		term_paragraph(term, 4, 4, _(explanation->checks[i].look));
	}
	term_blank(term);
	term_title(term, _("How to mend it"));
	term_paragraph(term, 2, 2, _(explanation->mend));
	print_reasons(term, word);
}

static void
print_reason(const struct term *term, const struct failure_reason *reason)
{
	struct arena *arena = term->arena;

	term_title(term,
	    arena_printf(arena, _("\"%s\": words of %s"), reason->text,
		reason->words));
	term_paragraph(term, 2, 2, _(reason->meaning));
	term_paragraph(term, 2, 2,
	    arena_printf(arena,
		_("It goes with %s; \"tlsrpt-report explain %s\" says what "
		  "to do."),
		reason->result_type, reason->result_type));
}

static void
print_index(const struct term *term)
{
	struct word last = { .kind = NWORD_KINDS };
	const char *const titles[NWORD_KINDS] = {
		[WORD_RESULT_TYPE] = _("Result types: why a session failed"),
		[WORD_POLICY_TYPE] = _("Policy types: what was insisted on"),
		[WORD_DEVIATION] = _("Deviations: where a report departs from "
				     "RFC 8460"),
	};

	for (size_t i = 0; i < nwords(); i++) {
		struct word word = word_at(i);

		if (word.kind != last.kind) {
			if (i > 0)
				term_blank(term);
			term_title(term, titles[word.kind]);
		}
		term_paragraph(term, 2, 4,
		    arena_printf(term->arena, "%s: %s", word.name,
			_(word.summary)));
		last = word;
	}
}

/* Lines of one cell, for machines: in English, one a line. */
static const char *
joined(const char *text, const char *more, struct arena *arena)
{
	return text == NULL ? more : arena_printf(arena, "%s\n%s", text, more);
}

static void
add_word(struct table *table, const struct word *word, struct arena *arena)
{
	const struct explanation *explanation = word->explanation;
	const char **row = table_row(table);

	row[0] = word->name;
	row[1] = kind_codes[word->kind];
	row[2] = word->concern;
	row[3] = word->summary;
	row[4] = word->advice;
	for (size_t i = 0; explanation->causes[i] != NULL; i++)
		row[5] = joined(row[5], explanation->causes[i], arena);
	for (size_t i = 0; explanation->checks[i].command != NULL; i++)
		row[6] = joined(row[6], explanation->checks[i].command, arena);
	row[7] = explanation->mend;
}

static void
add_reason(struct table *table, const struct failure_reason *reason)
{
	const char **row = table_row(table);

	row[0] = reason->text;
	row[1] = "failure-reason-code";
	row[2] = reason->result_type;
	row[3] = reason->meaning;
	row[4] = result_type_find(reason->result_type)->advice;
}

static bool
print_machine(struct task *task, const struct word *word,
    const struct failure_reason *reason, bool all)
{
	struct table table = table_new("explain", columns, NCOLUMNS,
	    nwords() + nfailure_reasons, task->arena);

	if (word != NULL)
		add_word(&table, word, task->arena);
	if (reason != NULL)
		add_reason(&table, reason);
	for (size_t i = 0; all && i < nwords(); i++) {
		struct word next = word_at(i);

		add_word(&table, &next, task->arena);
	}
	for (size_t i = 0; all && i < nfailure_reasons; i++)
		add_reason(&table, &failure_reasons[i]);
	task_table(task, &table);
	return true;
}

bool
explain_run(struct task *task, const char *operand)
{
	struct word word;
	bool known = operand != NULL && word_find(operand, &word);
	const struct failure_reason *reason =
	    known ? NULL : failure_reason_find(operand);

	if (operand != NULL && !known && reason == NULL)
		return fault_set(task->fault, FAULT_USAGE,
		    "\"%s\" is no result type, policy type, deviation or "
		    "reason code that is known here: \"tlsrpt-report explain\" "
		    "lists them",
		    operand);
	if (task->format != FORMAT_TEXT)
		return print_machine(task, known ? &word : NULL, reason,
		    operand == NULL);
	if (known)
		print_word(&task->term, &word);
	else if (reason != NULL)
		print_reason(&task->term, reason);
	else
		print_index(&task->term);
	return true;
}
