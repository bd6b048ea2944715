/* Memory that messages under way may hold, all together. */
#ifndef BUDGET_H
#define BUDGET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct budget {
	size_t most;
	_Atomic size_t used;
};

/* A small message is always taken; a large one has to find room. */
enum { BUDGET_FREE = 256 << 10, BUDGET_STEP = 1 << 20 };

/*
 * Let a message hold so many bytes, of which *reserved were granted before.
 * False, with nothing changed, where that is too much.
 */
bool budget_hold(struct budget *budget, size_t bytes, size_t *reserved);

/* Give all of it back. */
void budget_release(struct budget *budget, size_t *reserved);

#endif
