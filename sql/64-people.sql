/*
 * 64-people.sql
 *		What endpoints about posts ask of people: how they are shown, whether one wants nothing to do with another, and what their texts say.
 */
CREATE FUNCTION mesteri.person_json(user_id uuid) RETURNS json
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    RETURN (
        SELECT json_build_object('user_id', u.id,
                                 'display_name', CASE WHEN u.deleted_at IS NULL THEN mesteri.shown_name(p.display_name, p.first_name, p.last_name) END,
                                 'avatar_url', CASE WHEN u.deleted_at IS NULL THEN p.avatar_url END, 'user_type', u.user_type)
          FROM mesteri.users u LEFT JOIN mesteri.user_profiles p ON p.user_id = u.id
         WHERE u.id = person_json.user_id);
END;
$$;
COMMENT ON FUNCTION mesteri.person_json(uuid) IS 'Person: public; of an erased one only the id is left.';

CREATE FUNCTION mesteri.are_apart(one uuid, other uuid) RETURNS boolean
    LANGUAGE sql STABLE
    RETURN EXISTS (SELECT FROM mesteri.blocks b
                    WHERE (b.user_id, b.blocked_user_id) = (one, other) OR (b.user_id, b.blocked_user_id) = (other, one));
COMMENT ON FUNCTION mesteri.are_apart(uuid, uuid) IS 'Whether one of two people has blocked the other.';

/*
 * Spaces of all widths, and what Unicode calls default ignorable: a reader
 * would see nothing at all.
 */
CREATE FUNCTION mesteri.is_blank(sanitised text) RETURNS boolean
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN regexp_replace(sanitised, '<[^>]*>', '', 'g')
           ~ '^[\s\u00A0\u00AD\u034F\u061C\u115F\u1160\u17B4\u17B5\u180B-\u180F\u2000-\u200F\u2028-\u202F\u205F-\u206F\u2800\u3000\u3164\uFE00-\uFE0F\uFEFF\uFFA0\U000E0000-\U000E0FFF]*$';
COMMENT ON FUNCTION mesteri.is_blank(text) IS 'Whether a reader would see nothing of a sanitised text.';

CREATE FUNCTION mesteri.clean_text(typed text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN (SELECT CASE WHEN NOT mesteri.is_blank(s.safe) THEN btrim(s.safe, E' \t\r\n') END
              FROM (SELECT mesteri.sanitize(typed) OFFSET 0) AS s (safe));
COMMENT ON FUNCTION mesteri.clean_text(text) IS 'A text that may hold mark-up as it is stored: sanitised; null where a reader would see nothing.';
