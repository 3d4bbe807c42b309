/*-------------------------------------------------------------------------
 *
 * uuid_set.h
 *		Ids to ask about.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_UUID_SET_H
#define MESTERI_UUID_SET_H

#include "utils/array.h"
#include "utils/uuid.h"

typedef struct UuidSet
{
	int count;
	pg_uuid_t *ids; /* ascending, each once */
} UuidSet;

extern void uuid_set_make(UuidSet *set, ArrayType *array);
extern bool uuid_set_has(const UuidSet *set, const pg_uuid_t *id);

#endif /* MESTERI_UUID_SET_H */
