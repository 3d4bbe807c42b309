/*-------------------------------------------------------------------------
 *
 * contract_number.c
 *		Numbers of contracts: a keyed permutation of a sequence.
 *
 * A Feistel network over two halves of 36^3 values, so that it maps the
 * 36^6 numbers of a month onto themselves: no collision, no retry, and
 * nobody can tell from one number what the next will be or how many there
 * are.  Round i adds F_i(b) to the other half, F_i(b) being the first eight
 * bytes of HMAC-SHA256(key, month, i, b) modulo 36^3.
 *-------------------------------------------------------------------------
 */
/* EVP's digests are allocated anew each time they are copied, which takes longer than to hash. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "postgres.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "port/pg_bswap.h"

#include "contract_number.h"

#define HALF   46656 /* 36^3 */
#define ROUNDS 10
#define BASE   36
#define DIGITS 6

#define HMAC_INNER 0x36
#define HMAC_OUTER 0x5c

/* What a round hashes. */
typedef struct RoundInput
{
	char month[CONTRACT_NUMBER_MONTH_LENGTH];
	uint8 round;
	uint8 half[2]; /* big endian */
} RoundInput;

/* HMAC under one key, from digests that have taken the key's two pads: what remains are two blocks of SHA-256 a round. */
typedef struct KeyedDigest
{
	uint8 key[CONTRACT_NUMBER_KEY_BYTES];
	SHA256_CTX inner;
	SHA256_CTX outer;
	bool is_keyed;
} KeyedDigest;

static int64 permute(const char *month, int64 n);
static uint32 round_function(const char *month, int round, uint32 half);
static void take_key(const uint8 *key);
static void take_pad(SHA256_CTX *digest, const uint8 *key, uint8 pad);
static void digest_from(const SHA256_CTX *start, const void *data, size_t length, uint8 *result);

static KeyedDigest keyed;

/*
 * contract_number_format
 *		The number that stands for n in a month.
 *
 * key: CONTRACT_NUMBER_KEY_BYTES.  month: six digits, YYYYMM.
 * n: 0 .. CONTRACT_NUMBER_COUNT - 1.  number: CONTRACT_NUMBER_LENGTH
 * characters and a zero.
 */
void
contract_number_format(const uint8 *key, const char *month, int64 n, char *number)
{
	static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	int64 rest;

	take_key(key);
	rest = permute(month, n);

	memcpy(number, "CTR-YYYYMM-XXXXXX", CONTRACT_NUMBER_LENGTH + 1);
	memcpy(number + strlen("CTR-"), month, CONTRACT_NUMBER_MONTH_LENGTH);
	for (int i = 1; i <= DIGITS; i++)
	{
		number[CONTRACT_NUMBER_LENGTH - i] = digits[rest % BASE];
		rest /= BASE;
	}
}

static int64
permute(const char *month, int64 n)
{
	uint32 a = (uint32) (n / HALF);
	uint32 b = (uint32) (n % HALF);

	for (int round = 0; round < ROUNDS; round++)
	{
		uint32 next = (a + round_function(month, round, b)) % HALF;

		a = b;
		b = next;
	}

	return (int64) a * HALF + b;
}

/* Less than HALF; the bias of the modulus is one in 10^14. */
static uint32
round_function(const char *month, int round, uint32 half)
{
	RoundInput input = {.round = (uint8) round, .half = {(uint8) (half >> 8), (uint8) half}};
	uint8 digest[SHA256_DIGEST_LENGTH];
	uint64 first;

	memcpy(input.month, month, sizeof(input.month));
	digest_from(&keyed.inner, &input, sizeof(input), digest);
	digest_from(&keyed.outer, digest, sizeof(digest), digest);
	memcpy(&first, digest, sizeof(first));

	return (uint32) (pg_ntoh64(first) % HALF);
}

/* Kept until another key comes, which a month does once at most. */
static void
take_key(const uint8 *key)
{
	if (keyed.is_keyed && CRYPTO_memcmp(keyed.key, key, sizeof(keyed.key)) == 0)
		return;

	take_pad(&keyed.inner, key, HMAC_INNER);
	take_pad(&keyed.outer, key, HMAC_OUTER);
	memcpy(keyed.key, key, sizeof(keyed.key));
	keyed.is_keyed = true;
}

static void
take_pad(SHA256_CTX *digest, const uint8 *key, uint8 pad)
{
	uint8 block[SHA256_CBLOCK];

	memset(block, pad, sizeof(block));
	for (int i = 0; i < CONTRACT_NUMBER_KEY_BYTES; i++)
		block[i] ^= key[i];
	SHA256_Init(digest);
	SHA256_Update(digest, block, sizeof(block));
	OPENSSL_cleanse(block, sizeof(block));
}

static void
digest_from(const SHA256_CTX *start, const void *data, size_t length, uint8 *result)
{
	SHA256_CTX digest = *start;

	SHA256_Update(&digest, data, length);
	SHA256_Final(result, &digest);
}
