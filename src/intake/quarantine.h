/* A Maildir that keeps each message which held no readable report. */
#ifndef QUARANTINE_H
#define QUARANTINE_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/fault.h"

/*
 * Keep a copy of a message, durably: written to tmp, synced, moved to new,
 * and the folder synced, all before it returns.  The Maildir, and the folders
 * above it, are made where missing (mode 0700); files have mode 0600.
 *
 *	dir	the Maildir
 *	message	the bytes to keep
 *	rest	a file descriptor from which more of the message is copied
 *		behind those bytes until its end, or -1
 *
 * The file is named for the SHA-256 of its bytes, so that a message that
 * comes again, as after a lost answer, is kept once.
 *
 * Fails with FAULT_LATER; then nothing is left behind.
 */
bool quarantine_keep(const char *dir, struct bytes message, int rest,
    struct fault *fault);

#endif
