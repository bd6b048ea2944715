#include "intake/agent.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/log.h"
#include "intake/commit.h"
#include "intake/decoder.h"
#include "intake/intake_log.h"
#include "report/report_write.h"
#include "store/store.h"

/* Time is up; Postfix would bounce the message if it had to end us. */
static void
on_alarm(int signal_number)
{
	(void)signal_number;
	_exit(EX_TEMPFAIL);
}

static void
start_clock(int seconds)
{
	struct sigaction action = { .sa_handler = on_alarm };

	(void)sigaction(SIGALRM, &action, NULL);
	(void)alarm((unsigned int)seconds);
}

/* Twice as much each time, but no more than a message may take. */
static char *
room_for(struct buffer *message, size_t piece, size_t limit)
{
	size_t most = limit + piece + 1;

	if (message->size - message->len <= piece && message->size < most) {
		size_t size =
		    message->size * 2 < most ? message->size * 2 : most;
		char *at =
		    realloc(message->at, size > piece ? size : piece + 1);

		if (at == NULL)
			fault_out_of_memory();
		message->at = at;
		message->size = size > piece ? size : piece + 1;
	}
	return message->at + message->len;
}

/* Give back what the message does not fill: decoding needs it. */
static void
trim(struct buffer *message)
{
	char *at = realloc(message->at, message->len + 1);

	if (at == NULL)
		return;
	message->at = at;
	message->size = message->len + 1;
}

/* Read all of standard input, or its first limit bytes; *cut: there is more. */
static bool
read_message(size_t limit, struct buffer *message, bool *cut,
    struct fault *fault)
{
	enum { PIECE = 64 << 10 };

	*cut = false;
	(void)room_for(message, PIECE, limit);
	for (;;) {
		size_t left = limit + 1 - message->len;
		size_t piece = left < PIECE ? left : PIECE;
		char *room = room_for(message, piece, limit);
		ssize_t got = read(STDIN_FILENO, room, piece);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fault_set(fault, FAULT_LATER,
			    "standard input could not be read: %s",
			    strerror(errno));
		message->len += (size_t)got;
		if (got == 0) {
			trim(message);
			return true;
		}
		if (message->len > limit) {
			*cut = true;
			return true;
		}
	}
}

static bool
print_intake(const struct intake *intake, FILE *out, struct fault *fault)
{
	struct buffer line = { 0 };
	bool done;

	intake_write(intake, &line);
	done =
	    fwrite(line.at, 1, line.len, out) == line.len && fflush(out) == 0;
	buffer_free(&line);
	return done ||
	    fault_set(fault, FAULT_LATER, "standard output: %s",
		strerror(errno));
}

/* What an operator would want to know, once a message. */
static void
log_lack(const struct batch_rules *rules, const struct decoder *decoder)
{
	const char *lack = decoder_lack(decoder);

	if (rules->unconfined)
		log_line(LOG_LEVEL_INFO, "sandbox", DECODER_OFF);
	else if (lack != NULL)
		log_line(LOG_LEVEL_INFO, "sandbox", DECODER_LACKS, lack);
}

static bool
decode_apart(const struct batch_rules *rules, struct decoding_job *job,
    struct arena *arena, struct fault *fault)
{
	struct decoder *decoder = NULL;

	if (!decoder_start(&rules->decode, &job->raw, !rules->unconfined,
		&decoder, fault))
		return false;
	log_lack(rules, decoder);
	decoder_decode(decoder, job, 1, arena);
	decoder_stop(decoder);
	if (job->intake == NULL)
		*fault = job->fault;
	return job->intake != NULL;
}

/*
 * The decoding process gets a copy of the message through its line: what it
 * would inherit besides counts for its memory.
 */
static void
keep_from_child(const struct buffer *message)
{
	enum { LONG = 1 << 20 };
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t start = ((uintptr_t)message->at + page - 1) / page * page;
	uintptr_t end = ((uintptr_t)message->at + message->len) / page * page;

	if (message->len >= LONG)
		(void)madvise(message->at + (start - (uintptr_t)message->at),
		    end - start, MADV_DONTFORK);
}

static struct intake *
decode_message(const struct batch_rules *rules, const struct buffer *message,
    bool cut, struct arena *arena, struct fault *fault)
{
	int64_t now = time(NULL);
	struct decoding_job job = { .raw = { (const unsigned char *)message->at,
					message->len },
		.origin = { .source = "stdin",
		    .received_at = now,
		    .now = now,
		    .channel = CHANNEL_MAIL } };

	keep_from_child(message);
	if (cut)
		return intake_cut(job.raw, &job.origin, &rules->decode, arena);
	return decode_apart(rules, &job, arena, fault) ? job.intake : NULL;
}

static bool
commit_message(const struct batch_rules *rules, int deadline,
    struct delivery *delivery, struct fault *fault)
{
	struct store *store = NULL;
	bool done;

	if (rules->database != NULL &&
	    !store_open(rules->database, STORE_WRITE, "tlsrpt-ingest", deadline,
		&store, fault))
		return false;
	done = commit_all(store, rules->quarantine, delivery, 1, fault);
	store_close(store);
	if (done && delivery->fault.kind != FAULT_NONE) {
		*fault = delivery->fault;
		done = false;
	}
	return done;
}

bool
agent_deliver(const struct batch_rules *rules, int deadline,
    struct arena *arena, struct fault *fault)
{
	struct buffer message = { 0 };
	struct delivery delivery = { .rest = -1 };
	bool cut;
	bool done;

	start_clock(deadline);
	if (!read_message(rules->decode.limits.message, &message, &cut,
		fault)) {
		buffer_free(&message);
		return false;
	}
	delivery.raw =
	    (struct bytes){ (const unsigned char *)message.at, message.len };
	delivery.rest = cut ? STDIN_FILENO : -1;
	delivery.intake = decode_message(rules, &message, cut, arena, fault);
	done = delivery.intake != NULL &&
	    commit_message(rules, deadline, &delivery, fault);
	if (done) {
		intake_log(delivery.intake, arena);
		if (rules->json != NULL)
			done =
			    print_intake(delivery.intake, rules->json, fault);
	}
	buffer_free(&message);
	if (done && delivery.intake->outcome == OUTCOME_REJECTED &&
	    rules->invalid_fails)
		return fault_set(fault, FAULT_CONTENT, "message rejected: %s",
		    delivery.intake->detail);
	return done;
}
