-- Craftsmen by match score: scores worked out by hand, both radii, every filter.
\set ECHO none
\getenv inputdir PG_ABS_SRCDIR
\set setup :inputdir '/lib/setup.sql'
\i :setup
\set ECHO all

BEGIN;
CREATE FUNCTION pg_temp.id(n integer) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$ SELECT ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid $$;
CREATE FUNCTION pg_temp.craftsman(n integer, name text, km float8, reviews integer DEFAULT 0, stars integer DEFAULT 0, tier mesteri.craftsman_tier DEFAULT 'basic',
                                  response integer DEFAULT NULL, completion numeric DEFAULT 0, travels integer DEFAULT 300, price numeric DEFAULT NULL,
                                  status mesteri.availability_status DEFAULT 'available', craft text DEFAULT NULL)
    RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_temp.account('c' || n, 'client', pg_temp.id(n));
    UPDATE mesteri.users SET user_type = 'craftsman' WHERE id = pg_temp.id(n);
    UPDATE mesteri.user_profiles SET display_name = name, location = mesteri.point(46.77 + km / 111.168, 23.59) WHERE user_id = pg_temp.id(n);
    INSERT INTO mesteri.craftsman_profiles (id, user_id, rating_sum, total_reviews, tier, response_time_minutes, completion_rate, available_radius_km,
                                            hourly_rate_min, hourly_rate_max, availability_status)
    VALUES (pg_temp.id(n), pg_temp.id(n), stars, reviews, craftsman.tier, response, completion, travels, price, price, status);
    IF craft IS NOT NULL THEN
        INSERT INTO mesteri.craftsman_crafts VALUES (pg_temp.id(n), mesteri.category_id(craft), true, 3);
    END IF;
END;
$$;
CREATE FUNCTION pg_temp.found(query text) RETURNS integer[] LANGUAGE sql AS $$
    SELECT coalesce(array_agg(right(p ->> 'id', 12)::integer), '{}')
      FROM mesteri.request('GET', '/v1/craftsmen?' || query) AS a, json_array_elements(a.body -> 'items') AS p $$;
\set here 'lat=46.77&lon=23.59'

/*
 * By hand: 0.4 * nearness + 0.3 * (5 * 4 + stars) / (5 + reviews) / 5 + 0.15 * tier + 0.15 * (half quickness, half completion)
 *	 1	here, 10 times 5 stars, master, at once, always		.4 + .28 + .15 + .15				= .98
 *	 3	here, verified, 12 hours, half of them				.4 + .24 + .05 + .15 * (.25 + .25)	= .765
 *	 4	here, pro, after two days (too late to count)		.4 + .24 + .1						= .74
 *	 5	20 km, 1 review of 1 star, basic, nothing known		.24 + .3 * 21/6/5 (.21)				= .45
 *	 2, 6	here, nothing known: the lower id comes first	.4 + .24							= .64
 *	 7	60 km: in a radius of 100							.4 * .4 + .24						= .4
 *	 8	20 km, but travels 10
 *	 9	suspended; 10 without a place
 */
SELECT pg_temp.craftsman(1, 'Atelier Ștefan', 0, 10, 50, 'master', 0, 100, price => 150.50, craft => 'electrician'),
       pg_temp.craftsman(2, 'Bogdan Zidaru', 0, price => 50, craft => 'zidar'),
       pg_temp.craftsman(3, 'Kovács Épít', 0, tier => 'verified', response => 720, completion => 50, status => 'busy'),
       pg_temp.craftsman(4, 'Dan', 0, tier => 'pro', response => 2880, status => 'vacation', craft => 'panouri-fotovoltaice'),
       pg_temp.craftsman(5, 'Emil', 20, 1, 1, price => 100, craft => 'electrice'),
       pg_temp.craftsman(6, 'Florin', 0),
       pg_temp.craftsman(7, 'Gheorghe', 60),
       pg_temp.craftsman(8, 'Horia', 20, travels => 10),
       pg_temp.craftsman(9, 'Ilie', 0),
       pg_temp.craftsman(10, 'Jan', NULL) \g /dev/null
UPDATE mesteri.users SET is_active = false WHERE id = pg_temp.id(9);

SELECT right(p ->> 'id', 2)::integer AS n, p -> 'distance_km' AS km, round((p ->> 'score')::numeric, 4) AS score,
       round((s ->> 'proximity')::numeric, 4) AS proximity, round((s ->> 'rating')::numeric, 4) AS rating, round((s ->> 'tier')::numeric, 4) AS tier,
       round((s ->> 'responsiveness')::numeric, 4) AS responsiveness, abs((SELECT sum(v::float8) FROM json_each_text(s) AS e (k, v)) - (p ->> 'score')::float8) < 1e-12 AS adds_up
  FROM mesteri.request('GET', '/v1/craftsmen?lat=46.77&lon=23.59') AS a, json_array_elements(a.body -> 'items') AS p, LATERAL (SELECT p -> 'score_parts') AS l (s);
SELECT body -> 'page' AS page, body -> 'limit' AS "limit", body -> 'has_more' AS has_more FROM mesteri.request('GET', '/v1/craftsmen?lat=46.77&lon=23.59');

-- Both radii; without a place neither, nor nearness.
SELECT pg_temp.found(:'here' || '&radius_km=100') AS within_100, pg_temp.found(:'here' || '&radius_km=19') AS within_19,
       pg_temp.found(:'here' || '&radius_km=20.1') AS within_20, pg_temp.found('lat=-46&lon=23') AS nowhere, pg_temp.found('') AS without;
