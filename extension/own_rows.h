/*-------------------------------------------------------------------------
 *
 * own_rows.h
 *		Which values lead to the caller, for policies.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_OWN_ROWS_H
#define MESTERI_OWN_ROWS_H

extern void own_rows_init(void);

#endif /* MESTERI_OWN_ROWS_H */
