/*
 * An intake on its way from the process that decoded it to the one that
 * stores it.  The sender may have been taken over by the very message that it
 * decoded: the receiver believes nothing that it cannot check.
 */
#ifndef PARCEL_H
#define PARCEL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "report/report.h"

/* How many bytes parcel_write() will write. */
size_t parcel_size(const struct intake *intake);

/* Write an intake; write() takes each piece, in order. */
void parcel_write(const struct intake *intake,
    void (*write)(void *data, const void *piece, size_t len), void *data);

/*
 * Read an intake.  Its texts and documents lie in the parcel, its structures
 * in the arena.  NULL where the parcel is not what parcel_write() makes: a
 * length, a count or a choice is out of bounds, or the intake says that it is
 * stored already.  A text that is not UTF-8 is repaired.
 */
struct intake *parcel_read(struct bytes bytes, struct arena *arena);

#endif
