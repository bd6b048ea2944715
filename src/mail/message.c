#include "mail/message.h"

#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "mail/header.h"
#include "mail/outline.h"

#include <gmime/gmime.h>

/* A message up to this size is worth copying, to spare GMime its header. */
enum { COPY_MOST = 256 << 10 };

/* What taking one message apart carries along. */
struct taking {
	const struct limits *limits;
	struct arena *arena;
	struct message *message;
	struct bytes text; /* what GMime was given */
	size_t nparts;
	size_t signing; /* bytes of fields that say who signed, so far */
	size_t room;    /* for candidates */
	struct fault *fault;
};

/* Where in the tree of parts we are. */
struct place {
	int depth;
	bool report;    /* inside multipart/report of type tlsrpt */
	bool returned;  /* inside a report on delivery, or a bounce */
	bool forwarded; /* inside message/rfc822 */
	const char *report_domain;
	const char *report_submitter;
};

/*
 * iconv keeps the tables of most charsets in files that it loads when they are
 * first asked for: these are what mail programs write names and subjects in.
 * It drops a table that nobody holds, so they stay open.
 */
static const char *const charsets[] = { "iso-8859-1", "iso-8859-2",
	"iso-8859-5", "iso-8859-7", "iso-8859-9", "iso-8859-15", "windows-1250",
	"windows-1251", "windows-1252", "koi8-r", "koi8-u", "iso-2022-jp",
	"shift_jis", "euc-jp", "gb2312", "gb18030", "big5", "euc-kr" };

enum { NCHARSETS = sizeof(charsets) / sizeof(charsets[0]) };

static pthread_once_t started = PTHREAD_ONCE_INIT;

static void
start_gmime(void)
{
	g_mime_init();
}

static void
load_charset(size_t i)
{
	static iconv_t held[NCHARSETS];

	if (held[i] == NULL)
		held[i] = g_mime_iconv_open("UTF-8", charsets[i]);
}

/* Those that encoded words (RFC 2047) of one message name. */
static void
load_charsets_of(struct bytes raw)
{
	const unsigned char *end = raw.at + raw.len;

	for (const unsigned char *at = raw.at;
	     (at = memmem(at, (size_t)(end - at), "=?", 2)) != NULL;) {
		at += 2;
		for (size_t i = 0; i < NCHARSETS; i++) {
			size_t len = strlen(charsets[i]);

			if ((size_t)(end - at) > len && at[len] == '?' &&
			    strncasecmp((const char *)at, charsets[i], len) ==
				0)
				load_charset(i);
		}
	}
}

void
message_prepare(const struct bytes *raw)
{
	(void)pthread_once(&started, start_gmime);
	if (raw != NULL)
		load_charsets_of(*raw);
	else
		for (size_t i = 0; i < NCHARSETS; i++)
			load_charset(i);
}

/*
 * The front of a value.  What decodes words and reads addresses takes long
 * over long ones, and calls itself for each group within a group.
 */
static char *
front(struct bytes value, struct arena *arena)
{
	if (value.len > LIMIT_FIELD)
		value.len = LIMIT_FIELD;
	return header_unfold(value, arena);
}

/* A header value as a person reads it (RFC 2047). */
static const char *
decoded(struct bytes value, struct arena *arena)
{
	char *text = front(value, arena);
	bool repaired = false;
	char *words;

	if (strstr(text, "=?") == NULL)
		return text;
	words = g_mime_utils_header_decode_text(NULL, text);
	text = text_repair((struct bytes){ (const unsigned char *)words,
			       strlen(words) },
	    arena, &repaired);
	g_free(words);
	return text;
}

