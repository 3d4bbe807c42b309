/*
 * 21-content.sql
 *		Posts of finished work, what readers did with them, and how the feed weighs them.
 */
-- What ranking reads stands first: rows are long, and it takes none apart to its end.
CREATE TABLE mesteri.content_posts (
    id               uuid PRIMARY KEY DEFAULT mesteri.uuid7(),
    craftsman_id     uuid NOT NULL REFERENCES mesteri.craftsman_profiles ON DELETE CASCADE,
    status           mesteri.content_status NOT NULL DEFAULT 'published',
    author_rating    smallint NOT NULL,
    author_active    boolean NOT NULL,
    views_count      integer NOT NULL DEFAULT 0,
    likes_count      integer NOT NULL DEFAULT 0,
    shares_count     integer NOT NULL DEFAULT 0,
    saves_count      integer NOT NULL DEFAULT 0,
    comments_count   integer NOT NULL DEFAULT 0,
    published_at     timestamptz,
    category_id      uuid REFERENCES mesteri.craft_categories,
    location         geography(Point, 4326),
    feed_key         mesteri.feed_key,
    title            text,
    description      text,
    media_type       mesteri.media_type NOT NULL,
    media_urls       jsonb NOT NULL,
    thumbnail_url    text,
    before_media_url text,
    after_media_url  text,
    duration_seconds integer,
    video_quality    text,
    tags             text[] NOT NULL DEFAULT '{}',
    location_name    text,
    project_id       uuid,
    created_at       timestamptz NOT NULL DEFAULT now(),
    version          integer NOT NULL DEFAULT 1,
    CONSTRAINT content_posts_counters_not_negative CHECK
        (views_count >= 0 AND likes_count >= 0 AND shares_count >= 0 AND saves_count >= 0 AND comments_count >= 0),
    CONSTRAINT content_posts_media_array CHECK (jsonb_typeof(media_urls) = 'array'),
    CONSTRAINT content_posts_duration_positive CHECK (duration_seconds > 0),
    CONSTRAINT content_posts_tags_count CHECK (cardinality(tags) <= 20),
    CONSTRAINT content_posts_published_at CHECK (status <> 'published' OR published_at IS NOT NULL),
    CONSTRAINT content_posts_published_at_finite CHECK (isfinite(published_at)),
    CONSTRAINT content_posts_before_after CHECK
        (media_type = 'before_after' OR (before_media_url IS NULL AND after_media_url IS NULL)),
    CONSTRAINT content_posts_version_positive CHECK (version > 0)
) WITH (fillfactor = 80);
COMMENT ON TABLE mesteri.content_posts
    IS 'Finished work that craftsmen show; counters change often, so pages keep room for HOT updates.';
COMMENT ON COLUMN mesteri.content_posts.id IS 'Random enough that media links made with it cannot be guessed.';
COMMENT ON COLUMN mesteri.content_posts.craftsman_id IS 'The author.';
COMMENT ON COLUMN mesteri.content_posts.title IS 'At most 255 characters as typed; null: none.';
COMMENT ON COLUMN mesteri.content_posts.description IS 'Sanitised text, at most 5000 characters as typed.';
COMMENT ON COLUMN mesteri.content_posts.media_type IS 'Decides how many files there are, and which.';
COMMENT ON COLUMN mesteri.content_posts.media_urls IS 'List of links in the order of showing; for before_after two, before first.';
COMMENT ON COLUMN mesteri.content_posts.thumbnail_url IS 'Small picture made by the worker; null until it is.';
COMMENT ON COLUMN mesteri.content_posts.before_media_url IS 'First of the two pictures of a before_after post, else null.';
COMMENT ON COLUMN mesteri.content_posts.after_media_url IS 'Second of the two pictures of a before_after post, else null.';
COMMENT ON COLUMN mesteri.content_posts.duration_seconds IS 'Length of the video, read from the file; null for pictures.';
COMMENT ON COLUMN mesteri.content_posts.video_quality IS 'Such as 1080p, read from the file; null for pictures.';
COMMENT ON COLUMN mesteri.content_posts.views_count IS 'Recount of interactions of type view: signed-in readers who saw it, once each, a few seconds late.';
COMMENT ON COLUMN mesteri.content_posts.likes_count IS 'Recount of interactions of type like.';
COMMENT ON COLUMN mesteri.content_posts.shares_count IS 'Recount of interactions of type share.';
COMMENT ON COLUMN mesteri.content_posts.saves_count IS 'Recount of interactions of type save.';
COMMENT ON COLUMN mesteri.content_posts.comments_count IS 'Recount of post_comments in sight: neither deleted nor hidden.';
COMMENT ON COLUMN mesteri.content_posts.category_id IS 'Trade shown; null: none chosen.';
COMMENT ON COLUMN mesteri.content_posts.tags IS 'Words of the author, at most 20, as typed.';
COMMENT ON COLUMN mesteri.content_posts.location
    IS 'Where the work was done, the author''s own place unless said; readers see the distance only.';
