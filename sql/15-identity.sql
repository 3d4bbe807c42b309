/*
 * 15-identity.sql
 *		Who is calling, as handle() verified it.  NULL when anonymous, or outside a request.
 *
 * RESTRICTED: a parallel worker has no caller.
 */
CREATE FUNCTION mesteri.current_user_id() RETURNS uuid
    LANGUAGE c STABLE PARALLEL RESTRICTED
    AS 'MODULE_PATHNAME', 'mesteri_current_user_id';
COMMENT ON FUNCTION mesteri.current_user_id() IS 'The account behind the running request.';

CREATE FUNCTION mesteri.current_session_id() RETURNS uuid
    LANGUAGE c STABLE PARALLEL RESTRICTED
    AS 'MODULE_PATHNAME', 'mesteri_current_session_id';
COMMENT ON FUNCTION mesteri.current_session_id() IS 'The session (family of refresh tokens) behind the running request.';

CREATE FUNCTION mesteri.current_user_type() RETURNS text
    LANGUAGE c STABLE PARALLEL RESTRICTED
    AS 'MODULE_PATHNAME', 'mesteri_current_user_type';
COMMENT ON FUNCTION mesteri.current_user_type() IS 'client, craftsman or staff.';
