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
COMMENT ON COLUMN mesteri.counties.code
    IS 'Two letters of the number plate, B for Bucharest; also the county''s part of RO-CJ in e-invoices.';
COMMENT ON COLUMN mesteri.counties.name IS 'In Romanian, with comma letters.';
COMMENT ON COLUMN mesteri.counties.seat IS 'Town of the county council; for Bucharest the city itself.';
COMMENT ON COLUMN mesteri.counties.location IS 'Middle of the seat, what stands for the county when nothing nearer is known.';
COMMENT ON COLUMN mesteri.counties.population IS 'Inhabitants at the census of 2021, roughly.';
COMMENT ON COLUMN mesteri.counties.seeded IS 'Ships with mesteri, so dumps leave it out; never edited.';
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
    suspended_until              timestamptz,
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
    CONSTRAINT users_pending_email_lower_case CHECK (pending_email = lower(pending_email) AND char_length(pending_email) <= 255),
    CONSTRAINT users_pending_phone_number_e164 CHECK (pending_phone_number ~ '^\+[1-9][0-9]{6,14}$'),
    CONSTRAINT users_suspended_not_active CHECK (suspended_until IS NULL OR NOT is_active),
    CONSTRAINT users_deleted_not_active CHECK (deleted_at IS NULL OR NOT is_active),
    CONSTRAINT users_identity_verified_at CHECK ((identity_verification_status = 'verified') = (identity_verified_at IS NOT NULL))
);
COMMENT ON TABLE mesteri.users IS 'Accounts: how somebody signs in, and whether we know who it is.';
COMMENT ON COLUMN mesteri.users.id IS 'Also sub of the access tokens; stays as a tombstone after erasure.';
COMMENT ON COLUMN mesteri.users.email
    IS 'Lower case, so that it is unique however it is typed; on erasure replaced by an address that reaches nobody.';
COMMENT ON COLUMN mesteri.users.phone_number IS 'E.164; on erasure replaced by a number that reaches nobody.';
COMMENT ON COLUMN mesteri.users.password_hash IS 'bcrypt; ''!'' matches no password.';
COMMENT ON COLUMN mesteri.users.user_type IS 'Chosen at sign-up and never changed; staff are made by a DBA.';
COMMENT ON COLUMN mesteri.users.created_at IS 'When somebody signed up; the public profile shows the day.';
COMMENT ON COLUMN mesteri.users.updated_at IS 'Last change of how the account signs in or stands, not of the profile.';
COMMENT ON COLUMN mesteri.users.last_login_at IS 'Last sign-in with the password or by signing up, not by refresh; null: never.';
COMMENT ON COLUMN mesteri.users.is_active
    IS 'False while suspended by staff, and for good after erasure: no token of the account is taken then.';
COMMENT ON COLUMN mesteri.users.suspended_until IS 'When a suspension ends by itself; null: not suspended, or until staff lift it.';
COMMENT ON COLUMN mesteri.users.email_verified IS 'A code sent to the address came back.';
COMMENT ON COLUMN mesteri.users.phone_verified IS 'A code sent to the number came back.';
COMMENT ON COLUMN mesteri.users.pending_email IS 'New address that waits for its code; email stays in force until then.';
COMMENT ON COLUMN mesteri.users.pending_phone_number
    IS 'New number that waits for its code, E.164; the old one stays in force until then.';
COMMENT ON COLUMN mesteri.users.identity_verification_status
    IS 'How far staff got with the identity documents; the latest verification says more.';
COMMENT ON COLUMN mesteri.users.identity_verified_at IS 'When staff found the identity proven; null unless it is.';
COMMENT ON COLUMN mesteri.users.identity_document_url
    IS 'Place of the encrypted document of the latest verification; no client ever sees it.';
