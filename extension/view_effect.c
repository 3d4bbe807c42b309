/*-------------------------------------------------------------------------
 *
 * view_effect.c
 *		What a read asks to be written: that somebody was shown posts.
 *
 * A sealed {"viewer": id, "posts": [id ...]}, which mesteri.effects_apply() opens.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"

#include "json_member.h"
#include "seal.h"
#include "view_effect.h"

PG_FUNCTION_INFO_V1(mesteri_view_effects);

/*
 * mesteri.view_effects(viewer uuid, post_ids uuid[]) returns bytea[]
 *		Null when there is no viewer, or nothing to see.
 *
 * Errors: 22004 for a null id.
 */
Datum
mesteri_view_effects(PG_FUNCTION_ARGS)
{
	ArrayType *array;
	const char *data;
	int count;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();

	array = PG_GETARG_ARRAYTYPE_P(1);
	count = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	if (count == 0)
		PG_RETURN_NULL();
	if (array_contains_nulls(array))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("post ids must not be null")));

	/* An array that once had a null has a bitmap still. */
	data = (char *) array + (ARR_HASNULL(array) ? (Size) array->dataoffset : ARR_OVERHEAD_NONULLS(ARR_NDIM(array)));
	PG_RETURN_DATUM(view_effect_make(PG_GETARG_UUID_P(0), (const pg_uuid_t *) data, count));
}

/*
 * view_effect_make
 *		An array of one effect.
 */
Datum
view_effect_make(const pg_uuid_t *viewer, const pg_uuid_t *posts, int count)
{
	StringInfoData effect;
	Datum sealed;

	initStringInfo(&effect);
	appendStringInfoString(&effect, "{\"viewer\" : ");
	json_append_uuid(&effect, viewer);
	appendStringInfoString(&effect, ", \"posts\" : [");
	for (int i = 0; i < count; i++)
	{
		if (i > 0)
			appendStringInfoChar(&effect, ',');
		json_append_uuid(&effect, &posts[i]);
	}
	appendStringInfoString(&effect, "]}");
	sealed = PointerGetDatum(seal_data("effect", effect.data, (size_t) effect.len));

	return PointerGetDatum(construct_array(&sealed, 1, BYTEAOID, -1, false, TYPALIGN_INT));
}
