#include "intake/decoder.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/sandbox.h"
#include "intake/parcel.h"
#include "mail/message.h"
#include "report/report_copy.h"

enum {
	ROOM = 64 << 10,   /* of the buffers at both ends */
	START_SECONDS = 1, /* of a processor, to shut itself in */
	WAIT_SECONDS = 600 /* for a piece, at most; decoding takes less */
};

/* What stands before a message on its way in. */
struct request {
	uint64_t left; /* messages of this call from here on, this one too */
	uint64_t raw;
	uint64_t source;
	int64_t received_at;
	int64_t now;
	uint32_t channel;
};

/* What stands before an intake on its way out. */
struct reply {
	uint64_t parcel;
};

/* One end of the line between the two processes. */
struct line {
	int fd;
	size_t n;  /* bytes in the room */
	size_t at; /* of them, those that were taken */
	unsigned char room[ROOM];
};

struct decoder {
	const struct decode_rules *rules;
	bool apart;
	pid_t pid; /* 0: there is none */
	struct sandbox_lack lack;
	struct arena *scratch; /* for decoding in this process */
	struct line line;
};

/* The most that an intake may take on the line. */
static size_t
parcel_most(const struct limits *limits)
{
	return limits->message + LIMIT_MEMORY_FACTOR * limits->report;
}

/* --- the line --------------------------------------------------------------- */

static bool
write_all(int fd, const unsigned char *at, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, at, len);

		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		at += n;
		len -= (size_t)n;
	}
	return true;
}

static bool
line_flush(struct line *line)
{
	bool done = write_all(line->fd, line->room, line->n);

	line->n = 0;
	return done;
}

/* Small pieces are gathered; a large one goes by itself. */
static bool
line_put(struct line *line, const void *piece, size_t len)
{
	if (len > ROOM - line->n && !line_flush(line))
		return false;
	if (len > ROOM)
		return write_all(line->fd, piece, len);
	if (len > 0)
		memcpy(line->room + line->n, piece, len);
	line->n += len;
	return true;
}

static ssize_t
read_some(int fd, void *to, size_t len)
{
	ssize_t n;

	do
		n = read(fd, to, len);
	while (n == -1 && errno == EINTR);
	return n;
}

static bool
line_get(struct line *line, void *piece, size_t len)
{
	unsigned char *to = piece;

	while (len > 0) {
		size_t had = line->n - line->at;
		size_t part = had < len ? had : len;
		ssize_t n;

		if (part > 0) {
			memcpy(to, line->room + line->at, part);
			line->at += part;
			to += part;
			len -= part;
			continue;
		}
		line->n = line->at = 0;
		n = len >= ROOM ? read_some(line->fd, to, len) :
				  read_some(line->fd, line->room, ROOM);
		if (n <= 0)
			return false;
		if (len >= ROOM) {
			to += n;
			len -= (size_t)n;
		} else {
			line->n = (size_t)n;
		}
	}
	return true;
}

/* --- inside ----------------------------------------------------------------- */

/* What is decoded at once; it is read to its end before any of it is. */
struct inside {
	const struct decode_rules *rules;
	struct line *line;
	struct arena *arena;   /* of all that is decoded at once */
	struct arena *scratch; /* of one message */
	struct decoding_job jobs[DECODER_MESSAGES];
	size_t n;
};

static bool
receive(struct inside *inside)
{
	struct request request;

	inside->n = 0;
	do {
		struct decoding_job *job = &inside->jobs[inside->n++];
		char *source;
		unsigned char *raw;

		if (!line_get(inside->line, &request, sizeof(request)))
			return false;
		source = arena_alloc(inside->arena, request.source + 1);
		raw = arena_try(inside->arena, request.raw, SIZE_MAX / 2);
		if (raw == NULL)
			fault_out_of_memory();
		if (!line_get(inside->line, source, request.source) ||
		    !line_get(inside->line, raw, request.raw))
			return false;
		job->raw = (struct bytes){ raw, request.raw };
		job->origin = (struct origin){ .source = source,
			.received_at = request.received_at,
			.now = request.now,
			.channel = (enum channel)request.channel };
	} while (request.left > 1 && inside->n < DECODER_MESSAGES);
	return true;
}

/* From here on, this process may take so many seconds of a processor. */
static void
limit_time(int seconds)
{
	const struct itimerval most = { .it_value.tv_sec = seconds };

	(void)setitimer(ITIMER_PROF, &most, NULL);
}

/* More than the other side would take is more than any report needs. */
static void
fit(struct intake *intake, const struct decode_rules *rules)
{
	if (parcel_size(intake) <= parcel_most(&rules->limits))
		return;
	intake->outcome = OUTCOME_REJECTED;
	intake->reason = REASON_TOO_LARGE;
	intake->detail = "what it holds is more than can be kept in memory";
	intake->nreports = 0;
}

