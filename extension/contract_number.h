/*-------------------------------------------------------------------------
 *
 * contract_number.h
 *		Numbers of contracts: unique, in no visible order, never drawn twice.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_CONTRACT_NUMBER_H
#define MESTERI_CONTRACT_NUMBER_H

#define CONTRACT_NUMBER_COUNT        INT64CONST(2176782336) /* 36^6: what a month has */
#define CONTRACT_NUMBER_LENGTH       17                     /* CTR-YYYYMM-XXXXXX */
#define CONTRACT_NUMBER_MONTH_LENGTH 6
#define CONTRACT_NUMBER_KEY_BYTES    32

extern void contract_number_format(const uint8 *key, const char *month, int64 n, char *number);

#endif /* MESTERI_CONTRACT_NUMBER_H */
