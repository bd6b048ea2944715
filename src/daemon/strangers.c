#include "daemon/strangers.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/fault.h"
#include "base/log.h"
#include "intake/maildir.h"

enum { COUNT_SECONDS = 60, BLOCK = 4096 };

struct strangers {
	const char *quarantine;
	uint64_t most;
	pthread_mutex_t lock; /* guards what follows */
	uint64_t bytes;       /* as far as is known */
	int64_t counted;      /* when they were, in seconds; 0: never */
	bool told;            /* that there is no room */
};

struct strangers *
strangers_new(const char *quarantine, uint64_t most)
{
	struct strangers *made = calloc(1, sizeof(*made));

	if (made == NULL)
		fault_out_of_memory();
	made->quarantine = quarantine;
	made->most = most;
	(void)pthread_mutex_init(&made->lock, NULL);
	return made;
}

void
strangers_free(struct strangers *strangers)
{
	if (strangers == NULL)
		return;
	(void)pthread_mutex_destroy(&strangers->lock);
	free(strangers);
}

static int64_t
now(void)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec;
}

bool
strangers_may_leave(struct strangers *strangers, size_t len)
{
	uint64_t room = (len / BLOCK + 1) * BLOCK;
	bool may;
	bool tell;

	(void)pthread_mutex_lock(&strangers->lock);
	may = strangers->counted > 0 &&
	    strangers->bytes + room <= strangers->most;
	if (!may &&
	    (strangers->counted == 0 ||
		now() - strangers->counted >= COUNT_SECONDS)) {
		strangers->counted = now() + 1;
		strangers->bytes = maildir_size(strangers->quarantine);
		may = strangers->bytes + room <= strangers->most;
	}
	if (may)
		strangers->bytes += room;
	tell = !may && !strangers->told;
	strangers->told = !may;
	(void)pthread_mutex_unlock(&strangers->lock);
	if (tell)
		log_line(LOG_LEVEL_ERROR, NULL,
		    "%s: max-quarantine is reached: of what strangers send and "
		    "cannot be read, no copies are kept",
		    strangers->quarantine);
	return may;
}
