/*-------------------------------------------------------------------------
 *
 * iban.c
 *		IBAN of an account at a bank in Romania (ISO 13616).
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "compact.h"

#define IBAN_LENGTH      24
#define IBAN_BANK        4 /* where its four letters begin */
#define IBAN_ACCOUNT     8
#define IBAN_MODULUS     97
#define UPPER_LETTERS    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define UPPER_AND_DIGITS UPPER_LETTERS "0123456789"

static bool has_form(const char *iban);
static bool has_check_digits(const char *iban);

PG_FUNCTION_INFO_V1(mesteri_normalise_iban);

/*
 * mesteri.normalise_iban(typed text) returns text
 *		In capitals without blanks; NULL when it is none of Romania.
 *
 * Source: docs/rules.md; its examples are in regress/sql/iban.sql.
 */
Datum
mesteri_normalise_iban(PG_FUNCTION_ARGS)
{
	char compact[IBAN_LENGTH + 1];

	if (!compact_typed(PG_GETARG_TEXT_PP(0), " ", compact, sizeof(compact)) || !has_form(compact) ||
	    !has_check_digits(compact))
		PG_RETURN_NULL();

	PG_RETURN_TEXT_P(cstring_to_text(compact));
}

static bool
has_form(const char *iban)
{
	return strlen(iban) == IBAN_LENGTH && strncmp(iban, "RO", 2) == 0 && compact_is_digits(iban + 2, 2) &&
	       strspn(iban + IBAN_BANK, UPPER_LETTERS) >= IBAN_ACCOUNT - IBAN_BANK &&
	       strspn(iban + IBAN_ACCOUNT, UPPER_AND_DIGITS) == IBAN_LENGTH - IBAN_ACCOUNT;
}

/* ISO 7064: read from the bank on, the first four characters last, letters as 10 to 35. */
static bool
has_check_digits(const char *iban)
{
	int rest = 0;

	for (int i = 0; i < IBAN_LENGTH; i++)
	{
		char c = iban[(IBAN_BANK + i) % IBAN_LENGTH];

		if (c >= '0' && c <= '9')
			rest = (rest * 10 + c - '0') % IBAN_MODULUS;
		else
			rest = (rest * 100 + c - 'A' + 10) % IBAN_MODULUS;
	}

	return rest == 1;
}
