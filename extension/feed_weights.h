/*-------------------------------------------------------------------------
 *
 * feed_weights.h
 *		The row of mesteri.feed_weights that a page is ranked by.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_FEED_WEIGHTS_H
#define MESTERI_FEED_WEIGHTS_H

extern Datum feed_weights_find(const int32 *version, int32 *found);

#endif /* MESTERI_FEED_WEIGHTS_H */
