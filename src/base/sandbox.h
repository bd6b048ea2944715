/*
 * A process shuts itself in: what decodes mail from strangers needs memory,
 * the clock and the files that are open, and nothing else.
 *
 * Three fences, each there by itself, so that one still stands where another
 * cannot be had: a seccomp filter (libseccomp), Landlock (Linux 5.13), and
 * resource limits.  Inside, opening a file fails with EACCES; execve, fork,
 * ptrace and whatever reaches the network end the process with SIGSYS; a call
 * that is not known to be needed fails with ENOSYS.
 */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <stdbool.h>

/* What cannot be had, for a log line. */
struct sandbox_lack {
	char text[256]; /* empty where nothing lacks */
};

/*
 * Shut in this process for good; call it while there is one thread.  What
 * will be needed has to be open and loaded by then: see message_prepare()
 * for mail, say.
 *
 * It never fails: the fences that can be had are up when it returns, and lack
 * names those that cannot and says why.  True where all of them are up.
 */
bool sandbox_enter(struct sandbox_lack *lack);

#endif
