/*
 * The n-th call of a kind fails: preloaded (LD_PRELOAD) into a program.
 *
 *	INJECT=KIND:N		the N-th call of that kind, counted from 1 over
 *				the program and all processes that it makes
 *	INJECT=KIND:N+		that one, and all that follow
 *	INJECT_ERRNO=28		what errno(3) says (5, EIO)
 *	INJECT_COUNTS=FILE	how many calls of each kind there were; it has
 *				room for them (zeroes) before
 *	INJECT_CLOCK=SECONDS	the clock jumps to and fro by that much
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum kind {
	MALLOC,
	READ,
	WRITE,
	SYNC,
	NAME, /* rename, link, unlink, mkdir */
	OPEN,
	FORK,
	THREAD,
	PQ,
	SQLITE,
	NKINDS
};

static const char *const kinds[NKINDS] = { "malloc", "read", "write", "fsync",
	"rename", "open", "fork", "thread", "pq", "sqlite" };

static atomic_long *counts; /* NULL: not started, or nothing to do */
static int chosen = -1;
static long first;
static bool persistent;
static int error = EIO;
static long jump;

/* Of the C library, which has them under these names for just this. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *at, size_t size);

__attribute__((constructor)) static void
start(void)
{
	const char *inject = getenv("INJECT");
	const char *file = getenv("INJECT_COUNTS");
	const char *colon = inject != NULL ? strchr(inject, ':') : NULL;
	int fd = file != NULL ? open(file, O_RDWR | O_CLOEXEC) : -1;
	void *map;

	if (getenv("INJECT_CLOCK") != NULL)
		jump = atol(getenv("INJECT_CLOCK"));
	if (getenv("INJECT_ERRNO") != NULL)
		error = atoi(getenv("INJECT_ERRNO"));
	for (int i = 0; i < NKINDS && colon != NULL; i++)
		if (strncmp(kinds[i], inject, (size_t)(colon - inject)) == 0 &&
		    kinds[i][colon - inject] == '\0')
			chosen = i;
	if (colon != NULL) {
		first = atol(colon + 1);
		persistent = strchr(colon, '+') != NULL;
	}
	if (fd < 0)
		return;
	map = mmap(NULL, NKINDS * sizeof(*counts), PROT_READ | PROT_WRITE,
	    MAP_SHARED, fd, 0);
	(void)close(fd);
	if (map != MAP_FAILED)
		counts = map;
}

static bool
fails(enum kind kind)
{
	long n;

	if (counts == NULL)
		return false;
	n = atomic_fetch_add(&counts[kind], 1) + 1;
	if ((int)kind != chosen || n < first || (n > first && !persistent))
		return false;
	errno = error;
	return true;
}

static uintptr_t program_start;
static uintptr_t program_end;

/* The program itself comes first. */
static int
note_program(struct dl_phdr_info *info, size_t size, void *data)
{
	(void)size;
	(void)data;
	program_start = info->dlpi_addr;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		uintptr_t end = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr +
		    info->dlpi_phdr[i].p_memsz;

		if (info->dlpi_phdr[i].p_type == PT_LOAD && end > program_end)
			program_end = end;
	}
	return 1;
}

/*
 * Only calls of the program's own: a database library that calls itself knows
 * more of the call than that it failed.
 */
static bool
fails_for(enum kind kind, const void *caller)
{
	uintptr_t at = (uintptr_t)caller;

	if (program_end == 0)
		(void)dl_iterate_phdr(note_program, NULL);
	return at >= program_start && at < program_end && fails(kind);
}

#define CALLER     __builtin_return_address(0)
#define REAL(name) ((__typeof__(&(name)))dlsym(RTLD_NEXT, #name))

void *
malloc(size_t size)
{
	if (fails(MALLOC)) {
		errno = ENOMEM;
		return NULL;
	}
	return __libc_malloc(size);
}

void *
calloc(size_t n, size_t size)
{
	if (fails(MALLOC)) {
		errno = ENOMEM;
		return NULL;
	}
	return __libc_calloc(n, size);
}

void *
realloc(void *at, size_t size)
{
	if (fails(MALLOC)) {
		errno = ENOMEM;
		return NULL;
	}
	return __libc_realloc(at, size);
}

ssize_t
read(int fd, void *to, size_t len)
{
	return fails(READ) ? -1 : REAL(read)(fd, to, len);
}

