/*
 * 20-users.sql
 *		People: accounts, profiles, craftsmen and their crafts.
 */
CREATE TABLE mesteri.counties (
    code       text PRIMARY KEY,
    name       text NOT NULL,
    seat       text NOT NULL,
    location   geography(Point, 4326) NOT NULL,
    population integer NOT NULL,
    seeded     boolean NOT NULL DEFAULT false,
    CONSTRAINT counties_code_format CHECK (code ~ '^[A-Z]{1,2}$'),
    CONSTRAINT counties_population_positive CHECK (population > 0)
);
COMMENT ON TABLE mesteri.counties IS 'The 41 counties and Bucharest, with their seat and its place.';
SELECT pg_catalog.pg_extension_config_dump('mesteri.counties', 'WHERE NOT seeded');

CREATE TABLE mesteri.users (
    id                           uuid PRIMARY KEY DEFAULT mesteri.uuid7(),
    email                        text NOT NULL,
    phone_number                 text NOT NULL,
    password_hash                text NOT NULL,
    user_type                    mesteri.user_type NOT NULL,
    created_at                   timestamptz NOT NULL DEFAULT now(),
    updated_at                   timestamptz NOT NULL DEFAULT now(),
    last_login_at                timestamptz,
    is_active                    boolean NOT NULL DEFAULT true,
    email_verified               boolean NOT NULL DEFAULT false,
    phone_verified               boolean NOT NULL DEFAULT false,
    pending_email                text,
    pending_phone_number         text,
    identity_verification_status mesteri.verification_status NOT NULL DEFAULT 'none',
    identity_verified_at         timestamptz,
    identity_document_url        text,
    deleted_at                   timestamptz,
    CONSTRAINT users_email_unique UNIQUE (email),
    CONSTRAINT users_phone_number_unique UNIQUE (phone_number),
    CONSTRAINT users_email_lower_case CHECK (email = lower(email) AND char_length(email) <= 255),
    CONSTRAINT users_phone_number_e164 CHECK (phone_number ~ '^\+[1-9][0-9]{6,14}$'),
    CONSTRAINT users_identity_verified_at CHECK ((identity_verification_status = 'verified') = (identity_verified_at IS NOT NULL))
);
COMMENT ON TABLE mesteri.users IS 'Accounts: how somebody signs in, and whether we know who it is.';
COMMENT ON COLUMN mesteri.users.password_hash IS 'bcrypt; ''!'' matches no password.';
SELECT pg_catalog.pg_extension_config_dump('mesteri.users', '');

CREATE TABLE mesteri.user_profiles (
    id                       uuid PRIMARY KEY DEFAULT mesteri.uuid7(),
    user_id                  uuid NOT NULL REFERENCES mesteri.users ON DELETE CASCADE,
    first_name               text NOT NULL,
    last_name                text NOT NULL,
    display_name             text,
    avatar_url               text,
    bio                      text,
    date_of_birth            date,
    location                 geography(Point, 4326),
    city                     text,
    county                   text REFERENCES mesteri.counties,
    address                  text,
    postal_code              text,
    language                 mesteri.language NOT NULL DEFAULT 'ro',
    notification_preferences jsonb NOT NULL DEFAULT '{}',
    search_radius_km         integer NOT NULL DEFAULT 50,
    created_at               timestamptz NOT NULL DEFAULT now(),
    updated_at               timestamptz NOT NULL DEFAULT now(),
    version                  integer NOT NULL DEFAULT 1,
    CONSTRAINT user_profiles_user_id_unique UNIQUE (user_id),
    CONSTRAINT user_profiles_search_radius_range CHECK (search_radius_km BETWEEN 1 AND 300),
    CONSTRAINT user_profiles_postal_code_format CHECK (postal_code ~ '^[0-9]{6}$'),
    CONSTRAINT user_profiles_preferences_object CHECK (jsonb_typeof(notification_preferences) = 'object'),
    CONSTRAINT user_profiles_version_positive CHECK (version > 0)
);
COMMENT ON TABLE mesteri.user_profiles IS 'What a person tells about himself, one row an account.';
COMMENT ON COLUMN mesteri.user_profiles.version IS 'Edits of the account''s profile and craftsman profile together; the ETag''s first part.';
CREATE INDEX user_profiles_location ON mesteri.user_profiles USING gist (location);
SELECT pg_catalog.pg_extension_config_dump('mesteri.user_profiles', '');

