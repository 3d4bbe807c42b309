/*-------------------------------------------------------------------------
 *
 * negotiate.h
 *		What a client says about languages, content and itself in headers.
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_NEGOTIATE_H
#define MESTERI_NEGOTIATE_H

#include <stdbool.h>
#include <stddef.h>

typedef enum Language
{
	LANGUAGE_RO,
	LANGUAGE_HU,
	LANGUAGE_EN,
	LANGUAGE_COUNT
} Language;

extern const char *const language_names[LANGUAGE_COUNT];

Language negotiate_language(const char *accepted, size_t length);
bool negotiate_is_json(const char *content_type, size_t length) __attribute__((warn_unused_result));
size_t negotiate_bearer(const char *authorization, size_t length, const char **token);

#endif
