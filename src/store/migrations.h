/* The files of sql/, compiled in; build-aux/sql2c.awk makes the tables. */
#ifndef MIGRATIONS_H
#define MIGRATIONS_H

#include <stddef.h>

struct migration {
	int version;
	const char *name; /* of its file */
	const char *sql;
};

/* In the order of their versions, which count from 1. */
extern const struct migration postgresql_migrations[];
extern const size_t npostgresql_migrations;
extern const struct migration sqlite_migrations[];
extern const size_t nsqlite_migrations;

#endif
