/*
 * 67-craftsman-own.sql
 *		What craftsmen say of themselves: business, prices, crafts, papers, whether they have time.
 */
CREATE DOMAIN api.business_name AS api.line
    CONSTRAINT length CHECK (char_length(VALUE) <= 255);
COMMENT ON DOMAIN api.business_name IS 'Name of a business.';
CREATE DOMAIN api.years AS integer
    CONSTRAINT range CHECK (VALUE BETWEEN 0 AND 80);
COMMENT ON DOMAIN api.years IS 'Years of experience.';
CREATE DOMAIN api.insurance AS jsonb
    CONSTRAINT type CHECK (jsonb_typeof(VALUE) = 'object')
    CONSTRAINT length CHECK (octet_length(VALUE::text) <= 8192);
COMMENT ON DOMAIN api.insurance IS 'Insurance as the craftsman describes it: an object of 8 KiB at most.';
CREATE DOMAIN api.money AS numeric
    CONSTRAINT range CHECK (VALUE > 0 AND VALUE <= 9999999999.99)
    CONSTRAINT format CHECK (scale(trim_scale(VALUE)) <= 2);
COMMENT ON DOMAIN api.money IS 'An amount in lei, above zero, with two decimals at most.';
CREATE TYPE api.craft AS (category_id uuid, is_primary boolean, years_experience api.years);
COMMENT ON TYPE api.craft IS 'A trade that a craftsman practises.';
CREATE DOMAIN api.crafts AS api.craft[]
    CONSTRAINT count CHECK (cardinality(VALUE) <= 20);
COMMENT ON DOMAIN api.crafts IS 'The trades of a craftsman.';
CREATE DOMAIN api.service_radius_km AS integer
    CONSTRAINT range CHECK (VALUE BETWEEN 1 AND 300);
COMMENT ON DOMAIN api.service_radius_km IS 'How far a craftsman goes for work, whole kilometres.';
CREATE DOMAIN api.day AS date
    CONSTRAINT range CHECK (VALUE BETWEEN date '1900-01-01' AND date '2999-12-31');
COMMENT ON DOMAIN api.day IS 'A day on a paper: no infinity, nothing that four digits cannot write.';
CREATE DOMAIN api.certification_name AS api.line
    CONSTRAINT length CHECK (char_length(VALUE) BETWEEN 1 AND 255);
COMMENT ON DOMAIN api.certification_name IS 'What a paper says its holder may do.';
CREATE DOMAIN api.certification_issuer AS api.line
    CONSTRAINT length CHECK (char_length(VALUE) <= 255);
COMMENT ON DOMAIN api.certification_issuer IS 'Who issued a paper.';
CREATE DOMAIN api.certification_number AS api.line
    CONSTRAINT length CHECK (char_length(VALUE) <= 100);
COMMENT ON DOMAIN api.certification_number IS 'Number of a paper.';

CREATE FUNCTION mesteri.check_crafts(crafts api.crafts) RETURNS void
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    IF EXISTS (SELECT FROM unnest(crafts) AS c WHERE c.category_id IS NULL) THEN
        PERFORM mesteri.refuse('invalid_field', mesteri.detail('crafts.category_id', 'required'));
    ELSIF EXISTS (SELECT FROM unnest(crafts) AS c
                   WHERE NOT EXISTS (SELECT FROM mesteri.craft_categories k WHERE k.id = c.category_id AND k.is_active)) THEN
        PERFORM mesteri.refuse('not_found', mesteri.detail('crafts', 'exists'));
    END IF;
END;
$$;
COMMENT ON FUNCTION mesteri.check_crafts(api.crafts) IS 'Refuses a craft without a trade, and one that is no trade.';

CREATE FUNCTION mesteri.set_crafts(craftsman uuid, crafts api.crafts) RETURNS void
    LANGUAGE plpgsql VOLATILE
    AS $$
