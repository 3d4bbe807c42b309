/*
 * 30-catalogue.sql
 *		The lists that dispatcher and proxy work by: routes, errors, rules of fields.
 *
 * Rows are seeded from the lists in data/.  A backend keeps what it read of them and
 * is told by a relcache invalidation when one of them changed.
 */
CREATE TABLE mesteri.routes (
    id          integer PRIMARY KEY,
    method      text NOT NULL,
    path        text NOT NULL,
    function    text NOT NULL,
    access      text[] NOT NULL,
    rate_class  text NOT NULL,
    area        text NOT NULL,
    idempotent  text NOT NULL,
    retry_safe  boolean NOT NULL,
    lane        text NOT NULL,
    deadline_ms integer NOT NULL,
    body_limit  integer NOT NULL,
    source      text NOT NULL,
    seeded      boolean NOT NULL DEFAULT false,
    CONSTRAINT routes_method_path_unique UNIQUE (method, path),
    CONSTRAINT routes_method_known CHECK (method IN ('GET', 'POST', 'PUT', 'DELETE')),
    CONSTRAINT routes_path_format CHECK (path ~ '^(/[A-Za-z0-9._-]+|/\{[a-z_]+\})+$'),
    CONSTRAINT routes_access_known CHECK (access <@ '{anonymous,user,client,craftsman,staff,provider}' AND cardinality(access) > 0),
    CONSTRAINT routes_idempotent_known CHECK (idempotent IN ('yes', 'no', 'secret')),
    CONSTRAINT routes_idempotent_posts CHECK (idempotent = 'no' OR method = 'POST'),
    CONSTRAINT routes_lane_known CHECK (lane IN ('read', 'write', 'auth', 'slow')),
    CONSTRAINT routes_deadline_range CHECK (deadline_ms BETWEEN 1 AND 120000),
    CONSTRAINT routes_body_limit_not_negative CHECK (body_limit >= 0)
);
COMMENT ON TABLE mesteri.routes
    IS 'Every endpoint: which function of schema api serves it, who may call it, and within which limits.';
COMMENT ON COLUMN mesteri.routes.id
    IS 'mesteri.route_id(method, path): the same in every release, so that a proxy never calls a neighbour.';
COMMENT ON COLUMN mesteri.routes.method IS 'HTTP method; HEAD and OPTIONS are the proxy''s own.';
COMMENT ON COLUMN mesteri.routes.path IS 'Whole path as in the API, {name} for a segment that varies.';
COMMENT ON COLUMN mesteri.routes.function IS 'Name in schema api; a route without one is not served yet.';
COMMENT ON COLUMN mesteri.routes.access IS 'Kinds of account that may call; user stands for client and craftsman.';
COMMENT ON COLUMN mesteri.routes.rate_class IS 'Which counter a call goes on.';
COMMENT ON COLUMN mesteri.routes.area IS 'Heading of the API it belongs to.';
COMMENT ON COLUMN mesteri.routes.idempotent
    IS 'Whether an Idempotency-Key stores the answer; secret: never stored, the key is ignored.';
COMMENT ON COLUMN mesteri.routes.retry_safe IS 'Whether the proxy may run the call again after a serialization failure or a deadlock.';
COMMENT ON COLUMN mesteri.routes.lane IS 'Which pool of connections serves it.';
COMMENT ON COLUMN mesteri.routes.deadline_ms IS 'Longest a call may take, counted from its last byte, enforced by the database.';
COMMENT ON COLUMN mesteri.routes.body_limit IS 'Most bytes of a body; 0: takes none, and reads the query instead.';
COMMENT ON COLUMN mesteri.routes.source IS 'Whether the original plan has it, or it is an addition.';
COMMENT ON COLUMN mesteri.routes.seeded IS 'Ships with mesteri, so dumps leave it out; never edited.';
SELECT pg_catalog.pg_extension_config_dump('mesteri.routes', 'WHERE NOT seeded');

