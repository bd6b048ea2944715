#include "tlsrpt-db-show.h"

#include <inttypes.h>
#include <stdio.h>

void
show_number(const char *name, int64_t number)
{
	(void)printf("%-12s %12" PRId64 "\n", name, number);
}

void
show_text(const char *name, const char *text)
{
	(void)printf("%-12s %12s\n", name, text);
}

const char *
show_size(int64_t bytes, struct arena *arena)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	double size = (double)bytes;
	size_t unit = 0;

	while (size >= 1024 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		size /= 1024;
		unit++;
	}
	return arena_printf(arena, unit == 0 ? "%.0f %s" : "%.1f %s", size,
	    units[unit]);
}
