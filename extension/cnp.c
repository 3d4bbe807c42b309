/*-------------------------------------------------------------------------
 *
 * cnp.c
 *		CNP, the number of a person in Romania.
 *
 * S AA LL ZZ JJ NNN C: sex and century, date of birth, county, a number
 * within these, and a check digit.  It is checked and hashed, never stored.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/datetime.h"

#include "compact.h"

#define CNP_LENGTH 13

static bool is_valid(const char *digits);
static bool has_birth_date(const char *digits);
static bool has_county(const char *digits);
static bool has_check_digit(const char *digits);
static bool is_date(int year, int month, int day);
static int two_digits(const char *digits);

PG_FUNCTION_INFO_V1(mesteri_normalise_cnp);

/*
 * mesteri.normalise_cnp(typed text) returns text
 *		Its 13 digits without blanks; NULL when it is none.
 *
 * Source: docs/rules.md; its examples are in regress/sql/cnp.sql.
 */
Datum
mesteri_normalise_cnp(PG_FUNCTION_ARGS)
{
	char compact[CNP_LENGTH + 1];

	if (!compact_typed(PG_GETARG_TEXT_PP(0), " ", compact, sizeof(compact)) || !is_valid(compact))
		PG_RETURN_NULL();

	PG_RETURN_TEXT_P(cstring_to_text(compact));
}

static bool
is_valid(const char *digits)
{
	return strlen(digits) == CNP_LENGTH && compact_is_digits(digits, CNP_LENGTH) && has_birth_date(digits) &&
	       has_county(digits) && strncmp(digits + 9, "000", 3) != 0 && has_check_digit(digits);
}

/* Of foreigners (7, 8, 9) the century is not told: the 29th of February of 00 is believed. */
static bool
has_birth_date(const char *digits)
{
	static const int centuries[10] = {0, 1900, 1900, 1800, 1800, 2000, 2000, 2000, 2000, 2000};
	int century = centuries[digits[0] - '0'];

	return century != 0 && is_date(century + two_digits(digits + 1), two_digits(digits + 3), two_digits(digits + 5));
}

static bool
is_date(int year, int month, int day)
{
	return month >= 1 && month <= 12 && day >= 1 && day <= day_tab[isleap(year)][month - 1];
}

/* 41 counties, Bucharest as 40 and by its sectors, 51 and 52 since 1981; 47, 48 are of sectors that are no more, 70 is of no county. */
static bool
has_county(const char *digits)
{
	int county = two_digits(digits + 7);

	return (county >= 1 && county <= 48) || county == 51 || county == 52 || county == 70;
}

static bool
has_check_digit(const char *digits)
{
	static const int weights[CNP_LENGTH - 1] = {2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9};
	int sum = 0;

	for (int i = 0; i < CNP_LENGTH - 1; i++)
		sum += (digits[i] - '0') * weights[i];

	return (sum % 11 == 10 ? 1 : sum % 11) == digits[CNP_LENGTH - 1] - '0';
}

static int
two_digits(const char *digits)
{
	return (digits[0] - '0') * 10 + digits[1] - '0';
}
