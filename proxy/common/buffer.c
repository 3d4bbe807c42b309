/*-------------------------------------------------------------------------
 *
 * buffer.c
 *		Bytes that grow.
 *-------------------------------------------------------------------------
 */
#include "common/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/mem.h"

#define BUFFER_FIRST_CAPACITY 1024
#define BUFFER_FORMAT_GUESS   256

/*
 * buffer_reserve
 *		Makes room for extra more bytes and returns where they go.
 *
 * The caller writes there and adds what it wrote to length.
 */
char *
buffer_reserve(Buffer *buffer, size_t extra)
{
	size_t needed = buffer->length + extra;
	size_t capacity = buffer->capacity > 0 ? buffer->capacity : BUFFER_FIRST_CAPACITY;

	if (needed > buffer->capacity)
	{
		while (capacity < needed)
			capacity *= 2;
		buffer->data = mem_resize(buffer->data, capacity);
		buffer->capacity = capacity;
	}
	return buffer->data + buffer->length;
}

void
buffer_append(Buffer *buffer, const void *data, size_t length)
{
	if (length == 0)
		return;
	memcpy(buffer_reserve(buffer, length), data, length);
	buffer->length += length;
}

/* Appends what printf would print. */
void
buffer_format(Buffer *buffer, const char *format, ...)
{
	size_t room = BUFFER_FORMAT_GUESS;

	for (;;)
	{
		char *to = buffer_reserve(buffer, room);
		va_list arguments;
		int length;

		va_start(arguments, format);
		length = vsnprintf(to, room, format, arguments);
		va_end(arguments);
		if ((size_t) length < room)
		{
			buffer->length += (size_t) length;
			return;
		}
		room = (size_t) length + 1;
	}
}

/* Removes the first length bytes; the rest moves to the front. */
void
buffer_drop_front(Buffer *buffer, size_t length)
{
	buffer->length -= length;
	if (buffer->length > 0)
		memmove(buffer->data, buffer->data + length, buffer->length);
}

void
buffer_release(Buffer *buffer)
{
	free(buffer->data);
	*buffer = (Buffer){0};
}

/* Gives memory back if the buffer has grown beyond capacity; its content is lost then. */
void
buffer_release_above(Buffer *buffer, size_t capacity)
{
	if (buffer->capacity > capacity)
		buffer_release(buffer);
}
