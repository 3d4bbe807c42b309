/*
 * 10-types.sql
 *		The closed lists of the product, and the domains that bound what a client may send.
 *
 * An endpoint's argument is declared with one of the api domains; the
 * dispatcher converts the client's text with the domain's input function, so
 * the limit stands in exactly one place.  A constraint's name is the rule that
 * the client reads in details[].rule (data/rules.csv).
 */
CREATE TYPE mesteri.user_type AS ENUM ('client', 'craftsman', 'staff');
COMMENT ON TYPE mesteri.user_type IS 'Kind of account; staff is never self-registered.';
CREATE TYPE mesteri.language AS ENUM ('ro', 'hu', 'en');
COMMENT ON TYPE mesteri.language IS 'Languages we speak to people.';
CREATE TYPE mesteri.platform AS ENUM ('ios', 'android', 'web');
COMMENT ON TYPE mesteri.platform IS 'What a session was opened on.';
CREATE TYPE mesteri.verification_status AS ENUM ('none', 'pending', 'verified', 'rejected');
COMMENT ON TYPE mesteri.verification_status IS 'How far staff got with a proof of identity, business or skill.';
CREATE TYPE mesteri.craftsman_tier AS ENUM ('basic', 'verified', 'pro', 'master');
COMMENT ON TYPE mesteri.craftsman_tier IS 'Standing of a craftsman; a term of his match score.';
CREATE TYPE mesteri.availability_status AS ENUM ('available', 'busy', 'vacation');
COMMENT ON TYPE mesteri.availability_status IS 'What a craftsman says of his time.';
CREATE TYPE mesteri.business_type AS ENUM ('PFA', 'II', 'IF', 'SRL', 'individual');
COMMENT ON TYPE mesteri.business_type IS 'Legal form; individual is not a trader and is shown as such.';
CREATE TYPE mesteri.media_type AS ENUM ('video', 'image', 'timelapse', 'before_after');
COMMENT ON TYPE mesteri.media_type IS 'What a post shows.';
CREATE TYPE mesteri.content_status AS ENUM ('draft', 'processing', 'published', 'hidden', 'removed');
COMMENT ON TYPE mesteri.content_status IS 'Life of a post; only published ones are seen by others.';
CREATE TYPE mesteri.interaction_type AS ENUM ('like', 'save', 'share', 'view');
COMMENT ON TYPE mesteri.interaction_type IS 'What a reader did with a post, once per reader and post.';

-- Text as people type it: the dispatcher puts it into NFC, turns cedilla letters into comma letters, trims it and refuses
-- control characters.  A line has no line break, a paragraph may.
CREATE DOMAIN api.line AS text;
COMMENT ON DOMAIN api.line IS 'One line of text.';
CREATE DOMAIN api.paragraph AS text;
COMMENT ON DOMAIN api.paragraph IS 'Text of several lines.';

CREATE DOMAIN api.email AS api.line
    CONSTRAINT length CHECK (char_length(VALUE) <= 255)
    CONSTRAINT format CHECK (VALUE ~ '^[A-Za-z0-9!#$%&''*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&''*+/=?^_`{|}~-]+)*@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]$'
                             AND strpos(VALUE, '@') <= 65);
COMMENT ON DOMAIN api.email IS 'An e-mail address.';
CREATE DOMAIN api.phone AS api.line
    CONSTRAINT format CHECK (char_length(VALUE) <= 32 AND VALUE ~ '^(\+|00)?[0-9][0-9 ./()-]*$');
COMMENT ON DOMAIN api.phone IS 'A phone number as typed, national or E.164.';
CREATE DOMAIN api.identifier AS api.line
    CONSTRAINT length CHECK (char_length(VALUE) BETWEEN 1 AND 255);
COMMENT ON DOMAIN api.identifier IS 'An e-mail address or a phone number, whichever it is.';
CREATE DOMAIN api.secret AS text
    CONSTRAINT length CHECK (octet_length(VALUE) BETWEEN 1 AND 1024);
COMMENT ON DOMAIN api.secret IS 'A password or token: taken as it is, never shown, never trimmed.';
CREATE DOMAIN api.person_name AS api.line
    CONSTRAINT length CHECK (char_length(VALUE) BETWEEN 1 AND 100);
COMMENT ON DOMAIN api.person_name IS 'A first or last name.';
CREATE DOMAIN api.display_name AS api.line
    CONSTRAINT length CHECK (char_length(VALUE) <= 200);
COMMENT ON DOMAIN api.display_name IS 'The name somebody chose to be shown under.';
CREATE DOMAIN api.bio AS api.paragraph
    CONSTRAINT length CHECK (char_length(VALUE) <= 2000);
COMMENT ON DOMAIN api.bio IS 'What somebody says of himself.';
CREATE DOMAIN api.city AS api.line
    CONSTRAINT length CHECK (char_length(VALUE) <= 100);
COMMENT ON DOMAIN api.city IS 'A town or village.';
CREATE DOMAIN api.address AS api.line
    CONSTRAINT length CHECK (char_length(VALUE) <= 500);
