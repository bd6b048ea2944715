/* Spans, numbers, policies and dictionaries, without a database. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "explain/filter.h"
#include "explain/json_read.h"
#include "explain/policies.h"
#include "explain/term.h"
#include "explain/words.h"
#include "report/explanation.h"
#include "report/failure_reason.h"

enum { DAY = 24 * 60 * 60, TODAY = 20000 }; /* 2024-10-04 */

static void
test_spans(void **state)
{
	static const struct {
		const char *since;
		const char *until;
		const char *first; /* NULL: refused */
		const char *last;
		const char *before;
		int days;
	} rows[] = {
		{ NULL, NULL, "2024-09-04", "2024-10-04", "2024-08-05", 30 },
		{ "7d", NULL, "2024-09-27", "2024-10-04", "2024-09-20", 7 },
		{ "4w", NULL, "2024-09-06", "2024-10-04", "2024-08-09", 28 },
		{ "7d", "2024-09-30", "2024-09-24", "2024-09-30", "2024-09-17",
		    7 },
		{ "2024-09-01", "2024-09-30", "2024-09-01", "2024-09-30",
		    "2024-08-02", 30 },
		{ "2024-02-29", "2024-02-29", "2024-02-29", "2024-02-29",
		    "2024-02-28", 1 },
		{ "2024-10-05", NULL, NULL, NULL, NULL, 0 },
		{ "0d", "2024-09-30", NULL, NULL, NULL, 0 },
		{ "7", NULL, NULL, NULL, NULL, 0 },
		{ "-7d", NULL, NULL, NULL, NULL, 0 },
		{ "7days", NULL, NULL, NULL, NULL, 0 },
		{ "2024-02-30", NULL, NULL, NULL, NULL, 0 },
		{ "2024-09-01T00:00:00Z", NULL, NULL, NULL, NULL, 0 },
		{ "99999999d", NULL, NULL, NULL, NULL, 0 },
		{ NULL, "yesterday", NULL, NULL, NULL, 0 },
	};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct filter filter = { 0 };
		struct fault fault = { .kind = FAULT_NONE };
		bool done = filter_span(&filter, rows[i].since, rows[i].until,
		    30, (int64_t)TODAY * DAY + 1000, &fault);

		assert_int_equal(done, rows[i].first != NULL);
		assert_int_equal(fault.kind, done ? FAULT_NONE : FAULT_USAGE);
		if (!done)
			continue;
		assert_string_equal(filter_day_text(filter.since, arena),
		    rows[i].first);
		assert_string_equal(filter_day_text(filter.until, arena),
		    rows[i].last);
		assert_string_equal(filter_day_text(filter.before, arena),
		    rows[i].before);
		assert_int_equal(filter_days(&filter), rows[i].days);
	}
	arena_free(arena);
}

static void
test_numbers(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	assert_string_equal(words_number(0, arena), "0");
	assert_string_equal(words_number(999, arena), "999");
	assert_string_equal(words_number(8432, arena), "8,432");
	assert_string_equal(words_number(INT64_MAX, arena),
	    "9,223,372,036,854,775,807");
	assert_string_equal(words_count(999999999999, arena),
	    "999,999,999,999");
	assert_string_equal(words_count(INT64_MAX, arena), "9.2e+18");
	assert_string_equal(words_rate(0, 0, arena), "-");
	assert_string_equal(words_rate(0, 5, arena), "0 %");
	assert_string_equal(words_rate(3, 8432, arena), "0.04 %");
	assert_string_equal(words_rate(1, 1000000, arena), "<0.01 %");
	assert_string_equal(words_rate(999999, 1000000, arena), ">99.99 %");
	assert_string_equal(words_rate(5, 5, arena), "100 %");
	assert_string_equal(words_day(19737, arena), "15 January 2024");
	/* A report that ends at midnight is one of one day. */
	assert_string_equal(words_period((int64_t)TODAY * DAY,
				(int64_t)(TODAY + 1) * DAY, arena),
	    "on 4 October 2024");
	assert_string_equal(words_period((int64_t)TODAY * DAY,
				(int64_t)(TODAY + 1) * DAY + 1, arena),
	    "from 4 October 2024 to 5 October 2024");
	arena_free(arena);
}

static void
test_fates(void **state)
{
	(void)state;
	assert_int_equal(words_fate("sts", "enforce"), FATE_REFUSED);
	assert_int_equal(words_fate("sts", "testing"), FATE_DELIVERED);
	assert_int_equal(words_fate("sts", "none"), FATE_DELIVERED);
	assert_int_equal(words_fate("sts", NULL), FATE_UNKNOWN);
	assert_int_equal(words_fate("tlsa", NULL), FATE_REFUSED);
	assert_int_equal(words_fate("no-policy-found", NULL), FATE_PLAIN);
	assert_int_equal(words_fate(NULL, "enforce"), FATE_UNKNOWN);
	assert_int_equal(words_fate("TLSA", NULL), FATE_UNKNOWN);
}

