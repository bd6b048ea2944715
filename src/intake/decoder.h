/*
 * Decoding behind a wall: messages go to a process that has shut itself in
 * (base/sandbox.h), and intakes come back.  Whoever takes over that process
 * by a message that no library was ready for finds no file, no network, no
 * database and no program there; what it sends back is checked (parcel.h).
 */
#ifndef DECODER_H
#define DECODER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/fault.h"
#include "intake/decode.h"

struct decoder;

/* Messages to decode at once at most, and about how many bytes of them. */
enum { DECODER_MESSAGES = 16, DECODER_BYTES = 1 << 20 };

/* What the log says where decoding is not shut in, or not by every fence. */
#define DECODER_OFF   "off: messages are decoded unconfined (--no-sandbox)"
#define DECODER_LACKS "messages are decoded less confined, without %s"

/* A message, and what came of it. */
struct decoding_job {
	struct bytes raw;
	struct origin origin;
	struct intake *intake; /* NULL: see fault */
	struct fault fault;    /* FAULT_LATER */
};

/*
 * Start a decoder.
 *
 *	rules	copied by the process as they are now; must live as long as
 *		the decoder
 *	only	the one message that it is for; NULL: there will be others
 *	apart	in a process of its own; else in this one (--no-sandbox)
 *
 * The process has a copy of this one's memory: load no secret key before.  It
 * ends with the thread that started it.  The caller ignores SIGPIPE.
 * Fails with FAULT_LATER.
 */
bool decoder_start(const struct decode_rules *rules, const struct bytes *only,
    bool apart, struct decoder **decoder, struct fault *fault);

/*
 * What of the wall cannot be had here, for a log line; NULL: nothing.  Known
 * as soon as the decoder is started.
 */
const char *decoder_lack(const struct decoder *decoder);

/*
 * Decode up to DECODER_MESSAGES messages; one thread at a time.  Intakes, and
 * all they point to, belong to the arena, or lie in raw.
 *
 * A message that ends its decoder by a crash, or by what the sandbox forbids,
 * or takes too long, is rejected as unreadable.  Where the decoder ends for
 * want of memory, or by somebody's hand, and does so again, that job has
 * FAULT_LATER and no intake.  Each time another decoder is started.
 */
void decoder_decode(struct decoder *decoder, struct decoding_job *jobs,
    size_t n, struct arena *arena);

/* End the process and give everything back; NULL is fine. */
void decoder_stop(struct decoder *decoder);

#endif