COMMENT ON COLUMN mesteri.content_posts.location_name IS 'What the author calls the place; public.';
COMMENT ON COLUMN mesteri.content_posts.project_id
    IS 'The project it shows, of the same craftsman; public never sees it. Null: none named.';
COMMENT ON COLUMN mesteri.content_posts.status IS 'Only published ones are seen by others; processing until its media are ready.';
COMMENT ON COLUMN mesteri.content_posts.published_at IS 'First time it became public, what recency counts from; null: never was.';
COMMENT ON COLUMN mesteri.content_posts.created_at IS 'When the author began it.';
COMMENT ON COLUMN mesteri.content_posts.version IS 'Edits by the author; counters do not count.';
COMMENT ON COLUMN mesteri.content_posts.author_rating
    IS 'Copy of the author''s average_rating in hundredths, kept by triggers: ranking looks at nothing but the post.';
COMMENT ON COLUMN mesteri.content_posts.author_active IS 'Copy of whether the author''s account is active and not erased, kept likewise.';
COMMENT ON COLUMN mesteri.content_posts.feed_key
    IS 'Bounds of its score, made by a trigger; changes only when the post leaves them. Null: the feed does not show it.';
CREATE INDEX content_posts_craftsman ON mesteri.content_posts (craftsman_id, published_at DESC);
CREATE INDEX content_posts_published ON mesteri.content_posts (published_at DESC) WHERE status = 'published';
CREATE INDEX content_posts_category ON mesteri.content_posts (category_id) WHERE status = 'published';
CREATE INDEX content_posts_location ON mesteri.content_posts USING gist (location) WHERE status = 'published';
CREATE INDEX content_posts_feed ON mesteri.content_posts USING gist (feed_key) WHERE feed_key IS NOT NULL;
SELECT pg_catalog.pg_extension_config_dump('mesteri.content_posts', '');

-- Each touches its own row alone when rows come in, as they do in a restore.
CREATE FUNCTION mesteri.feed_post_changes() RETURNS trigger
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'mesteri_feed_post_changes';
COMMENT ON FUNCTION mesteri.feed_post_changes() IS 'Fills author_rating, author_active and feed_key of a post, whatever was given for them.';
CREATE TRIGGER content_posts_feed BEFORE INSERT OR UPDATE ON mesteri.content_posts
    FOR EACH ROW EXECUTE FUNCTION mesteri.feed_post_changes();

CREATE FUNCTION mesteri.feed_author_changed() RETURNS trigger
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'mesteri_feed_author_changed';
COMMENT ON FUNCTION mesteri.feed_author_changed() IS 'Copies a craftsman''s rating, and whether he is active, to his posts.';
CREATE TRIGGER craftsman_profiles_feed AFTER UPDATE ON mesteri.craftsman_profiles
    FOR EACH ROW WHEN (OLD.average_rating <> NEW.average_rating OR (OLD.match_key IS NULL) <> (NEW.match_key IS NULL))
    EXECUTE FUNCTION mesteri.feed_author_changed();

CREATE TABLE mesteri.content_interactions (
    user_id          uuid NOT NULL REFERENCES mesteri.users ON DELETE CASCADE,
    post_id          uuid NOT NULL REFERENCES mesteri.content_posts ON DELETE CASCADE,
    interaction_type mesteri.interaction_type NOT NULL,
    created_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, post_id, interaction_type)
);
COMMENT ON TABLE mesteri.content_interactions IS 'Who viewed, liked, saved or shared what; the counters of a post are its recount.';
COMMENT ON COLUMN mesteri.content_interactions.user_id IS 'The reader.';
COMMENT ON COLUMN mesteri.content_interactions.post_id IS 'What he read.';
COMMENT ON COLUMN mesteri.content_interactions.interaction_type
    IS 'Once each for a reader and a post, so doing it again changes nothing.';
COMMENT ON COLUMN mesteri.content_interactions.created_at IS 'The first time.';
CREATE INDEX content_interactions_post ON mesteri.content_interactions (post_id);
CREATE INDEX content_interactions_saved ON mesteri.content_interactions (user_id, created_at DESC, post_id DESC)
    WHERE interaction_type = 'save';
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
COMMENT ON TABLE mesteri.feed_weights
    IS 'How much each term counts in the feed; a change is a new row, the highest version counts.';
