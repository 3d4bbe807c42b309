"""A sample of requests for every read route, and the rows they need.

A new route needs a line in SAMPLES.  Each sample must be answered 200 to somebody, and everybody whom the route is for must
get 200 by one of its samples, or what the endpoint runs would be seen in part only.
"""

# Route -> paths.  {NAME} is filled in from VALUES; {next_cursor} is that of the answer before, to the same caller.
SAMPLES = {
    "/v1/users/me": ["/v1/users/me"],
    "/v1/users/me/export": ["/v1/users/me/export"],
    "/v1/users/me/saved": ["/v1/users/me/saved?limit=100", "/v1/users/me/saved?type=craftsmen&page=2"],
    "/v1/users/me/sessions": ["/v1/users/me/sessions"],
    "/v1/users/{id}/public": ["/v1/users/019a0000-0000-7000-8000-000000000021/public"],
    "/v1/craftsmen": ["/v1/craftsmen",
                      "/v1/craftsmen?lat=46.77&lon=23.59&limit=100",
                      "/v1/craftsmen?lat=46.77&lon=23.59&radius_km=20&category_id={category}&q=popescu&min_rating=3&max_price=500"
                      "&available_now=true&page=2"],
    "/v1/craftsmen/{id}": ["/v1/craftsmen/{craftsman}"],
    "/v1/craftsmen/{id}/portfolio": ["/v1/craftsmen/{craftsman}/portfolio", "/v1/craftsmen/{craftsman}/portfolio?limit=5&page=3"],
    "/v1/craftsmen/{id}/reviews": [f"/v1/craftsmen/{{craftsman}}/reviews?sort={sort}" for sort in ("newest", "highest", "lowest", "helpful")],
    "/v1/feed": ["/v1/feed?lat=46.77&lon=23.59&limit=100", "/v1/feed?lat=46.77&lon=23.59&limit=100&cursor={next_cursor}",
                 "/v1/feed?categories={category}&page=2", "/v1/feed?following_only=true"],
    "/v1/posts/{id}": ["/v1/posts/{post}"],
    "/v1/posts/mine": ["/v1/posts/mine", "/v1/posts/mine?status=draft&limit=5&page=2"],
    "/v1/posts/{id}/comments": ["/v1/posts/{post}/comments", "/v1/posts/{post}/comments?limit=1&page=2"],
    "/v1/categories": ["/v1/categories", "/v1/categories?parent_id={parent_category}"],
    "/.well-known/jwks.json": ["/.well-known/jwks.json"],
}

# Name -> a query that gives the value; %(me)s is the caller's id, NULL when anonymous.  Who gets NULL isn't asked the sample.
VALUES = {
    "craftsman": "SELECT '019a0000-0000-7000-8000-000000000023'",
    "post": "SELECT id FROM mesteri.content_posts WHERE status = 'published' ORDER BY likes_count DESC, id LIMIT 1",
    "category": "SELECT category_id FROM mesteri.content_posts GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1",
    "parent_category": "SELECT id FROM mesteri.craft_categories WHERE parent_id IS NULL ORDER BY slug LIMIT 1",
}

# Callers by name: kind and, of those of the demo data, id.
CALLERS = {
    "anonymous": ("anonymous", None),
    "Ana": ("client", "019a0000-0000-7000-8000-000000000031"),
    "Éva": ("client", "019a0000-0000-7000-8000-000000000051"),
    "Ion": ("craftsman", "019a0000-0000-7000-8000-000000000021"),
    "Maria": ("craftsman", "019a0000-0000-7000-8000-000000000041"),
    "Ada": ("staff", "019a0000-0000-7000-8000-000000000061"),
}

# Rows beside those of the demo data: staff, and what makes further tables large.
ROWS = """
    INSERT INTO mesteri.users (id, email, phone_number, password_hash, user_type)
    VALUES ('019a0000-0000-7000-8000-000000000061', 'staff@example.ro', '+40744000001', '!', 'staff');
    INSERT INTO mesteri.user_profiles (user_id, first_name, last_name) VALUES ('019a0000-0000-7000-8000-000000000061', 'Ada', 'Marin');

    CREATE TEMPORARY TABLE readers AS SELECT id, row_number() OVER (ORDER BY id) AS number FROM mesteri.users;
    CREATE TEMPORARY TABLE posts AS SELECT id, row_number() OVER (ORDER BY id) AS number FROM mesteri.content_posts WHERE status = 'published';
    CREATE TEMPORARY TABLE pairs AS
    SELECT n, r.id AS reader, p.id AS post, now() - n * interval '7 minutes' AS at
      FROM generate_series(1, 20000) n
      JOIN readers r ON r.number = 1 + n % (SELECT count(*) FROM readers)
      JOIN posts p ON p.number = 1 + n * 37 % (SELECT count(*) FROM posts);
    INSERT INTO mesteri.post_comments (post_id, user_id, text, created_at) SELECT post, reader, 'Frumos', at FROM pairs;
    INSERT INTO mesteri.notifications (user_id, type, title, body, created_at) SELECT reader, 'project_update', 'Proiect', 'Ceva nou', at FROM pairs;
    INSERT INTO mesteri.search_history (user_id, query, searched_at) SELECT reader, 'faianță', at FROM pairs;
    INSERT INTO mesteri.token_families (user_id, created_at, last_used_at, expires_at) SELECT reader, at, at, at + interval '10 years' FROM pairs;
    INSERT INTO mesteri.conversations (client_id, craftsman_id, last_message_at)
    SELECT DISTINCT ON (client.id, craftsman.user_id) client.id, craftsman.user_id, now() - n * interval '20 minutes'
      FROM generate_series(1, 5000) n
      JOIN (SELECT id, row_number() OVER (ORDER BY id) AS number FROM mesteri.users WHERE user_type = 'client') client ON client.number = 1 + n % 1999
      JOIN (SELECT user_id, row_number() OVER (ORDER BY user_id) AS number FROM mesteri.craftsman_profiles) craftsman ON craftsman.number = 1 + n % 3989;
    INSERT INTO mesteri.messages (conversation_id, sender_id, content, created_at)
    SELECT id, client_id, 'Bună ziua', last_message_at - n * interval '1 minute' FROM mesteri.conversations, generate_series(1, 4) n;
    SELECT mesteri.create_partitions('mesteri.events', current_date, current_date),
           mesteri.create_partitions('mesteri.analytics_events', current_date, current_date);
    ANALYZE mesteri.post_comments, mesteri.notifications, mesteri.search_history, mesteri.token_families, mesteri.conversations,
        mesteri.messages;
"""

# Functions that may scan tables, however large: the tables, and why no index can help.
SCANNING = {
    "mesteri.match_reference":
        (("craft_categories", "craftsman_crafts", "craftsman_profiles", "user_profiles", "users"),
         "Only words are still looked for by it. The score depends on the distance and on four columns of each craftsman, and the words "
         "on names in three languages, so each craftsman within the radius is looked at, and without a place all of them."),
}
