/*-------------------------------------------------------------------------
 *
 * feed_cursor.h
 *		The set of posts that a walk has served.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_FEED_CURSOR_H
#define MESTERI_FEED_CURSOR_H

#include "fmgr.h"

extern Datum mesteri_feed_served_has(PG_FUNCTION_ARGS);

#endif /* MESTERI_FEED_CURSOR_H */