/* Whatever is registered is explained, whole. */
static void
test_explanations(void **state)
{
	(void)state;
	assert_int_equal(nwords(), nresult_types + npolicy_types + NDEVIATIONS);
	for (size_t i = 0; i < nwords(); i++) {
		struct word word = word_at(i);
		struct word found;

		assert_non_null(word.explanation);
		assert_string_equal(word.explanation->name, word.name);
		assert_non_null(word.explanation->causes[0]);
		assert_non_null(word.explanation->checks[0].command);
		assert_non_null(word.explanation->checks[0].look);
		assert_non_null(word.explanation->mend);
		assert_true(word_find(word.name, &found));
		assert_string_equal(found.name, word.name);
	}
	for (size_t i = 0; i < nfailure_reasons; i++) {
		const struct failure_reason *row = &failure_reasons[i];

		assert_non_null(result_type_find(row->result_type));
		assert_ptr_equal(failure_reason_find(row->text), row);
	}
	assert_null(failure_reason_find("quux"));
	assert_null(failure_reason_find(NULL));
}

static void
test_policies(void **state)
{
	struct arena *arena = arena_new();
	struct text_list lines =
	    policies_lines("version: STSv1\r\nmode:enforce\n"
			   "mx: *.B.example\nmx: a.example.\n\n"
			   "max_age: 86400\nmode: none",
		arena);
	struct sts_policy policy = policies_parse(&lines, arena);
	struct sts_policy silent = { .max_age = -1 };
	struct sts_policy other = policy;

	(void)state;
	assert_int_equal(lines.len, 6);
	assert_string_equal(policy.mode, "enforce");
	assert_int_equal(policy.max_age, 86400);
	assert_int_equal(policy.mx_hosts.len, 2);
	assert_string_equal(policies_text(&policy, arena),
	    "mode enforce, max_age 86400, mx *.b.example a.example");
	assert_true(policies_same(&policy, &silent));
	other.mode = "testing";
	assert_false(policies_same(&policy, &other));
	other = policy;
	other.mx_hosts.len = 1;
	assert_false(policies_same(&policy, &other));
	assert_true(policies_mx_matches(&policy.mx_hosts, "a.example"));
	assert_true(policies_mx_matches(&policy.mx_hosts, "x.b.example"));
	assert_false(policies_mx_matches(&policy.mx_hosts, "x.y.b.example"));
	assert_false(policies_mx_matches(&policy.mx_hosts, "b.example"));
	assert_string_equal(policies_tlsa(" 3  1 1 AB cd ", arena),
	    "3 1 1 abcd");
	arena_free(arena);
}

static void
test_lists(void **state)
{
	static const char *packed[] = { "[\"3 1 1 aa\", \"3 1 1 bb\"]" };
	static const char *plain[] = { "[not JSON", "x" };
	static const char *const bad[] = { "", "{}", "[1", "\"a\"",
		"[\"a\"] x[" };
	struct arena *arena = arena_new();
	struct text_list list = { packed, 1 };

	(void)state;
	list = json_unpack_strings(&list, arena);
	assert_int_equal(list.len, 2);
	assert_string_equal(list.at[1], "3 1 1 bb");
	list = (struct text_list){ plain, 1 };
	assert_ptr_equal(json_unpack_strings(&list, arena).at, plain);
	for (size_t i = 0; i + 1 < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(json_read_list(bad[i], arena, &list));
	assert_true(json_read_list("[\"\\u0041\\n\", 3, \"b\"]", arena, &list));
	assert_int_equal(list.len, 2);
	assert_string_equal(list.at[0], "A\n");
	arena_free(arena);
}

static void
test_wrapping(void **state)
{
	struct arena *arena = arena_new();
	struct buffer out = { 0 };
	struct term term = { &out, arena, 12, false };

	(void)state;
	term_paragraph(&term, 0, 2, "one two three four");
	assert_string_equal(out.at, "one two\n  three four\n");
	out.len = 0;
	term_item(&term, 1, "-", "\u00e4\u00f6\u00fc one two");
	assert_string_equal(out.at, " - \u00e4\u00f6\u00fc one\n   two\n");
	out.len = 0;
	term_paragraph(&term, 0, 0, "abcdefghijklmnopqrstuvwxyz");
	assert_string_equal(out.at, "abcdefghijkl\nmnopqrstuvwx\nyz\n");
	assert_string_equal(term_cut("\u00e4\u00f6\u00fc\u00e4", 3, arena),
	    "\u00e4\u00f6\u2026");
	assert_int_equal(term_columns("\033[31mab\033[0m"), 2);
	buffer_free(&out);
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spans),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_fates),
		cmocka_unit_test(test_explanations),
		cmocka_unit_test(test_policies),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_wrapping),
	};

	return cmocka_run_group_tests_name("explain", tests, NULL, NULL);
}
