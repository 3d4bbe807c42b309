/*
 * 21-content.sql
 *		Posts of finished work, what readers did with them, and how the feed weighs them.
 */
CREATE TABLE mesteri.content_posts (
    id               uuid PRIMARY KEY DEFAULT mesteri.uuid7(),
    craftsman_id     uuid NOT NULL REFERENCES mesteri.craftsman_profiles ON DELETE CASCADE,
    title            text,
    description      text,
    media_type       mesteri.media_type NOT NULL,
    media_urls       jsonb NOT NULL,
    thumbnail_url    text,
    before_media_url text,
    after_media_url  text,
    duration_seconds integer,
    video_quality    text,
    views_count      integer NOT NULL DEFAULT 0,
    likes_count      integer NOT NULL DEFAULT 0,
    shares_count     integer NOT NULL DEFAULT 0,
    saves_count      integer NOT NULL DEFAULT 0,
    comments_count   integer NOT NULL DEFAULT 0,
    category_id      uuid REFERENCES mesteri.craft_categories,
    tags             text[] NOT NULL DEFAULT '{}',
    location         geography(Point, 4326),
    location_name    text,
    project_id       uuid,
    status           mesteri.content_status NOT NULL DEFAULT 'published',
    published_at     timestamptz,
    created_at       timestamptz NOT NULL DEFAULT now(),
    version          integer NOT NULL DEFAULT 1,
    CONSTRAINT content_posts_counters_not_negative CHECK
        (views_count >= 0 AND likes_count >= 0 AND shares_count >= 0 AND saves_count >= 0 AND comments_count >= 0),
    CONSTRAINT content_posts_media_array CHECK (jsonb_typeof(media_urls) = 'array'),
    CONSTRAINT content_posts_duration_positive CHECK (duration_seconds > 0),
    CONSTRAINT content_posts_tags_count CHECK (cardinality(tags) <= 20),
    CONSTRAINT content_posts_published_at CHECK (status <> 'published' OR published_at IS NOT NULL),
    CONSTRAINT content_posts_before_after CHECK
        (media_type = 'before_after' OR (before_media_url IS NULL AND after_media_url IS NULL)),
    CONSTRAINT content_posts_version_positive CHECK (version > 0)
) WITH (fillfactor = 80);
COMMENT ON TABLE mesteri.content_posts IS 'Finished work that craftsmen show; counters change often, so pages keep room for HOT updates.';
COMMENT ON COLUMN mesteri.content_posts.version IS 'Edits by the author; counters do not count.';
CREATE INDEX content_posts_craftsman ON mesteri.content_posts (craftsman_id, published_at DESC);
CREATE INDEX content_posts_published ON mesteri.content_posts (published_at DESC) WHERE status = 'published';
CREATE INDEX content_posts_category ON mesteri.content_posts (category_id) WHERE status = 'published';
CREATE INDEX content_posts_location ON mesteri.content_posts USING gist (location) WHERE status = 'published';
SELECT pg_catalog.pg_extension_config_dump('mesteri.content_posts', '');

CREATE TABLE mesteri.content_interactions (
    user_id          uuid NOT NULL REFERENCES mesteri.users ON DELETE CASCADE,
    post_id          uuid NOT NULL REFERENCES mesteri.content_posts ON DELETE CASCADE,
    interaction_type mesteri.interaction_type NOT NULL,
    created_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, post_id, interaction_type)
);
COMMENT ON TABLE mesteri.content_interactions IS 'Who viewed, liked, saved or shared what; the counters of a post are its recount.';
CREATE INDEX content_interactions_post ON mesteri.content_interactions (post_id);
SELECT pg_catalog.pg_extension_config_dump('mesteri.content_interactions', '');

CREATE TABLE mesteri.feed_weights (
    version         integer PRIMARY KEY,
    geo             float8 NOT NULL,
    engagement      float8 NOT NULL,
    rating          float8 NOT NULL,
    recency         float8 NOT NULL,
    geo_horizon_m   float8 NOT NULL,
    recency_horizon interval NOT NULL,
    seeded          boolean NOT NULL DEFAULT false,
    CONSTRAINT feed_weights_not_negative CHECK (geo >= 0 AND engagement >= 0 AND rating >= 0 AND recency >= 0),
    CONSTRAINT feed_weights_sum CHECK (abs(geo + engagement + rating + recency - 1) < 1e-9),
    CONSTRAINT feed_weights_horizons CHECK (geo_horizon_m > 0 AND recency_horizon > interval '0')
);
COMMENT ON TABLE mesteri.feed_weights IS 'How much each term counts in the feed; a change is a new row, the highest version counts.';
SELECT pg_catalog.pg_extension_config_dump('mesteri.feed_weights', 'WHERE NOT seeded');
INSERT INTO mesteri.feed_weights VALUES (1, 0.4, 0.3, 0.2, 0.1, 50000, interval '7 days', true);

CREATE TABLE mesteri.match_weights (
    version        integer PRIMARY KEY,
    proximity      float8 NOT NULL,
    rating         float8 NOT NULL,
    tier           float8 NOT NULL,
    responsiveness float8 NOT NULL,
    prior_rating   float8 NOT NULL,
    prior_count    integer NOT NULL,
    seeded         boolean NOT NULL DEFAULT false,
    CONSTRAINT match_weights_not_negative CHECK (proximity >= 0 AND rating >= 0 AND tier >= 0 AND responsiveness >= 0),
    CONSTRAINT match_weights_sum CHECK (abs(proximity + rating + tier + responsiveness - 1) < 1e-9),
    CONSTRAINT match_weights_prior CHECK (prior_rating BETWEEN 0 AND 5 AND prior_count > 0)
);
COMMENT ON TABLE mesteri.match_weights IS 'How much each term counts when craftsmen are matched, and the prior that steadies young ratings; the highest version counts.';
SELECT pg_catalog.pg_extension_config_dump('mesteri.match_weights', 'WHERE NOT seeded');
INSERT INTO mesteri.match_weights VALUES (1, 0.40, 0.30, 0.15, 0.15, 4.0, 5, true);
