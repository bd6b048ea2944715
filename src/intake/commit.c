#include "intake/commit.h"

#include <stdlib.h>

#include "intake/quarantine.h"

static bool
is_rejected(const struct delivery *delivery)
{
	return delivery->intake->outcome == OUTCOME_REJECTED;
}

static void
keep(const char *quarantine, struct delivery *delivery)
{
	if (quarantine != NULL)
		(void)quarantine_keep(quarantine, delivery->raw, delivery->rest,
		    &delivery->fault);
}

static bool
put(struct store *store, struct delivery *deliveries, size_t n,
    struct fault *fault)
{
	struct intake **intakes = calloc(n + 1, sizeof(struct intake *));
	size_t safe = 0;
	bool done;

	if (intakes == NULL)
		fault_out_of_memory();
	for (size_t i = 0; i < n; i++)
		if (deliveries[i].fault.kind == FAULT_NONE)
			intakes[safe++] = deliveries[i].intake;
	done = safe == 0 || store_put(store, intakes, safe, fault);
	free(intakes);
	return done;
}

static bool
decoded(struct delivery *deliveries, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!is_rejected(&deliveries[i]))
			deliveries[i].intake->outcome = OUTCOME_DECODED;
	return true;
}

bool
commit_all(struct store *store, const char *quarantine,
    struct delivery *deliveries, size_t n, struct fault *fault)
{
	if (store == NULL)
		return decoded(deliveries, n);
	for (size_t i = 0; i < n; i++)
		if (is_rejected(&deliveries[i]) && !deliveries[i].uncopied)
			keep(quarantine, &deliveries[i]);
	if (!put(store, deliveries, n, fault))
		return false;
	for (size_t i = 0; i < n; i++)
		if (deliveries[i].intake->reason == REASON_REFUSED_BY_DATABASE)
			keep(quarantine, &deliveries[i]);
	return true;
}
