/*-------------------------------------------------------------------------
 *
 * top_k.h
 *		The best so many of what comes by.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_TOP_K_H
#define MESTERI_TOP_K_H

#include "utils/uuid.h"

#define TOP_K_MAX_PARTS 4

typedef struct Ranked
{
	double score;
	pg_uuid_t id;
	bool has_metres;
	double metres;
	double parts[TOP_K_MAX_PARTS];
} Ranked;

typedef struct TopK
{
	int size; /* how many are wanted */
	int count;
	bool high_id_first; /* among equal scores */
	Ranked *heap;       /* the worst on top */
} TopK;

extern void top_k_begin(TopK *top, int size, bool high_id_first);
extern void top_k_add(TopK *top, const Ranked *candidate);
extern double top_k_floor(const TopK *top);
extern void top_k_sort(TopK *top);
extern int top_k_compare(const TopK *top, const Ranked *a, const Ranked *b);

#endif /* MESTERI_TOP_K_H */