CREATE FUNCTION mesteri.route_id(method text, path text) RETURNS integer
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN ('x' || left(encode(sha256(convert_to(method || ' ' || path, 'UTF8')), 'hex'), 8))::bit(32)::integer & 2147483647;
COMMENT ON FUNCTION mesteri.route_id(text, text) IS 'The first 31 bits of the SHA-256 of "METHOD path".';

CREATE TABLE mesteri.error_codes (
    slug       text PRIMARY KEY,
    status     integer NOT NULL,
    retryable  boolean NOT NULL,
    sqlstates  text[] NOT NULL,
    title      text NOT NULL,
    message_ro text NOT NULL,
    message_hu text NOT NULL,
    message_en text NOT NULL,
    seeded     boolean NOT NULL DEFAULT false,
    CONSTRAINT error_codes_status_range CHECK (status BETWEEN 400 AND 599),
    CONSTRAINT error_codes_own_sqlstate CHECK (sqlstates[1] ~ '^MS[A-Z][0-9]{2}$')
);
COMMENT ON TABLE mesteri.error_codes IS 'Every error a client can see.';
COMMENT ON COLUMN mesteri.error_codes.slug IS 'What clients compare; never changes its meaning.';
COMMENT ON COLUMN mesteri.error_codes.status IS 'HTTP status, 400 and above.';
COMMENT ON COLUMN mesteri.error_codes.retryable IS 'Whether the same request may succeed later without a change.';
COMMENT ON COLUMN mesteri.error_codes.sqlstates
    IS 'Our own SQLSTATE first, then others and two-character classes that mean the same.';
COMMENT ON COLUMN mesteri.error_codes.title IS 'English, for people who read the answer raw.';
COMMENT ON COLUMN mesteri.error_codes.message_ro IS 'What a Romanian speaker is told.';
COMMENT ON COLUMN mesteri.error_codes.message_hu IS 'What a Hungarian speaker is told.';
COMMENT ON COLUMN mesteri.error_codes.message_en IS 'What an English speaker is told.';
COMMENT ON COLUMN mesteri.error_codes.seeded IS 'Ships with mesteri, so dumps leave it out; never edited.';
SELECT pg_catalog.pg_extension_config_dump('mesteri.error_codes', 'WHERE NOT seeded');

CREATE TABLE mesteri.error_rules (
    rule       text PRIMARY KEY,
    message_ro text NOT NULL,
    message_hu text NOT NULL,
    message_en text NOT NULL,
    seeded     boolean NOT NULL DEFAULT false
);
COMMENT ON TABLE mesteri.error_rules IS 'What can be wrong with one field; the constraints of the api domains bear these names.';
COMMENT ON COLUMN mesteri.error_rules.rule IS 'details[].rule of an answer.';
COMMENT ON COLUMN mesteri.error_rules.message_ro IS 'What a Romanian speaker is told about the field.';
COMMENT ON COLUMN mesteri.error_rules.message_hu IS 'What a Hungarian speaker is told about the field.';
COMMENT ON COLUMN mesteri.error_rules.message_en IS 'What an English speaker is told about the field.';
COMMENT ON COLUMN mesteri.error_rules.seeded IS 'Ships with mesteri, so dumps leave it out; never edited.';
SELECT pg_catalog.pg_extension_config_dump('mesteri.error_rules', 'WHERE NOT seeded');

CREATE FUNCTION mesteri.catalogue_changed() RETURNS trigger
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'mesteri_catalogue_changed';
COMMENT ON FUNCTION mesteri.catalogue_changed() IS 'Tells every backend, at commit, to read the catalogue again.';

CREATE TRIGGER routes_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON mesteri.routes
    FOR EACH STATEMENT EXECUTE FUNCTION mesteri.catalogue_changed();
CREATE TRIGGER error_codes_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON mesteri.error_codes
    FOR EACH STATEMENT EXECUTE FUNCTION mesteri.catalogue_changed();
CREATE TRIGGER error_rules_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON mesteri.error_rules
    FOR EACH STATEMENT EXECUTE FUNCTION mesteri.catalogue_changed();

/*
 * What an endpoint asks for beside the client's fields: arguments whose names
 * begin with an underscore.  Those that are request headers decide what the
 * proxy passes on.
 */
