/* The delivery agent: one message on standard input, decoded, put, done. */
#ifndef AGENT_H
#define AGENT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/fault.h"
#include "intake/batch.h"

/*
 * Deliver the message on standard input by the rules of a batch of one.
 *
 *	deadline	seconds after which the process ends itself with
 *			EX_TEMPFAIL, since a mail system that has to end it
 *			would bounce the message
 *
 * Fails with FAULT_CONTENT where the message holds no report and
 * rules->invalid_fails is set; with any other fault the message is not safe,
 * and has to be kept.
 */
bool agent_deliver(const struct batch_rules *rules, int deadline,
    struct arena *arena, struct fault *fault);

#endif