CREATE TABLE mesteri.craftsman_profiles (
    id                           uuid PRIMARY KEY DEFAULT mesteri.uuid7(),
    user_id                      uuid NOT NULL REFERENCES mesteri.users ON DELETE CASCADE,
    business_name                text,
    cui                          text,
    business_type                mesteri.business_type,
    trade_register_number        text,
    business_verification_status mesteri.verification_status NOT NULL DEFAULT 'none',
    business_verified_at         timestamptz,
    business_documents           jsonb NOT NULL DEFAULT '[]',
    years_of_experience          integer,
    insurance_details            jsonb,
    tier                         mesteri.craftsman_tier NOT NULL DEFAULT 'basic',
    availability_status          mesteri.availability_status NOT NULL DEFAULT 'available',
    is_available                 boolean NOT NULL GENERATED ALWAYS AS (availability_status = 'available') STORED,
    available_radius_km          integer NOT NULL DEFAULT 50,
    total_projects_completed     integer NOT NULL DEFAULT 0,
    rating_sum                   integer NOT NULL DEFAULT 0,
    total_reviews                integer NOT NULL DEFAULT 0,
    average_rating               numeric(3, 2) NOT NULL GENERATED ALWAYS AS
                                     (CASE WHEN total_reviews = 0 THEN 0
                                           ELSE round(rating_sum::numeric / total_reviews, 2) END) STORED,
    response_time_minutes        integer,
    completion_rate              numeric(5, 2) NOT NULL DEFAULT 0,
    followers_count              integer NOT NULL DEFAULT 0,
    hourly_rate_min              numeric(12, 2),
    hourly_rate_max              numeric(12, 2),
    accepts_installments         boolean NOT NULL DEFAULT false,
    subscription_plan            text,
    subscription_expires_at      timestamptz,
    featured_until               timestamptz,
    created_at                   timestamptz NOT NULL DEFAULT now(),
    updated_at                   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT craftsman_profiles_user_id_unique UNIQUE (user_id),
    CONSTRAINT craftsman_profiles_radius_range CHECK (available_radius_km BETWEEN 1 AND 300),
    CONSTRAINT craftsman_profiles_experience_range CHECK (years_of_experience BETWEEN 0 AND 80),
    CONSTRAINT craftsman_profiles_counts_not_negative CHECK (total_projects_completed >= 0 AND total_reviews >= 0 AND followers_count >= 0),
    CONSTRAINT craftsman_profiles_rating_range CHECK (rating_sum BETWEEN total_reviews AND 5 * total_reviews),
    CONSTRAINT craftsman_profiles_completion_range CHECK (completion_rate BETWEEN 0 AND 100),
    CONSTRAINT craftsman_profiles_response_not_negative CHECK (response_time_minutes >= 0),
    CONSTRAINT craftsman_profiles_rates_ordered CHECK (hourly_rate_min >= 0 AND hourly_rate_max >= hourly_rate_min),
    CONSTRAINT craftsman_profiles_verified_at CHECK ((business_verification_status = 'verified') = (business_verified_at IS NOT NULL))
) WITH (fillfactor = 80);
COMMENT ON TABLE mesteri.craftsman_profiles IS 'What makes an account a craftsman: business, standing, statistics, prices.';
COMMENT ON COLUMN mesteri.craftsman_profiles.rating_sum IS 'Sum of overall ratings, so that averages are exact however they are weighted.';
COMMENT ON COLUMN mesteri.craftsman_profiles.available_radius_km IS 'How far he travels from his place.';
SELECT pg_catalog.pg_extension_config_dump('mesteri.craftsman_profiles', '');

