/*-------------------------------------------------------------------------
 *
 * cipher.c
 *		Encrypted fields.
 *
 * A sealed value is
 *
 *		version 1 | length of key id | key id | nonce, 24 | ciphertext | tag, 16
 *
 * encrypted by XAES-256-GCM (xaes.c).  What stands before the nonce and the
 * purpose are authenticated with it, so that a value says nothing under
 * another key's name or for another purpose.  A purpose that holds the row's
 * id also keeps a value from being moved to another row.
 *
 * The key id is there to be read: whoever rotates keys finds the rows that
 * are still under an old one.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <openssl/crypto.h>

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "key.h"
#include "xaes.h"

#define CIPHER_VERSION     1
#define CIPHER_MAX_PURPOSE 255 /* bytes */

/* A sealed value, taken apart; points into it. */
typedef struct Sealed
{
	char key_id[KEY_ID_MAX + 1];
	const uint8 *header; /* all before the nonce */
	size_t header_length;
	const uint8 *nonce;
	const uint8 *content; /* with the tag */
	size_t content_length;
} Sealed;

static bytea *encrypt(const CipherKey *key, text *purpose, const uint8 *plain, size_t length);
static bytea *decrypt(text *purpose, const Sealed *sealed);
static XaesContext context_of(const uint8 *header, size_t header_length, text *purpose);
static void unpack(bytea *value, Sealed *sealed);
static text *purpose_argument(FunctionCallInfo fcinfo);
static void cannot_decrypt(void) pg_attribute_noreturn();

PG_FUNCTION_INFO_V1(mesteri_encrypt);
PG_FUNCTION_INFO_V1(mesteri_decrypt);
PG_FUNCTION_INFO_V1(mesteri_reencrypt);
PG_FUNCTION_INFO_V1(mesteri_cipher_key_id);
PG_FUNCTION_INFO_V1(mesteri_encryption_key_id);

/*
 * mesteri.encrypt(purpose text, plain bytea) returns bytea
 *		Sealed under the newest key; NULL for NULL.
 *
 * Errors: 22004 without a purpose, 54000 when the result would be too long,
 * F0000 when keys are missing.
 */
Datum
mesteri_encrypt(PG_FUNCTION_ARGS)
{
	text *purpose = purpose_argument(fcinfo);
	bytea *plain;
	bytea *sealed;

	if (PG_ARGISNULL(1))
		PG_RETURN_NULL();

	plain = PG_GETARG_BYTEA_PP(1);
	sealed = encrypt(key_for_encrypting(), purpose, (uint8 *) VARDATA_ANY(plain), VARSIZE_ANY_EXHDR(plain));

	/* A copy out of TOAST is ours to wipe. */
	if ((Pointer) plain != DatumGetPointer(PG_GETARG_DATUM(1)))
		OPENSSL_cleanse(VARDATA_ANY(plain), VARSIZE_ANY_EXHDR(plain));

	PG_RETURN_BYTEA_P(sealed);
}

/*
 * mesteri.decrypt(purpose text, sealed bytea) returns bytea
 *		What was encrypted for this purpose; NULL for NULL.
 *
 * Errors: XX001 for all that encrypt() did not make for this purpose,
 * whatever is wrong with it; F0000 when the key it names is not there.
 */
Datum
mesteri_decrypt(PG_FUNCTION_ARGS)
{
	text *purpose = purpose_argument(fcinfo);
	Sealed sealed;

	if (PG_ARGISNULL(1))
		PG_RETURN_NULL();

	unpack(PG_GETARG_BYTEA_PP(1), &sealed);

	PG_RETURN_BYTEA_P(decrypt(purpose, &sealed));
}

/*
 * mesteri.reencrypt(purpose text, sealed bytea) returns bytea
 *		The same content under the newest key; the same bytes when it is already.
 *
 * Decrypts in either case, so that going through a column also tells which of
 * its values are damaged.  Errors: as decrypt().
 */
Datum
mesteri_reencrypt(PG_FUNCTION_ARGS)
{
	text *purpose = purpose_argument(fcinfo);
	bytea *value;
	Sealed sealed;
	bytea *plain;
	const CipherKey *newest;

	if (PG_ARGISNULL(1))
		PG_RETURN_NULL();

	value = PG_GETARG_BYTEA_PP(1);
	unpack(value, &sealed);
	plain = decrypt(purpose, &sealed);

	newest = key_for_encrypting();
	if (strcmp(newest->id, sealed.key_id) != 0)
		value = encrypt(newest, purpose, (uint8 *) VARDATA(plain), VARSIZE(plain) - VARHDRSZ);

	OPENSSL_cleanse(VARDATA(plain), VARSIZE(plain) - VARHDRSZ);
	pfree(plain);

	PG_RETURN_BYTEA_P(value);
}

