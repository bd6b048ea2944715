#include "base/buffer.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/text.h"

enum { BUFFER_LEAST = 256 };

char *
buffer_room(struct buffer *buffer, size_t len)
{
	size_t size = buffer->size > 0 ? buffer->size : BUFFER_LEAST;
	char *at;

	if (len >= SIZE_MAX / 4 - buffer->len)
		fault_out_of_memory();
	while (size - buffer->len <= len || size <= buffer->len)
		size *= 2;
	if (size != buffer->size) {
		at = realloc(buffer->at, size);
		if (at == NULL)
			fault_out_of_memory();
		buffer->at = at;
		buffer->size = size;
	}
	return buffer->at + buffer->len;
}

void
buffer_add(struct buffer *buffer, const void *from, size_t len)
{
	char *room = buffer_room(buffer, len);

	if (len > 0)
		memcpy(room, from, len);
	room[len] = '\0';
	buffer->len += len;
}

void
buffer_text(struct buffer *buffer, const char *text)
{
	buffer_add(buffer, text, strlen(text));
}

void
buffer_printf(struct buffer *buffer, const char *fmt, ...)
{
	va_list args;
	char *room;
	int len;

	va_start(args, fmt);
	len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (len < 0)
		fault_out_of_memory();
	room = buffer_room(buffer, (size_t)len);
	va_start(args, fmt);
	(void)vsnprintf(room, (size_t)len + 1, fmt, args);
	va_end(args);
	buffer->len += (size_t)len;
}

static void
json_character(struct buffer *buffer, uint32_t c)
{
	static const char letters[] = "\b\f\n\r\t\"\\";
	static const char names[] = "bfnrt\"\\";
	const char *letter = c < 0x80 ? strchr(letters, (int)c) : NULL;

	if (letter != NULL)
		buffer_printf(buffer, "\\%c", names[letter - letters]);
	else if (c > 0xffff)
		buffer_printf(buffer, "\\u%04x\\u%04x",
		    0xd800 + ((c - 0x10000) >> 10),
		    0xdc00 + ((c - 0x10000) & 0x3ff));
	else
		buffer_printf(buffer, "\\u%04x", c);
}

/* Past what stands for itself, in a text without any control characters. */
static size_t
json_plain(const char *text, bool controls)
{
	size_t len = strcspn(text, "\"\\");
	size_t at = 0;

	while (controls && at < len) {
		uint32_t c;
		bool unsafe;
		size_t n = text_step(text + at, &c, &unsafe);

		if (unsafe)
			return at;
		at += n;
	}
	return len;
}

void
buffer_json(struct buffer *buffer, const char *text)
{
	bool controls;

	if (text == NULL) {
		buffer_text(buffer, "null");
		return;
	}
	controls = text_has_controls(text);
	buffer_text(buffer, "\"");
	for (;;) {
		size_t plain = json_plain(text, controls);
		uint32_t c;
		bool unsafe;

		buffer_add(buffer, text, plain);
		text += plain;
		if (*text == '\0')
			break;
		text += text_step(text, &c, &unsafe);
		json_character(buffer, c);
	}
	buffer_text(buffer, "\"");
}

void
buffer_free(struct buffer *buffer)
{
	free(buffer->at);
	*buffer = (struct buffer){ 0 };
}