UPDATE mesteri.craftsman_profiles SET available_radius_km = 20 WHERE id = pg_temp.id(8);
SELECT 8 = ANY (pg_temp.found(:'here')) AS just_not;
UPDATE mesteri.craftsman_profiles SET available_radius_km = 21 WHERE id = pg_temp.id(8);
SELECT 8 = ANY (pg_temp.found(:'here')) AS just;
UPDATE mesteri.craftsman_profiles SET available_radius_km = 10 WHERE id = pg_temp.id(8);
SELECT round((p ->> 'score')::numeric, 4) AS score, p -> 'score_parts' ->> 'proximity' AS proximity, p -> 'distance_km' AS km
  FROM mesteri.request('GET', '/v1/craftsmen?limit=1') AS a, json_array_elements(a.body -> 'items') AS p;

-- A profile that comes after the craftsman: looked up, once there is one.
SAVEPOINT late;
DELETE FROM mesteri.user_profiles WHERE user_id = pg_temp.id(6);
SELECT 6 = ANY (pg_temp.found(:'here')) AS without_profile, 6 = ANY (pg_temp.found('')) AS anywhere;
INSERT INTO mesteri.user_profiles (user_id, first_name, last_name, location) VALUES (pg_temp.id(6), 'Florin', 'Pop', mesteri.point(46.77, 23.59));
SELECT split_part(match_key::text, ' ', 1) AS place FROM mesteri.craftsman_profiles WHERE id = pg_temp.id(6);
SELECT 6 = ANY (pg_temp.found(:'here')) AS with_profile, 6 = ANY (pg_temp.found('lat=47.77&lon=23.59')) AS far_away;
ROLLBACK TO late;

-- Filters.
SELECT name, pg_temp.found(:'here' || '&' || query) AS found
  FROM (VALUES
    (1, 'a trade', 'category_id=' || mesteri.category_id('electrician')), (2, 'its parent', 'category_id=' || mesteri.category_id('electrice')),
    (3, 'an unknown trade', 'category_id=' || mesteri.category_id('nothing')),
    (4, 'rated', 'min_rating=0.01'), (5, 'rated 1', 'min_rating=1'), (6, 'rated above 1', 'min_rating=1.01'), (7, 'rated 5', 'min_rating=5'), (8, 'any rating', 'min_rating=0'),
    (9, 'for 50', 'max_price=50'), (10, 'for 49.99', 'max_price=49.99'), (11, 'for 150.5', 'max_price=150.5'),
    (12, 'now', 'available_now=true'), (13, 'now or not', 'available_now=false'),
    (14, 'no diacritics', 'q=stefan'), (15, 'with a cedilla', 'q=%C5%9Etefan'), (16, 'in capitals', 'q=ATELIER'), (17, 'in the middle', 'q=telie'),
    (18, 'misspelt', 'q=zidarru'), (19, 'Hungarian', 'q=kovacs'), (20, 'a trade''s name', 'q=fotovoltaice'), (21, 'a trade''s name in Hungarian', 'q=k%C5%91m%C5%B1ves'),
    (22, 'nobody', 'q=xyzxyz'), (23, 'a wildcard', 'q=%25'), (24, 'all at once', 'q=atelier&available_now=true&max_price=200&min_rating=4.5&category_id=' || mesteri.category_id('electrice'))
  ) AS t (number, name, query)
 ORDER BY number;
SELECT pg_temp.outcome(pg_temp.ask('GET', '/v1/craftsmen?lat=1')) AS half_a_place;

-- What folds to nothing would be part of every name: refused.
SELECT q, pg_temp.outcome(pg_temp.ask('GET', '/v1/craftsmen?q=' || q)) AS outcome
  FROM unnest('{%CC%81,%CC%81%CC%A6,%CC%81+%CC%81,+,%C2%A0,a%CC%81,%CC%81a,%E2%80%8D,-,%C2%B7}'::text[]) WITH ORDINALITY AS t (q, place)
 ORDER BY place;
SELECT pg_temp.ask('GET', '/v1/craftsmen?q=%CC%81') AS a_mark;

-- Pages: together they are the whole.
SELECT size, (SELECT array_agg(n ORDER BY page, place) FROM generate_series(1, 9) AS g (page),
                     unnest(pg_temp.found(:'here' || '&limit=' || size || '&page=' || page)) WITH ORDINALITY AS f (n, place)) = pg_temp.found(:'here') AS whole
  FROM unnest('{1,2,3,7,100}'::integer[]) AS s (size);
SELECT page, body -> 'has_more' AS has_more, json_array_length(body -> 'items') AS items
  FROM generate_series(1, 4) AS g (page), mesteri.request('GET', '/v1/craftsmen?lat=46.77&lon=23.59&limit=3&page=' || page);
SELECT pg_temp.found(:'here' || '&page=2147483647&limit=100') AS far_behind;

-- What a stranger sees: no exact place, no contact.
SELECT string_agg(key, ' ' ORDER BY key) AS keys FROM mesteri.request('GET', '/v1/craftsmen?limit=1') AS a, json_object_keys(a.body -> 'items' -> 0) AS k (key);
SELECT string_agg(key, ' ' ORDER BY key) AS keys FROM mesteri.request('GET', '/v1/craftsmen/' || pg_temp.id(1)) AS a, json_object_keys(a.body -> 'craftsman_profile') AS k (key);
SELECT n, pg_temp.outcome(pg_temp.ask('GET', '/v1/craftsmen/' || pg_temp.id(n))) AS outcome FROM unnest('{1,9,99}'::integer[]) AS g (n);

-- Other weights, as soon as they are there.
INSERT INTO mesteri.match_weights VALUES (2, 0, 0, 1, 0, 0, 1);
SELECT pg_temp.found(:'here') AS by_tier_alone;
DELETE FROM mesteri.match_weights WHERE version = 2;
ROLLBACK;
