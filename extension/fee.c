/*-------------------------------------------------------------------------
 *
 * fee.c
 *		What a price is made of: platform fee, VAT within it, provider fee, net.
 *
 * Pure arithmetic: no SPI, no allocation, no clock.  Money is in bani, rates
 * in basis points, so no floating point ever touches an amount.  Every
 * product fits into 64 bits: FEE_MAX_AMOUNT has 40 bits, a rate 14.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fee.h"

static Bani share_of(Bani amount, int32 bps);
static Bani vat_within(Bani gross, int32 bps);
static void check_amount(Bani amount);
static void check_rates(const FeeRates *rates);

/*
 * fee_split
 *		Parts of a price.
 *
 * amount: bani, 0 .. FEE_MAX_AMOUNT.
 *
 * Returns parts whose platform, provider and net add up to amount: fees are
 * rounded half up, net is what remains.
 *
 * A release in parts takes the difference of the splits of the totals before
 * and after it, so that the sum does not depend on how it was cut.
 *
 * Errors: 22003 when amount or a rate is out of range.
 * Source: docs/rules.md; its table is a row each in regress/sql/fee.sql.
 */
FeeParts
fee_split(Bani amount, const FeeRates *rates)
{
	FeeParts parts;

	check_amount(amount);
	check_rates(rates);

	parts.platform = share_of(amount, rates->platform);
	parts.vat = vat_within(parts.platform, rates->vat);
	parts.revenue = parts.platform - parts.vat;
	parts.provider = share_of(amount, rates->provider);
	parts.net = amount - parts.platform - parts.provider;

	return parts;
}

static Bani
share_of(Bani amount, int32 bps)
{
	return (amount * bps + FEE_WHOLE_BPS / 2) / FEE_WHOLE_BPS;
}

/* gross * bps / (10000 + bps), rounded half up; doubled, so that the half is a whole number. */
static Bani
vat_within(Bani gross, int32 bps)
{
	Bani divisor = FEE_WHOLE_BPS + bps;

	return (2 * gross * bps + divisor) / (2 * divisor);
}

static void
check_amount(Bani amount)
{
	if (amount < 0 || amount > FEE_MAX_AMOUNT)
		ereport(ERROR,
		        (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE), errmsg("amount " INT64_FORMAT " is out of range", amount),
		         errdetail("Amounts are 0 to " INT64_FORMAT " bani.", FEE_MAX_AMOUNT)));
}

/* Each fee rounds up by half a ban at most, so together they never eat more than the price. */
static void
check_rates(const FeeRates *rates)
{
	int64 fees = (int64) rates->platform + rates->provider;

	if (rates->platform < 0 || rates->provider < 0 || fees > FEE_MAX_FEES_BPS)
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
		                errmsg("fees of %d and %d basis points are out of range", rates->platform, rates->provider),
		                errdetail("None is negative, and together they are at most %d.", FEE_MAX_FEES_BPS)));
	if (rates->vat < 0 || rates->vat > FEE_MAX_VAT_BPS)
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
		                errmsg("a VAT rate of %d basis points is out of range", rates->vat),
		                errdetail("It is 0 to %d.", FEE_MAX_VAT_BPS)));
}
