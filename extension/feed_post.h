/*-------------------------------------------------------------------------
 *
 * feed_post.h
 *		Where the columns of mesteri.content_posts stand.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_FEED_POST_H
#define MESTERI_FEED_POST_H

#include "access/attnum.h"
#include "utils/relcache.h"

#include "feed_key.h"

typedef struct FeedPostColumns
{
	AttrNumber id;
	AttrNumber craftsman_id;
	AttrNumber views_count;
	AttrNumber likes_count;
	AttrNumber shares_count;
	AttrNumber saves_count;
	AttrNumber category_id;
	AttrNumber location;
	AttrNumber status;
	AttrNumber published_at;
	AttrNumber feed_key;
	AttrNumber author_rating;
	AttrNumber author_active;
	AttrNumber last;
	Oid published; /* the status */
} FeedPostColumns;

extern const FeedPostColumns *feed_post_columns(Relation posts);
extern void feed_post_counters(const FeedPostColumns *at, const Datum *values, FeedCounters *counters);

#endif /* MESTERI_FEED_POST_H */
