/*-------------------------------------------------------------------------
 *
 * post_marks.h
 *		What a reader did with a post.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_POST_MARKS_H
#define MESTERI_POST_MARKS_H

#include "access/genam.h"
#include "executor/tuptable.h"
#include "utils/relcache.h"
#include "utils/uuid.h"

typedef struct PostMarks
{
	Relation table;
	Relation index;
	IndexScanDesc scan;
	TupleTableSlot *slot;
	const pg_uuid_t *viewer;
	Oid like; /* values of interaction_type */
	Oid save;
	bool liked; /* of the post looked up last */
	bool saved;
} PostMarks;

extern void post_marks_open(PostMarks *marks, const pg_uuid_t *viewer);
extern void post_marks_find(PostMarks *marks, const pg_uuid_t *post_id);
extern void post_marks_close(PostMarks *marks);

#endif /* MESTERI_POST_MARKS_H */
