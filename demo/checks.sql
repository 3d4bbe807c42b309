/*
 * checks.sql
 *		What must be so before the first row is made.
 *
 * The least is what the named craftsmen need for their own posts, the most what
 * a million phone numbers allow: a person's number goes up to twice that of the craftsmen.
 */
CREATE TEMPORARY TABLE demo_settings AS
    SELECT :posts::integer AS posts,
           :craftsmen::integer AS craftsmen,
           greatest(50, :posts / 50) AS clients,
           :'now'::timestamptz AS now;

DO $check$
DECLARE
    wanted    integer := (SELECT posts FROM demo_settings);
    craftsmen integer := (SELECT s.craftsmen FROM demo_settings s);
BEGIN
    IF wanted NOT BETWEEN 100 AND 10000000 THEN
        RAISE EXCEPTION 'posts % is out of range', wanted
            USING ERRCODE = 'numeric_value_out_of_range', DETAIL = 'posts is 100 to 10000000.';
    END IF;
    IF craftsmen NOT BETWEEN 50 AND 400000 THEN
        RAISE EXCEPTION 'craftsmen % is out of range', craftsmen
            USING ERRCODE = 'numeric_value_out_of_range', DETAIL = 'craftsmen is 50 to 400000.';
    END IF;
    IF EXISTS (SELECT FROM mesteri.users) THEN
        RAISE EXCEPTION 'this database has users already'
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  DETAIL = 'Demo data goes into a new database only, so that it never mixes with real people.';
    END IF;
END;
$check$;