ssize_t
pread64(int fd, void *to, size_t len, off64_t at)
{
	return fails(READ) ? -1 : REAL(pread64)(fd, to, len, at);
}

ssize_t
write(int fd, const void *from, size_t len)
{
	return fails(WRITE) ? -1 : REAL(write)(fd, from, len);
}

ssize_t
pwrite64(int fd, const void *from, size_t len, off64_t at)
{
	return fails(WRITE) ? -1 : REAL(pwrite64)(fd, from, len, at);
}

int
ftruncate64(int fd, off64_t len)
{
	return fails(WRITE) ? -1 : REAL(ftruncate64)(fd, len);
}

int
fsync(int fd)
{
	return fails(SYNC) ? -1 : REAL(fsync)(fd);
}

int
fdatasync(int fd)
{
	return fails(SYNC) ? -1 : REAL(fdatasync)(fd);
}

int
rename(const char *from, const char *to)
{
	return fails(NAME) ? -1 : REAL(rename)(from, to);
}

int
renameat2(int from, const char *old, int to, const char *new,
    unsigned int flags)
{
	return fails(NAME) ? -1 : REAL(renameat2)(from, old, to, new, flags);
}

int
link(const char *from, const char *to)
{
	return fails(NAME) ? -1 : REAL(link)(from, to);
}

int
unlink(const char *path)
{
	return fails(NAME) ? -1 : REAL(unlink)(path);
}

int
mkdir(const char *path, mode_t mode)
{
	return fails(NAME) ? -1 : REAL(mkdir)(path, mode);
}

int
open(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = va_arg(args, mode_t);
	va_end(args);
	return fails(OPEN) ? -1 : REAL(open)(path, flags, mode);
}

int
open64(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = va_arg(args, mode_t);
	va_end(args);
	return fails(OPEN) ? -1 : REAL(open64)(path, flags, mode);
}

pid_t
fork(void)
{
	return fails(FORK) ? -1 : REAL(fork)();
}

int
pthread_create(pthread_t *thread, const pthread_attr_t *how,
    void *(*work)(void *), void *data)
{
	return fails(THREAD) ? EAGAIN :
			       REAL(pthread_create)(thread, how, work, data);
}

/* --- the databases, of which no header is needed ---------------------------- */

struct pg_conn;
struct pg_result;
struct sqlite3;
struct sqlite3_stmt;
struct pg_conn *PQconnectdbParams(const char *const *, const char *const *,
    int);
int PQsendQuery(struct pg_conn *, const char *);
int PQsendQueryParams(struct pg_conn *, const char *, int, const unsigned int *,
    const char *const *, const int *, const int *, int);
int PQconsumeInput(struct pg_conn *);
struct pg_result *PQgetResult(struct pg_conn *);
int PQputCopyData(struct pg_conn *, const char *, int);
int PQputCopyEnd(struct pg_conn *, const char *);
int sqlite3_step(struct sqlite3_stmt *);
int sqlite3_exec(struct sqlite3 *, const char *,
    int (*)(void *, int, char **, char **), void *, char **);
int sqlite3_open_v2(const char *, struct sqlite3 **, int, const char *);
int sqlite3_bind_text(struct sqlite3_stmt *, int, const char *, int,
    void (*)(void *));
int sqlite3_bind_blob64(struct sqlite3_stmt *, int, const void *,
    unsigned long long, void (*)(void *));
int sqlite3_bind_int64(struct sqlite3_stmt *, int, long long);
int sqlite3_bind_int(struct sqlite3_stmt *, int, int);
int sqlite3_prepare_v2(struct sqlite3 *, const char *, int,
    struct sqlite3_stmt **, const char **);
int sqlite3_prepare_v3(struct sqlite3 *, const char *, int, unsigned int,
    struct sqlite3_stmt **, const char **);

enum { OUT_OF_MEMORY = 7, IO_ERROR = 10 }; /* as SQLite numbers them */

struct pg_conn *
PQconnectdbParams(const char *const *names, const char *const *values,
    int expand)
{
	return fails_for(PQ, CALLER) ?
	    NULL :
	    REAL(PQconnectdbParams)(names, values, expand);
}

int
PQsendQuery(struct pg_conn *conn, const char *sql)
{
	return fails_for(PQ, CALLER) ? 0 : REAL(PQsendQuery)(conn, sql);
}

