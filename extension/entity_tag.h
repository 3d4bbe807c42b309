/*-------------------------------------------------------------------------
 *
 * entity_tag.h
 *		Lists of entity tags: If-None-Match and If-Match.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_ENTITY_TAG_H
#define MESTERI_ENTITY_TAG_H

extern bool entity_tag_is_listed(const char *list, const char *tag);

#endif /* MESTERI_ENTITY_TAG_H */