static const char *
address_in(struct bytes value, struct arena *arena)
{
	const char *text = front(value, arena);
	InternetAddressList *list = internet_address_list_parse(NULL, text);
	InternetAddress *first = NULL;
	const char *address = NULL;
	bool repaired = false;

	if (list == NULL)
		return NULL;
	if (internet_address_list_length(list) > 0)
		first = internet_address_list_get_address(list, 0);
	if (INTERNET_ADDRESS_IS_MAILBOX(first))
		address = internet_address_mailbox_get_addr(
		    INTERNET_ADDRESS_MAILBOX(first));
	if (address != NULL)
		address =
		    text_repair((struct bytes){ (const unsigned char *)address,
				    strlen(address) },
			arena, &repaired);
	g_object_unref(list);
	return address;
}

/*
 * The mail system's own field is the topmost one: of more than it would ever
 * write the rest is left out, and all below it.
 */
static void
take_signing(struct taking *taking, const struct header_field *field)
{
	struct signing *signing = &taking->message->signing;
	const char *text;

	taking->signing += field->value.len;
	if (taking->signing > LIMIT_SIGNING)
		return;
	text = header_unfold(field->value, taking->arena);
	if (header_is(field, "Authentication-Results")) {
		signing->results.at[signing->results.len++] = text;
		return;
	}
	text = authres_partial(text, taking->arena);
	if (text != NULL)
		signing->partial.at[signing->partial.len++] = text;
}

static bool
is_signing(const struct header_field *field)
{
	return header_is(field, "Authentication-Results") ||
	    header_is(field, "DKIM-Signature");
}

/* The fields that anybody reads, and where their values go. */
static void
take_field(struct taking *taking, const struct header_field *field)
{
	struct message *message = taking->message;
	struct arena *arena = taking->arena;

	if (header_is(field, "From") && message->sender == NULL)
		message->sender = address_in(field->value, arena);
	else if (header_is(field, "Subject") && message->subject == NULL)
		message->subject = decoded(field->value, arena);
	else if (header_is(field, "Message-ID") && message->message_id == NULL)
		message->message_id = header_unfold(field->value, arena);
	else if (header_is(field, "TLS-Report-Domain") &&
	    message->report_domain == NULL)
		message->report_domain =
		    text_domain(decoded(field->value, arena), arena);
	else if (header_is(field, "TLS-Report-Submitter") &&
	    message->report_submitter == NULL)
		message->report_submitter =
		    text_domain(decoded(field->value, arena), arena);
	else if (is_signing(field))
		take_signing(taking, field);
	else if (header_is(field, "Return-Path"))
		message->bounce |=
		    strcmp(header_unfold(field->value, arena), "<>") == 0;
}

static bool
count_fields(struct bytes raw, size_t *nsigning, size_t *header,
    struct fault *fault)
{
	struct bytes rest = raw;
	struct header_field field;
	size_t n = 0;

	*nsigning = 0;
	while (header_next(&rest, &field)) {
		*nsigning += is_signing(&field);
		n++;
	}
	*header = raw.len - rest.len;
	if (*header > LIMIT_HEADER_BYTES)
		return fault_set(fault, FAULT_LIMIT,
		    "header is longer than %d bytes", LIMIT_HEADER_BYTES);
	if (n > LIMIT_HEADER_FIELDS)
		return fault_set(fault, FAULT_LIMIT,
		    "header has more than %d fields", LIMIT_HEADER_FIELDS);
	return true;
}

/*
 * Read the header.  GMime is given a text of its own, with only the fields
 * that say how the body is built: of a real message's header nine tenths are
 * Received, ARC and the like, and parsing them is what parsing costs most.
 * A message too large to copy is handed over as it is.
 */
