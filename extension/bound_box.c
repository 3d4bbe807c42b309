/*-------------------------------------------------------------------------
 *
 * bound_box.c
 *		Keys in memory, and the inner form that covers several.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "port/pg_bitutils.h"
#include "utils/uuid.h"

#include "bound.h"

#define SIGNATURE_BITS (BOUND_SIGNATURE_WORDS * 32)

static int compare_hashes(const void *a, const void *b);

/*
 * bound_read
 *		Either form; they are told apart by their size.
 */
void
bound_read(const BoundClass *class, const struct varlena *key, Bounds *bounds)
{
	const BoundBox *box = (const BoundBox *) key;

	if (VARSIZE(key) == class->leaf_size)
	{
		class->read_leaf(key, bounds);
		return;
	}

	bounds->rect = box->rect;
	bounds->nowhere = box->nowhere != 0;
	memcpy(bounds->categories, box->categories, sizeof(bounds->categories));
	memcpy(bounds->lanes, box->lanes, (size_t) class->lanes * sizeof(int32));
}

BoundBox *
bound_box_make(const BoundClass *class, const Bounds *bounds)
{
	Size size = offsetof(BoundBox, lanes) + (Size) class->lanes * sizeof(int32);
	BoundBox *box = palloc(size);

	SET_VARSIZE(box, size);
	box->rect = bounds->rect;
	box->nowhere = bounds->nowhere;
	memcpy(box->categories, bounds->categories, sizeof(box->categories));
	memcpy(box->lanes, bounds->lanes, (size_t) class->lanes * sizeof(int32));

	return box;
}

/* What covers nothing yet. */
void
bound_empty(Bounds *bounds)
{
	memset(bounds, 0, sizeof(*bounds));
	bounds->rect = (BoundRect){PG_INT32_MAX, PG_INT32_MAX, PG_INT32_MIN, PG_INT32_MIN};
	for (int i = 0; i < BOUND_MAX_LANES; i++)
		bounds->lanes[i] = PG_INT32_MIN;
}

/*
 * bound_widen
 *		Covers what added covers, too.
 */
void
bound_widen(const BoundClass *class, Bounds *bounds, const Bounds *added)
{
	bound_widen_rect(&bounds->rect, &added->rect);
	bounds->nowhere |= added->nowhere;
	for (int i = 0; i < BOUND_SIGNATURE_WORDS; i++)
		bounds->categories[i] |= added->categories[i];
	for (int i = 0; i < class->lanes; i++)
		bounds->lanes[i] = Max(bounds->lanes[i], added->lanes[i]);
}

/*
 * bound_lon_metres
 *		Metres of a unit of longitude, roughly: 1 - 1.224 x^2 + 0.224 x^4 is cos(x pi / 2) to 0.001.
 */
double
bound_lon_metres(int32 lat)
{
	double x = lat * (1 / (90.0 * BOUND_UNITS_PER_DEGREE));
	double square = x * x;

	return BOUND_METRES_PER_UNIT * Max(1 - square * (1.224 - 0.224 * square), 0);
}

/* Never 0, which stands for no category. */
uint32
bound_category_hash(const void *id)
{
	uint32 hash = hash_bytes(id, UUID_LEN);

	return hash == 0 ? 1 : hash;
}

void
bound_category_add(uint32 *categories, uint32 hash)
{
	uint32 bit = hash % SIGNATURE_BITS;

	categories[bit / 32] |= (uint32) 1 << bit % 32;
}

/* bound_first_category: its bit, -1 when there is none. */
int
bound_first_category(const uint32 *categories)
{
	for (int i = 0; i < BOUND_SIGNATURE_WORDS; i++)
		if (categories[i] != 0)
			return i * 32 + pg_rightmost_one_pos32(categories[i]);

	return -1;
}

bool
bound_categories_meet(const uint32 *a, const uint32 *b)
{
	uint32 shared = 0;

	for (int i = 0; i < BOUND_SIGNATURE_WORDS; i++)
		shared |= a[i] & b[i];

	return shared != 0;
}

/* hashes: ascending. */
bool
bound_hashes_have(const uint32 *hashes, int count, uint32 hash)
{
	int low = 0;
	int high = count;

	while (low < high)
	{
		int middle = (low + high) / 2;

		if (hashes[middle] < hash)
			low = middle + 1;
		else
			high = middle;
	}

	return low < count && hashes[low] == hash;
}

/*
 * bound_query_categories
 *		Lets a query pass only these; returns their hashes, ascending, as many as they are.
 */
uint32 *
bound_query_categories(BoundQuery *query, const UuidSet *categories)
{
	uint32 *hashes = palloc(sizeof(uint32) * (Size) Max(categories->count, 1));

	query->any_category = false;
	for (int i = 0; i < categories->count; i++)
	{
		hashes[i] = bound_category_hash(&categories->ids[i]);
		bound_category_add(query->categories, hashes[i]);
	}
	qsort(hashes, (size_t) categories->count, sizeof(uint32), compare_hashes);

	return hashes;
}

static int
compare_hashes(const void *a, const void *b)
{
	uint32 x = *(const uint32 *) a;
	uint32 y = *(const uint32 *) b;

	return x < y ? -1 : x > y;
}