COMMENT ON COLUMN mesteri.users.deleted_at IS 'When the account was erased: what is left names nobody. Null: it lives.';
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
COMMENT ON COLUMN mesteri.user_profiles.id IS 'Of the row; clients name people by user_id.';
COMMENT ON COLUMN mesteri.user_profiles.user_id IS 'Whose profile; goes with the account.';
COMMENT ON COLUMN mesteri.user_profiles.first_name IS 'Given name as in the identity document; contracts use it.';
COMMENT ON COLUMN mesteri.user_profiles.last_name IS 'Family name; the public sees its first letter alone.';
COMMENT ON COLUMN mesteri.user_profiles.display_name IS 'What somebody wants to be called in public; null: first name and initial.';
COMMENT ON COLUMN mesteri.user_profiles.avatar_url IS 'Picture from an upload of purpose avatar; null: none.';
COMMENT ON COLUMN mesteri.user_profiles.bio IS 'Sanitised text, at most 2000 characters as typed.';
COMMENT ON COLUMN mesteri.user_profiles.date_of_birth
    IS 'Told by the person, not proven; the yearly tax report of sellers needs it.';
COMMENT ON COLUMN mesteri.user_profiles.location IS 'Where the person lives or works from; the public sees the city alone.';
COMMENT ON COLUMN mesteri.user_profiles.city IS 'Town or village as typed.';
COMMENT ON COLUMN mesteri.user_profiles.county IS 'Chosen from the list; null while not said.';
COMMENT ON COLUMN mesteri.user_profiles.address IS 'Street and number; for contracts and invoices, never public.';
COMMENT ON COLUMN mesteri.user_profiles.postal_code IS 'Six digits as text, leading zeros kept.';
COMMENT ON COLUMN mesteri.user_profiles.language IS 'What we write to this person in.';
COMMENT ON COLUMN mesteri.user_profiles.notification_preferences IS 'Switches as set; an absent one is on, but sms is off.';
COMMENT ON COLUMN mesteri.user_profiles.search_radius_km IS 'How far around himself a client looks when a request doesn''t say.';
COMMENT ON COLUMN mesteri.user_profiles.created_at IS 'Same moment as the account''s.';
COMMENT ON COLUMN mesteri.user_profiles.updated_at IS 'Last edit by the person.';
COMMENT ON COLUMN mesteri.user_profiles.version
    IS 'Edits of the account''s profile and craftsman profile together; the ETag''s first part.';
CREATE INDEX user_profiles_location ON mesteri.user_profiles USING gist (location);
SELECT pg_catalog.pg_extension_config_dump('mesteri.user_profiles', '');

