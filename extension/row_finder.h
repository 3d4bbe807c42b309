/*-------------------------------------------------------------------------
 *
 * row_finder.h
 *		Rows by an id.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_ROW_FINDER_H
#define MESTERI_ROW_FINDER_H

#include "access/genam.h"
#include "executor/tuptable.h"
#include "utils/relcache.h"
#include "utils/uuid.h"

typedef struct RowFinder
{
	Relation table;
	Relation index;
	IndexScanDesc scan;
	TupleTableSlot *slot; /* the row found last */
} RowFinder;

extern bool row_finder_open(RowFinder *finder, const char *table, const char *index, const char *column);
extern void row_finder_need(RowFinder *finder, const char *table, const char *index, const char *column);
extern bool row_finder_find(RowFinder *finder, const pg_uuid_t *id);
extern bool row_finder_next(RowFinder *finder);
extern bool row_finder_share(RowFinder *finder);
extern void row_finder_close(RowFinder *finder);

#endif /* MESTERI_ROW_FINDER_H */
