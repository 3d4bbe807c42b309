/*-------------------------------------------------------------------------
 *
 * buffer.h
 *		Bytes that grow.
 *
 * A zeroed Buffer is a valid empty one.  Growth doubles, and whoever appends
 * what comes from outside checks his limit first.
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_BUFFER_H
#define MESTERI_BUFFER_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct Buffer
{
	char *data; /* owned; not terminated */
	size_t length;
	size_t capacity;
} Buffer;

void buffer_grow(Buffer *buffer, size_t extra);
void buffer_number(Buffer *buffer, uint64_t number);
void buffer_format(Buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buffer_drop_front(Buffer *buffer, size_t length);
void buffer_release(Buffer *buffer);
void buffer_release_above(Buffer *buffer, size_t capacity);

/*
 * buffer_reserve
 *		Makes room for extra more bytes and returns where they go.
 *
 * The caller writes there and adds what it wrote to length.
 */
static inline char *
buffer_reserve(Buffer *buffer, size_t extra)
{
	if (buffer->capacity - buffer->length < extra)
		buffer_grow(buffer, extra);
	return buffer->data + buffer->length;
}

static inline void
buffer_append(Buffer *buffer, const void *data, size_t length)
{
	if (length == 0)
		return;
	memcpy(buffer_reserve(buffer, length), data, length);
	buffer->length += length;
}

static inline void
buffer_text(Buffer *buffer, const char *text)
{
	buffer_append(buffer, text, strlen(text));
}

static inline void
buffer_clear(Buffer *buffer)
{
	buffer->length = 0;
}

#endif
