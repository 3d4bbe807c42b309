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
#define BUFFER_MAX_DIGITS     20 /* of 64 bits */

/* Makes room for extra more bytes than there are. */
void
buffer_grow(Buffer *buffer, size_t extra)
{
	size_t needed = buffer->length + extra;
	size_t capacity = buffer->capacity > 0 ? buffer->capacity : BUFFER_FIRST_CAPACITY;

	while (capacity < needed)
		capacity *= 2;
	buffer->data = mem_resize(buffer->data, capacity);
	buffer->capacity = capacity;
}

/* Appends a number in decimal digits; printf() takes twenty times as long. */
void
buffer_number(Buffer *buffer, uint64_t number)
{
	char digits[BUFFER_MAX_DIGITS];
	char *end = digits + sizeof(digits);
	char *first = end;

	do
	{
		*--first = (char) ('0' + number % 10);
		number /= 10;
	} while (number > 0);
	buffer_append(buffer, first, (size_t) (end - first));
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
