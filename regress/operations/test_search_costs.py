"""What a search costs, in buffers, on 100,000 posts: they are the same on every machine, busy or not."""

import datetime
import statistics

import pytest

POSTS, SEED = 100000, 2026

# Around every county's seat, in town and 7 km out of it.
SEARCHES = """SELECT mesteri.engine_buffers(w, mesteri.latitude(c.location) + d.north, mesteri.longitude(c.location), k.categories) AS buffers
                FROM mesteri.counties c CROSS JOIN (VALUES (0), (0.063)) AS d (north)
                CROSS JOIN LATERAL (SELECT {}) AS k (categories) CROSS JOIN mesteri.{} w WHERE w.version = 1"""
ONE_OF_ALL = """CASE WHEN c.location IS NULL THEN NULL ELSE
                (SELECT ARRAY[id] FROM mesteri.craft_categories WHERE parent_id IS NOT NULL ORDER BY md5(id::text || c.code) LIMIT 1) END"""
ANY = "NULL::uuid[]"

# Asks the engine, and then what that took.
COUNTING = """
    CREATE FUNCTION mesteri.engine_buffers(w mesteri.feed_weights, lat float8, lon float8, categories uuid[]) RETURNS bigint LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM FROM mesteri.feed_top(now(), w, mesteri.point(lat, lon), 50000, categories, NULL, NULL, NULL, NULL, '', 20, 0);
        RETURN (SELECT buffers FROM mesteri.engine_work());
    END;
    $$;
    CREATE FUNCTION mesteri.engine_buffers(w mesteri.match_weights, lat float8, lon float8, categories uuid[]) RETURNS bigint LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM FROM mesteri.match_top(w, mesteri.point(lat, lon), 50000, categories, NULL, NULL, false, 20, 0);
        RETURN (SELECT buffers FROM mesteri.engine_work());
    END;
    $$;
"""


@pytest.fixture(scope="module")
def database(cluster):
    database = cluster.database("costs")
    database.load_demo(POSTS, SEED, datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d 00:00+00"))
    database.run(COUNTING)
    return database


@pytest.mark.parametrize("weights, categories, middle, most", [
    ("feed_weights", ANY, 31, 39),
    ("feed_weights", ONE_OF_ALL, 40, 64),
    ("match_weights", ANY, 28, 32),
    ("match_weights", ONE_OF_ALL, 8, 22),
])
def test_a_page_of_twenty(database, weights, categories, middle, most):
    database.run(SEARCHES.format(categories, weights))  # looks at the catalog
    buffers = sorted(row["buffers"] for row in database.run(SEARCHES.format(categories, weights)))
    assert len(buffers) > 80
    assert statistics.median(buffers) <= middle
    assert buffers[int(len(buffers) * 0.95)] <= most


def test_a_page_without_a_place(database):
    database.run("SELECT mesteri.engine_buffers(w, NULL, NULL, NULL) FROM mesteri.feed_weights w WHERE w.version = 1")
    assert database.value("SELECT mesteri.engine_buffers(w, NULL, NULL, NULL) FROM mesteri.feed_weights w WHERE w.version = 1") <= 200