CREATE TABLE mesteri.craftsman_certifications (
    id                  uuid PRIMARY KEY DEFAULT mesteri.uuid7(),
    craftsman_id        uuid NOT NULL REFERENCES mesteri.craftsman_profiles ON DELETE CASCADE,
    name                text NOT NULL,
    issuer              text,
    number              text,
    issued_on           date,
    expires_on          date,
    verification_status mesteri.verification_status NOT NULL DEFAULT 'none',
    document_url        text,
    created_at          timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT craftsman_certifications_dates_ordered CHECK (expires_on >= issued_on)
);
COMMENT ON TABLE mesteri.craftsman_certifications IS 'Papers a craftsman holds: ANRE, ISCIR, F-gas and the like.';
CREATE INDEX craftsman_certifications_craftsman ON mesteri.craftsman_certifications (craftsman_id);
SELECT pg_catalog.pg_extension_config_dump('mesteri.craftsman_certifications', '');

CREATE TABLE mesteri.craft_categories (
    id            uuid PRIMARY KEY DEFAULT mesteri.uuid7(),
    name_ro       text NOT NULL,
    name_hu       text,
    name_en       text,
    slug          text NOT NULL,
    icon_url      text,
    parent_id     uuid REFERENCES mesteri.craft_categories,
    display_order integer NOT NULL DEFAULT 0,
    is_active     boolean NOT NULL DEFAULT true,
    seeded        boolean NOT NULL DEFAULT false,
    CONSTRAINT craft_categories_slug_unique UNIQUE (slug),
    CONSTRAINT craft_categories_slug_format CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    CONSTRAINT craft_categories_not_own_parent CHECK (parent_id <> id)
);
COMMENT ON TABLE mesteri.craft_categories IS 'The trades, as a tree; a parent stands for all its children.';
CREATE INDEX craft_categories_parent ON mesteri.craft_categories (parent_id);
SELECT pg_catalog.pg_extension_config_dump('mesteri.craft_categories', 'WHERE NOT seeded');

CREATE FUNCTION mesteri.category_id(slug text) RETURNS uuid
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN (
        SELECT encode(set_byte(set_byte(h, 6, get_byte(h, 6) & 15 | 128), 8, get_byte(h, 8) & 63 | 128), 'hex')::uuid
          FROM (SELECT substr(sha256(convert_to('mesteri category ' || slug, 'UTF8')), 1, 16)) AS d (h));
COMMENT ON FUNCTION mesteri.category_id(text)
    IS 'Id of a trade that ships with mesteri, a UUID of version 8 made of its slug: the same in every installation.';

CREATE TABLE mesteri.craftsman_crafts (
    craftsman_id     uuid NOT NULL REFERENCES mesteri.craftsman_profiles ON DELETE CASCADE,
    category_id      uuid NOT NULL REFERENCES mesteri.craft_categories,
    is_primary       boolean NOT NULL DEFAULT false,
    years_experience integer,
    PRIMARY KEY (craftsman_id, category_id),
    CONSTRAINT craftsman_crafts_experience_range CHECK (years_experience BETWEEN 0 AND 80)
);
COMMENT ON TABLE mesteri.craftsman_crafts IS 'Which trades a craftsman practises.';
CREATE INDEX craftsman_crafts_category ON mesteri.craftsman_crafts (category_id);
CREATE UNIQUE INDEX craftsman_crafts_one_primary ON mesteri.craftsman_crafts (craftsman_id) WHERE is_primary;
SELECT pg_catalog.pg_extension_config_dump('mesteri.craftsman_crafts', '');

CREATE TABLE mesteri.saved_craftsmen (
    user_id      uuid NOT NULL REFERENCES mesteri.users ON DELETE CASCADE,
    craftsman_id uuid NOT NULL REFERENCES mesteri.craftsman_profiles ON DELETE CASCADE,
    saved_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, craftsman_id)
);
COMMENT ON TABLE mesteri.saved_craftsmen IS 'Who follows whom.';
CREATE INDEX saved_craftsmen_craftsman ON mesteri.saved_craftsmen (craftsman_id);
SELECT pg_catalog.pg_extension_config_dump('mesteri.saved_craftsmen', '');
