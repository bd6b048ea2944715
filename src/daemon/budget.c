#include "daemon/budget.h"

bool
budget_hold(struct budget *budget, size_t bytes, size_t *reserved)
{
	size_t wanted = bytes / BUDGET_STEP * BUDGET_STEP + BUDGET_STEP;
	size_t more;

	if (bytes <= BUDGET_FREE || bytes <= *reserved)
		return true;
	more = wanted - *reserved;
	if (atomic_fetch_add(&budget->used, more) + more > budget->most) {
		atomic_fetch_sub(&budget->used, more);
		return false;
	}
	*reserved = wanted;
	return true;
}

void
budget_release(struct budget *budget, size_t *reserved)
{
	atomic_fetch_sub(&budget->used, *reserved);
	*reserved = 0;
}