COMMENT ON DOMAIN api.address IS 'Street and number.';
CREATE DOMAIN api.county AS api.line
    CONSTRAINT format CHECK (VALUE ~ '^[A-Z]{1,2}$');
COMMENT ON DOMAIN api.county IS 'Code of a county, B for Bucharest.';
CREATE DOMAIN api.postal_code AS api.line
    CONSTRAINT format CHECK (VALUE ~ '^[0-9]{6}$');
COMMENT ON DOMAIN api.postal_code IS 'Six digits, leading zeros kept.';
CREATE DOMAIN api.birth_date AS date
    CONSTRAINT range CHECK (VALUE BETWEEN date '1900-01-01' AND date '2999-12-31');
COMMENT ON DOMAIN api.birth_date IS 'A day somebody can have been born on.';
CREATE DOMAIN api.search_radius_km AS integer
    CONSTRAINT range CHECK (VALUE BETWEEN 1 AND 300);
COMMENT ON DOMAIN api.search_radius_km IS 'How far a client looks for work, whole kilometres.';

CREATE DOMAIN api.latitude AS float8
    CONSTRAINT range CHECK (VALUE BETWEEN -90 AND 90);
COMMENT ON DOMAIN api.latitude IS 'Degrees north.';
CREATE DOMAIN api.longitude AS float8
    CONSTRAINT range CHECK (VALUE BETWEEN -180 AND 180);
COMMENT ON DOMAIN api.longitude IS 'Degrees east.';
CREATE DOMAIN api.required_latitude AS api.latitude NOT NULL;
COMMENT ON DOMAIN api.required_latitude IS 'Degrees north, in a place that must have them.';
CREATE DOMAIN api.required_longitude AS api.longitude NOT NULL;
COMMENT ON DOMAIN api.required_longitude IS 'Degrees east, in a place that must have them.';
CREATE TYPE api.location AS (lat api.required_latitude, lon api.required_longitude);
COMMENT ON TYPE api.location IS 'A place as clients write it.';

CREATE DOMAIN api.radius_km AS float8
    CONSTRAINT range CHECK (VALUE > 0 AND VALUE <= 300);
COMMENT ON DOMAIN api.radius_km IS 'A radius to search in, kilometres.';
CREATE DOMAIN api.rating AS float8
    CONSTRAINT range CHECK (VALUE BETWEEN 0 AND 5);
COMMENT ON DOMAIN api.rating IS 'An average of stars.';
CREATE DOMAIN api.price AS numeric
    CONSTRAINT range CHECK (VALUE BETWEEN 0 AND 9999999999.99);
COMMENT ON DOMAIN api.price IS 'A price to compare with, lei.';
CREATE DOMAIN api.search_text AS api.line
    CONSTRAINT length CHECK (char_length(VALUE) BETWEEN 1 AND 200);
COMMENT ON DOMAIN api.search_text IS 'Words to look for.';
CREATE DOMAIN api.page AS integer
    CONSTRAINT range CHECK (VALUE >= 1);
COMMENT ON DOMAIN api.page IS 'Number of a page of a list, from 1.';
CREATE DOMAIN api.feed_page AS integer
    CONSTRAINT range CHECK (VALUE BETWEEN 1 AND 25);
COMMENT ON DOMAIN api.feed_page IS 'Number of a page of the feed, for clients without cursors.';
CREATE DOMAIN api.page_limit AS integer
    CONSTRAINT range CHECK (VALUE BETWEEN 1 AND 100);
COMMENT ON DOMAIN api.page_limit IS 'Items a page.';
CREATE DOMAIN api.feed_cursor AS text
    CONSTRAINT length CHECK (octet_length(VALUE) BETWEEN 1 AND 6000);
COMMENT ON DOMAIN api.feed_cursor IS 'Where a walk through the feed stands; made and read by mesteri alone.';
CREATE DOMAIN api.category_set AS uuid[]
    CONSTRAINT count CHECK (cardinality(VALUE) <= 20);
COMMENT ON DOMAIN api.category_set IS 'Categories to choose from.';

-- Preferences: who is told what over which channel.  An absent member keeps what is stored.
CREATE TYPE api.channels AS (in_app boolean, push boolean, email boolean, sms boolean);
COMMENT ON TYPE api.channels IS 'Switches per channel.';
CREATE TYPE api.notification_types AS (
    new_message         api.channels,
    new_project_inquiry api.channels,
    quote_received      api.channels,
    contract_ready      api.channels,
    payment_received    api.channels,
    review_posted       api.channels,
    milestone_completed api.channels,
    project_update      api.channels
);
COMMENT ON TYPE api.notification_types IS 'Switches per type of notification.';
CREATE TYPE api.preferences AS (in_app boolean, push boolean, email boolean, sms boolean, types api.notification_types);
COMMENT ON TYPE api.preferences IS 'Notification preferences; a type''s own value wins over the general one.';