BEGIN
    IF (SELECT count(*) FROM unnest(crafts) AS c WHERE c.is_primary) > 1 THEN
        PERFORM mesteri.refuse('invalid_value', mesteri.detail('crafts', 'one_primary'));
    ELSIF (SELECT count(*) > count(DISTINCT c.category_id) FROM unnest(crafts) AS c) THEN
        PERFORM mesteri.refuse('invalid_value', mesteri.detail('crafts', 'duplicate'));
    END IF;
    DELETE FROM mesteri.craftsman_crafts cc WHERE cc.craftsman_id = craftsman;
    INSERT INTO mesteri.craftsman_crafts (craftsman_id, category_id, is_primary, years_experience)
    SELECT craftsman, c.category_id, coalesce(c.is_primary, false), c.years_experience FROM unnest(crafts) AS c;
END;
$$;
COMMENT ON FUNCTION mesteri.set_crafts(uuid, api.crafts) IS 'Puts these crafts in the place of all a craftsman had; refuses two primary ones, and one twice.';

CREATE FUNCTION api.craftsman_update(
        _language text, _if_match text, _given text[], business_name api.business_name DEFAULT NULL, business_type mesteri.business_type DEFAULT NULL,
        years_of_experience api.years DEFAULT NULL, insurance_details api.insurance DEFAULT NULL, hourly_rate_min api.money DEFAULT NULL,
        hourly_rate_max api.money DEFAULT NULL, accepts_installments boolean DEFAULT NULL, crafts api.crafts DEFAULT NULL)
    RETURNS mesteri.answer
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
DECLARE
    craftsman uuid := mesteri.callers_craftsman();
    account   mesteri.user_profiles;
    stored    mesteri.craftsman_profiles;
BEGIN
    PERFORM mesteri.check_not_null(_given, 'accepts_installments', accepts_installments);
    PERFORM mesteri.check_not_null(_given, 'crafts', crafts::text);
    PERFORM mesteri.check_crafts(crafts);
    -- The account has one version, kept with its profile, so that is locked first.
    SELECT p.* INTO account FROM mesteri.user_profiles p WHERE p.user_id = mesteri.current_user_id() FOR NO KEY UPDATE;
    PERFORM mesteri.check_if_match(_if_match, account.version);
    SELECT c.* INTO stored FROM mesteri.craftsman_profiles c WHERE c.id = craftsman FOR NO KEY UPDATE;

    stored.hourly_rate_min := CASE WHEN 'hourly_rate_min' = ANY (_given) THEN craftsman_update.hourly_rate_min ELSE stored.hourly_rate_min END;
    stored.hourly_rate_max := CASE WHEN 'hourly_rate_max' = ANY (_given) THEN craftsman_update.hourly_rate_max ELSE stored.hourly_rate_max END;
    IF stored.hourly_rate_min > stored.hourly_rate_max THEN
        PERFORM mesteri.refuse('invalid_value', mesteri.detail('hourly_rate_min', 'above_max'));
    END IF;

    UPDATE mesteri.craftsman_profiles c
       SET business_name = CASE WHEN 'business_name' = ANY (_given) THEN nullif(craftsman_update.business_name, '') ELSE c.business_name END,
           business_type = CASE WHEN 'business_type' = ANY (_given) THEN craftsman_update.business_type ELSE c.business_type END,
           years_of_experience = CASE WHEN 'years_of_experience' = ANY (_given) THEN craftsman_update.years_of_experience ELSE c.years_of_experience END,
           insurance_details = CASE WHEN 'insurance_details' = ANY (_given) THEN craftsman_update.insurance_details ELSE c.insurance_details END,
           hourly_rate_min = stored.hourly_rate_min, hourly_rate_max = stored.hourly_rate_max,
           accepts_installments = coalesce(craftsman_update.accepts_installments, c.accepts_installments),
           updated_at = now()
     WHERE c.id = craftsman;
    IF 'crafts' = ANY (_given) THEN
        PERFORM mesteri.set_crafts(craftsman, crafts);
    END IF;
    UPDATE mesteri.user_profiles p SET version = p.version + 1 WHERE p.user_id = account.user_id;

    RETURN mesteri.ok(json_build_object('craftsman_profile', mesteri.craftsman_json(craftsman, _language)), account.version + 1);
END;
$$;
COMMENT ON FUNCTION api.craftsman_update(text, text, text[], api.business_name, mesteri.business_type, api.years, api.insurance, api.money, api.money,
                                         boolean, api.crafts)
    IS 'Changes the caller''s craftsman profile; needs If-Match. A field that is absent stays, null clears; crafts are replaced whole.';

