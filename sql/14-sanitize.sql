/*
 * 14-sanitize.sql
 *		What may be stored of a text that is shown with its markup.
 */
CREATE FUNCTION mesteri.sanitize(dirty text) RETURNS text
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'mesteri_sanitize';
COMMENT ON FUNCTION mesteri.sanitize(text)
    IS 'The text with b, i, em, strong and links to http, https and mailto; other markup is gone, other characters are escaped.';
