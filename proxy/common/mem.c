/*-------------------------------------------------------------------------
 *
 * mem.c
 *		Memory that is there or ends the process.
 *-------------------------------------------------------------------------
 */
#include "common/mem.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *
mem_checked(void *memory)
{
	static const char message[] = "{\"level\": \"error\", \"message\": \"out of memory\"}\n";

	if (memory == NULL)
	{
		if (write(STDERR_FILENO, message, sizeof(message) - 1) < 0)
			_exit(2);
		_exit(1);
	}
	return memory;
}

/* Zeroed memory; the caller frees it with free(). */
void *
mem_zero(size_t size)
{
	return mem_checked(calloc(1, size));
}

/* realloc() that keeps its word; size is at least 1. */
void *
mem_resize(void *old, size_t size)
{
	return mem_checked(realloc(old, size));
}

/* A copy of text; the caller frees it. */
char *
mem_text(const char *text)
{
	return mem_checked(strdup(text));
}