CREATE TABLE mesteri.request_headers (
    argument text PRIMARY KEY,
    header   text NOT NULL UNIQUE,
    seeded   boolean NOT NULL DEFAULT false,
    CONSTRAINT request_headers_argument_format CHECK (argument ~ '^_[a-z_]+$'),
    CONSTRAINT request_headers_lower_case CHECK (header = lower(header))
);
CREATE TRIGGER request_headers_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON mesteri.request_headers
    FOR EACH STATEMENT EXECUTE FUNCTION mesteri.catalogue_changed();
COMMENT ON TABLE mesteri.request_headers IS 'Arguments of endpoints that hold a request header.';
COMMENT ON COLUMN mesteri.request_headers.argument IS 'Name in the endpoint''s signature, with its underscore.';
COMMENT ON COLUMN mesteri.request_headers.header IS 'Lower-case name as the proxy sends it.';
COMMENT ON COLUMN mesteri.request_headers.seeded IS 'Ships with mesteri, so dumps leave it out; never edited.';
SELECT pg_catalog.pg_extension_config_dump('mesteri.request_headers', 'WHERE NOT seeded');
INSERT INTO mesteri.request_headers VALUES
    ('_if_match', 'if-match', true),
    ('_user_agent', 'user-agent', true);

CREATE VIEW mesteri.proxy_errors AS
    SELECT slug, status, sqlstates, retryable, title, message_ro, message_hu, message_en
      FROM mesteri.error_codes;
COMMENT ON VIEW mesteri.proxy_errors IS 'The error catalogue as the proxy reads it.';

CREATE VIEW mesteri.proxy_rules AS
    SELECT rule, message_ro, message_hu, message_en
      FROM mesteri.error_rules;
COMMENT ON VIEW mesteri.proxy_rules IS 'The rules of fields as the proxy reads them.';

CREATE VIEW mesteri.route_functions AS
    SELECT r.id, r.method, r.path, p.oid AS function
      FROM mesteri.routes r
      JOIN pg_catalog.pg_namespace n ON n.nspname = 'api'
      JOIN pg_catalog.pg_proc p ON p.pronamespace = n.oid AND p.proname = r.function;
COMMENT ON VIEW mesteri.route_functions IS 'Which function serves which route; names in schema api are not overloaded.';

CREATE VIEW mesteri.catalogue_generation AS
    SELECT hashtextextended(string_agg(line, E'\n' ORDER BY line), 0) AS generation
      FROM (SELECT r::text || (SELECT string_agg(concat_ws(' ', p.oid::bigint, p.proargnames, p.proargtypes, p.proargdefaults), ',')
                                 FROM mesteri.route_functions f
                                 JOIN pg_catalog.pg_proc p ON p.oid = f.function WHERE f.id = r.id) FROM mesteri.routes r
            UNION ALL SELECT e::text FROM mesteri.error_codes e
            UNION ALL SELECT e::text FROM mesteri.error_rules e
            UNION ALL SELECT h::text FROM mesteri.request_headers h) AS catalogue (line);
COMMENT ON VIEW mesteri.catalogue_generation IS 'Digest of all that routes and errors say; it differs when any of it differs.';

CREATE VIEW mesteri.proxy_routes AS
    SELECT r.id, r.method, r.path, r.lane, r.deadline_ms, r.body_limit, r.rate_class, r.retry_safe,
           ARRAY(SELECT h.header FROM mesteri.request_headers h, pg_catalog.pg_proc p
                  WHERE p.oid = f.function AND h.argument = ANY (p.proargnames)
                  UNION ALL SELECT 'if-none-match' WHERE r.method = 'GET'
                  UNION ALL SELECT 'idempotency-key' WHERE r.idempotent = 'yes') AS request_headers,
           'application/json; charset=utf-8' AS content_type,
           g.generation
      FROM mesteri.routes r
      JOIN mesteri.route_functions f USING (id)
     CROSS JOIN mesteri.catalogue_generation g;
COMMENT ON VIEW mesteri.proxy_routes IS 'The routes as the proxy reads them; generation is the same in every row.';
