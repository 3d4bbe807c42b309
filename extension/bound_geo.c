/*-------------------------------------------------------------------------
 *
 * bound_geo.c
 *		How far apart two places on the spheroid are, at least and at most.
 *
 * The length of a line on the spheroid is the integral of
 *
 *		ds^2 = M^2 (dlat^2 + k^2 cos^2(lat) dlon^2),	k = N / M,
 *
 * M and N being the radii of curvature along the meridian and across it.  M
 * grows towards the poles, k falls towards them, to 1.  So with the smallest
 * M and k of all places that the line can touch, M times the distance on a
 * unit sphere whose longitudes are stretched by k is no more than the geodesic;
 * with the largest ones, no less.  Points of a geodesic are no farther from its
 * ends than it is long, so "can touch" is within reach of the query's place,
 * which holds for all that matters: beyond its reach a query ranks nothing.
 *
 * A stretched sphere has more than 2 pi of longitude.  Where the stretched
 * difference exceeds pi, the shortest way leads over the pole and has the
 * length of the way with a difference of pi.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "bound.h"

/* WGS 84. */
#define SPHEROID_A  6378137.0
#define SPHEROID_E2 0.0066943799901413165
#define SMALLEST_M  (SPHEROID_A * (1 - SPHEROID_E2)) /* at the equator */

#define RADIANS_PER_UNIT (M_PI / 180 / BOUND_UNITS_PER_DEGREE)
#define UNITS_AROUND     (360.0 * BOUND_UNITS_PER_DEGREE)

/* Places are kept to half a unit, 6 mm each way; PROJ's geodesics are good to 15 nm and PostGIS rounds them to 10. */
#define METRES_SLACK 0.03

/* Relative error of what follows in floating point, many times over. */
#define RELATIVE_SLACK 1e-10

/* A window is wider by that, so that it need not be exact: 6 cm in 50 km. */
#define WINDOW_SLACK 1e-6

/* A way on the stretched sphere may leave the reach by as much as the stretches differ, e2. */
#define REACH_SLACK 1.01

/* Up to here (640 km), series with three terms are good to 1e-7 and as quick as can be. */
#define SERIES_RADIANS 0.1

static double least_half_sine_square(double x);
static double least_cosine(const BoundPlace *place, double x);
static inline double near_half_sine_square(double x);
static inline double near_cosine(const BoundPlace *place, double x);
static void set_window(BoundRect *window, const BoundPlace *place, double radius_m);
static int32 units(double value);
static double longitude_gap(double lon, double low, double high);
static double meridian_radius(double lat);
static double stretch(double lat);

/*
 * bound_query_place
 *		lat, lon: degrees.  reach_m: beyond it distances need not be bounds; no less than radius_m.
 */
void
bound_query_place(BoundQuery *query, double lat, double lon, double radius_m, double reach_m)
{
	BoundPlace *place = &query->place;
	double at = fabs(lat) * M_PI / 180;
	double reach = reach_m * REACH_SLACK / SMALLEST_M;
	double nearer_equator = Max(at - reach, 0);
	double nearer_pole = Min(at + reach, M_PI / 2);

	place->given = true;
	place->lat = lat * M_PI / 180;
	place->lon = lon * BOUND_UNITS_PER_DEGREE;
	place->sin_lat = sin(lat * M_PI / 180);
	place->cos_lat = cos(lat * M_PI / 180);
	place->least_radius = meridian_radius(nearer_equator) * (1 - RELATIVE_SLACK);
	place->most_radius = meridian_radius(nearer_pole) * (1 + RELATIVE_SLACK);
	place->least_stretch = stretch(nearer_pole) * (1 - RELATIVE_SLACK);
	place->most_stretch = stretch(nearer_equator) * (1 + RELATIVE_SLACK);

	query->radius_m = radius_m;
	set_window(&query->window, place, radius_m);
}

/*
 * set_window
 *		The latitudes and longitudes of a circle on the stretched sphere.
 *
 * Sideways it is widest where a meridian touches it: sin(dlon) = sin(r) / cos(lat).
 * One that holds a pole has all longitudes, and so has one that meets the
 * antimeridian, where numbers start anew.
 */
static void
set_window(BoundRect *window, const BoundPlace *place, double radius_m)
{
	double r = (radius_m + METRES_SLACK) / place->least_radius * (1 + WINDOW_SLACK);
	double high = r / RADIANS_PER_UNIT;
	double lat = place->lat / RADIANS_PER_UNIT;

	window->lat_low = units(lat - high);
	window->lat_high = units(lat + high);
	window->lon_low = PG_INT32_MIN;
	window->lon_high = BOUND_NOWHERE - 1;
	if (fabs(place->lat) + r < M_PI / 2)
	{
		double wide = asin(sin(r) / place->cos_lat) / place->least_stretch * (1 + WINDOW_SLACK) / RADIANS_PER_UNIT;

		if (fabs(place->lon) + wide < UNITS_AROUND / 2)
		{
			window->lon_low = units(place->lon - wide);
			window->lon_high = units(place->lon + wide);
		}
	}
}

/* Latitudes and longitudes have fewer than their type can hold. */
static int32
units(double value)
{
	return (int32) rint(Max(Min(value, UNITS_AROUND / 2), -UNITS_AROUND / 2));
}

/*
 * bound_point
 *		A place in the units of keys; false when it is none.
 */
