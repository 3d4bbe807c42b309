/*-------------------------------------------------------------------------
 *
 * match_facts.h
 *		What a row of mesteri.craftsman_profiles says for matching.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_MATCH_FACTS_H
#define MESTERI_MATCH_FACTS_H

#include "access/htup.h"
#include "access/tupdesc.h"

#include "match_key.h"

extern void match_facts_of_tuple(HeapTuple tuple, TupleDesc desc, MatchFacts *facts);
extern bool match_is_available(HeapTuple tuple, TupleDesc desc);

#endif /* MESTERI_MATCH_FACTS_H */
