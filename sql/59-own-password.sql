/*
 * 59-own-password.sql
 *		The caller's own password, asked for once more before something that cannot be undone.
 */
CREATE FUNCTION mesteri.own_password_refusal(password text, field text) RETURNS mesteri.answer
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    account mesteri.users := (SELECT u FROM mesteri.users u WHERE u.id = mesteri.current_user_id());
    refused mesteri.answer := mesteri.lockout(account.email);
BEGIN
    IF refused.error IS NOT NULL THEN
        RETURN refused;
    ELSIF NOT mesteri.password_tried(account.email, password, account.password_hash) THEN
        -- Whoever holds a session must not try here what sign-in would not let him, nor the other way round.
        RETURN mesteri.refusal('wrong_password', mesteri.detail(field, 'wrong'));
    END IF;
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION mesteri.own_password_refusal(text, text)
    IS 'NULL when it is the caller''s password; else the refusal, to be returned, since the failure counts as one of signing in.';
