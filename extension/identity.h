/*-------------------------------------------------------------------------
 *
 * identity.h
 *		Who the running request is made by.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_IDENTITY_H
#define MESTERI_IDENTITY_H

#include "mesteri.h"

extern void identity_init(void);
extern void identity_set(const Identity *identity);
extern void identity_clear(void);
extern bool identity_is(const pg_uuid_t *user);

#endif /* MESTERI_IDENTITY_H */
