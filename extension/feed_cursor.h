/*-------------------------------------------------------------------------
 *
 * feed_cursor.h
 *		Where a walk through the feed stands, and the set of posts that it has served.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_FEED_CURSOR_H
#define MESTERI_FEED_CURSOR_H

#include "datatype/timestamp.h"
#include "fmgr.h"
#include "utils/uuid.h"

/* What a cursor says. */
typedef struct FeedCursor
{
	TimestampTz clock;
	int32 weights_version;
	float8 score; /* of the last post */
	pg_uuid_t post_id;
	bytea *served;
} FeedCursor;

extern bool feed_cursor_read(text *encoded, bytea *filter, FeedCursor *cursor);
extern text *feed_cursor_write(const FeedCursor *cursor, bytea *filter);
extern Datum mesteri_feed_served_add(PG_FUNCTION_ARGS);
extern Datum mesteri_feed_served_has(PG_FUNCTION_ARGS);
extern int feed_served_room(const bytea *served);

#endif /* MESTERI_FEED_CURSOR_H */
