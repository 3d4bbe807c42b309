/*
 * 56-cancel.sql
 *		Ending requests whose clients have hung up.
 */
CREATE FUNCTION mesteri.cancel(requests uuid[]) RETURNS integer
    LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'mesteri_cancel';
COMMENT ON FUNCTION mesteri.cancel(uuid[])
    IS 'Ends those of the requests, by X-Request-Id, that run in this database now; tells how many. Needs the library preloaded.';
