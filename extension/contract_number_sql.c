/*-------------------------------------------------------------------------
 *
 * contract_number_sql.c
 *		Contract numbers, for SQL.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "contract_number.h"

static void check_key(const bytea *key);
static void check_month(const text *month);
static void check_n(int64 n);

PG_FUNCTION_INFO_V1(mesteri_contract_number);

/*
 * mesteri.contract_number(key bytea, month text, n bigint) returns text
 *		CTR-YYYYMM-XXXXXX for the n-th contract number ever drawn.
 *
 * n counts on through the months; only its place among the 36^6 numbers of
 * one counts.
 *
 * Errors: 22023 when the key has not 32 bytes or month is not YYYYMM, 22003
 * when n is negative.
 */
Datum
mesteri_contract_number(PG_FUNCTION_ARGS)
{
	bytea *key = PG_GETARG_BYTEA_PP(0);
	text *month = PG_GETARG_TEXT_PP(1);
	int64 n = PG_GETARG_INT64(2);
	char number[CONTRACT_NUMBER_LENGTH + 1];

	check_key(key);
	check_month(month);
	check_n(n);
	contract_number_format((uint8 *) VARDATA_ANY(key), VARDATA_ANY(month), n % CONTRACT_NUMBER_COUNT, number);

	PG_RETURN_TEXT_P(cstring_to_text_with_len(number, CONTRACT_NUMBER_LENGTH));
}

static void
check_key(const bytea *key)
{
	if (VARSIZE_ANY_EXHDR(key) != CONTRACT_NUMBER_KEY_BYTES)
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("the key of contract numbers has an unfit length"),
		         errdetail("It must have %d bytes.", CONTRACT_NUMBER_KEY_BYTES)));
}

static void
check_month(const text *month)
{
	const char *digits = VARDATA_ANY(month);
	bool fine = VARSIZE_ANY_EXHDR(month) == CONTRACT_NUMBER_MONTH_LENGTH;

	for (int i = 0; fine && i < CONTRACT_NUMBER_MONTH_LENGTH; i++)
		fine = digits[i] >= '0' && digits[i] <= '9';
	if (fine)
	{
		int number = (digits[4] - '0') * 10 + digits[5] - '0';

		fine = number >= 1 && number <= 12;
	}

	if (!fine)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("\"%s\" is no month of contract numbers", text_to_cstring(month)),
		                errdetail("A month is YYYYMM.")));
}

static void
check_n(int64 n)
{
	if (n < 0)
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
		                errmsg("contract number " INT64_FORMAT " is negative", n)));
}
