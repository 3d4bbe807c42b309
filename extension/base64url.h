/*-------------------------------------------------------------------------
 *
 * base64url.h
 *		Bytes as text that needs no quoting in a URL (RFC 4648, section 5).
 *
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_BASE64URL_H
#define MESTERI_BASE64URL_H

#include "lib/stringinfo.h"

/* Characters that n bytes become, and the most bytes that n characters become. */
#define BASE64URL_ENCODED_LENGTH(n) ((4 * (n) + 2) / 3)
#define BASE64URL_DECODED_LENGTH(n) ((n) / 4 * 3 + 2)

extern void base64url_append(StringInfo out, const void *data, int length);
extern int base64url_decode(const char *text, int length, uint8 *out);

#endif /* MESTERI_BASE64URL_H */