COMMENT ON COLUMN mesteri.feed_weights.version IS 'Cursors name it, so a walk keeps the weights it began with.';
COMMENT ON COLUMN mesteri.feed_weights.geo IS 'Share of nearness in the score; the four shares add up to 1.';
COMMENT ON COLUMN mesteri.feed_weights.engagement IS 'Share of what readers did with the post.';
COMMENT ON COLUMN mesteri.feed_weights.rating IS 'Share of the author''s average stars.';
COMMENT ON COLUMN mesteri.feed_weights.recency IS 'Share of how new the post is.';
COMMENT ON COLUMN mesteri.feed_weights.geo_horizon_m IS 'Metres from which nearness is 0; it falls linearly to there.';
COMMENT ON COLUMN mesteri.feed_weights.recency_horizon IS 'Age from which newness is 0; it falls linearly to there.';
COMMENT ON COLUMN mesteri.feed_weights.seeded IS 'Ships with mesteri, so dumps leave it out; never edited.';
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
COMMENT ON TABLE mesteri.match_weights
    IS 'How much each term counts when craftsmen are matched, and the prior that steadies young ratings; the highest version counts.';
COMMENT ON COLUMN mesteri.match_weights.version IS 'A change is a new row with a higher one.';
COMMENT ON COLUMN mesteri.match_weights.proximity IS 'Share of nearness in the score; the four shares add up to 1.';
COMMENT ON COLUMN mesteri.match_weights.rating IS 'Share of the Bayesian average of stars.';
COMMENT ON COLUMN mesteri.match_weights.tier IS 'Share of the craftsman''s standing.';
COMMENT ON COLUMN mesteri.match_weights.responsiveness IS 'Share of quick answers and completed projects, half and half.';
COMMENT ON COLUMN mesteri.match_weights.prior_rating IS 'Stars that somebody without reviews is taken to have.';
COMMENT ON COLUMN mesteri.match_weights.prior_count IS 'How many reviews that assumption weighs as much as.';
COMMENT ON COLUMN mesteri.match_weights.seeded IS 'Ships with mesteri, so dumps leave it out; never edited.';
SELECT pg_catalog.pg_extension_config_dump('mesteri.match_weights', 'WHERE NOT seeded');
INSERT INTO mesteri.match_weights VALUES (1, 0.40, 0.30, 0.15, 0.15, 4.0, 5, true);

CREATE TABLE mesteri.post_comments (
    id         uuid PRIMARY KEY DEFAULT mesteri.uuid7(),
    post_id    uuid NOT NULL REFERENCES mesteri.content_posts ON DELETE CASCADE,
    user_id    uuid NOT NULL REFERENCES mesteri.users ON DELETE CASCADE,
    text       text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    hidden_at  timestamptz,
    deleted_at timestamptz,
    deleted_by uuid REFERENCES mesteri.users,
    CONSTRAINT post_comments_text_not_empty CHECK (text <> ''),
    CONSTRAINT post_comments_deleted_by_somebody CHECK ((deleted_at IS NULL) = (deleted_by IS NULL))
);
COMMENT ON TABLE mesteri.post_comments IS 'What readers say below a post; a deleted one stays for the sake of reports, unseen.';
COMMENT ON COLUMN mesteri.post_comments.id IS 'What DELETE and reports name.';
COMMENT ON COLUMN mesteri.post_comments.post_id IS 'Below which post it stands.';
COMMENT ON COLUMN mesteri.post_comments.user_id IS 'The author; public sees his shown name.';
COMMENT ON COLUMN mesteri.post_comments.text IS 'Sanitised; 1 to 2000 characters as typed.';
COMMENT ON COLUMN mesteri.post_comments.created_at IS 'Lists are newest first by it.';
COMMENT ON COLUMN mesteri.post_comments.hidden_at IS 'When staff took it out of sight; null: in sight.';
COMMENT ON COLUMN mesteri.post_comments.deleted_at IS 'When its author or the post''s removed it; null: it stands.';
COMMENT ON COLUMN mesteri.post_comments.deleted_by IS 'Which of the two removed it.';
CREATE INDEX post_comments_post ON mesteri.post_comments (post_id, created_at DESC);
CREATE INDEX post_comments_user ON mesteri.post_comments (user_id);
SELECT pg_catalog.pg_extension_config_dump('mesteri.post_comments', '');
