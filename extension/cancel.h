/*-------------------------------------------------------------------------
 *
 * cancel.h
 *		Ending the request whose client has hung up, and no other.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_CANCEL_H
#define MESTERI_CANCEL_H

#include "utils/uuid.h"

extern void cancel_init(void);
extern void cancel_watch(const pg_uuid_t *request);
extern void cancel_unwatch(void);
extern bool cancel_abandon(void);

#endif /* MESTERI_CANCEL_H */
