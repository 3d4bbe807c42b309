/*-------------------------------------------------------------------------
 *
 * post_item.h
 *		Posts as the items of a list.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_POST_ITEM_H
#define MESTERI_POST_ITEM_H

#include "lib/stringinfo.h"

#include "post_marks.h"
#include "row_finder.h"

/* Whoever reads a list, and where its rows are found. */
typedef struct PostReader
{
	const pg_uuid_t *viewer; /* NULL: nobody has signed in */
	bool is_staff;
	RowFinder posts;
	RowFinder craftsmen;
	RowFinder people;
	PostMarks marks; /* open if somebody has */
} PostReader;

extern void post_reader_open(PostReader *reader, const pg_uuid_t *viewer, bool is_staff);
extern bool post_item_append(StringInfo out, PostReader *reader, const pg_uuid_t *post_id);
extern void post_reader_close(PostReader *reader);

#endif /* MESTERI_POST_ITEM_H */
