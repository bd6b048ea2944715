#include "dns/parallel.h"

#include <pthread.h>
#include <stdbool.h>

enum { THREADS_MOST = 64 };

struct pool {
	pthread_mutex_t lock;
	void (*work)(void *thing);
	void *const *things;
	size_t nthings;
	size_t next;
};

static void *
serve(void *data)
{
	struct pool *pool = data;

	for (;;) {
		size_t mine;

		pthread_mutex_lock(&pool->lock);
		mine = pool->next++;
		pthread_mutex_unlock(&pool->lock);
		if (mine >= pool->nthings)
			return NULL;
		pool->work(pool->things[mine]);
	}
}

void
parallel_run(void (*work)(void *thing), void *const *things, size_t nthings,
    size_t nthreads)
{
	struct pool pool = { PTHREAD_MUTEX_INITIALIZER, work, things, nthings,
		0 };
	pthread_t threads[THREADS_MOST];
	size_t started = 0;

	/* This thread is one of them, so that it works without any, too. */
	while (started + 1 < nthreads && started + 1 < nthings &&
	    started < THREADS_MOST &&
	    pthread_create(&threads[started], NULL, serve, &pool) == 0)
		started++;
	(void)serve(&pool);
	while (started > 0)
		(void)pthread_join(threads[--started], NULL);
	(void)pthread_mutex_destroy(&pool.lock);
}
