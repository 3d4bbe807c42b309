/*-------------------------------------------------------------------------
 *
 * ranked_rows.h
 *		What a ranking function returns.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_RANKED_ROWS_H
#define MESTERI_RANKED_ROWS_H

#include "executor/spi.h"
#include "fmgr.h"

#include "top_k.h"

extern void ranked_rows_put(FunctionCallInfo fcinfo, const TopK *top, int skip);
extern void ranked_rows_put_reference(FunctionCallInfo fcinfo, SPIPlanPtr *plan, const char *reference);

#endif /* MESTERI_RANKED_ROWS_H */
