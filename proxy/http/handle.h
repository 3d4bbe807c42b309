/*-------------------------------------------------------------------------
 *
 * handle.h
 *		The one statement behind every route: mesteri.handle().
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_HANDLE_H
#define MESTERI_HANDLE_H

#include "common/pg.h"

struct Request;

#define HANDLE_PARAMETERS 11
#define HANDLE_STATEMENT  "mesteri_handle"
#define HANDLE_SQL                                                                                                     \
	"SELECT status, headers, body, error, effects, generation"                                                         \
	" FROM mesteri.handle($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"

extern const Oid handle_types[HANDLE_PARAMETERS];
extern const PgCallOps handle_ops;

#endif
