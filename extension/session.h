/*-------------------------------------------------------------------------
 *
 * session.h
 *		Whether the session of a token still stands.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_SESSION_H
#define MESTERI_SESSION_H

#include "mesteri.h"

extern void session_init(void);
extern uint64 session_changes(void);
extern void session_check(const Identity *identity);

#endif /* MESTERI_SESSION_H */