bool
bound_point(double lat, double lon, int32 *lat_units, int32 *lon_units)
{
	if (!(fabs(lat) <= 90 && fabs(lon) <= 180))
		return false;

	*lat_units = (int32) rint(lat * BOUND_UNITS_PER_DEGREE);
	*lon_units = (int32) rint(lon * BOUND_UNITS_PER_DEGREE);

	return true;
}

/*
 * bound_least_m
 *		No place in the box is nearer.
 *
 * On the sphere, haversine(distance) = haversine(dlat) + cos cos haversine(dlon),
 * and each of the factors is taken as small as it gets in the box.
 */
double
bound_least_m(const BoundPlace *place, const BoundRect *rect)
{
	double below = rect->lat_low * RADIANS_PER_UNIT - place->lat;
	double above = rect->lat_high * RADIANS_PER_UNIT - place->lat;
	double dlat = below > 0 ? below : above < 0 ? -above : 0;
	double dlon = longitude_gap(place->lon, rect->lon_low, rect->lon_high) * RADIANS_PER_UNIT * place->least_stretch;
	double haversine = least_half_sine_square(dlat);
	double metres;

	if (dlon > 0)
	{
		/* The cosine is concave, so it is smallest at an end. */
		double cosine = least_cosine(place, below);

		if (rect->lat_high != rect->lat_low)
			cosine = Min(cosine, least_cosine(place, above));
		haversine += place->cos_lat * cosine * least_half_sine_square(Min(dlon, M_PI));
	}

	/* The chord is no longer than the arc, and at 640 km shorter by 0.04 %. */
	metres = haversine < SERIES_RADIANS * SERIES_RADIANS / 4 ? 2 * sqrt(haversine) : 2 * asin(sqrt(Min(haversine, 1)));
	metres = metres * place->least_radius - METRES_SLACK;

	return Max(metres, 0);
}

/*
 * bound_point_least_m
 *		The same for a point.  A search asks it of thousands, most of them near: the short way for those.
 */
double
bound_point_least_m(const BoundPlace *place, int32 lon, int32 lat)
{
	double dlat = lat * RADIANS_PER_UNIT - place->lat;
	double dlon = fabs(lon - place->lon) * RADIANS_PER_UNIT * place->least_stretch;
	double haversine;

	if (!(fabs(dlat) < SERIES_RADIANS && dlon < SERIES_RADIANS))
		return bound_least_m(place, &(BoundRect){lon, lat, lon, lat});

	haversine = near_half_sine_square(dlat) + place->cos_lat * near_cosine(place, dlat) * near_half_sine_square(dlon);

	return Max(2 * sqrt(haversine) * place->least_radius - METRES_SLACK, 0);
}

/*
 * bound_most_m
 *		The point is no farther away, if it is within reach.
 */
double
bound_most_m(const BoundPlace *place, int32 lon, int32 lat)
{
	double lat_half = (lat * RADIANS_PER_UNIT - place->lat) / 2;
	double dlon = longitude_gap(place->lon, lon, lon) * RADIANS_PER_UNIT * place->most_stretch;
	double lat_sine = sin(lat_half);
	double lon_sine = sin(Min(dlon, M_PI) / 2);
	double haversine = lat_sine * lat_sine + place->cos_lat * cos(lat * RADIANS_PER_UNIT) * lon_sine * lon_sine;

	return 2 * asin(sqrt(Min(haversine, 1))) * place->most_radius * (1 + RELATIVE_SLACK) + METRES_SLACK;
}

/*
 * least_half_sine_square
 *		sin^2(x / 2) = x^2/4 - x^4/48 + ..., or a little less.
 */
static double
least_half_sine_square(double x)
{
	double sine;

	if (fabs(x) < SERIES_RADIANS)
		return near_half_sine_square(x);

	sine = sin(x / 2);
	return sine * sine;
}

static inline double
near_half_sine_square(double x)
{
	double square = x * x;

	return square * (0.25 - square * (1.0 / 48));
}

/*
 * least_cosine
 *		That of the latitude x radians from the place's, or a little less; not below 0.
 */
static double
least_cosine(const BoundPlace *place, double x)
{
	if (fabs(x) < SERIES_RADIANS)
		return near_cosine(place, x);

	return Max(place->cos_lat * cos(x) - place->sin_lat * sin(x), 0);
}

/* cos(a + x) = cos a cos x - sin a sin x, cos x >= 1 - x^2/2, |sin x - x| <= |x|^3/6 */
static inline double
near_cosine(const BoundPlace *place, double x)
{
	double cosine = place->cos_lat * (1 - x * x / 2) - place->sin_lat * x - fabs(x * x * x) * (1.0 / 6);

	return Max(cosine, 0);
}

/*
 * longitude_gap
 *		From a meridian to the nearer edge of low..high, either way around; all in units.
 */
static double
longitude_gap(double lon, double low, double high)
{
	double east = low - lon;
	double west = lon - high;

	if (east <= 0 && west <= 0)
		return 0;
	if (east < 0)
		east += UNITS_AROUND;
	if (west < 0)
		west += UNITS_AROUND;

	return Min(east, west);
}

static double
meridian_radius(double lat)
{
	double w2 = 1 - SPHEROID_E2 * sin(lat) * sin(lat);

	return SPHEROID_A * (1 - SPHEROID_E2) / (w2 * sqrt(w2));
}

/* N / M */
static double
stretch(double lat)
{
	return (1 - SPHEROID_E2 * sin(lat) * sin(lat)) / (1 - SPHEROID_E2);
}
