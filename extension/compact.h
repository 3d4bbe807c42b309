/*-------------------------------------------------------------------------
 *
 * compact.h
 *		Identifiers as people type them, without what they put between the characters.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_COMPACT_H
#define MESTERI_COMPACT_H

extern bool compact_typed(const text *typed, const char *separators, char *compact, size_t size);
extern bool compact_is_digits(const char *characters, size_t length);

#endif /* MESTERI_COMPACT_H */
