#include "dns/resolver.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/text.h"
#include "dns/names.h"

#include <unbound.h>

enum { CLASS_IN = 1, RCODE_NXDOMAIN = 3, MILLISECONDS = 1000 };

/* The root's keys of 2017 and 2024, where the system has no file of them. */
static const char *const root_keys[] = {
	". IN DS 20326 8 2 "
	"E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D",
	". IN DS 38696 8 2 "
	"683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16",
};

static const char *const root_files[] = { "/usr/share/dns/root.key",
	"/var/lib/unbound/root.key", "/etc/unbound/root.key" };

struct question {
	struct question *next;
	struct resolver *resolver;
	const char *name;
	enum dns_type type;
	int id; /* of the query under way */
	int64_t until;
	bool done;
	struct answer answer;
};

struct resolver {
	struct ub_ctx *context;
	struct arena *arena;
	struct question *questions;
	size_t nquestions;
	int timeout; /* milliseconds */
};

/* ----------------------------------------------------------------- set up */

static bool
add_anchor(struct ub_ctx *context, const char *file, struct fault *fault)
{
	enum {
		NFILES = sizeof(root_files) / sizeof(root_files[0]),
		NKEYS = sizeof(root_keys) / sizeof(root_keys[0])
	};

	if (file != NULL && access(file, R_OK) != 0)
		return fault_set(fault, FAULT_CONFIG,
		    "trust anchor %s cannot be read: %s", file,
		    strerror(errno));
	for (size_t i = 0; i < NFILES && file == NULL; i++)
		if (access(root_files[i], R_OK) == 0)
			file = root_files[i];
	if (file != NULL && ub_ctx_add_ta_file(context, file) != 0)
		return fault_set(fault, FAULT_CONFIG,
		    "trust anchor %s cannot be used", file);
	for (size_t i = 0; i < NKEYS && file == NULL; i++)
		(void)ub_ctx_add_ta(context, root_keys[i]);
	return true;
}

static bool
set_up(struct ub_ctx *context, const struct net *net, struct fault *fault)
{
	/* Its own log goes nowhere: what is wrong is in the answers. */
	(void)ub_ctx_debugout(context, NULL);
	(void)ub_ctx_debuglevel(context, 0);
	(void)ub_ctx_set_option(context, "do-not-query-localhost:", "no");
	(void)ub_ctx_set_option(context, "outgoing-range:", "256");
	(void)ub_ctx_async(context, 1);
	if (net->resolver != NULL) {
		if (ub_ctx_set_fwd(context, net->resolver) != 0)
			return fault_set(fault, FAULT_USAGE,
			    "--resolver=%s: write ADDRESS or ADDRESS@PORT",
			    net->resolver);
	} else {
		/* Without the file, it asks from the root down. */
		(void)ub_ctx_resolvconf(context, NULL);
	}
	return add_anchor(context, net->trust_anchor, fault);
}

bool
resolver_open(const struct net *net, struct resolver **resolver,
    struct fault *fault)
{
	struct ub_ctx *context = ub_ctx_create();
	struct arena *arena;

	if (context == NULL)
		return fault_set(fault, FAULT_LATER,
		    "libunbound could not be started");
	if (!set_up(context, net, fault)) {
		ub_ctx_delete(context);
		return false;
	}
	arena = arena_new();
	*resolver = arena_alloc(arena, sizeof(**resolver));
	**resolver = (struct resolver){ .context = context,
		.arena = arena,
		.timeout = net->timeout * MILLISECONDS };
	return true;
}

void
resolver_close(struct resolver *resolver)
{
	if (resolver == NULL)
		return;
	for (struct question *question = resolver->questions; question != NULL;
	     question = question->next)
		if (!question->done)
			(void)ub_cancel(resolver->context, question->id);
	ub_ctx_delete(resolver->context);
	arena_free(resolver->arena);
}

/* ---------------------------------------------------------------- answers */

static void
keep_records(struct answer *answer, const struct ub_result *result,
    struct arena *arena)
{
	answer->records =
	    arena_array(arena, ANSWER_RECORDS_MOST, sizeof(*answer->records));
	for (size_t i = 0; result->data[i] != NULL; i++) {
		size_t len = (size_t)result->len[i];

		if (i == ANSWER_RECORDS_MOST) {
			answer->more = true;
			return;
		}
		answer->records[i].at = (const unsigned char *)arena_copy(arena,
		    result->data[i], len);
		answer->records[i].len = len;
		answer->nrecords++;
	}
}

static enum answer_status
status_of(const struct ub_result *result)
{
	if (result->bogus)
		return ANSWER_BOGUS;
	if (result->nxdomain || result->rcode == RCODE_NXDOMAIN)
		return ANSWER_NXDOMAIN;
	if (result->rcode != 0)
		return ANSWER_FAILED;
	return result->havedata ? ANSWER_OK : ANSWER_NODATA;
}

