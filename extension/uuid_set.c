/*-------------------------------------------------------------------------
 *
 * uuid_set.c
 *		Ids to ask about.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "lib/qunique.h"

#include "uuid_set.h"

static int compare(const void *a, const void *b);

/* uuid_set_make: nulls fall away. */
void
uuid_set_make(UuidSet *set, ArrayType *array)
{
	Datum *values;
	bool *nulls;
	int count;

	deconstruct_array(array, UUIDOID, UUID_LEN, false, TYPALIGN_CHAR, &values, &nulls, &count);
	set->ids = palloc(sizeof(pg_uuid_t) * (Size) Max(count, 1));
	set->count = 0;
	for (int i = 0; i < count; i++)
		if (!nulls[i])
			set->ids[set->count++] = *DatumGetUUIDP(values[i]);

	qsort(set->ids, (size_t) set->count, sizeof(pg_uuid_t), compare);
	set->count = (int) qunique(set->ids, (size_t) set->count, sizeof(pg_uuid_t), compare);
}

bool
uuid_set_has(const UuidSet *set, const pg_uuid_t *id)
{
	return set->count > 0 && bsearch(id, set->ids, (size_t) set->count, sizeof(pg_uuid_t), compare) != NULL;
}

static int
compare(const void *a, const void *b)
{
	return memcmp(a, b, UUID_LEN);
}
