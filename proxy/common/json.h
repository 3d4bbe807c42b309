/*-------------------------------------------------------------------------
 *
 * json.h
 *		Writing JSON text piece by piece, for lines and bodies of known shape.
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_JSON_H
#define MESTERI_JSON_H

#include <stddef.h>

#include "common/buffer.h"

void json_put_string(Buffer *out, const char *text, size_t length);

/* A terminated string. */
static inline void
json_put_text(Buffer *out, const char *text)
{
	json_put_string(out, text, strlen(text));
}

#endif