static void
keep(struct question *question, const struct ub_result *result)
{
	struct answer *answer = &question->answer;
	struct arena *arena = question->resolver->arena;

	answer->status = status_of(result);
	answer->secure = result->secure != 0;
	answer->ttl = result->ttl;
	if (result->canonname != NULL) {
		answer->name = text_domain(result->canonname, arena);
		answer->cname = strcmp(answer->name, question->name) != 0;
	}
	if (result->why_bogus != NULL)
		answer->why = arena_printf(arena, "%s", result->why_bogus);
	if (answer->status == ANSWER_OK)
		keep_records(answer, result, arena);
}

static void
take_answer(void *data, int error, struct ub_result *result)
{
	struct question *question = data;

	question->done = true;
	if (error == 0 && result != NULL)
		keep(question, result);
	ub_resolve_free(result);
}

static void
send_question(struct question *question)
{
	struct resolver *resolver = question->resolver;

	question->answer.name = question->name;
	question->answer.status = ANSWER_FAILED;
	if (!name_is_domain(question->name)) {
		question->answer.status = ANSWER_NXDOMAIN;
		question->done = true;
		return;
	}
	question->until = net_now() + resolver->timeout;
	if (ub_resolve_async(resolver->context, question->name,
		(int)question->type, CLASS_IN, question, take_answer,
		&question->id) != 0)
		question->done = true;
}

static struct question *
find(struct resolver *resolver, const char *name, enum dns_type type)
{
	struct question *question = resolver->questions;
	const char *domain = text_domain(name, resolver->arena);

	while (question != NULL &&
	    (question->type != type || strcmp(question->name, domain) != 0))
		question = question->next;
	if (question != NULL)
		return question;
	question = arena_alloc(resolver->arena, sizeof(*question));
	*question = (struct question){ .resolver = resolver,
		.name = domain,
		.type = type };
	if (resolver->nquestions == RESOLVER_QUESTIONS_MOST) {
		question->answer =
		    (struct answer){ .status = ANSWER_FAILED, .name = domain };
		question->done = true;
		return question;
	}
	resolver->nquestions++;
	question->next = resolver->questions;
	resolver->questions = question;
	send_question(question);
	return question;
}

void
resolver_expect(struct resolver *resolver, const char *name, enum dns_type type)
{
	(void)find(resolver, name, type);
}

const struct answer *
resolver_ask(struct resolver *resolver, const char *name, enum dns_type type)
{
	struct question *question = find(resolver, name, type);

	while (!question->done) {
		if (!net_wait(ub_fd(resolver->context), false,
			question->until)) {
			(void)ub_cancel(resolver->context, question->id);
			question->done = true;
			question->answer.why = "no answer in time";
			break;
		}
		(void)ub_process(resolver->context);
	}
	return &question->answer;
}

/* -------------------------------------------------------- what is in them */

struct bytes
answer_txt(const struct answer *answer, size_t i, struct arena *arena)
{
	struct bytes data = answer->records[i];
	struct buffer text = { 0 };
	struct bytes joined;
	size_t at = 0;

	buffer_text(&text, "");
	while (at < data.len) {
		size_t len = data.at[at++];

		if (len > data.len - at)
			len = data.len - at;
		buffer_add(&text, data.at + at, len);
		at += len;
	}
	joined.at = (unsigned char *)arena_copy(arena, text.at, text.len);
	joined.len = text.len;
	buffer_free(&text);
	return joined;
}

/* A name on the wire, without compression, as libunbound gives it. */
static bool
read_name(struct bytes data, struct arena *arena, const char **name)
{
	struct buffer text = { 0 };
	size_t at = 0;
	bool good = false;

	buffer_text(&text, "");
	while (at < data.len && text.len <= NAME_MOST) {
		size_t len = data.at[at++];

		if (len == 0) {
			good = true;
			break;
		}
		if (len > LABEL_MOST || len > data.len - at)
			break;
		if (text.len > 0)
			buffer_text(&text, ".");
		for (size_t i = 0; i < len; i++) {
			unsigned char c = data.at[at + i];

			if (c == '.' || c <= ' ' || c > '~')
				buffer_printf(&text, "\\%03u", c);
			else
				buffer_add(&text, &data.at[at + i], 1);
		}
		at += len;
	}
	*name = text_lower(arena_copy(arena, text.at, text.len), arena);
	buffer_free(&text);
	return good;
}

bool
answer_mx(const struct answer *answer, size_t i, struct arena *arena,
    int *preference, const char **host)
{
	struct bytes data = answer->records[i];

	if (data.len < 3)
		return false;
	*preference = data.at[0] << 8 | data.at[1];
	return read_name((struct bytes){ data.at + 2, data.len - 2 }, arena,
	    host);
}