static bool
read_header(struct taking *taking, struct bytes raw)
{
	struct bytes rest = raw;
	struct header_field field;
	struct signing *signing = &taking->message->signing;
	size_t nsigning;
	size_t header;
	unsigned char *text;
	size_t len = 0;

	if (!count_fields(raw, &nsigning, &header, taking->fault))
		return false;
	signing->results.at =
	    arena_array(taking->arena, nsigning, sizeof(*signing->results.at));
	signing->partial.at =
	    arena_array(taking->arena, nsigning, sizeof(*signing->partial.at));
	text = arena_try(taking->arena, raw.len <= COPY_MOST ? raw.len + 2 : 0,
	    SIZE_MAX / 2);
	if (text == NULL)
		fault_out_of_memory();
	while (header_next(&rest, &field)) {
		take_field(taking, &field);
		if (raw.len <= COPY_MOST && header_starts(&field, "Content-")) {
			memcpy(text + len, field.line.at, field.line.len);
			len += field.line.len;
		}
	}
	taking->text = raw;
	if (raw.len <= COPY_MOST) {
		text[len++] = '\n';
		memcpy(text + len, rest.at, rest.len);
		taking->text = (struct bytes){ text, len + rest.len };
	}
	return true;
}

/* The encoded bytes of a part: a stretch of what GMime was given. */
static struct bytes
encoded(const struct taking *taking, GMimeDataWrapper *content)
{
	GMimeStream *stream = g_mime_data_wrapper_get_stream(content);
	gint64 start = stream->bound_start;
	gint64 end = stream->bound_end;

	if (end < 0 || end > (gint64)taking->text.len)
		end = (gint64)taking->text.len;
	if (start < 0 || start > end)
		start = end;
	return (struct bytes){ taking->text.at + start, (size_t)(end - start) };
}

static bool
decode_content(const struct taking *taking, GMimeDataWrapper *content,
    struct bytes *decoded)
{
	struct bytes bytes = encoded(taking, content);
	GMimeEncoding state;
	unsigned char *plain;
	size_t len;

	switch (g_mime_data_wrapper_get_encoding(content)) {
	case GMIME_CONTENT_ENCODING_BASE64:
	case GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE:
	case GMIME_CONTENT_ENCODING_UUENCODE:
		break;
	case GMIME_CONTENT_ENCODING_DEFAULT:
	case GMIME_CONTENT_ENCODING_7BIT:
	case GMIME_CONTENT_ENCODING_8BIT:
	case GMIME_CONTENT_ENCODING_BINARY:
		*decoded = bytes;
		return true;
	}
	g_mime_encoding_init_decode(&state,
	    g_mime_data_wrapper_get_encoding(content));
	plain = (unsigned char *)arena_try(taking->arena,
	    g_mime_encoding_outlen(&state, bytes.len) + 1,
	    limits_memory(taking->limits));
	if (plain == NULL)
		return fault_set(taking->fault, FAULT_LIMIT,
		    "decoding the message takes more than %zu bytes",
		    limits_memory(taking->limits));
	len = g_mime_encoding_flush(&state, (const char *)bytes.at, bytes.len,
	    (char *)plain);
	*decoded = (struct bytes){ plain, len };
	return true;
}

/* What a media type says: rows that are no report's may be one by accident. */
static const struct media_type {
	const char *type;
	const char *subtype;
	enum label label;
	bool declared;
	bool registered;
} media_types[] = {
	{ "application", "tlsrpt+gzip", LABEL_GZIP, true, true },
	{ "application", "tlsrpt+json", LABEL_JSON, true, true },
	{ "application", "tlsrpt", LABEL_NONE, true, false },
	{ "application", "gzip", LABEL_GZIP, false, false },
	{ "application", "x-gzip", LABEL_GZIP, false, false },
	{ "application", "json", LABEL_JSON, false, false },
	{ "text", "json", LABEL_JSON, false, false },
	{ "application", "octet-stream", LABEL_NONE, false, false },
};

enum { NMEDIA_TYPES = sizeof(media_types) / sizeof(media_types[0]) };

static bool
ends_with(const char *text, const char *end)
{
	size_t len = strlen(text);
	size_t n = strlen(end);

	return len >= n && strcasecmp(text + len - n, end) == 0;
}

