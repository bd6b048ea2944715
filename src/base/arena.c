#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"

/*
 * Blocks are carved up from front to back.  Under AddressSanitizer each piece
 * is a block of its own, so that it sees every edge.
 */
#if defined(__SANITIZE_ADDRESS__)
enum { BLOCK_SIZE = 0 };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
enum { BLOCK_SIZE = 0 };
#else
enum { BLOCK_SIZE = 64 << 10 };
#endif
#else
enum { BLOCK_SIZE = 64 << 10 };
#endif

/*
 * Blocks that are kept for the next message: to give memory back to the
 * system and have it cleared anew costs as much as all of a message's JSON.
 */
enum { SPARES_MOST = 16 };

struct block {
	struct block *next;
	size_t size; /* of data */
	size_t used;
	_Alignas(max_align_t) unsigned char data[];
};

struct arena {
	struct block *first; /* the one that is being carved up */
	struct block *spare;
	size_t nspares;
	size_t used;
};

struct arena *
arena_new(void)
{
	struct arena *arena = calloc(1, sizeof(*arena));

	if (arena == NULL)
		fault_out_of_memory();
	return arena;
}

static size_t
rounded(size_t size)
{
	const size_t align = _Alignof(max_align_t);

	if (size > SIZE_MAX / 2)
		fault_out_of_memory();
	return (size + align - 1) / align * align;
}

static struct block *
block_new(struct arena *arena, size_t room)
{
	struct block *block = arena->spare;

	if (block != NULL && room == (size_t)BLOCK_SIZE) {
		arena->spare = block->next;
		arena->nspares--;
		return block;
	}
	block = malloc(sizeof(*block) + room);
	if (block == NULL)
		return NULL;
	block->size = room;
	block->used = 0;
	return block;
}

/* A large piece gets a block of its own behind the one in use. */
static struct block *
block_add(struct arena *arena, size_t size)
{
	bool own = size >= (size_t)BLOCK_SIZE / 2;
	struct block *block = block_new(arena, own ? size : (size_t)BLOCK_SIZE);

	if (block == NULL)
		return NULL;
	if (own && arena->first != NULL) {
		block->next = arena->first->next;
		arena->first->next = block;
	} else {
		block->next = arena->first;
		arena->first = block;
	}
	return block;
}

static void *
carve(struct arena *arena, size_t size)
{
	size_t wanted = rounded(size > 0 ? size : 1);
	struct block *block = arena->first;
	void *piece;

	if (block == NULL || block->size - block->used < wanted)
		block = block_add(arena, wanted);
	if (block == NULL)
		return NULL;
	piece = block->data + block->used;
	block->used += wanted;
	arena->used += wanted;
	return piece;
}

void *
arena_alloc(struct arena *arena, size_t size)
{
	void *piece = carve(arena, size);

	if (piece == NULL)
		fault_out_of_memory();
	return memset(piece, 0, size);
}

void *
arena_array(struct arena *arena, size_t nelements, size_t size)
{
	if (size != 0 && nelements > SIZE_MAX / 2 / size)
		fault_out_of_memory();
	return arena_alloc(arena, nelements * size);
}

void *
arena_try(struct arena *arena, size_t size, size_t limit)
{
	void *piece;

	if (size > limit || arena->used > limit - size)
		return NULL;
	piece = carve(arena, size);
	if (piece == NULL)
		fault_out_of_memory(); /* of the moment, not of the sender */
	return piece;
}

char *
arena_copy(struct arena *arena, const void *from, size_t len)
{
	char *copy = carve(arena, len + 1);

	if (copy == NULL)
		fault_out_of_memory();
	if (len > 0)
		memcpy(copy, from, len);
	copy[len] = '\0';
	return copy;
}

char *
arena_printf(struct arena *arena, const char *fmt, ...)
{
	va_list args;
	char *text;
	int len;

	va_start(args, fmt);
	len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (len < 0)
		fault_out_of_memory();
	text = arena_alloc(arena, (size_t)len + 1);
	va_start(args, fmt);
	(void)vsnprintf(text, (size_t)len + 1, fmt, args);
	va_end(args);
	return text;
}

size_t
arena_used(const struct arena *arena)
{
	return arena->used;
}

void
arena_reset(struct arena *arena)
{
	struct block *next;

	for (struct block *block = arena->first; block != NULL; block = next) {
		next = block->next;
		if (block->size == (size_t)BLOCK_SIZE &&
		    arena->nspares < SPARES_MOST) {
			block->used = 0;
			block->next = arena->spare;
			arena->spare = block;
			arena->nspares++;
		} else {
			free(block);
		}
	}
	arena->first = NULL;
	arena->used = 0;
}

static void
free_blocks(struct block *block)
{
	struct block *next;

	for (; block != NULL; block = next) {
		next = block->next;
		free(block);
	}
}

void
arena_free(struct arena *arena)
{
	if (arena == NULL)
		return;
	free_blocks(arena->first);
	free_blocks(arena->spare);
	free(arena);
}