CREATE FUNCTION api.craftsman_set_availability(_given text[], status mesteri.availability_status,
                                               radius_km api.service_radius_km DEFAULT NULL)
    RETURNS mesteri.answer
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
DECLARE
    craftsman uuid := mesteri.callers_craftsman();
    now_is    mesteri.craftsman_profiles;
BEGIN
    PERFORM mesteri.check_not_null(_given, 'status', status);
    PERFORM mesteri.check_not_null(_given, 'radius_km', radius_km::integer);
    -- Seen in the profile, so a version of it; in no form that somebody else fills in, so without If-Match.  Locks in the order of PUT.
    UPDATE mesteri.user_profiles p SET version = p.version + 1 WHERE p.user_id = mesteri.current_user_id();
    UPDATE mesteri.craftsman_profiles c
       SET availability_status = craftsman_set_availability.status, available_radius_km = coalesce(radius_km, c.available_radius_km), updated_at = now()
     WHERE c.id = craftsman
    RETURNING c.* INTO now_is;

    RETURN mesteri.ok(json_build_object('availability_status', now_is.availability_status, 'is_available', now_is.is_available,
                                        'available_radius_km', now_is.available_radius_km));
END;
$$;
COMMENT ON FUNCTION api.craftsman_set_availability(text[], mesteri.availability_status, api.service_radius_km)
    IS 'Whether the caller has time for work, and how far he goes for it.';

CREATE FUNCTION api.craftsman_add_certification(
        name api.certification_name, issuer api.certification_issuer DEFAULT NULL, number api.certification_number DEFAULT NULL,
        issued_on api.day DEFAULT NULL, expires_on api.day DEFAULT NULL, document api.media_ref DEFAULT NULL) RETURNS mesteri.answer
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
DECLARE
    craftsman uuid := mesteri.callers_craftsman();
    paper     mesteri.media;
    made      uuid;
BEGIN
    IF document IS NOT NULL THEN
        SELECT m.* INTO paper FROM mesteri.take_media('document', ARRAY[document::text], 'certification') AS m;
    END IF;
    IF expires_on < issued_on THEN
        PERFORM mesteri.refuse('invalid_value', mesteri.detail('expires_on', 'order'));
    END IF;
    -- One at a time, so that the limit holds; locks in the order of PUT.
    UPDATE mesteri.user_profiles p SET version = p.version + 1 WHERE p.user_id = mesteri.current_user_id();
    IF (SELECT count(*) FROM mesteri.craftsman_certifications f WHERE f.craftsman_id = craftsman) >= mesteri.max_certifications() THEN
        PERFORM mesteri.refuse('quota_exceeded');
    END IF;

    INSERT INTO mesteri.craftsman_certifications (craftsman_id, name, issuer, number, issued_on, expires_on, verification_status, document_url)
    VALUES (craftsman, craftsman_add_certification.name, nullif(craftsman_add_certification.issuer, ''),
            nullif(craftsman_add_certification.number, ''), craftsman_add_certification.issued_on, craftsman_add_certification.expires_on,
            CASE WHEN paper.id IS NULL THEN 'none' ELSE 'pending' END::mesteri.verification_status, mesteri.media_link(paper))
    RETURNING id INTO made;
    IF paper.id IS NOT NULL THEN
        INSERT INTO mesteri.verifications (user_id, type, certification_id) VALUES (mesteri.current_user_id(), 'certification', made);
    END IF;

    RETURN mesteri.created(
        json_build_object('certification', (SELECT f.value FROM json_array_elements(mesteri.certifications_json(craftsman, true)) AS f
                                             WHERE f.value ->> 'id' = made::text)),
        format('/v1/craftsmen/%s', craftsman));
END;
$$;
COMMENT ON FUNCTION api.craftsman_add_certification(api.certification_name, api.certification_issuer, api.certification_number, api.day, api.day, api.media_ref)
    IS 'Adds a paper to the caller''s profile; with a scan it waits for staff to look at it.';

CREATE FUNCTION mesteri.max_certifications() RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN 50;
COMMENT ON FUNCTION mesteri.max_certifications() IS 'How many papers a craftsman may list.';
