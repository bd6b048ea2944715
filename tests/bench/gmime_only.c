/*
 * What GMime takes by itself: parse each message of a Maildir, all of it, and
 * decode its attachments, with nothing else.  The measure for --dry-run.
 *
 *	gmime_only FOLDER
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gmime/gmime.h>

enum { SIZE_MOST = 64 << 20 };

static size_t attachments;
static size_t bytes;

static void
take_part(GMimeObject *parent, GMimeObject *part, gpointer data)
{
	GMimeDataWrapper *content;
	GMimeStream *out;

	(void)parent;
	(void)data;
	if (!GMIME_IS_PART(part) || GMIME_IS_TEXT_PART(part))
		return;
	content = g_mime_part_get_content(GMIME_PART(part));
	if (content == NULL)
		return;
	out = g_mime_stream_mem_new();
	(void)g_mime_data_wrapper_write_to_stream(content, out);
	bytes += g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(out))->len;
	attachments++;
	g_object_unref(out);
}

static void
parse(const char *at, size_t len)
{
	GMimeStream *stream = g_mime_stream_mem_new_with_buffer(at, len);
	GMimeParser *parser = g_mime_parser_new_with_stream(stream);
	GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);

	if (message != NULL) {
		g_mime_message_foreach(message, take_part, NULL);
		g_object_unref(message);
	}
	g_object_unref(parser);
	g_object_unref(stream);
}

static void
take_file(int folder, const char *name, char *room)
{
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, room, SIZE_MOST) : -1;

	if (n < 0) {
		perror(name);
		exit(EXIT_FAILURE);
	}
	(void)close(fd);
	parse(room, (size_t)n);
}

int
main(int argc, char *argv[])
{
	char path[4096];
	const struct dirent *entry;
	char *room = malloc(SIZE_MOST);
	DIR *folder;

	if (argc != 2 || room == NULL) {
		(void)fputs("usage: gmime_only FOLDER\n", stderr);
		return EXIT_FAILURE;
	}
	(void)snprintf(path, sizeof(path), "%s/cur", argv[1]);
	folder = opendir(path);
	if (folder == NULL) {
		perror(path);
		return EXIT_FAILURE;
	}
	g_mime_init();
	while ((entry = readdir(folder)) != NULL)
		if (entry->d_name[0] != '.')
			take_file(dirfd(folder), entry->d_name, room);
	(void)closedir(folder);
	free(room);
	(void)printf("%zu attachments, %zu bytes\n", attachments, bytes);
	return EXIT_SUCCESS;
}
