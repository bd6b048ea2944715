/*
 * Mutations that know what they change: a fuzzer that only flips bits never
 * gets past base64, the checksum of gzip, and the quotes of JSON.
 */
#ifndef MUTATE_H
#define MUTATE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Change JSON text in place: put a value in another's place, drop it, double
 * it, or swap it for an odd one.  data has room for max bytes; the new size
 * is returned.  Text that is no JSON is changed byte by byte.
 */
size_t mutate_json(uint8_t *data, size_t size, size_t max, unsigned int seed);

/*
 * Change a message, or a bare document, in place: a report in it is decoded
 * and unpacked, changed as above, and packed and encoded again.
 */
size_t mutate_message(uint8_t *data, size_t size, size_t max,
    unsigned int seed);

/* What libFuzzer looks for in a target, and what it lends to it. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max,
    unsigned int seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);

#endif