static void
send_piece(void *data, const void *piece, size_t len)
{
	if (!line_put(data, piece, len))
		_exit(EX_OK); /* nobody listens any more */
}

static void
answer(struct inside *inside)
{
	for (size_t i = 0; i < inside->n; i++) {
		const struct decoding_job *job = &inside->jobs[i];
		struct intake *intake;
		struct reply reply;

		limit_time(LIMIT_DECODE_SECONDS); /* for each anew */
		intake = intake_decode(job->raw, &job->origin, inside->rules,
		    inside->scratch);
		fit(intake, inside->rules);
		reply.parcel = parcel_size(intake);
		send_piece(inside->line, &reply, sizeof(reply));
		parcel_write(intake, send_piece, inside->line);
		arena_reset(inside->scratch);
	}
	if (!line_flush(inside->line))
		_exit(EX_OK);
}

/* Of the files that are open here, nothing but the line and stderr stays. */
static int
keep_one(int fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int kept = STDERR_FILENO + 1;

	if (null == -1 || dup2(null, STDIN_FILENO) == -1 ||
	    dup2(null, STDOUT_FILENO) == -1 || dup2(fd, kept) == -1)
		_exit(EX_TEMPFAIL);
	(void)close_range((unsigned int)kept + 1, ~0U, 0);
	return kept;
}

/*
 * Who ends the caller need not end this one, which may still have an answer
 * to give: it ends when the line does, or with the thread that started it.
 */
static void
take_signals(void)
{
	static const int ignored[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };
	sigset_t none;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		(void)signal(ignored[i], SIG_IGN);
	(void)signal(SIGPROF, SIG_DFL);
	/* Here, the message is what fills a stack, or leads a library astray. */
	(void)signal(SIGSEGV, SIG_DFL);
	(void)signal(SIGABRT, SIG_DFL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static void
run_inside(const struct decode_rules *rules, struct line *line, int fd)
{
	struct inside inside = { .rules = rules, .line = line };
	struct sandbox_lack lack = { "" };

	take_signals();
	line->fd = keep_one(fd);
	line->n = line->at = 0;
	/* libseccomp may go round in circles where memory runs out. */
	limit_time(START_SECONDS);
	inside.arena = arena_new();
	inside.scratch = arena_new();
	(void)sandbox_enter(&lack);
	limit_time(LIMIT_DECODE_SECONDS);
	if (!write_all(line->fd, (const unsigned char *)&lack, sizeof(lack)))
		_exit(EX_OK);
	while (receive(&inside)) {
		line->n = line->at = 0;
		answer(&inside);
		arena_reset(inside.arena);
	}
	_exit(EX_OK);
}

/* --- outside ---------------------------------------------------------------- */

/* One that hangs without using any time is one that was taken over. */
static void
limit_waiting(int fd)
{
	const struct timeval most = { .tv_sec = WAIT_SECONDS };

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof(most));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof(most));
}

/* End the process, and tell how it ended; it may have by itself. */
static int
end(struct decoder *decoder)
{
	int status = 0;

	if (decoder->pid <= 0)
		return 0;
	(void)close(decoder->line.fd);
	(void)kill(decoder->pid, SIGKILL);
	while (waitpid(decoder->pid, &status, 0) == -1 && errno == EINTR)
		continue;
	decoder->pid = 0;
	return status;
}

static bool
start(struct decoder *decoder, struct fault *fault)
{
	struct line *line = &decoder->line;
	struct sandbox_lack lack;
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == -1)
		return fault_set(fault, FAULT_LATER,
		    "no line to a decoding process could be made: %s",
		    strerror(errno));
	decoder->pid = fork();
	if (decoder->pid == 0)
		run_inside(decoder->rules, line, fds[1]);
	(void)close(fds[1]);
	line->fd = fds[0];
	line->n = line->at = 0;
	if (decoder->pid == -1) {
		decoder->pid = 0;
		(void)close(fds[0]);
		return fault_set(fault, FAULT_LATER,
		    "no decoding process could be started: %s",
		    strerror(errno));
	}
	limit_waiting(line->fd);
	if (!line_get(line, &lack, sizeof(lack))) {
		(void)end(decoder);
		return fault_set(fault, FAULT_LATER,
		    "a decoding process ended before it began");
	}
	lack.text[sizeof(lack.text) - 1] = '\0';
	decoder->lack = lack;
	return true;
}

static bool
send_jobs(struct line *line, const struct decoding_job *jobs, size_t n)
{
	line->n = line->at = 0;
	for (size_t i = 0; i < n; i++) {
		const struct origin *origin = &jobs[i].origin;
		struct request request = { .left = n - i,
			.raw = jobs[i].raw.len,
			.source = strlen(origin->source),
			.received_at = origin->received_at,
			.now = origin->now,
			.channel = origin->channel };

		if (!line_put(line, &request, sizeof(request)) ||
		    !line_put(line, origin->source, request.source) ||
		    !line_put(line, jobs[i].raw.at, request.raw))
			return false;
	}
	return line_flush(line);
}