/* Told by the name alone, for parts whose type says nothing. */
static const struct media_type *
type_by_name(const char *name)
{
	static const struct media_type gzip = { NULL, NULL, LABEL_GZIP, false,
		false };
	static const struct media_type json = { NULL, NULL, LABEL_JSON, false,
		false };

	if (name != NULL && ends_with(name, ".json.gz"))
		return &gzip;
	if (name != NULL && ends_with(name, ".json"))
		return &json;
	return NULL;
}

static const struct media_type *
type_of(GMimePart *part)
{
	GMimeContentType *type =
	    g_mime_object_get_content_type(GMIME_OBJECT(part));

	for (size_t i = 0; i < NMEDIA_TYPES; i++)
		if (g_mime_content_type_is_type(type, media_types[i].type,
			media_types[i].subtype))
			return &media_types[i];
	return type_by_name(g_mime_part_get_filename(part));
}

static struct candidate *
add_candidate(struct taking *taking)
{
	struct message *message = taking->message;

	if (message->ncandidates == taking->room) {
		struct candidate *more;

		taking->room = taking->room == 0 ? 4 : taking->room * 2;
		more = arena_array(taking->arena, taking->room, sizeof(*more));
		if (message->ncandidates > 0)
			memcpy(more, message->candidates,
			    message->ncandidates * sizeof(*more));
		message->candidates = more;
	}
	return &message->candidates[message->ncandidates++];
}

static bool
take_part(struct taking *taking, GMimePart *part, const struct place *place)
{
	const struct media_type *type = type_of(part);
	GMimeDataWrapper *content = g_mime_part_get_content(part);
	struct candidate *candidate;

	if (type == NULL || content == NULL)
		return true;
	candidate = add_candidate(taking);
	if (!decode_content(taking, content, &candidate->content))
		return false;
	candidate->label = type->label;
	candidate->declared = type->declared;
	candidate->report_domain = place->report_domain;
	candidate->report_submitter = place->report_submitter;
	if (!type->registered)
		candidate->deviations |= DEVIATION(MEDIA_TYPE);
	if (!place->report)
		candidate->deviations |= DEVIATION(CONTAINER);
	if (place->forwarded)
		candidate->deviations |= DEVIATION(FORWARDED);
	return true;
}

static bool walk(struct taking *taking, GMimeObject *object,
    const struct place *place);

/* Is it a report on what became of a message (RFC 6522), and not on TLS? */
static bool
is_delivery_report(GMimeMultipart *multipart)
{
	int n = g_mime_multipart_get_count(multipart);

	for (int i = 0; i < n && i < LIMIT_PARTS; i++) {
		GMimeContentType *type = g_mime_object_get_content_type(
		    g_mime_multipart_get_part(multipart, i));

		if (g_mime_content_type_is_type(type, "message",
			"delivery-status") ||
		    g_mime_content_type_is_type(type, "message",
			"global-delivery-status") ||
		    g_mime_content_type_is_type(type, "message",
			"disposition-notification") ||
		    g_mime_content_type_is_type(type, "message",
			"feedback-report"))
			return true;
	}
	return false;
}

static bool
walk_multipart(struct taking *taking, GMimeMultipart *multipart,
    const struct place *place)
{
	GMimeContentType *type =
	    g_mime_object_get_content_type(GMIME_OBJECT(multipart));
	const char *report =
	    g_mime_content_type_get_parameter(type, "report-type");
	struct place inside = *place;
	int n = g_mime_multipart_get_count(multipart);

	if (++inside.depth > taking->limits->depth)
		return fault_set(taking->fault, FAULT_LIMIT,
		    "message is nested deeper than %d", taking->limits->depth);
	if (g_mime_content_type_is_type(type, "multipart", "report")) {
		inside.report =
		    report != NULL && strcasecmp(report, "tlsrpt") == 0;
		inside.returned |= report != NULL && !inside.report;
	}
	inside.returned |= is_delivery_report(multipart);
	for (int i = 0; i < n; i++)
		if (!walk(taking, g_mime_multipart_get_part(multipart, i),
			&inside))
			return false;
	return true;
}

