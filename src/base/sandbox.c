#include "base/sandbox.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fault.h"

#ifdef HAVE_SECCOMP
#include <seccomp.h>
#endif

static void
note(struct sandbox_lack *lack, const char *fence, const char *why)
{
	size_t len = strlen(lack->text);

	(void)snprintf(lack->text + len, sizeof(lack->text) - len, "%s%s (%s)",
	    len > 0 ? ", " : "", fence, why);
}

#ifdef HAVE_SECCOMP

/* What decoding, the C library and the sanitizers do all the time. */
static const int allowed[] = {
	SCMP_SYS(brk),
	SCMP_SYS(clock_getres),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_gettime64),
	SCMP_SYS(close),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	SCMP_SYS(fstat),
	SCMP_SYS(futex),
	SCMP_SYS(futex_time64),
	SCMP_SYS(getpid),
	SCMP_SYS(getrandom),
	SCMP_SYS(gettid),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(lseek),
	SCMP_SYS(madvise),
	SCMP_SYS(mremap),
	SCMP_SYS(munmap),
	SCMP_SYS(poll),
	SCMP_SYS(read),
	SCMP_SYS(readv),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sched_yield),
	SCMP_SYS(setitimer),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(sigreturn),
	SCMP_SYS(time),
	SCMP_SYS(write),
	SCMP_SYS(writev),
};

/*
 * What a library does when it looks for something that it can do without, as
 * iconv does for a table: it is told no, and goes on.
 */
static const int refused[] = {
	SCMP_SYS(access),
	SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2),
	SCMP_SYS(lstat),
	SCMP_SYS(newfstatat),
	SCMP_SYS(open),
	SCMP_SYS(openat),
	SCMP_SYS(openat2),
	SCMP_SYS(readlink),
	SCMP_SYS(readlinkat),
	SCMP_SYS(stat),
	SCMP_SYS(statx),
};

/* What nobody does here but one who has broken in. */
static const int deadly[] = {
	SCMP_SYS(accept),
	SCMP_SYS(accept4),
	SCMP_SYS(bind),
	SCMP_SYS(bpf),
	SCMP_SYS(clone),
	SCMP_SYS(connect),
	SCMP_SYS(execve),
	SCMP_SYS(execveat),
	SCMP_SYS(fork),
	SCMP_SYS(io_uring_setup),
	SCMP_SYS(listen),
	SCMP_SYS(pidfd_getfd),
	SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev),
	SCMP_SYS(ptrace),
	SCMP_SYS(sendmmsg),
	SCMP_SYS(sendmsg),
	SCMP_SYS(sendto),
	SCMP_SYS(socket),
	SCMP_SYS(socketcall),
	SCMP_SYS(socketpair),
	SCMP_SYS(vfork),
};

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

/* A call that this machine or this libseccomp does not have needs no rule. */
static bool
add(scmp_filter_ctx filter, uint32_t action, const int calls[], size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int failed = seccomp_rule_add(filter, action, calls[i], 0);

		if (failed != 0 && failed != -EDOM && failed != -EINVAL)
			return false;
	}
	return true;
}

/* Memory that can be run as code is no good for anything here. */
static bool
add_memory(scmp_filter_ctx filter)
{
	static const int calls[] = { SCMP_SYS(mmap), SCMP_SYS(mmap2),
		SCMP_SYS(mprotect) };
	const struct scmp_arg_cmp data = { .arg = 2,
		.op = SCMP_CMP_MASKED_EQ,
		.datum_a = PROT_EXEC };

	for (size_t i = 0; i < LEN(calls); i++) {
		int failed = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW,
		    calls[i], 1, &data);

		if (failed != 0 && failed != -EDOM && failed != -EINVAL)
			return false;
	}
	return true;
}

/* A signal to oneself, as abort(3) sends it. */
static bool
add_abort(scmp_filter_ctx filter)
{
	const struct scmp_arg_cmp self = { .arg = 0,
		.op = SCMP_CMP_EQ,
		.datum_a = (scmp_datum_t)getpid() };

	return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill),
		   1, &self) == 0;
}

/*
 * A filter that cannot be made is for want of memory; a libseccomp (2.5) that
 * had none frees some of its own twice, and no more can be done after it.
 */
static void
filter_calls(struct sandbox_lack *lack)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	int failed;

	if (filter == NULL ||
	    !(add(filter, SCMP_ACT_ALLOW, allowed, LEN(allowed)) &&
		add(filter, SCMP_ACT_ERRNO(EACCES), refused, LEN(refused)) &&
		add(filter, SCMP_ACT_KILL_PROCESS, deadly, LEN(deadly)) &&
		add_memory(filter) && add_abort(filter)))
		fault_out_of_memory();
	failed = seccomp_load(filter);
	if (failed == -ENOMEM || failed == -EFAULT)
		fault_out_of_memory();
	if (failed != 0)
		note(lack, "seccomp", strerror(-failed));
	seccomp_release(filter);
}

#else

static void
filter_calls(struct sandbox_lack *lack)
{
	note(lack, "seccomp", "built without libseccomp");
}

#endif

/*
 * Landlock, as linux/landlock.h has it; its numbers are the same on every
 * machine, and older systems lack the header, or half of what is in it.
 */
enum {
	CALL_CREATE_RULESET = 444,
	CALL_RESTRICT_SELF = 446,
	GET_VERSION = 1 /* a flag of the first */
};

struct ruleset {
	uint64_t files;
	uint64_t network; /* from version 4 on */
	uint64_t scoped;  /* from version 6 on */
};

/* Everything that a version knows of is forbidden, and nothing allowed. */
static size_t
fill_ruleset(long version, struct ruleset *ruleset)
{
	int rights = version >= 5 ? 16 :
	    version >= 3          ? 15 :
	    version == 2          ? 14 :
				    13;

	ruleset->files = (UINT64_C(1) << rights) - 1;
	ruleset->network = version >= 4 ? 3 : 0;
	ruleset->scoped = version >= 6 ? 3 : 0;
	return version >= 6 ? 3 * sizeof(uint64_t) :
	    version >= 4    ? 2 * sizeof(uint64_t) :
			      sizeof(uint64_t);
}

static bool
restrict_files(void)
{
	long version = syscall(CALL_CREATE_RULESET, NULL, 0, GET_VERSION);
	struct ruleset ruleset;
	long fd;
	bool done;

	if (version < 1)
		return false;
	fd = syscall(CALL_CREATE_RULESET, &ruleset,
	    fill_ruleset(version, &ruleset), 0);
	if (fd < 0)
		return false;
	done = syscall(CALL_RESTRICT_SELF, fd, 0) == 0;
	(void)close((int)fd);
	return done;
}

/* No more files than are open, no other process, no core. */
static void
limit_resources(void)
{
	static const struct rlimit nothing = { 0, 0 };

	(void)setrlimit(RLIMIT_CORE, &nothing);
	(void)setrlimit(RLIMIT_NPROC, &nothing);
	(void)setrlimit(RLIMIT_NOFILE, &nothing);
}

bool
sandbox_enter(struct sandbox_lack *lack)
{
	lack->text[0] = '\0';
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		note(lack, "no_new_privs", strerror(errno));
	if (!restrict_files())
		note(lack, "Landlock", strerror(errno));
	limit_resources();
	filter_calls(lack);
	return lack->text[0] == '\0';
}
