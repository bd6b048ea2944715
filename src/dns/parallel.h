/* The same done to many things, several at a time. */
#ifndef DNS_PARALLEL_H
#define DNS_PARALLEL_H

#include <stddef.h>

/*
 * Call work(things[i]) for each, from up to nthreads threads; back when all
 * of them are done.
 */
void parallel_run(void (*work)(void *thing), void *const *things,
    size_t nthings, size_t nthreads);

#endif