/*
 * mesteri.cipher_key_id(sealed bytea) returns text
 *		Key that a value names; whether it is true, only decrypt() can tell.
 */
Datum
mesteri_cipher_key_id(PG_FUNCTION_ARGS)
{
	Sealed sealed;

	unpack(PG_GETARG_BYTEA_PP(0), &sealed);

	PG_RETURN_TEXT_P(cstring_to_text(sealed.key_id));
}

/* mesteri.encryption_key_id() returns text: the key that encrypt() uses now. */
Datum
mesteri_encryption_key_id(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(key_for_encrypting()->id));
}

static bytea *
encrypt(const CipherKey *key, text *purpose, const uint8 *plain, size_t length)
{
	size_t id_length = strlen(key->id);
	size_t header_length = 2 + id_length;
	size_t total = VARHDRSZ + header_length + XAES_NONCE_BYTES + length + XAES_TAG_BYTES;
	XaesContext context;
	bytea *sealed;
	uint8 *header;
	uint8 *nonce;

	if (!AllocSizeIsValid(total))
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("cannot encrypt %zu bytes", length),
		                errdetail("The encrypted value would be longer than a field can be.")));

	sealed = palloc(total);
	SET_VARSIZE(sealed, total);
	header = (uint8 *) VARDATA(sealed);
	header[0] = CIPHER_VERSION;
	header[1] = (uint8) id_length;
	memcpy(header + 2, key->id, id_length);
	nonce = header + header_length;
	context = context_of(header, header_length, purpose);

	if (!pg_strong_random(nonce, XAES_NONCE_BYTES) ||
	    !xaes_encrypt(key->root, nonce, &context, plain, length, nonce + XAES_NONCE_BYTES))
		ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not encrypt")));

	return sealed;
}

static bytea *
decrypt(text *purpose, const Sealed *sealed)
{
	XaesContext context = context_of(sealed->header, sealed->header_length, purpose);
	const CipherKey *key = key_for_decrypting(sealed->key_id);
	size_t total = VARHDRSZ + sealed->content_length - XAES_TAG_BYTES;
	bytea *plain = palloc(total);

	SET_VARSIZE(plain, total);
	if (!xaes_decrypt(key->root, sealed->nonce, &context, sealed->content, sealed->content_length,
	                  (uint8 *) VARDATA(plain)))
		cannot_decrypt();

	return plain;
}

/* The header tells its own length, so that it and the purpose cannot be cut differently. */
static XaesContext
context_of(const uint8 *header, size_t header_length, text *purpose)
{
	XaesContext context = {.parts = {header, (const uint8 *) VARDATA_ANY(purpose)},
	                       .lengths = {header_length, VARSIZE_ANY_EXHDR(purpose)}};

	return context;
}

/*
 * unpack
 *		Take a sealed value apart.
 *
 * Errors: XX001 when it has not the form of one.
 */
static void
unpack(bytea *value, Sealed *sealed)
{
	const uint8 *bytes = (const uint8 *) VARDATA_ANY(value);
	size_t length = VARSIZE_ANY_EXHDR(value);
	size_t id_length;

	if (length < 2 || bytes[0] != CIPHER_VERSION)
		cannot_decrypt();

	id_length = bytes[1];
	if (id_length < 1 || id_length > KEY_ID_MAX || length < 2 + id_length + XAES_NONCE_BYTES + XAES_TAG_BYTES)
		cannot_decrypt();

	memcpy(sealed->key_id, bytes + 2, id_length);
	sealed->key_id[id_length] = '\0';
	if (strspn(sealed->key_id, KEY_ID_CHARACTERS) != id_length)
		cannot_decrypt();

	sealed->header = bytes;
	sealed->header_length = 2 + id_length;
	sealed->nonce = bytes + sealed->header_length;
	sealed->content = sealed->nonce + XAES_NONCE_BYTES;
	sealed->content_length = length - sealed->header_length - XAES_NONCE_BYTES;
}

/* NULL is refused: the data would be gone without a word. */
static text *
purpose_argument(FunctionCallInfo fcinfo)
{
	text *purpose;

	if (PG_ARGISNULL(0))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("purpose must not be null")));

	purpose = PG_GETARG_TEXT_PP(0);
	if (VARSIZE_ANY_EXHDR(purpose) < 1 || VARSIZE_ANY_EXHDR(purpose) > CIPHER_MAX_PURPOSE)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("purpose has an unfit length"),
		                errdetail("It must have 1 to %d bytes.", CIPHER_MAX_PURPOSE)));

	return purpose;
}

/* One answer for every fault: which it was would help nobody but who tries out values. */
static void
cannot_decrypt(void)
{
	ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED), errmsg("cannot decrypt the value"),
	                errdetail("It was not encrypted here for this purpose, or has been changed since.")));
}
