/*-------------------------------------------------------------------------
 *
 * deadline.h
 *		How long a request may run.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_DEADLINE_H
#define MESTERI_DEADLINE_H

extern void deadline_arm(int milliseconds);
extern void deadline_disarm(void);
extern bool deadline_abandon(void);

#endif /* MESTERI_DEADLINE_H */
