/*
 * functions.sql
 *		Chance without state: every value is a function of the seed, what it is for, and whom.
 *
 * Nothing here depends on the order in which rows are made, so a plan may
 * change and the data stays.  All are inlined; names of values are constants,
 * whose hash the planner computes once.
 */

-- 64 bits.
CREATE FUNCTION pg_temp.bits(what text, who bigint) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN hashint8extended(who, hashtextextended(what COLLATE "C", :seed));

-- A number from 0 up to but not including 1: 53 bits, as many as a float8 holds.
CREATE FUNCTION pg_temp.u(what text, who bigint) RETURNS float8
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ((pg_temp.bits(what, who) >> 11) & 9007199254740991)::float8 / 9007199254740992;

-- Nearly normal: mean 0, deviation 1, never beyond 3.
CREATE FUNCTION pg_temp.bell(what text, who bigint) RETURNS float8
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN 2 * (pg_temp.u(what || '1', who) + pg_temp.u(what || '2', who) + pg_temp.u(what || '3', who) - 1.5);

-- One of a list.
CREATE FUNCTION pg_temp.pick(list text[], chance float8) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN list[1 + floor(chance * cardinality(list))::integer];

-- An id like those of mesteri.uuid7(), its random part given.  RFC 9562: 48 bits of milliseconds, version 7, 12 bits,
-- variant 2, 62 bits.
CREATE FUNCTION pg_temp.id(born timestamptz, high bigint, low bigint) RETURNS uuid
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (lpad(to_hex(floor(extract(epoch FROM born) * 1000)::bigint), 12, '0')
            || '7' || lpad(to_hex(high & 4095), 3, '0')
            || to_hex(8 + ((high >> 12) & 3)) || lpad(to_hex(low & 1152921504606846975), 15, '0'))::uuid;

-- A place so many kilometres away.  Seats near a border or the sea (east and west by longitude, north and south by latitude)
-- spread inland only.  A degree of latitude has 111.2 km; at this scale the earth is flat.
CREATE FUNCTION pg_temp.around(lat float8, lon float8, km float8, turn float8) RETURNS geography
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN mesteri.point(
        lat + km / 111.2 * CASE WHEN lat < 44.25 THEN abs(cos(turn))
                                WHEN lat > 47.6  THEN -abs(cos(turn))
                                ELSE cos(turn) END,
        lon + km / 111.2 / cos(radians(lat)) * CASE WHEN lon < 22.7 THEN abs(sin(turn))
                                                    WHEN lon > 27.3 THEN -abs(sin(turn))
                                                    ELSE sin(turn) END);