/* One intake; false where the line broke. *sane: it was what it should be. */
static bool
receive_intake(struct decoder *decoder, struct arena *arena,
    struct decoding_job *job, bool *sane)
{
	struct reply reply;
	unsigned char *parcel;

	*sane = true;
	if (!line_get(&decoder->line, &reply, sizeof(reply)))
		return false;
	*sane = reply.parcel <= parcel_most(&decoder->rules->limits);
	if (!*sane)
		return false;
	parcel = arena_try(arena, reply.parcel, SIZE_MAX / 2);
	if (parcel == NULL)
		fault_out_of_memory();
	if (!line_get(&decoder->line, parcel, reply.parcel))
		return false;
	job->intake =
	    parcel_read((struct bytes){ parcel, reply.parcel }, arena);
	*sane = job->intake != NULL;
	return *sane;
}

/* Does it blame the message, and not the moment? */
static bool
blames_message(int status)
{
	if (!WIFSIGNALED(status))
		return false;
	switch (WTERMSIG(status)) {
	case SIGABRT:
	case SIGBUS:
	case SIGFPE:
	case SIGILL:
	case SIGPROF:
	case SIGSEGV:
	case SIGSYS:
		return true;
	default:
		return false;
	}
}

static void
blame(struct decoding_job *job, bool sane, int status, struct arena *arena)
{
	const char *detail;

	if (!sane)
		detail = "what came out of decoding makes no sense";
	else if (WTERMSIG(status) == SIGPROF)
		detail =
		    arena_printf(arena, "decoding takes more than %d seconds",
			LIMIT_DECODE_SECONDS);
	else if (WTERMSIG(status) == SIGSYS)
		detail = "decoding tried what the sandbox forbids";
	else
		detail = arena_printf(arena, "decoding ended by signal %d (%s)",
		    WTERMSIG(status), strsignal(WTERMSIG(status)));
	job->intake = intake_unreadable(&job->origin, detail, arena);
}

/*
 * Decode some; false where the process ended over it.  Only where it was one
 * message alone is it clear which of them is to blame.
 */
static bool
attempt(struct decoder *decoder, struct decoding_job *jobs, size_t n,
    struct arena *arena)
{
	bool sane = true;
	size_t done = 0;
	int status;

	if (decoder->pid == 0 && !start(decoder, &jobs[0].fault))
		return false;
	if (send_jobs(&decoder->line, jobs, n))
		while (done < n &&
		    receive_intake(decoder, arena, &jobs[done], &sane))
			done++;
	if (done == n)
		return true;
	jobs[done].intake = NULL;
	status = end(decoder);
	if (n > 1)
		return false;
	if (!sane || blames_message(status)) {
		blame(&jobs[0], sane, status, arena);
		return true;
	}
	return fault_set(&jobs[0].fault, FAULT_LATER,
	    "a decoding process ended early: out of memory, or killed");
}

bool
decoder_start(const struct decode_rules *rules, const struct bytes *only,
    bool apart, struct decoder **decoder, struct fault *fault)
{
	struct decoder *made = calloc(1, sizeof(*made));

	if (made == NULL)
		fault_out_of_memory();
	made->rules = rules;
	made->apart = apart;
	made->scratch = arena_new();
	if (apart)
		message_prepare(only);
	if (apart && !start(made, fault)) {
		decoder_stop(made);
		return false;
	}
	*decoder = made;
	return true;
}

const char *
decoder_lack(const struct decoder *decoder)
{
	return decoder->lack.text[0] != '\0' ? decoder->lack.text : NULL;
}

/*
 * To decode takes ten times the memory of what comes of it: only that is kept,
 * and the same memory serves the next message.
 */
static void
decode_here(struct decoder *decoder, struct decoding_job *job,
    struct arena *arena)
{
	struct intake *intake = intake_decode(job->raw, &job->origin,
	    decoder->rules, decoder->scratch);

	job->intake = intake_copy(intake, arena);
	arena_reset(decoder->scratch);
}

void
decoder_decode(struct decoder *decoder, struct decoding_job *jobs, size_t n,
    struct arena *arena)
{
	for (size_t i = 0; i < n; i++) {
		jobs[i].intake = NULL;
		jobs[i].fault.kind = FAULT_NONE;
		if (!decoder->apart)
			decode_here(decoder, &jobs[i], arena);
	}
	if (!decoder->apart || n == 0 || attempt(decoder, jobs, n, arena))
		return;
	for (size_t i = 0; i < n; i++) {
		jobs[i].fault.kind = FAULT_NONE;
		if (jobs[i].intake == NULL)
			(void)attempt(decoder, &jobs[i], 1, arena);
	}
}

void
decoder_stop(struct decoder *decoder)
{
	if (decoder == NULL)
		return;
	(void)end(decoder);
	arena_free(decoder->scratch);
	free(decoder);
}
