/* Intakes between two processes: what is sent arrives, all else is refused. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "intake/decoder.h"
#include "intake/parcel.h"
#include "report/report_write.h"

static const struct decode_rules rules = { .limits = LIMITS_DEFAULT };

static void
add(void *data, const void *piece, size_t len)
{
	buffer_add(data, piece, len);
}

static void
read_file(const char *path, struct buffer *out)
{
	FILE *file = fopen(path, "r");
	size_t n;

	assert_non_null(file);
	while ((n = fread(buffer_room(out, 4096), 1, 4096, file)) > 0)
		out->len += n;
	(void)fclose(file);
}

static void
assert_same(const struct intake *a, const struct intake *b)
{
	struct buffer one = { 0 };
	struct buffer other = { 0 };

	intake_write(a, &one);
	intake_write(b, &other);
	assert_string_equal(one.at, other.at);
	assert_int_equal(a->channel, b->channel);
	assert_int_equal(a->received_at, b->received_at);
	assert_int_equal(a->reason, b->reason);
	assert_int_equal(a->nreports, b->nreports);
	for (size_t i = 0; i < a->nreports; i++) {
		const struct report *left = &a->reports[i];
		const struct report *right = &b->reports[i];

		assert_memory_equal(left->content_digest, right->content_digest,
		    DIGEST_SIZE);
		assert_int_equal(left->document.len, right->document.len);
		assert_memory_equal(left->document.at, right->document.at,
		    left->document.len);
	}
	buffer_free(&one);
	buffer_free(&other);
}

/* There and back; then each cut and some damage, of which none may crash. */
static void
check_parcel(const struct intake *intake, bool thorough)
{
	struct buffer parcel = { 0 };
	struct arena *arena = arena_new();
	struct intake *back;
	struct bytes bytes;

	parcel_write(intake, add, &parcel);
	assert_int_equal(parcel.len, parcel_size(intake));
	bytes = (struct bytes){ (const unsigned char *)parcel.at, parcel.len };
	back = parcel_read(bytes, arena);
	assert_non_null(back);
	assert_same(intake, back);
	for (size_t i = 0; i < parcel.len && thorough; i++) {
		assert_null(parcel_read((struct bytes){ bytes.at, i }, arena));
		parcel.at[i] = (char)(parcel.at[i] ^ 0x80);
		(void)parcel_read(bytes, arena);
		parcel.at[i] = (char)(parcel.at[i] ^ 0x80);
		arena_reset(arena);
	}
	buffer_add(&parcel, "x", 1);
	bytes = (struct bytes){ (const unsigned char *)parcel.at, parcel.len };
	assert_null(parcel_read(bytes, arena));
	arena_free(arena);
	buffer_free(&parcel);
}

/* All samples, by the decoder as well, some at a time. */
static void
test_samples(void **state)
{
	const char *srcdir = getenv("srcdir");
	struct arena *arena = arena_new();
	char folder[512];
	DIR *dir;
	const struct dirent *entry;
	struct decoder *decoder;
	struct fault fault;
	size_t n = 0;

	(void)state;
	(void)snprintf(folder, sizeof(folder), "%s/samples",
	    srcdir != NULL ? srcdir : ".");
	dir = opendir(folder);
	assert_non_null(dir);
	assert_true(decoder_start(&rules, NULL, true, &decoder, &fault));
	while ((entry = readdir(dir)) != NULL) {
		struct buffer file = { 0 };
		char path[1024];
		struct decoding_job job;
		struct intake *intake;

		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", folder,
		    entry->d_name);
		read_file(path, &file);
		job = (struct decoding_job){
			.raw = { (const unsigned char *)file.at, file.len },
			.origin = { .source = path,
			    .received_at = 1,
			    .now = 1790000000,
			    .channel = CHANNEL_MAIL },
		};
		intake = intake_decode(job.raw, &job.origin, &rules, arena);
		check_parcel(intake, n++ < 10);
		decoder_decode(decoder, &job, 1, arena);
		assert_non_null(job.intake);
		assert_same(intake, job.intake);
		arena_reset(arena);
		buffer_free(&file);
	}
	decoder_stop(decoder);
	closedir(dir);
	arena_free(arena);
	assert_true(n > 50);
}

