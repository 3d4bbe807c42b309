/*
 * 57-people-shapes.sql
 *		Accounts and craftsmen as clients see them: User, Profile, CraftsmanSummary, Craftsman.
 *
 * Written in PL/pgSQL where they query: an SQL function is planned anew for
 * every request, PL/pgSQL keeps its plans.
 */
CREATE FUNCTION mesteri.shown_name(display_name text, first_name text, last_name text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN coalesce(nullif(display_name, ''), nullif(first_name, '') || ' ' || left(last_name, 1) || '.');
COMMENT ON FUNCTION mesteri.shown_name(text, text, text) IS 'The name strangers see: one''s own choice, else "Ion P."; NULL of somebody erased.';

CREATE FUNCTION mesteri.location_json(place geography) RETURNS json
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN CASE WHEN place IS NOT NULL THEN json_build_object('lat', mesteri.latitude(place), 'lon', mesteri.longitude(place)) END;
COMMENT ON FUNCTION mesteri.location_json(geography) IS 'location of the API.';

CREATE FUNCTION mesteri.user_json(id uuid) RETURNS json
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    RETURN (
        SELECT json_build_object(
                   'id', u.id, 'email', u.email, 'phone_number', u.phone_number, 'user_type', u.user_type,
                   'created_at', mesteri.json_time(u.created_at), 'updated_at', mesteri.json_time(u.updated_at),
                   'last_login_at', mesteri.json_time(u.last_login_at), 'is_active', u.is_active,
                   'email_verified', u.email_verified, 'phone_verified', u.phone_verified,
                   'identity_verification_status', u.identity_verification_status,
                   'identity_verified_at', mesteri.json_time(u.identity_verified_at),
                   'pending_email', u.pending_email, 'pending_phone_number', u.pending_phone_number)
          FROM mesteri.users u WHERE u.id = user_json.id);
END;
$$;
COMMENT ON FUNCTION mesteri.user_json(uuid) IS 'User: for the account itself and staff.';

CREATE FUNCTION mesteri.profile_json(user_id uuid) RETURNS json
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    RETURN (
        SELECT json_build_object(
                   'id', p.id, 'user_id', p.user_id, 'first_name', p.first_name, 'last_name', p.last_name,
                   'display_name', p.display_name, 'avatar_url', p.avatar_url, 'bio', p.bio, 'date_of_birth', p.date_of_birth,
                   'location', mesteri.location_json(p.location), 'city', p.city, 'county', p.county, 'address', p.address,
                   'postal_code', p.postal_code, 'language', p.language,
                   'notification_preferences', p.notification_preferences, 'search_radius_km', p.search_radius_km,
                   'created_at', mesteri.json_time(p.created_at), 'updated_at', mesteri.json_time(p.updated_at),
                   'version', p.version)
          FROM mesteri.user_profiles p WHERE p.user_id = profile_json.user_id);
END;
$$;
COMMENT ON FUNCTION mesteri.profile_json(uuid) IS 'Profile: for the account itself and staff.';

CREATE VIEW mesteri.public_craftsmen AS
    SELECT c.id, c.user_id, mesteri.shown_name(p.display_name, p.first_name, p.last_name) AS display_name,
           c.business_name, p.avatar_url, p.bio, p.city, p.county, p.location, c.tier,
           c.business_verification_status = 'verified' AS business_verified,
           c.average_rating, c.rating_sum, c.total_reviews, coalesce(c.featured_until > now(), false) AS featured,
           c.available_radius_km, c.availability_status, c.is_available, c.hourly_rate_min, c.hourly_rate_max,
           c.years_of_experience, c.response_time_minutes, c.completion_rate
      FROM mesteri.craftsman_profiles c
      JOIN mesteri.user_profiles p ON p.user_id = c.user_id
      JOIN mesteri.users u ON u.id = c.user_id
     WHERE u.is_active AND u.deleted_at IS NULL;
COMMENT ON VIEW mesteri.public_craftsmen IS 'Craftsmen that anybody may find. Their place is for measuring from, never for showing.';

CREATE FUNCTION mesteri.craftsman_summary(c mesteri.public_craftsmen) RETURNS json
    LANGUAGE sql STABLE
    RETURN mesteri.json_build(
        'id', c.id, 'user_id', c.user_id, 'display_name', c.display_name, 'business_name', c.business_name,
        'avatar_url', c.avatar_url, 'city', c.city, 'county', c.county, 'tier', c.tier,
        'business_verified', c.business_verified, 'average_rating', c.average_rating, 'total_reviews', c.total_reviews,
        'featured', c.featured);
COMMENT ON FUNCTION mesteri.craftsman_summary(mesteri.public_craftsmen) IS 'CraftsmanSummary: public.';

CREATE FUNCTION mesteri.category_name(c mesteri.craft_categories, language text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE language WHEN 'hu' THEN coalesce(c.name_hu, c.name_ro) WHEN 'en' THEN coalesce(c.name_en, c.name_ro)
                         ELSE c.name_ro END;
COMMENT ON FUNCTION mesteri.category_name(mesteri.craft_categories, text) IS 'A trade''s name in a language, Romanian where there is none.';

/* A table, for the planner puts the body of such a function into the statement that names it. */
CREATE FUNCTION mesteri.crafts_of(craftsman_id uuid, language text) RETURNS TABLE (crafts json)
    LANGUAGE sql STABLE ROWS 1
    AS $$
    SELECT coalesce(json_agg(mesteri.json_build(
               'category_id', k.id, 'slug', k.slug, 'name', mesteri.category_name(k, crafts_of.language),
               'is_primary', cc.is_primary, 'years_experience', cc.years_experience)
               ORDER BY cc.is_primary DESC, k.display_order), '[]')
      FROM mesteri.craftsman_crafts cc
      JOIN mesteri.craft_categories k ON k.id = cc.category_id
     WHERE cc.craftsman_id = crafts_of.craftsman_id
    $$;
COMMENT ON FUNCTION mesteri.crafts_of(uuid, text) IS 'One row: the crafts of a craftsman, the primary one first.';

CREATE FUNCTION mesteri.crafts_json(craftsman_id uuid, language text) RETURNS json
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    RETURN (SELECT k.crafts FROM mesteri.crafts_of(craftsman_id, language) AS k);
END;
$$;
COMMENT ON FUNCTION mesteri.crafts_json(uuid, text) IS 'The crafts of a craftsman, the primary one first.';

CREATE FUNCTION mesteri.certifications_json(craftsman_id uuid, with_documents boolean) RETURNS json
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    RETURN (
        SELECT coalesce(json_agg(json_build_object(
                   'id', f.id, 'name', f.name, 'issuer', f.issuer, 'number', f.number, 'issued_on', f.issued_on,
                   'expires_on', f.expires_on, 'verification_status', f.verification_status,
                   'document_url', CASE WHEN with_documents THEN f.document_url END) ORDER BY f.issued_on DESC, f.id), '[]')
          FROM mesteri.craftsman_certifications f
         WHERE f.craftsman_id = certifications_json.craftsman_id);
END;
$$;
COMMENT ON FUNCTION mesteri.certifications_json(uuid, boolean) IS 'The papers of a craftsman; documents for himself and staff.';

CREATE FUNCTION mesteri.craftsman_json(craftsman_id uuid, language text) RETURNS json
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    RETURN (
        SELECT mesteri.json_concat(json_build_object(
                   'id', c.id, 'user_id', c.user_id,
                   'display_name', mesteri.shown_name(p.display_name, p.first_name, p.last_name),
                   'avatar_url', p.avatar_url, 'bio', p.bio, 'city', p.city, 'county', p.county,
                   'business_name', c.business_name,
                   'cui', CASE WHEN v.sees_all OR c.business_verification_status = 'verified' THEN c.cui END,
                   'business_type', c.business_type,
                   'trade_register_number',
                   CASE WHEN v.sees_all OR c.business_verification_status = 'verified' THEN c.trade_register_number END,
                   'business_verification_status', c.business_verification_status,
                   'business_verified_at', mesteri.json_time(c.business_verified_at),
                   'years_of_experience', c.years_of_experience,
                   'certifications', mesteri.certifications_json(c.id, v.sees_all),
                   'tier', c.tier, 'is_available', c.is_available, 'availability_status', c.availability_status,
                   'available_radius_km', c.available_radius_km, 'total_projects_completed', c.total_projects_completed,
                   'average_rating', c.average_rating, 'total_reviews', c.total_reviews,
                   'response_time_minutes', c.response_time_minutes, 'completion_rate', c.completion_rate,
                   'hourly_rate_min', c.hourly_rate_min, 'hourly_rate_max', c.hourly_rate_max, 'currency', 'RON',
                   'accepts_installments', c.accepts_installments, 'crafts', mesteri.crafts_json(c.id, craftsman_json.language),
                   'followers_count', c.followers_count,
                   'following', CASE WHEN v.id IS NOT NULL THEN
                        EXISTS (SELECT FROM mesteri.saved_craftsmen s WHERE s.user_id = v.id AND s.craftsman_id = c.id) END,
                   'featured_until', mesteri.json_time(c.featured_until),
                   'created_at', mesteri.json_time(c.created_at), 'updated_at', mesteri.json_time(c.updated_at),
                   'version', p.version),
               CASE WHEN v.sees_all THEN json_build_object(
                   'insurance_details', c.insurance_details, 'subscription_plan', c.subscription_plan,
                   'subscription_expires_at', mesteri.json_time(c.subscription_expires_at)) END)
          FROM mesteri.craftsman_profiles c
          JOIN mesteri.user_profiles p ON p.user_id = c.user_id
         CROSS JOIN LATERAL (SELECT mesteri.current_user_id(),
                                    coalesce(mesteri.current_user_id() = c.user_id OR mesteri.current_user_type() = 'staff',
                                             false)) AS v (id, sees_all)
         WHERE c.id = craftsman_json.craftsman_id);
END;
$$;
COMMENT ON FUNCTION mesteri.craftsman_json(uuid, text)
    IS 'Craftsman: public but for what the caller sees only of himself, or as staff.';
