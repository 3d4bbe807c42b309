/*-------------------------------------------------------------------------
 *
 * error.h
 *		How the library refuses a request.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_ERROR_H
#define MESTERI_ERROR_H

#include "nodes/pg_list.h"

#include "errcodes.h" /* built from data/errors.csv: MSERR_INVALID_FIELD and so on */

extern void refuse(int sqlerrcode, const char *reason) pg_attribute_noreturn();
extern void refuse_for_now(int sqlerrcode, int seconds, const char *reason) pg_attribute_noreturn();
extern void refuse_field(int sqlerrcode, const char *field, const char *rule) pg_attribute_noreturn();
extern void refuse_choice(const char *field, List *allowed) pg_attribute_noreturn();

#endif /* MESTERI_ERROR_H */
