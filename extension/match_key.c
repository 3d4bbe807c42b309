/*-------------------------------------------------------------------------
 *
 * match_key.c
 *		The type mesteri.match_key and its operator class.
 *
 * As text, a key is its numbers in the order of MatchKey, "-" for no place
 * and "*" for any.  Only keys of rows can be read back.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <inttypes.h>
#include <math.h>

#include "utils/builtins.h"

#include "match_key.h"

/* As shipped, for a radius of 50 km: how good the index is, not what it finds, depends on it. */
#define USUAL_SCORE_PER_M (0.40 / 50000)

/*
 * The 20th of a page scores 0.4 for being near and 0.54 beside that, of 200 000
 * craftsmen; 0.42 with a trade of 50.  Fewer have less, and with these numbers
 * searches of 200 000 read the fewest pages, too.
 */
#define USUAL_WORTH_SHOWN       0.30
#define USUAL_WORTH_OF_CATEGORY 0.20

static void read_leaf(const struct varlena *leaf, Bounds *bounds);
static double worth(const Bounds *bounds);

PG_FUNCTION_INFO_V1(mesteri_match_key_in);
PG_FUNCTION_INFO_V1(mesteri_match_key_out);

const BoundClass match_class = {
	.lanes = MATCH_LANES,
	.leaf_size = sizeof(MatchKey),
	.score_per_m = USUAL_SCORE_PER_M,
	.worth_shown = USUAL_WORTH_SHOWN,
	.worth_shown_of_category = USUAL_WORTH_OF_CATEGORY,
	.unfiltered = 1,
	.by_category = true,
	.read_leaf = read_leaf,
	.worth = worth,
	.leaf_bound = match_leaf_bound,
	.box_bound = match_box_bound,
	.leaf_near = match_leaf_near,
};

BOUND_GIST_SUPPORT(match, match_class)

/*
 * mesteri.match_key_in(cstring) returns mesteri.match_key
 *
 * Errors: 22P02.
 */
Datum
mesteri_match_key_in(PG_FUNCTION_ARGS)
{
	const char *text = PG_GETARG_CSTRING(0);
	const char *rest = text + (text[0] == '-' || text[0] == '*' ? 1 : 0);
	MatchKey *key = palloc0(sizeof(MatchKey));
	int end = -1;

	SET_VARSIZE(key, sizeof(MatchKey));
	key->lat = key->lon = text[0] == '*' ? MATCH_ANYWHERE : BOUND_NOWHERE;
	/* A place begins with a digit or the sign of the south. */
	if (rest == text || rest[0] != ' ')
	{
		int length = 0;

		rest = text;
		if (sscanf(text, "%" SCNd32 ",%" SCNd32 "%n", &key->lat, &key->lon, &length) == 2)
			rest += length;
	}
	sscanf(rest,
	       " %8" SCNx32 " %" SCNd32 " %" SCNd32 " %" SCNd32 " %" SCNu16 " %" SCNu16 " %" SCNu8 " %" SCNu8 " %" SCNu16
	       "%n",
	       &key->category, &key->cheapness, &key->most_reviews, &key->few_reviews, &key->radius_km, &key->stars,
	       &key->is_available, &key->tier, &key->response, &end);
	if (end < 0 || rest[end] != '\0')
		ereport(ERROR, (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION), errmsg("invalid match key: \"%s\"", text)));

	PG_RETURN_POINTER(key);
}

Datum
mesteri_match_key_out(PG_FUNCTION_ARGS)
{
	MatchKey *key = (MatchKey *) PG_GETARG_POINTER(0);
	const char *place = key->lat == MATCH_ANYWHERE  ? "*"
	                    : key->lon == BOUND_NOWHERE ? "-"
	                                                : psprintf("%d,%d", key->lat, key->lon);

	PG_RETURN_CSTRING(psprintf("%s %08x %d %d %d %u %u %u %u %u", place, key->category, key->cheapness,
	                           key->most_reviews, key->few_reviews, key->radius_km, key->stars, key->is_available,
	                           key->tier, key->response));
}

static void
read_leaf(const struct varlena *leaf, Bounds *bounds)
{
	const MatchKey *key = (const MatchKey *) leaf;

	bound_empty(bounds);
	bounds->nowhere = key->lon == BOUND_NOWHERE;
	if (key->lat == MATCH_ANYWHERE)
		bounds->rect = (BoundRect){PG_INT32_MIN, PG_INT32_MIN, PG_INT32_MAX, PG_INT32_MAX};
	else if (!bounds->nowhere)
		bounds->rect = (BoundRect){key->lon, key->lat, key->lon, key->lat};
	if (key->category != 0)
		bound_category_add(bounds->categories, key->category);
	bounds->lanes[MATCH_LANE_RADIUS] = key->radius_km;
	bounds->lanes[MATCH_LANE_STARS] = key->stars;
	bounds->lanes[MATCH_LANE_CHEAPNESS] = key->cheapness;
	bounds->lanes[MATCH_LANE_AVAILABLE] = key->is_available;
	bounds->lanes[MATCH_LANE_TIER] = key->tier;
	bounds->lanes[MATCH_LANE_RESPONSE] = key->response;
	bounds->lanes[MATCH_LANE_MOST_REVIEWS] = key->most_reviews;
	bounds->lanes[MATCH_LANE_WORTH] = (int32) Max(Min(ceil(match_worth(key) * MATCH_WORTH_UNITS), PG_INT32_MAX), 0);
}

static double
worth(const Bounds *bounds)
{
	return bounds->lanes[MATCH_LANE_WORTH] * (1.0 / MATCH_WORTH_UNITS);
}
