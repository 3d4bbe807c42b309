/*-------------------------------------------------------------------------
 *
 * cui.c
 *		CUI, the Romanian fiscal code of a business.
 *
 * Two to ten digits, the last of which checks the others; RO in front of
 * them says that the business is registered for VAT.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "compact.h"

#define CUI_MIN_DIGITS 2
#define CUI_MAX_DIGITS 10
#define CUI_MAX_LENGTH (2 + CUI_MAX_DIGITS)

static bool is_valid(const char *digits);

PG_FUNCTION_INFO_V1(mesteri_normalise_cui);

/*
 * mesteri.normalise_cui(typed text) returns text
 *		Without blanks, RO in capitals where it was typed; NULL when it is none.
 *
 * Source: docs/rules.md; its examples are in regress/sql/cui.sql.
 */
Datum
mesteri_normalise_cui(PG_FUNCTION_ARGS)
{
	char compact[CUI_MAX_LENGTH + 1];

	if (!compact_typed(PG_GETARG_TEXT_PP(0), " ", compact, sizeof(compact)) ||
	    !is_valid(strncmp(compact, "RO", 2) == 0 ? compact + 2 : compact))
		PG_RETURN_NULL();

	PG_RETURN_TEXT_P(cstring_to_text(compact));
}

/* The weights are those of ten digits: a shorter code is filled up with zeros on the left. */
static bool
is_valid(const char *digits)
{
	static const int weights[CUI_MAX_DIGITS - 1] = {7, 5, 3, 2, 1, 7, 5, 3, 2};
	size_t length = strlen(digits);
	int sum = 0;

	/* A business has one code: with zeros in front it would have several. */
	if (length < CUI_MIN_DIGITS || length > CUI_MAX_DIGITS || !compact_is_digits(digits, length) || digits[0] == '0')
		return false;

	for (size_t i = 0; i < length - 1; i++)
		sum += (digits[i] - '0') * weights[CUI_MAX_DIGITS - length + i];

	return sum * 10 % 11 % 10 == digits[length - 1] - '0';
}
