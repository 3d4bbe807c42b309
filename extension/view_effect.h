/*-------------------------------------------------------------------------
 *
 * view_effect.h
 *		What a read asks to be written: that somebody was shown posts.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_VIEW_EFFECT_H
#define MESTERI_VIEW_EFFECT_H

#include "utils/uuid.h"

extern Datum view_effect_make(const pg_uuid_t *viewer, const pg_uuid_t *posts, int count);

#endif /* MESTERI_VIEW_EFFECT_H */
