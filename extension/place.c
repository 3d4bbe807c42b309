/*-------------------------------------------------------------------------
 *
 * place.c
 *		PostGIS's geography from C.
 *
 * Its functions are found beside its type, wherever that lives, and called as
 * SQL would call them: distances are those of ST_Distance to the last bit.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/syscache.h"

#include "bound.h"
#include "place.h"

/* ST_Distance rounds to 10 nm, ST_DWithin does not. */
#define ROUNDING_M 1e-7

/* Of the PostGIS that this database has. */
static struct
{
	Oid geography; /* InvalidOid: not looked up */
	Oid distance;
	Oid within;
	Oid x;
	Oid y;
} found;

static void look_up(Oid geography);
static Oid schema_of(Oid type);
static Oid function(Oid schema, const char *name, int count, const Oid *types);
static bool coordinate(Oid function, Datum place, double *degrees);
static void forget(Datum arg, int cache, uint32 hash);

/* place_functions: their caches live in the current memory context. */
void
place_functions(Oid geography, PlaceFunctions *functions)
{
	look_up(geography);
	fmgr_info(found.distance, &functions->distance);
	fmgr_info(found.within, &functions->within);
}

/*
 * place_read
 *		Degrees of a point; false when it is empty or has no coordinates that are numbers.
 */
bool
place_read(Oid geography, Datum place, double *lat, double *lon)
{
	look_up(geography);

	return coordinate(found.y, place, lat) && coordinate(found.x, place, lon);
}

/* place_units: the same in the units of keys. */
bool
place_units(Oid geography, Datum place, int32 *lat, int32 *lon)
{
	double lat_degrees;
	double lon_degrees;

	return place_read(geography, place, &lat_degrees, &lon_degrees) && bound_point(lat_degrees, lon_degrees, lat, lon);
}

/*
 * place_distance
 *		Metres along the spheroid; false when one of the places is empty.
 */
bool
place_distance(PlaceFunctions *functions, Datum a, Datum b, double *metres)
{
	LOCAL_FCINFO(fcinfo, 3);

	InitFunctionCallInfoData(*fcinfo, &functions->distance, 3, InvalidOid, NULL, NULL);
	fcinfo->args[0] = (NullableDatum){.value = a};
	fcinfo->args[1] = (NullableDatum){.value = b};
	fcinfo->args[2] = (NullableDatum){.value = BoolGetDatum(true)};
	*metres = DatumGetFloat8(FunctionCallInvoke(fcinfo));

	return !fcinfo->isnull;
}

/*
 * place_within
 *		As ST_DWithin, metres being what place_distance said.
 */
bool
place_within(PlaceFunctions *functions, Datum a, Datum b, double metres, double radius_m)
{
	if (fabs(metres - radius_m) > ROUNDING_M)
		return metres < radius_m;

	return DatumGetBool(FunctionCall4(&functions->within, a, b, Float8GetDatum(radius_m), BoolGetDatum(true)));
}

static void
look_up(Oid geography)
{
	static bool registered = false;
	Oid schema;
	Oid geometry;

	if (found.geography == geography)
		return;
	if (!registered)
	{
		CacheRegisterSyscacheCallback(PROCOID, forget, (Datum) 0);
		CacheRegisterSyscacheCallback(TYPEOID, forget, (Datum) 0);
		registered = true;
	}

	schema = schema_of(geography);
	geometry = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum("geometry"), ObjectIdGetDatum(schema));

	found.distance = function(schema, "st_distance", 3, (Oid[]){geography, geography, BOOLOID});
	found.within = function(schema, "st_dwithin", 4, (Oid[]){geography, geography, FLOAT8OID, BOOLOID});
	found.x = function(schema, "st_x", 1, &geometry);
	found.y = function(schema, "st_y", 1, &geometry);
	found.geography = geography;
}

static Oid
schema_of(Oid type)
{
	HeapTuple tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
	Oid schema;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for type %u", type);
	schema = ((Form_pg_type) GETSTRUCT(tuple))->typnamespace;
	ReleaseSysCache(tuple);

	return schema;
}

/* Whether the caller may look into that schema does not matter: it is we who call. */
static Oid
function(Oid schema, const char *name, int count, const Oid *types)
{
	Oid oid = GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, CStringGetDatum(name),
	                          PointerGetDatum(buildoidvector(types, count)), ObjectIdGetDatum(schema));

	if (!OidIsValid(oid))
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_FUNCTION), errmsg("PostGIS has no function %s for geography", name)));

	return oid;
}

/* A geography is laid out as the geometry of the same coordinates. */
static bool
coordinate(Oid function, Datum place, double *degrees)
{
	LOCAL_FCINFO(fcinfo, 1);
	FmgrInfo flinfo;

	fmgr_info(function, &flinfo);
	InitFunctionCallInfoData(*fcinfo, &flinfo, 1, InvalidOid, NULL, NULL);
	fcinfo->args[0] = (NullableDatum){.value = place};
	*degrees = DatumGetFloat8(FunctionCallInvoke(fcinfo));

	return !fcinfo->isnull && isfinite(*degrees);
}

static void
forget(Datum arg, int cache, uint32 hash)
{
	found.geography = InvalidOid;
}
