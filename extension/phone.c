/*-------------------------------------------------------------------------
 *
 * phone.c
 *		Telephone numbers as people type them.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "compact.h"

#define PHONE_MIN_DIGITS      7 /* with the country's code */
#define PHONE_MAX_DIGITS      15
#define PHONE_NATIONAL_DIGITS 9 /* in Romania, without the 0 */
#define PHONE_ROMANIA         "40"
#define PHONE_MAX_TYPED       (2 + PHONE_MAX_DIGITS + 1) /* 00, and a 0 that does not belong there */

static bool to_international(const char *typed, char *digits, size_t size);
static bool is_valid(const char *digits);

PG_FUNCTION_INFO_V1(mesteri_normalise_phone);

/*
 * mesteri.normalise_phone(typed text) returns text
 *		E.164, Romanian unless it says otherwise; NULL when it is none.
 *
 * A number of Romania must be one of a mobile or a fixed line there.
 */
Datum
mesteri_normalise_phone(PG_FUNCTION_ARGS)
{
	char compact[PHONE_MAX_TYPED + 1];
	char digits[PHONE_MAX_TYPED + sizeof(PHONE_ROMANIA)];

	if (!compact_typed(PG_GETARG_TEXT_PP(0), " ./()-", compact, sizeof(compact)) ||
	    !to_international(compact, digits, sizeof(digits)) || !is_valid(digits))
		PG_RETURN_NULL();

	PG_RETURN_TEXT_P(cstring_to_text(psprintf("+%s", digits)));
}

/* The digits from the country's code on; false when none can be told. */
static bool
to_international(const char *typed, char *digits, size_t size)
{
	const char *rest = typed;
	const char *country = "";

	if (typed[0] == '+')
		rest = typed + 1;
	else if (strncmp(typed, "00", 2) == 0)
		rest = typed + 2;
	else if (typed[0] == '0')
	{
		rest = typed + 1;
		country = PHONE_ROMANIA;
	}
	else if (strncmp(typed, PHONE_ROMANIA, 2) != 0)
		return false;

	/* +40 (0)722 ...: the 0 is for calls within the country. */
	if (country[0] == '\0' && rest != typed && strncmp(rest, PHONE_ROMANIA "0", 3) == 0)
	{
		rest += 3;
		country = PHONE_ROMANIA;
	}

	return snprintf(digits, size, "%s%s", country, rest) < (int) size;
}

static bool
is_valid(const char *digits)
{
	size_t length = strlen(digits);
	const char *national = digits + strlen(PHONE_ROMANIA);

	if (length < PHONE_MIN_DIGITS || length > PHONE_MAX_DIGITS || !compact_is_digits(digits, length) ||
	    digits[0] == '0')
		return false;

	return strncmp(digits, PHONE_ROMANIA, 2) != 0 ||
	       (strlen(national) == PHONE_NATIONAL_DIGITS && strchr("723", national[0]) != NULL);
}
