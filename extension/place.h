/*-------------------------------------------------------------------------
 *
 * place.h
 *		PostGIS's geography from C.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_PLACE_H
#define MESTERI_PLACE_H

#include "fmgr.h"

/* PostGIS's functions, looked up once a call of ours. */
typedef struct PlaceFunctions
{
	FmgrInfo distance;
	FmgrInfo within;
} PlaceFunctions;

extern void place_functions(Oid geography, PlaceFunctions *functions);
extern bool place_read(Oid geography, Datum place, double *lat, double *lon);
extern bool place_units(Oid geography, Datum place, int32 *lat, int32 *lon);
extern bool place_distance(PlaceFunctions *functions, Datum a, Datum b, double *metres);
extern bool place_within(PlaceFunctions *functions, Datum a, Datum b, double metres, double radius_m);

#endif /* MESTERI_PLACE_H */
