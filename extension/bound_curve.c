/*-------------------------------------------------------------------------
 *
 * bound_curve.c
 *		The order in which an index is built: along a Hilbert curve through place and worth.
 *
 * What is near on the curve is near in score.  Worth is stretched against
 * place: an entry is good when all below it can score much, and the rows of
 * one town differ more by what they are worth than by where they are.
 *
 * The curve is that of J. Skilling, "Programming the Hilbert curve", AIP
 * Conference Proceedings 707 (2004).
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "utils/sortsupport.h"

#include "bound.h"

#define CURVE_AXES    3     /* longitude, latitude, worth */
#define CURVE_BITS    16    /* of each */
#define CURVE_STEP    0.005 /* score; 625 m of the feed's */
#define WORTH_STRETCH 4

static int compare_keys(Datum a, Datum b, SortSupport ssup);
static Datum abbreviate(Datum original, SortSupport ssup);
static bool abort_abbreviation(int count, SortSupport ssup);
static uint64 curve_position(const BoundClass *class, const struct varlena *key);
static uint32 step(double score);
static void to_hilbert(uint32 *axes);

/*
 * bound_gist_sortsupport
 *		Support function 11 of an operator class.
 */
Datum
bound_gist_sortsupport(FunctionCallInfo fcinfo, const BoundClass *class)
{
	SortSupport ssup = (SortSupport) PG_GETARG_POINTER(0);

	ssup->ssup_extra = unconstify(BoundClass *, class);
	ssup->comparator = compare_keys;
	if (ssup->abbreviate)
	{
		ssup->comparator = ssup_datum_unsigned_cmp;
		ssup->abbrev_converter = abbreviate;
		ssup->abbrev_abort = abort_abbreviation;
		ssup->abbrev_full_comparator = compare_keys;
	}

	PG_RETURN_VOID();
}

static int
compare_keys(Datum a, Datum b, SortSupport ssup)
{
	uint64 x = curve_position(ssup->ssup_extra, (struct varlena *) DatumGetPointer(a));
	uint64 y = curve_position(ssup->ssup_extra, (struct varlena *) DatumGetPointer(b));

	return x < y ? -1 : x > y;
}

static Datum
abbreviate(Datum original, SortSupport ssup)
{
	return UInt64GetDatum(curve_position(ssup->ssup_extra, (struct varlena *) DatumGetPointer(original)));
}

/* The short form is all there is to compare. */
static bool
abort_abbreviation(int count, SortSupport ssup)
{
	return false;
}

static uint64
curve_position(const BoundClass *class, const struct varlena *key)
{
	uint32 axes[CURVE_AXES];
	uint64 position = 0;
	Bounds bounds;

	bound_read(class, key, &bounds);
	if (bounds.nowhere)
		axes[0] = axes[1] = (1 << CURVE_BITS) - 1;
	else
	{
		axes[0] = step(bounds.rect.lon_low * bound_lon_metres(bounds.rect.lat_low) * class->score_per_m);
		axes[1] = step(bounds.rect.lat_low * BOUND_METRES_PER_UNIT * class->score_per_m);
	}
	axes[2] = step(class->worth(&bounds) * WORTH_STRETCH);
	to_hilbert(axes);

	for (int bit = CURVE_BITS - 1; bit >= 0; bit--)
		for (int i = 0; i < CURVE_AXES; i++)
			position = position << 1 | (axes[i] >> bit & 1);

	/* What is above the bits of the curve. */
	if (class->by_category)
		position |= (uint64) (bound_first_category(bounds.categories) + 1) << (CURVE_AXES * CURVE_BITS);

	return position;
}

/* Scores of places are negative in the west and south. */
static uint32
step(double score)
{
	double at = score / CURVE_STEP + (1 << (CURVE_BITS - 1));

	return at <= 0 ? 0 : at >= (1 << CURVE_BITS) - 1 ? (1 << CURVE_BITS) - 1 : (uint32) at;
}

/*
 * to_hilbert
 *		Coordinates become the bits of the position, one of each in turn.
 */
static void
to_hilbert(uint32 *axes)
{
	uint32 top = (uint32) 1 << (CURVE_BITS - 1);
	uint32 parity = 0;

	for (uint32 bit = top; bit > 1; bit >>= 1)
	{
		uint32 below = bit - 1;

		for (int i = 0; i < CURVE_AXES; i++)
		{
			if (axes[i] & bit)
				axes[0] ^= below;
			else
			{
				uint32 exchange = (axes[0] ^ axes[i]) & below;

				axes[0] ^= exchange;
				axes[i] ^= exchange;
			}
		}
	}

	for (int i = 1; i < CURVE_AXES; i++)
		axes[i] ^= axes[i - 1];
	for (uint32 bit = top; bit > 1; bit >>= 1)
		if (axes[CURVE_AXES - 1] & bit)
			parity ^= bit - 1;
	for (int i = 0; i < CURVE_AXES; i++)
		axes[i] ^= parity;
}