CREATE TABLE mesteri.craftsman_profiles (
    id                           uuid PRIMARY KEY DEFAULT mesteri.uuid7(),
    user_id                      uuid NOT NULL REFERENCES mesteri.users ON DELETE CASCADE,
    business_name                text,
    cui                          mesteri.cui,
    business_type                mesteri.business_type,
    trade_register_number        text,
    business_verification_status mesteri.verification_status NOT NULL DEFAULT 'none',
    business_verified_at         timestamptz,
    business_documents           jsonb NOT NULL DEFAULT '[]',
    years_of_experience          integer,
    insurance_details            jsonb,
    self_certified_at            timestamptz,
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
    match_key                    mesteri.match_key,
    match_facts                  mesteri.match_facts,
    CONSTRAINT craftsman_profiles_user_id_unique UNIQUE (user_id),
    CONSTRAINT craftsman_profiles_id_user_unique UNIQUE (id, user_id),
    CONSTRAINT craftsman_profiles_insurance_object CHECK (jsonb_typeof(insurance_details) = 'object'),
    CONSTRAINT craftsman_profiles_documents_array CHECK (jsonb_typeof(business_documents) = 'array'),
    CONSTRAINT craftsman_profiles_subscription_whole CHECK ((subscription_plan IS NULL) = (subscription_expires_at IS NULL)),
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
COMMENT ON COLUMN mesteri.craftsman_profiles.id IS 'What clients call craftsman_id, but for conversations, which name the account.';
COMMENT ON COLUMN mesteri.craftsman_profiles.user_id
    IS 'The account behind it; its name, place and picture stand in user_profiles.';
COMMENT ON COLUMN mesteri.craftsman_profiles.business_name IS 'As registered; null: works under the own name.';
COMMENT ON COLUMN mesteri.craftsman_profiles.cui
    IS 'Fiscal code, check digit verified on entry; public only once the business is verified.';
COMMENT ON COLUMN mesteri.craftsman_profiles.business_type
    IS 'Null while not said; a private individual must be shown as no trader.';
COMMENT ON COLUMN mesteri.craftsman_profiles.trade_register_number
    IS 'J, F or C number, old form or new; public only once the business is verified.';
COMMENT ON COLUMN mesteri.craftsman_profiles.business_verification_status IS 'How far staff got with the papers of the business.';
COMMENT ON COLUMN mesteri.craftsman_profiles.business_verified_at IS 'When staff found the business proven; null unless it is.';
COMMENT ON COLUMN mesteri.craftsman_profiles.business_documents
    IS 'Places of the encrypted papers of the latest verification; staff only.';
COMMENT ON COLUMN mesteri.craftsman_profiles.years_of_experience IS 'In the trade altogether, as the craftsman says.';
COMMENT ON COLUMN mesteri.craftsman_profiles.insurance_details
    IS 'Policy, insurer, sum and the like, as the craftsman typed them; not public.';
COMMENT ON COLUMN mesteri.craftsman_profiles.self_certified_at
    IS 'When the craftsman declared that what he offers is lawful, as traders must before the first offer.';
COMMENT ON COLUMN mesteri.craftsman_profiles.tier IS 'Set by rules and subscription, not by the craftsman.';
COMMENT ON COLUMN mesteri.craftsman_profiles.availability_status
    IS 'What the craftsman says; only available ones pass available_now.';
COMMENT ON COLUMN mesteri.craftsman_profiles.is_available
    IS 'Follows availability_status; kept as a column because clients read it.';
COMMENT ON COLUMN mesteri.craftsman_profiles.available_radius_km IS 'How far he travels from his place.';
COMMENT ON COLUMN mesteri.craftsman_profiles.total_projects_completed IS 'Recount of his projects in status completed.';
COMMENT ON COLUMN mesteri.craftsman_profiles.rating_sum
    IS 'Sum of overall ratings, so that averages are exact however they are weighted.';
COMMENT ON COLUMN mesteri.craftsman_profiles.total_reviews IS 'Visible reviews of him; rating_sum is over just these.';
COMMENT ON COLUMN mesteri.craftsman_profiles.average_rating IS 'Two decimals; 0 when nobody has rated.';
COMMENT ON COLUMN mesteri.craftsman_profiles.response_time_minutes
    IS 'Average time to the first answer where a client wrote first; null: never asked, or never answered.';
COMMENT ON COLUMN mesteri.craftsman_profiles.completion_rate
    IS 'Percent of signed projects that ended which were completed; 0 before the first.';
COMMENT ON COLUMN mesteri.craftsman_profiles.followers_count IS 'Recount of saved_craftsmen.';
COMMENT ON COLUMN mesteri.craftsman_profiles.hourly_rate_min IS 'Lei an hour, lowest; what max_price of a search is compared with.';
COMMENT ON COLUMN mesteri.craftsman_profiles.hourly_rate_max IS 'Lei an hour, highest.';
COMMENT ON COLUMN mesteri.craftsman_profiles.accepts_installments
    IS 'Whether clients may pay him through an instalment plan of the provider.';
COMMENT ON COLUMN mesteri.craftsman_profiles.subscription_plan IS 'plan_type of the running subscription; null: none.';
COMMENT ON COLUMN mesteri.craftsman_profiles.subscription_expires_at IS 'End of what is paid for; null: no subscription.';
COMMENT ON COLUMN mesteri.craftsman_profiles.featured_until IS 'Shown as featured up to then; null: never was.';
COMMENT ON COLUMN mesteri.craftsman_profiles.created_at IS 'When the account became a craftsman''s.';
COMMENT ON COLUMN mesteri.craftsman_profiles.updated_at IS 'Last edit by the craftsman or staff; counters do not count.';
COMMENT ON COLUMN mesteri.craftsman_profiles.match_key
    IS 'Bounds of his match score, made by triggers; changes only when he leaves them. Null: he is suspended or erased.';
COMMENT ON COLUMN mesteri.craftsman_profiles.match_facts
    IS 'What he is scored by, with his place from user_profiles; made by triggers. Null: as the key.';
CREATE INDEX craftsman_profiles_match ON mesteri.craftsman_profiles USING gist (match_key) WHERE match_key IS NOT NULL;
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
COMMENT ON COLUMN mesteri.craftsman_certifications.id IS 'What DELETE and staff''s verification name.';
COMMENT ON COLUMN mesteri.craftsman_certifications.craftsman_id IS 'Holder of the paper.';
COMMENT ON COLUMN mesteri.craftsman_certifications.name IS 'What the paper says its holder may do.';
COMMENT ON COLUMN mesteri.craftsman_certifications.issuer IS 'Authority or school as typed; null: not said.';
COMMENT ON COLUMN mesteri.craftsman_certifications.number IS 'As printed on the paper.';
COMMENT ON COLUMN mesteri.craftsman_certifications.issued_on IS 'Day printed on it; null: not said.';
COMMENT ON COLUMN mesteri.craftsman_certifications.expires_on IS 'Last day it is good for; null: for ever, or not said.';
COMMENT ON COLUMN mesteri.craftsman_certifications.verification_status
    IS 'Whether staff have seen the paper itself; pending only with a document.';
COMMENT ON COLUMN mesteri.craftsman_certifications.document_url
    IS 'Place of the encrypted scan, for the craftsman and staff; null: none was given.';
COMMENT ON COLUMN mesteri.craftsman_certifications.created_at IS 'When the craftsman added it.';
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
COMMENT ON COLUMN mesteri.craft_categories.id IS 'Made of the slug where seeded, so that it is the same everywhere.';
COMMENT ON COLUMN mesteri.craft_categories.name_ro IS 'Shown by default, and where another language has none.';
COMMENT ON COLUMN mesteri.craft_categories.name_hu IS 'Hungarian; null: the Romanian one is shown.';
COMMENT ON COLUMN mesteri.craft_categories.name_en IS 'English; null: the Romanian one is shown.';
COMMENT ON COLUMN mesteri.craft_categories.slug IS 'Lower-case key for links and for code that names a trade.';
COMMENT ON COLUMN mesteri.craft_categories.icon_url IS 'Picture for the phone; null: it draws its own.';
COMMENT ON COLUMN mesteri.craft_categories.parent_id IS 'The trade it belongs to; null: top of the tree.';
COMMENT ON COLUMN mesteri.craft_categories.display_order IS 'Lists go by it, ascending, then by id.';
COMMENT ON COLUMN mesteri.craft_categories.is_active IS 'Offered to choose from; what chose it earlier keeps it.';
COMMENT ON COLUMN mesteri.craft_categories.seeded IS 'Ships with mesteri, so dumps leave it out; never edited.';
CREATE INDEX craft_categories_parent ON mesteri.craft_categories (parent_id);
SELECT pg_catalog.pg_extension_config_dump('mesteri.craft_categories', 'WHERE NOT seeded');

CREATE FUNCTION mesteri.seeded_id(list text, key text) RETURNS uuid
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN (
        SELECT encode(set_byte(set_byte(h, 6, get_byte(h, 6) & 15 | 128), 8, get_byte(h, 8) & 63 | 128), 'hex')::uuid
          FROM (SELECT substr(sha256(convert_to('mesteri ' || list || ' ' || key, 'UTF8')), 1, 16)) AS d (h));
COMMENT ON FUNCTION mesteri.seeded_id(text, text)
    IS 'Id of a row that ships with mesteri, a UUID of version 8: rows of users may refer to it in every installation.';

CREATE FUNCTION mesteri.category_id(slug text) RETURNS uuid
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN mesteri.seeded_id('category', slug);
COMMENT ON FUNCTION mesteri.category_id(text)
    IS 'Id of a trade that ships with mesteri, a UUID of version 8 made of its slug: the same in every installation.';

CREATE TABLE mesteri.craftsman_crafts (
    craftsman_id     uuid NOT NULL REFERENCES mesteri.craftsman_profiles ON DELETE CASCADE,
    category_id      uuid NOT NULL REFERENCES mesteri.craft_categories,
    is_primary       boolean NOT NULL DEFAULT false,
    years_experience integer,
    match_key        mesteri.match_key,
    match_facts      mesteri.match_facts,
    PRIMARY KEY (craftsman_id, category_id),
    CONSTRAINT craftsman_crafts_experience_range CHECK (years_experience BETWEEN 0 AND 80)
) WITH (fillfactor = 80);
COMMENT ON TABLE mesteri.craftsman_crafts IS 'Which trades a craftsman practises.';
COMMENT ON COLUMN mesteri.craftsman_crafts.craftsman_id IS 'Who practises it.';
COMMENT ON COLUMN mesteri.craftsman_crafts.category_id IS 'Which trade; parent or leaf of the tree.';
COMMENT ON COLUMN mesteri.craftsman_crafts.is_primary IS 'The one shown first; at most one a craftsman.';
COMMENT ON COLUMN mesteri.craftsman_crafts.years_experience IS 'In this trade alone, as the craftsman says; null: not said.';
COMMENT ON COLUMN mesteri.craftsman_crafts.match_key IS 'The craftsman''s, with this trade; kept by triggers. Null: as his.';
COMMENT ON COLUMN mesteri.craftsman_crafts.match_facts IS 'The craftsman''s, so that a search need not look him up; kept by triggers. Null: as his.';
CREATE INDEX craftsman_crafts_match ON mesteri.craftsman_crafts USING gist (match_key) WHERE match_key IS NOT NULL;
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
COMMENT ON COLUMN mesteri.saved_craftsmen.user_id IS 'The follower.';
COMMENT ON COLUMN mesteri.saved_craftsmen.craftsman_id
    IS 'Whose posts following_only shows; nobody follows himself.';
COMMENT ON COLUMN mesteri.saved_craftsmen.saved_at IS 'When the follower pressed the button; lists are newest first.';
CREATE INDEX saved_craftsmen_craftsman ON mesteri.saved_craftsmen (craftsman_id);
SELECT pg_catalog.pg_extension_config_dump('mesteri.saved_craftsmen', '');

/*
 * Keys of craftsmen.  When rows come in, each touches its own row alone, for a
 * restore fires these triggers too.
 */
CREATE FUNCTION mesteri.match_craftsman_changes() RETURNS trigger
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'mesteri_match_craftsman_changes';
COMMENT ON FUNCTION mesteri.match_craftsman_changes() IS 'Fills match_key and match_facts of a craftsman, whatever was given for them but the place of one without a profile yet.';
CREATE TRIGGER craftsman_profiles_match BEFORE INSERT OR UPDATE ON mesteri.craftsman_profiles
    FOR EACH ROW EXECUTE FUNCTION mesteri.match_craftsman_changes();

CREATE FUNCTION mesteri.match_craftsman_changed() RETURNS trigger
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'mesteri_match_craftsman_changed';
COMMENT ON FUNCTION mesteri.match_craftsman_changed() IS 'Copies a craftsman''s key and facts to his crafts.';
CREATE TRIGGER craftsman_profiles_match_crafts AFTER UPDATE ON mesteri.craftsman_profiles
    FOR EACH ROW EXECUTE FUNCTION mesteri.match_craftsman_changed();

CREATE FUNCTION mesteri.match_craft_changes() RETURNS trigger
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'mesteri_match_craft_changes';
COMMENT ON FUNCTION mesteri.match_craft_changes() IS 'Fills match_key and match_facts of a craft from the craftsman''s.';
CREATE TRIGGER craftsman_crafts_match BEFORE INSERT OR UPDATE ON mesteri.craftsman_crafts
    FOR EACH ROW EXECUTE FUNCTION mesteri.match_craft_changes();

CREATE FUNCTION mesteri.match_person_changed() RETURNS trigger
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'mesteri_match_person_changed';
COMMENT ON FUNCTION mesteri.match_person_changed()
    IS 'Has the key of a person as a craftsman made anew; takes the column that names the person, and the one that matters.';
CREATE TRIGGER users_match AFTER UPDATE ON mesteri.users
    FOR EACH ROW WHEN ((OLD.is_active AND OLD.deleted_at IS NULL) <> (NEW.is_active AND NEW.deleted_at IS NULL))
    EXECUTE FUNCTION mesteri.match_person_changed('id');
CREATE TRIGGER user_profiles_match AFTER UPDATE OR DELETE ON mesteri.user_profiles
    FOR EACH ROW EXECUTE FUNCTION mesteri.match_person_changed('user_id', 'location');
