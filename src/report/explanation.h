/*
 * What a word of a report means for the postmaster who reads it: the usual
 * causes, how to see for oneself, and how to mend it.  What the word itself
 * says, in a sentence, stands in vocabulary.h; together they are the one
 * table from which "tlsrpt-report explain", its man page, the pages, the
 * digest, the database's result_type and the dashboards draw.
 *
 * Texts are marked for translation: look them up with _() where they are
 * shown.  Commands are not.  In commands and texts DOMAIN stands for the
 * policy domain and MX for the host that receives its mail.
 */
#ifndef EXPLANATION_H
#define EXPLANATION_H

#include <stddef.h>

#include "report/vocabulary.h"

enum { CAUSES_MOST = 5, CHECKS_MOST = 3 };

/* A command to run by hand, and what to look for in what it prints. */
struct check {
	const char *command;
	const char *look;
};

struct explanation {
	const char *name; /* of the word */
	const char
	    *causes[CAUSES_MOST + 1]; /* the likeliest first, then NULL */
	struct check checks[CHECKS_MOST + 1]; /* the last has no command */
	const char *mend;                     /* sentences */
};

/* What kind of word it is. */
enum word_kind {
	WORD_RESULT_TYPE,
	WORD_POLICY_TYPE,
	WORD_DEVIATION,
	NWORD_KINDS
};

/* A word with all that is known of it; texts are marked for translation. */
struct word {
	enum word_kind kind;
	const char *name;
	const char *concern; /* of a result type; weight of a deviation */
	const char *summary; /* what it means, a sentence */
	const char *advice;  /* what to do, a sentence; NULL: a deviation */
	const struct explanation *explanation;
};

/* Words by number: result types, then policy types, then deviations. */
size_t nwords(void);
struct word word_at(size_t n);

/* The word of that name; false where there is none.  Case does not count. */
bool word_find(const char *name, struct word *word);

/*
 * Where does it belong: what fails with this result type is the matter of
 * "starttls", "certificate", "dane", "mta-sts", or "other" for all else.
 */
const char *result_type_concern(const char *name);

/* The row of a result type, or NULL where it is not registered. */
const struct result_type *result_type_find(const char *name);

/* A policy type (RFC 8460, section 4.4). */
struct policy_type {
	const char *name;
	const char *title;   /* as people call it: MTA-STS, DANE */
	const char *summary; /* what it means, a sentence */
	const char *advice;  /* what to do, a sentence */
};

extern const struct policy_type policy_types[];
extern const size_t npolicy_types;

/* The row of a policy type, or NULL where it is not registered. */
const struct policy_type *policy_type_find(const char *name);

#endif
