/*-------------------------------------------------------------------------
 *
 * fee.h
 *		What a price is made of.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_FEE_H
#define MESTERI_FEE_H

/* Money: 1 leu = 100 bani. */
typedef int64 Bani;

#define FEE_MAX_AMOUNT   INT64CONST(999999999999) /* bani; the largest a column of money holds */
#define FEE_WHOLE_BPS    10000                    /* basis points of the whole */
#define FEE_MAX_FEES_BPS 5000                     /* platform and provider together */
#define FEE_MAX_VAT_BPS  10000

/* Basis points, as copied onto the payment when it was made. */
typedef struct FeeRates
{
	int32 platform;
	int32 provider;
	int32 vat; /* of the platform's fee, which contains it */
} FeeRates;

typedef struct FeeParts
{
	Bani platform; /* vat and revenue */
	Bani vat;
	Bani revenue;
	Bani provider;
	Bani net;
} FeeParts;

extern FeeParts fee_split(Bani amount, const FeeRates *rates);

#endif /* MESTERI_FEE_H */
