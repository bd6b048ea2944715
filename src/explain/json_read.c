#include "explain/json_read.h"

#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "report/json_text.h"

#include <cjson/cJSON.h>

enum { LIST_BYTES_MOST = 1 << 20, LIVE_BYTES_MOST = 4 << 20, LIVE_DEPTH = 16 };

/* Checked by the grammar and its depth before cJSON sees it. */
static cJSON *
parse(struct bytes json, struct arena *arena)
{
	const struct limits limits = { .message = LIVE_BYTES_MOST,
		.report = LIVE_BYTES_MOST,
		.depth = LIVE_DEPTH };
	struct fault fault = { .kind = FAULT_NONE };
	struct bytes text = { 0 };
	deviations noted = 0;

	if (json.len > LIVE_BYTES_MOST ||
	    !json_text(json, &limits, arena, &text, &noted, &fault))
		return NULL;
	return cJSON_ParseWithLength((const char *)text.at, text.len);
}

static const char *
copy(const char *text, struct arena *arena)
{
	return text != NULL ? arena_copy(arena, text, strlen(text)) : NULL;
}

static struct text_list
texts_of(const cJSON *array, struct arena *arena)
{
	struct text_list list = { 0 };
	const cJSON *item;
	size_t room = 0;

	cJSON_ArrayForEach(item, array) room++;
	list.at = arena_array(arena, room, sizeof(*list.at));
	cJSON_ArrayForEach(item, array) if (cJSON_IsString(item))
	    list.at[list.len++] = copy(item->valuestring, arena);
	return list;
}

bool
json_read_list(const char *text, struct arena *arena, struct text_list *list)
{
	struct bytes json = { (const unsigned char *)text, 0 };
	cJSON *root;
	bool good;

	if (text == NULL) {
		*list = (struct text_list){ 0 };
		return true;
	}
	json.len = strlen(text);
	if (json.len > LIST_BYTES_MOST)
		return false;
	root = parse(json, arena);
	good = cJSON_IsArray(root);
	if (good)
		*list = texts_of(root, arena);
	cJSON_Delete(root);
	return good;
}

struct text_list
json_unpack_strings(const struct text_list *strings, struct arena *arena)
{
	struct text_list list;

	if (strings->len == 1 && strings->at[0][0] == '[' &&
	    json_read_list(strings->at[0], arena, &list) && list.len > 0)
		return list;
	return *strings;
}

static const char *
member(const cJSON *object, const char *name, struct arena *arena)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

	return cJSON_IsString(item) ? copy(item->valuestring, arena) : NULL;
}

static void
read_record(const cJSON *item, struct arena *arena, struct live_record *record)
{
	const cJSON *ttl = cJSON_GetObjectItemCaseSensitive(item, "ttl");

	if (cJSON_IsString(item)) {
		*record = (struct live_record){
			.value = copy(item->valuestring, arena),
			.ttl = -1,
		};
		return;
	}
	*record = (struct live_record){
		.name = member(item, "name", arena),
		.type = member(item, "type", arena),
		.value = member(item, "value", arena),
		.ttl = cJSON_IsNumber(ttl) && ttl->valuedouble >= 0 &&
			ttl->valuedouble < INT32_MAX ?
		    (int64_t)ttl->valuedouble :
		    -1,
	};
}

static void
add_records(const cJSON *array, struct arena *arena, struct live *live)
{
	struct live_record *records;
	const cJSON *item;
	size_t more = 0;

	cJSON_ArrayForEach(item, array) more++;
	records = arena_array(arena, live->nrecords + more, sizeof(*records));
	if (live->nrecords > 0)
		memcpy(records, live->records,
		    live->nrecords * sizeof(*records));
	cJSON_ArrayForEach(item, array)
	{
		read_record(item, arena, &records[live->nrecords]);
		if (records[live->nrecords].value != NULL)
			live->nrecords++;
	}
	live->records = records;
}

/* What was looked for, and not merely not found out. */
static bool
take_check(const cJSON *root, const char *domain, struct arena *arena,
    struct live *live, struct fault *fault)
{
	const char *about = member(root, "domain", arena);
	const char *check = member(root, "check", arena);
	const char *status = member(root, "status", arena);
	bool sts = check == NULL || strcmp(check, "mta-sts") == 0;
	bool dane = check == NULL || strcmp(check, "dane") == 0;

	if ((about != NULL && strcasecmp(about, domain) != 0) ||
	    (!sts && !dane))
		return true;
	if (status != NULL && strcmp(status, "unknown") == 0)
		return fault_set(fault, FAULT_LATER,
		    "--live: tlsrpt-dns could not find out what is published");
	add_records(cJSON_GetObjectItemCaseSensitive(root, "records"), arena,
	    live);
	live->sts |= sts;
	live->dane |= dane;
	return true;
}

static bool
read_line(struct bytes line, const char *domain, struct arena *arena,
    struct live *live, struct fault *fault)
{
	cJSON *root = parse(line, arena);
	bool good = cJSON_IsObject(root) ?
	    take_check(root, domain, arena, live, fault) :
	    fault_set(fault, FAULT_CONTENT,
		"--live: it is not what \"tlsrpt-dns check --format=json\" "
		"prints");

	cJSON_Delete(root);
	return good;
}

bool
json_read_live(struct bytes json, const char *domain, struct arena *arena,
    struct live *live, struct fault *fault)
{
	struct live read = { 0 };

	while (json.len > 0) {
		const unsigned char *end = memchr(json.at, '\n', json.len);
		struct bytes line = { json.at,
			end != NULL ? (size_t)(end - json.at) : json.len };

		json.at += line.len + (end != NULL ? 1 : 0);
		json.len -= line.len + (end != NULL ? 1 : 0);
		if (line.len > 0 &&
		    !read_line(line, domain, arena, &read, fault))
			return false;
	}
	if (!read.sts && !read.dane)
		return fault_set(fault, FAULT_CONTENT,
		    "--live: there is no check of mta-sts or dane of \"%s\" in "
		    "it",
		    domain);
	*live = read;
	return true;
}
