/*-------------------------------------------------------------------------
 *
 * blocked.c
 *		Whose work somebody is not shown.
 *
 * Asked with each page of the feed, and most people block nobody: then it
 * costs two looks into an index, where a plan would cost its beginning.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "row.h"
#include "row_finder.h"

typedef struct Craftsmen
{
	bool is_open;
	RowFinder finder; /* by account */
	AttrNumber id;
	ArrayBuildState *ids;
} Craftsmen;

static void add_others(Craftsmen *craftsmen, const pg_uuid_t *person, const char *index, const char *person_column,
                       const char *other_column);
static void add_craftsman(Craftsmen *craftsmen, const pg_uuid_t *account);

PG_FUNCTION_INFO_V1(mesteri_blocked_craftsmen);

/*
 * mesteri.blocked_craftsmen(viewer uuid) returns uuid[]
 *		Craftsmen whom he has blocked, and those who have blocked him.
 *
 * Errors: 55000 when an index cannot be used.
 */
Datum
mesteri_blocked_craftsmen(PG_FUNCTION_ARGS)
{
	const pg_uuid_t *viewer = PG_GETARG_UUID_P(0);
	Craftsmen craftsmen = {.ids = initArrayResult(UUIDOID, CurrentMemoryContext, false)};

	add_others(&craftsmen, viewer, "blocks_pkey", "user_id", "blocked_user_id");
	add_others(&craftsmen, viewer, "blocks_blocked", "blocked_user_id", "user_id");
	if (craftsmen.is_open)
		row_finder_close(&craftsmen.finder);

	PG_RETURN_DATUM(makeArrayResult(craftsmen.ids, CurrentMemoryContext));
}

/* add_others: those in the other column of the rows that have the person in the one. */
static void
add_others(Craftsmen *craftsmen, const pg_uuid_t *person, const char *index, const char *person_column,
           const char *other_column)
{
	RowFinder blocks;
	AttrNumber other;
	bool found;

	row_finder_need(&blocks, "blocks", index, person_column);
	other = row_column(blocks.table, other_column);
	for (found = row_finder_find(&blocks, person); found; found = row_finder_next(&blocks))
	{
		bool is_null;

		CHECK_FOR_INTERRUPTS();
		add_craftsman(craftsmen, DatumGetUUIDP(slot_getattr(blocks.slot, other, &is_null)));
	}
	row_finder_close(&blocks);
}

static void
add_craftsman(Craftsmen *craftsmen, const pg_uuid_t *account)
{
	bool is_null;

	if (!craftsmen->is_open)
	{
		row_finder_need(&craftsmen->finder, "craftsman_profiles", "craftsman_profiles_user_id_unique", "user_id");
		craftsmen->id = row_column(craftsmen->finder.table, "id");
		craftsmen->is_open = true;
	}
	if (row_finder_find(&craftsmen->finder, account))
		craftsmen->ids = accumArrayResult(craftsmen->ids, slot_getattr(craftsmen->finder.slot, craftsmen->id, &is_null),
		                                  false, UUIDOID, CurrentMemoryContext);
}