/* A field of a forwarded message, which GMime has parsed and decoded. */
static const char *
forwarded_domain(const struct taking *taking, GMimeMessage *message,
    const char *name)
{
	const char *value =
	    g_mime_object_get_header(GMIME_OBJECT(message), name);
	struct bytes raw = { (const unsigned char *)value,
		value != NULL ? strlen(value) : 0 };
	bool repaired;

	return value != NULL ?
	    text_domain(text_repair(raw, taking->arena, &repaired),
		taking->arena) :
	    NULL;
}

/*
 * A report that a person forwarded as an attachment is read; one that came
 * back from where it was sent is our own, and is not.
 */
static bool
walk_message(struct taking *taking, GMimeMessagePart *part,
    const struct place *place)
{
	GMimeMessage *message = g_mime_message_part_get_message(part);
	struct place inside = { .depth = place->depth + 1, .forwarded = true };

	if (message == NULL || place->returned || taking->message->bounce)
		return true;
	if (inside.depth > taking->limits->depth)
		return fault_set(taking->fault, FAULT_LIMIT,
		    "message is nested deeper than %d", taking->limits->depth);
	inside.report_domain =
	    forwarded_domain(taking, message, "TLS-Report-Domain");
	inside.report_submitter =
	    forwarded_domain(taking, message, "TLS-Report-Submitter");
	return walk(taking, g_mime_message_get_mime_part(message), &inside);
}

static bool
walk(struct taking *taking, GMimeObject *object, const struct place *place)
{
	if (++taking->nparts > LIMIT_PARTS)
		return fault_set(taking->fault, FAULT_LIMIT,
		    "message has more than %d parts", LIMIT_PARTS);
	if (GMIME_IS_MULTIPART(object))
		return walk_multipart(taking, GMIME_MULTIPART(object), place);
	if (GMIME_IS_MESSAGE_PART(object))
		return walk_message(taking, GMIME_MESSAGE_PART(object), place);
	if (GMIME_IS_PART(object))
		return take_part(taking, GMIME_PART(object), place);
	return true;
}

static bool
parse(struct taking *taking)
{
	GByteArray borrowed = { 0 };
	GMimeStream *stream;
	GMimeParser *parser;
	GMimeObject *root;
	const struct place top = { .report_domain =
				       taking->message->report_domain,
		.report_submitter = taking->message->report_submitter };
	bool done = true;

	/* The stream only reads; GLib has no way to say so in its type. */
	memcpy(&borrowed.data, &taking->text.at, sizeof(borrowed.data));
	borrowed.len = (guint)taking->text.len;
	stream = g_mime_stream_mem_new_with_byte_array(&borrowed);
	g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(stream), FALSE);
	parser = g_mime_parser_new_with_stream(stream);
	root = g_mime_parser_construct_part(parser, NULL);
	if (root != NULL) {
		done = walk(taking, root, &top);
		g_object_unref(root);
	}
	g_object_unref(parser);
	g_object_unref(stream);
	return done;
}

static bool
is_mailer(const char *sender)
{
	return sender != NULL && strncasecmp(sender, "mailer-daemon", 13) == 0;
}

bool
message_read(struct bytes raw, const struct limits *limits, struct arena *arena,
    struct message *message, struct fault *fault)
{
	struct taking taking = { .limits = limits,
		.arena = arena,
		.message = message,
		.fault = fault };

	*message = (struct message){ 0 };
	(void)pthread_once(&started, start_gmime);
	if (header_is_from_line(raw)) {
		const unsigned char *end = memchr(raw.at, '\n', raw.len);
		size_t line =
		    end != NULL ? (size_t)(end - raw.at) + 1 : raw.len;

		raw.at += line;
		raw.len -= line;
	}
	if (!read_header(&taking, raw) || !outline_check(taking.text, fault))
		return false;
	message->bounce |= is_mailer(message->sender);
	return parse(&taking);
}