int
PQsendQueryParams(struct pg_conn *conn, const char *sql, int n,
    const unsigned int *types, const char *const *values, const int *lengths,
    const int *formats, int format)
{
	return fails_for(PQ, CALLER) ?
	    0 :
	    REAL(PQsendQueryParams)(conn, sql, n, types, values, lengths,
		formats, format);
}

int
PQconsumeInput(struct pg_conn *conn)
{
	return fails_for(PQ, CALLER) ? 0 : REAL(PQconsumeInput)(conn);
}

struct pg_result *
PQgetResult(struct pg_conn *conn)
{
	return fails_for(PQ, CALLER) ? NULL : REAL(PQgetResult)(conn);
}

int
PQputCopyData(struct pg_conn *conn, const char *from, int len)
{
	return fails_for(PQ, CALLER) ? -1 :
				       REAL(PQputCopyData)(conn, from, len);
}

int
PQputCopyEnd(struct pg_conn *conn, const char *why)
{
	return fails_for(PQ, CALLER) ? -1 : REAL(PQputCopyEnd)(conn, why);
}

int
sqlite3_step(struct sqlite3_stmt *statement)
{
	return fails_for(SQLITE, CALLER) ? IO_ERROR :
					   REAL(sqlite3_step)(statement);
}

int
sqlite3_exec(struct sqlite3 *db, const char *sql,
    int (*each)(void *, int, char **, char **), void *data, char **message)
{
	return fails_for(SQLITE, CALLER) ?
	    IO_ERROR :
	    REAL(sqlite3_exec)(db, sql, each, data, message);
}

int
sqlite3_open_v2(const char *path, struct sqlite3 **db, int flags,
    const char *vfs)
{
	return fails_for(SQLITE, CALLER) ?
	    OUT_OF_MEMORY :
	    REAL(sqlite3_open_v2)(path, db, flags, vfs);
}

int
sqlite3_bind_text(struct sqlite3_stmt *statement, int at, const char *text,
    int len, void (*end)(void *))
{
	return fails_for(SQLITE, CALLER) ?
	    OUT_OF_MEMORY :
	    REAL(sqlite3_bind_text)(statement, at, text, len, end);
}

int
sqlite3_bind_blob64(struct sqlite3_stmt *statement, int at, const void *bytes,
    unsigned long long len, void (*end)(void *))
{
	return fails_for(SQLITE, CALLER) ?
	    OUT_OF_MEMORY :
	    REAL(sqlite3_bind_blob64)(statement, at, bytes, len, end);
}

int
sqlite3_bind_int64(struct sqlite3_stmt *statement, int at, long long number)
{
	return fails_for(SQLITE, CALLER) ?
	    OUT_OF_MEMORY :
	    REAL(sqlite3_bind_int64)(statement, at, number);
}

int
sqlite3_bind_int(struct sqlite3_stmt *statement, int at, int number)
{
	return fails_for(SQLITE, CALLER) ?
	    OUT_OF_MEMORY :
	    REAL(sqlite3_bind_int)(statement, at, number);
}

int
sqlite3_prepare_v2(struct sqlite3 *db, const char *sql, int len,
    struct sqlite3_stmt **statement, const char **rest)
{
	return fails_for(SQLITE, CALLER) ?
	    IO_ERROR :
	    REAL(sqlite3_prepare_v2)(db, sql, len, statement, rest);
}

int
sqlite3_prepare_v3(struct sqlite3 *db, const char *sql, int len,
    unsigned int flags, struct sqlite3_stmt **statement, const char **rest)
{
	return fails_for(SQLITE, CALLER) ?
	    IO_ERROR :
	    REAL(sqlite3_prepare_v3)(db, sql, len, flags, statement, rest);
}

/* --- the clock -------------------------------------------------------------- */

static time_t
jumped(time_t now)
{
	static atomic_int calls;

	return jump == 0 ? now :
			   now + jump * (atomic_fetch_add(&calls, 1) % 3 - 1);
}

time_t
time(time_t *now)
{
	time_t then = jumped(REAL(time)(NULL));

	if (now != NULL)
		*now = then;
	return then;
}

int
clock_gettime(clockid_t clock, struct timespec *now)
{
	int failed = REAL(clock_gettime)(clock, now);

	if (failed == 0 && clock == CLOCK_REALTIME)
		now->tv_sec = jumped(now->tv_sec);
	return failed;
}
