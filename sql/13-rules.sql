/*
 * 13-rules.sql
 *		Pure rules of the trade, in C: what a price is made of, contract numbers, Romanian identifiers.
 */
CREATE FUNCTION mesteri.fee_split(
        amount bigint, platform_bps integer, provider_bps integer, vat_bps integer,
        OUT platform_bani bigint, OUT vat_bani bigint, OUT revenue_bani bigint, OUT provider_bani bigint, OUT net_bani bigint)
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'mesteri_fee_split';
COMMENT ON FUNCTION mesteri.fee_split(bigint, integer, integer, integer)
    IS 'Parts of a price in bani, which add up to it: platform (VAT and revenue), provider, net. Rates in basis points; fees round half up.';

CREATE FUNCTION mesteri.contract_number(key bytea, month text, n bigint) RETURNS text
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'mesteri_contract_number';
COMMENT ON FUNCTION mesteri.contract_number(bytea, text, bigint)
    IS 'CTR-YYYYMM-XXXXXX: the n-th number, permuted within its month under a key of 32 bytes; different n below 36^6 never meet.';

CREATE FUNCTION mesteri.contract_month(created_at timestamptz) RETURNS text
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    RETURN to_char(created_at AT TIME ZONE 'Europe/Bucharest', 'YYYYMM');
COMMENT ON FUNCTION mesteri.contract_month(timestamptz) IS 'YYYYMM of a contract made then, as the calendar in Romania says.';

CREATE FUNCTION mesteri.normalise_phone(typed text) RETURNS text
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'mesteri_normalise_phone';
COMMENT ON FUNCTION mesteri.normalise_phone(text)
    IS 'E.164 of a number as typed, Romanian unless it says otherwise; NULL when it is none. A number of +40 must be a Romanian one.';

CREATE FUNCTION mesteri.normalise_cui(typed text) RETURNS text
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'mesteri_normalise_cui';
COMMENT ON FUNCTION mesteri.normalise_cui(text)
    IS 'Fiscal code of a business as typed, without blanks, with RO where it was there; NULL when it is none, as its check digit tells.';

CREATE FUNCTION mesteri.normalise_cnp(typed text) RETURNS text
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'mesteri_normalise_cnp';
COMMENT ON FUNCTION mesteri.normalise_cnp(text)
    IS 'The 13 digits of a person''s number as typed; NULL when it is none: date of birth, county, check digit.';

CREATE FUNCTION mesteri.normalise_iban(typed text) RETURNS text
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'mesteri_normalise_iban';
COMMENT ON FUNCTION mesteri.normalise_iban(text)
    IS 'A Romanian IBAN as typed, in capitals without blanks; NULL when it is none, as its check digits tell.';