static struct intake
sane_intake(struct report *report)
{
	*report = (struct report){ .id = "1", .auth = AUTH_NONE };
	return (
	    struct intake){ .source = "s", .reports = report, .nreports = 1 };
}

static bool
is_taken(const struct intake *intake)
{
	struct buffer parcel = { 0 };
	struct arena *arena = arena_new();
	bool taken;

	parcel_write(intake, add, &parcel);
	taken = parcel_read((struct bytes){ (const unsigned char *)parcel.at,
				parcel.len },
		    arena) != NULL;
	buffer_free(&parcel);
	arena_free(arena);
	return taken;
}

/* What a decoder that was taken over may claim. */
static void
test_claims(void **state)
{
	struct report report;
	struct intake intake = sane_intake(&report);
	struct failure failure = { .failed = 1 };
	struct policy policy = { .sts_max_age = -1,
		.failures = &failure,
		.nfailures = 1 };

	(void)state;
	report.policies = &policy;
	report.npolicies = 1;
	assert_true(is_taken(&intake));
	intake.outcome = OUTCOME_STORED;
	assert_false(is_taken(&intake));
	intake.outcome = OUTCOME_REJECTED;
	intake.reason = REASON_UNREADABLE;
	assert_false(is_taken(&intake)); /* rejected, and has a report */
	intake = sane_intake(&report);
	intake.reason = REASON_TOO_LARGE;
	assert_false(is_taken(&intake));
	intake = sane_intake(&report);
	report.id = NULL;
	assert_false(is_taken(&intake));
	intake = sane_intake(&report);
	report.deviations = (deviations)1 << NDEVIATIONS;
	assert_false(is_taken(&intake));
	intake = sane_intake(&report);
	report.auth = NAUTHS;
	assert_false(is_taken(&intake));
	intake = sane_intake(&report);
	report.policies = &policy;
	report.npolicies = 1;
	policy.failed = -1;
	assert_false(is_taken(&intake));
	policy.failed = 0;
	failure.failed = -1;
	assert_false(is_taken(&intake));
	failure.failed = 0;
	failure.receiving_ip.family = 5;
	failure.receiving_ip.text = "";
	assert_false(is_taken(&intake));
}

/* A text that is no UTF-8 would be refused by one database and not another. */
static void
test_repair(void **state)
{
	struct report report;
	struct intake intake = sane_intake(&report);
	struct buffer parcel = { 0 };
	struct arena *arena = arena_new();
	const struct intake *back;

	(void)state;
	report.organization = "a\xff";
	parcel_write(&intake, add, &parcel);
	back = parcel_read((struct bytes){ (const unsigned char *)parcel.at,
			       parcel.len },
	    arena);
	assert_non_null(back);
	assert_string_equal(back->reports[0].organization, "a\xef\xbf\xbd");
	buffer_free(&parcel);
	arena_free(arena);
}

/* Where no process can be made, that is the moment's fault. */
static void
test_no_process(void **state)
{
	pid_t child = fork();
	int status = 0;

	(void)state;
	if (child == 0) {
		const struct rlimit none = { 0, 0 };
		struct decoder *decoder;
		struct fault fault;

		(void)setrlimit(RLIMIT_NOFILE, &none);
		_exit(decoder_start(&rules, NULL, true, &decoder, &fault) ?
			1 :
			(int)fault.kind);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(WEXITSTATUS(status), FAULT_LATER);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_samples),
		cmocka_unit_test(test_claims),
		cmocka_unit_test(test_repair),
		cmocka_unit_test(test_no_process),
	};

	return cmocka_run_group_tests_name("parcel", tests, NULL, NULL);
}
