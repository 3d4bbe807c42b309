/*
 * 61-users.sql
 *		One's own account.
 */
CREATE FUNCTION mesteri.me(language text) RETURNS mesteri.answer
    LANGUAGE plpgsql STABLE
    AS $$
DECLARE
    account      uuid := mesteri.current_user_id();
    version      integer;
    craftsman_id uuid;
BEGIN
    SELECT p.version, c.id INTO version, craftsman_id
      FROM mesteri.user_profiles p
      LEFT JOIN mesteri.craftsman_profiles c ON c.user_id = p.user_id
     WHERE p.user_id = account;

    RETURN mesteri.ok(
        json_build_object('user', mesteri.user_json(account),
                          'profile', mesteri.profile_json(account),
                          'craftsman_profile',
                          CASE WHEN craftsman_id IS NOT NULL THEN mesteri.craftsman_json(craftsman_id, language) END),
        version);
END;
$$;
COMMENT ON FUNCTION mesteri.me(text) IS 'The caller''s account as GET and PUT /users/me answer it.';

CREATE FUNCTION api.user_me(_language text) RETURNS mesteri.answer
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
BEGIN
    RETURN mesteri.me(_language);
END;
$$;
COMMENT ON FUNCTION api.user_me(text) IS 'The caller''s account.';

CREATE FUNCTION mesteri.merge_preferences(stored jsonb, changes api.preferences) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE
    AS $$
DECLARE
    change jsonb := coalesce(jsonb_strip_nulls(to_jsonb(changes)), '{}');
    types  jsonb := (SELECT coalesce(stored -> 'types', '{}')
                            || jsonb_object_agg(t.key, coalesce(stored -> 'types' -> t.key, '{}') || t.value)
                       FROM jsonb_each(change -> 'types') t);
BEGIN
    RETURN stored || (change - 'types') || jsonb_strip_nulls(jsonb_build_object('types', types));
END;
$$;
COMMENT ON FUNCTION mesteri.merge_preferences(jsonb, api.preferences)
    IS 'Stored preferences with the members of the other put over them; absent ones stay.';

CREATE FUNCTION api.user_update(
        _language text, _if_match text, _given text[],
        first_name api.person_name DEFAULT NULL, last_name api.person_name DEFAULT NULL,
        display_name api.display_name DEFAULT NULL, bio api.bio DEFAULT NULL, date_of_birth api.birth_date DEFAULT NULL,
        location api.location DEFAULT NULL, city api.city DEFAULT NULL, county api.county DEFAULT NULL,
        address api.address DEFAULT NULL, postal_code api.postal_code DEFAULT NULL, language mesteri.language DEFAULT NULL,
        notification_preferences api.preferences DEFAULT NULL, search_radius_km api.search_radius_km DEFAULT NULL)
    RETURNS mesteri.answer
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
DECLARE
    stored mesteri.user_profiles;
BEGIN
    PERFORM mesteri.check_not_null(_given, 'first_name', first_name::text);
    PERFORM mesteri.check_not_null(_given, 'last_name', last_name::text);
    PERFORM mesteri.check_not_null(_given, 'language', language);
    PERFORM mesteri.check_not_null(_given, 'notification_preferences', notification_preferences::text);
    PERFORM mesteri.check_not_null(_given, 'search_radius_km', search_radius_km::integer);
    IF date_of_birth > current_date THEN
        PERFORM mesteri.refuse('invalid_field', mesteri.detail('date_of_birth', 'range'));
    END IF;
    IF county IS NOT NULL AND NOT EXISTS (SELECT FROM mesteri.counties c WHERE c.code = county) THEN
        PERFORM mesteri.refuse('invalid_field', mesteri.detail('county', 'enum'));
    END IF;

    SELECT * INTO stored FROM mesteri.user_profiles p WHERE p.user_id = mesteri.current_user_id() FOR UPDATE;
    PERFORM mesteri.check_if_match(_if_match, stored.version);

    UPDATE mesteri.user_profiles p
       SET first_name = coalesce(user_update.first_name, p.first_name),
           last_name = coalesce(user_update.last_name, p.last_name),
           display_name = CASE WHEN 'display_name' = ANY (_given) THEN user_update.display_name ELSE p.display_name END,
           bio = CASE WHEN 'bio' = ANY (_given) THEN mesteri.sanitize(user_update.bio) ELSE p.bio END,
           date_of_birth = CASE WHEN 'date_of_birth' = ANY (_given) THEN user_update.date_of_birth ELSE p.date_of_birth END,
           location = CASE WHEN 'location' = ANY (_given)
                           THEN mesteri.point((user_update.location).lat, (user_update.location).lon) ELSE p.location END,
           city = CASE WHEN 'city' = ANY (_given) THEN user_update.city ELSE p.city END,
           county = CASE WHEN 'county' = ANY (_given) THEN user_update.county ELSE p.county END,
           address = CASE WHEN 'address' = ANY (_given) THEN user_update.address ELSE p.address END,
           postal_code = CASE WHEN 'postal_code' = ANY (_given) THEN user_update.postal_code ELSE p.postal_code END,
           language = coalesce(user_update.language, p.language),
           notification_preferences = mesteri.merge_preferences(p.notification_preferences, user_update.notification_preferences),
           search_radius_km = coalesce(user_update.search_radius_km, p.search_radius_km),
           updated_at = now(),
           version = p.version + 1
     WHERE p.user_id = stored.user_id;

    RETURN mesteri.me(_language);
END;
$$;
COMMENT ON FUNCTION api.user_update(text, text, text[], api.person_name, api.person_name, api.display_name, api.bio, api.birth_date,
                                    api.location, api.city, api.county, api.address, api.postal_code, mesteri.language,
                                    api.preferences, api.search_radius_km)
    IS 'Changes the caller''s profile; needs If-Match. A field that is absent stays, null clears.';
