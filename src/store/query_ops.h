/* What each kind of database has to offer to query.c. */
#ifndef QUERY_OPS_H
#define QUERY_OPS_H

#include "store/query.h"

/* Each function takes what open() made; contracts are those of query.h. */
struct query_ops {
	bool postgresql;
	bool (*open)(const char *uri, const char *program, int timeout,
	    bool ours, void **self, struct fault *fault);
	void (*close)(void *self);
	bool (*run)(void *self, const char *sql, const char *const params[],
	    size_t nparams, struct arena *arena, struct query_rows *rows,
	    struct fault *fault);
	bool (*renew)(void *self, struct fault *fault);
};

extern const struct query_ops postgres_query_ops;
extern const struct query_ops sqlite_query_ops;

#endif
