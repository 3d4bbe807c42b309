/*
 * 28-reviews.sql
 *		What the two sides of a project say of each other afterwards.
 */
CREATE TABLE mesteri.reviews (
    id                   uuid PRIMARY KEY DEFAULT mesteri.uuid7(),
    project_id           uuid NOT NULL REFERENCES mesteri.projects,
    reviewer_id          uuid NOT NULL REFERENCES mesteri.users,
    reviewed_user_id     uuid NOT NULL REFERENCES mesteri.users,
    overall_rating       mesteri.stars NOT NULL,
    quality_rating       mesteri.stars,
    punctuality_rating   mesteri.stars,
    communication_rating mesteri.stars,
    price_value_rating   mesteri.stars,
    title                text,
    comment              text,
    photos               mesteri.json_array NOT NULL DEFAULT '[]',
    videos               mesteri.json_array NOT NULL DEFAULT '[]',
    is_verified          boolean NOT NULL DEFAULT false,
    response_text        text,
    response_at          timestamptz,
    is_visible           boolean NOT NULL DEFAULT false,
    visible_at           timestamptz,
    hidden_at            timestamptz,
    helpful_count        integer NOT NULL DEFAULT 0,
    created_at           timestamptz NOT NULL DEFAULT now(),
    updated_at           timestamptz NOT NULL DEFAULT now(),
    deleted_at           timestamptz,
    CONSTRAINT reviews_one_per_reviewer UNIQUE (project_id, reviewer_id),
    CONSTRAINT reviews_one_per_reviewed UNIQUE (project_id, reviewed_user_id),
    CONSTRAINT reviews_two_people CHECK (reviewer_id <> reviewed_user_id),
    CONSTRAINT reviews_title_length CHECK (char_length(title) <= 255),
    CONSTRAINT reviews_photos_count CHECK (jsonb_array_length(photos) <= 10),
    CONSTRAINT reviews_videos_count CHECK (jsonb_array_length(videos) <= 2),
    CONSTRAINT reviews_response_whole CHECK ((response_text IS NULL) = (response_at IS NULL)),
    CONSTRAINT reviews_response_to_visible CHECK (response_at IS NULL OR visible_at IS NOT NULL AND response_at >= visible_at),
    CONSTRAINT reviews_visible_at CHECK (is_visible = (visible_at IS NOT NULL AND hidden_at IS NULL AND deleted_at IS NULL)),
    CONSTRAINT reviews_helpful_not_negative CHECK (helpful_count >= 0)
);
COMMENT ON TABLE mesteri.reviews
    IS 'Ratings of one side by the other, one for each direction of a project; hidden ones stay, with a statement of reasons.';
COMMENT ON COLUMN mesteri.reviews.id IS 'What responses and reports name.';
COMMENT ON COLUMN mesteri.reviews.project_id IS 'What they did together.';
COMMENT ON COLUMN mesteri.reviews.reviewer_id IS 'Who rates.';
COMMENT ON COLUMN mesteri.reviews.reviewed_user_id IS 'Who is rated, the other side.';
COMMENT ON COLUMN mesteri.reviews.overall_rating IS '1 to 5, the one that averages are made of.';
COMMENT ON COLUMN mesteri.reviews.quality_rating IS '1 to 5 for the work; null: not rated.';
COMMENT ON COLUMN mesteri.reviews.punctuality_rating IS '1 to 5 for keeping dates; null: not rated.';
COMMENT ON COLUMN mesteri.reviews.communication_rating IS '1 to 5 for answering; null: not rated.';
COMMENT ON COLUMN mesteri.reviews.price_value_rating IS '1 to 5 for what it was worth; null: not rated.';
COMMENT ON COLUMN mesteri.reviews.title IS 'At most 255 characters; null: none.';
COMMENT ON COLUMN mesteri.reviews.comment IS 'Sanitised, at most 5000 characters as typed; null: stars alone.';
COMMENT ON COLUMN mesteri.reviews.photos IS 'Links to proof, at most 10.';
COMMENT ON COLUMN mesteri.reviews.videos IS 'Links to proof, at most 2.';
COMMENT ON COLUMN mesteri.reviews.is_verified IS 'The work was completed, or paid for in part, through us.';
COMMENT ON COLUMN mesteri.reviews.response_text IS 'What the reviewed says to it, sanitised, once; null: nothing.';
COMMENT ON COLUMN mesteri.reviews.response_at IS 'When he said so.';
COMMENT ON COLUMN mesteri.reviews.is_visible IS 'Public, and counted in the averages.';
COMMENT ON COLUMN mesteri.reviews.visible_at IS 'When both had rated, or 14 days had passed; null: not public yet.';
COMMENT ON COLUMN mesteri.reviews.hidden_at IS 'When staff took it out of sight; null: they didn''t.';
COMMENT ON COLUMN mesteri.reviews.helpful_count IS 'Recount of review_helpful_votes.';
COMMENT ON COLUMN mesteri.reviews.created_at IS 'May be edited for 14 days from then.';
COMMENT ON COLUMN mesteri.reviews.updated_at IS 'Last edit by the reviewer.';
COMMENT ON COLUMN mesteri.reviews.deleted_at IS 'When the reviewer took it back; null: it stands. He cannot write another.';
CREATE INDEX reviews_reviewed ON mesteri.reviews (reviewed_user_id, created_at DESC) WHERE is_visible;
CREATE INDEX reviews_reviewer ON mesteri.reviews (reviewer_id, created_at DESC);
CREATE INDEX reviews_waiting ON mesteri.reviews (created_at) WHERE visible_at IS NULL AND deleted_at IS NULL;
SELECT pg_catalog.pg_extension_config_dump('mesteri.reviews', '');

CREATE TABLE mesteri.review_helpful_votes (
    review_id  uuid NOT NULL REFERENCES mesteri.reviews ON DELETE CASCADE,
    user_id    uuid NOT NULL REFERENCES mesteri.users ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (review_id, user_id)
);
COMMENT ON TABLE mesteri.review_helpful_votes IS 'Readers who found a rating of use, which one order of the list goes by.';
COMMENT ON COLUMN mesteri.review_helpful_votes.review_id IS 'What they read.';
COMMENT ON COLUMN mesteri.review_helpful_votes.user_id IS 'The reader, who is neither of the two.';
COMMENT ON COLUMN mesteri.review_helpful_votes.created_at IS 'First press of the button.';
CREATE INDEX review_helpful_votes_user ON mesteri.review_helpful_votes (user_id);
SELECT pg_catalog.pg_extension_config_dump('mesteri.review_helpful_votes', '');
