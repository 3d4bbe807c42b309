/*-------------------------------------------------------------------------
 *
 * key.c
 *		The keys a backend has loaded.
 *
 * A file <kid>.pem is an RSA key: a private one signs and verifies, a public
 * one is an old key that stays until its tokens have expired.  A file
 * <id>.aes is a key of encrypted fields: 32 random bytes.  secret.key is the
 * root of all MACs.  Files are read at first use and again once they have
 * changed, so that a rotation needs no restart: each backend looks at most
 * once per second.  A fault in any file stops everything that needs keys, in
 * old backends as in new ones, until it is mended.
 *
 * An id that comes with a token or a field only selects among the loaded keys
 * and never becomes part of a path.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <openssl/crypto.h>

#include "portability/instr_time.h"
#include "utils/memutils.h"

#include "key.h"
#include "key_file.h"
#include "mesteri.h"
#include "xaes.h"

#define KEY_CHECK_INTERVAL_MS 1000.0

/* What was loaded at once; lives and dies with its context. */
typedef struct KeyRing
{
	MemoryContext context;
	MemoryContextCallback release;
	StringInfo state; /* of the files, as key_directory_scan saw them */
	uint64 generation;
	List *keys;        /* of TokenKey, by kid */
	List *cipher_keys; /* of CipherKey, by id */
	uint8 *secret;     /* NULL when there is no such file */
	int secret_length;
} KeyRing;

static KeyRing *current_ring(void);
static bool check_is_due(void);
static KeyRing *load_ring(const char *directory, List *names, StringInfo state);
static void release_ring(void *arg);
static void load_secret(KeyRing *into, const char *directory);
static void load_token_key(KeyRing *into, const char *directory, const char *name);
static void load_cipher_key(KeyRing *into, const char *directory, const char *name);
static void read_id(char *id, const char *directory, const char *name, const char *suffix);
static uint64 serial_of(const TokenKey *key);
static const TokenKey *find_key(const KeyRing *among, const char *kid);
static const CipherKey *find_cipher_key(const KeyRing *among, const char *id);
static int compare_kids(const ListCell *a, const ListCell *b);
static int compare_cipher_ids(const ListCell *a, const ListCell *b);

static KeyRing *ring = NULL;
static instr_time last_check;

/*
 * key_for_signing
 *		The key that new tokens are signed with.
 *
 * The one that mesteri.signing_key names, else the private one with the
 * greatest kid: kids that begin with a date need no setting.
 *
 * Errors: F0000 when there is none.
 */
const TokenKey *
key_for_signing(void)
{
	KeyRing *loaded = current_ring();
	const TokenKey *greatest = NULL;
	ListCell *cell;

	if (mesteri_signing_key != NULL && mesteri_signing_key[0] != '\0')
	{
		const TokenKey *named = find_key(loaded, mesteri_signing_key);

		if (named == NULL || !named->is_private)
			ereport(ERROR,
			        (errcode(ERRCODE_CONFIG_FILE_ERROR), errmsg("there is no private key \"%s\"", mesteri_signing_key),
			         errhint("Put it into mesteri.key_directory, or change mesteri.signing_key.")));
		return named;
	}

	foreach (cell, loaded->keys)
	{
		const TokenKey *key = lfirst(cell);

		if (key->is_private)
			greatest = key;
	}

	if (greatest == NULL)
		ereport(ERROR, (errcode(ERRCODE_CONFIG_FILE_ERROR), errmsg("there is no private key to sign tokens with"),
		                errhint("Put an RSA key <kid>.pem into mesteri.key_directory.")));

	return greatest;
}

/*
 * key_find
 *		The key of that name, NULL when there is none.
 */
const TokenKey *
key_find(const char *kid)
{
	return find_key(current_ring(), kid);
}

/*
 * key_is_loaded
 *		Whether what that key signed may still be believed.
 */
bool
key_is_loaded(uint64 serial)
{
	ListCell *cell;

	foreach (cell, current_ring()->keys)
	{
		if (((const TokenKey *) lfirst(cell))->serial == serial)
			return true;
	}

	return false;
}

/*
 * key_list
 *		All TokenKeys, by kid; not to be changed.
 */
List *
key_list(void)
{
	return current_ring()->keys;
}

/*
 * key_for_encrypting
 *		The key that fields are encrypted with.
 *
 * The one that mesteri.encryption_key names, else the one with the greatest id.
 *
 * Errors: F0000 when there is none.
 */
const CipherKey *
key_for_encrypting(void)
{
	KeyRing *loaded = current_ring();

	if (mesteri_encryption_key != NULL && mesteri_encryption_key[0] != '\0')
	{
		const CipherKey *named = find_cipher_key(loaded, mesteri_encryption_key);

		if (named == NULL)
			ereport(ERROR, (errcode(ERRCODE_CONFIG_FILE_ERROR),
			                errmsg("there is no key \"%s\" to encrypt fields with", mesteri_encryption_key),
			                errhint("Put it into mesteri.key_directory, or change mesteri.encryption_key.")));
		return named;
	}

	if (loaded->cipher_keys == NIL)
		ereport(ERROR, (errcode(ERRCODE_CONFIG_FILE_ERROR), errmsg("there is no key to encrypt fields with"),
		                errhint("Put %d random bytes as <id>%s into mesteri.key_directory.", XAES_KEY_BYTES,
		                        KEY_CIPHER_SUFFIX)));

	return llast(loaded->cipher_keys);
}

/*
 * key_for_decrypting
 *		The key of that id.
 *
 * Errors: F0000 when there is none.
 */
const CipherKey *
key_for_decrypting(const char *id)
{
	const CipherKey *key = find_cipher_key(current_ring(), id);

	if (key == NULL)
		ereport(ERROR, (errcode(ERRCODE_CONFIG_FILE_ERROR), errmsg("there is no key \"%s\" to decrypt fields with", id),
		                errhint("Put its file back into mesteri.key_directory.")));

	return key;
}

/*
 * key_secret
 *		The root of all MACs; for key_mac.c alone.
 *
 * generation: differs from the last one when the secret may have changed.
 *
 * Errors: F0000 when there is none.
 */
const uint8 *
key_secret(int *length, uint64 *generation)
{
	KeyRing *loaded = current_ring();

	if (loaded->secret == NULL)
		ereport(ERROR,
		        (errcode(ERRCODE_CONFIG_FILE_ERROR), errmsg("there is no key file \"%s\"", KEY_SECRET_FILE),
		         errhint("Put a file of at least %d random bytes into mesteri.key_directory.", KEY_SECRET_MIN_BYTES)));

	*length = loaded->secret_length;
	*generation = loaded->generation;
	return loaded->secret;
}

/*
 * current_ring
 *		The keys as they are in the files now, or were less than a second ago.
 *
 * A check that fails is not a check: the next caller fails as well.
 */
static KeyRing *
current_ring(void)
{
	char *directory;
	StringInfoData state;
	List *names;

	if (ring != NULL && !check_is_due())
		return ring;

	initStringInfo(&state);
	directory = key_directory_path();
	names = key_directory_scan(directory, &state);

	if (ring == NULL || ring->state->len != state.len || memcmp(ring->state->data, state.data, state.len) != 0)
	{
		KeyRing *loaded = load_ring(directory, names, &state);

		MemoryContextSetParent(loaded->context, TopMemoryContext);
		if (ring != NULL)
			MemoryContextDelete(ring->context);
		ring = loaded;
	}

	INSTR_TIME_SET_CURRENT(last_check);
	list_free_deep(names);
	pfree(directory);
	pfree(state.data);

	return ring;
}

static bool
check_is_due(void)
{
	instr_time since;

	INSTR_TIME_SET_CURRENT(since);
	INSTR_TIME_SUBTRACT(since, last_check);

	return INSTR_TIME_GET_MILLISEC(since) >= KEY_CHECK_INTERVAL_MS;
}

/*
 * load_ring
 *		Read all keys.
 *
 * The ring belongs to the caller's context at first, so that an error in
 * one file takes the others' keys along.
 */
static KeyRing *
load_ring(const char *directory, List *names, StringInfo state)
{
	static uint64 generation = 0;
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "mesteri keys", ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	KeyRing *loaded = palloc0(sizeof(KeyRing));
	ListCell *cell;

	loaded->context = context;
	loaded->release.func = release_ring;
	loaded->release.arg = loaded;
	MemoryContextRegisterResetCallback(context, &loaded->release);

	loaded->generation = ++generation;
	loaded->state = makeStringInfo();
	appendBinaryStringInfo(loaded->state, state->data, state->len);

	foreach (cell, names)
	{
		const char *name = lfirst(cell);

		if (strcmp(name, KEY_SECRET_FILE) == 0)
			load_secret(loaded, directory);
		else if (key_file_has_suffix(name, KEY_CIPHER_SUFFIX))
			load_cipher_key(loaded, directory, name);
		else
			load_token_key(loaded, directory, name);
	}
	list_sort(loaded->keys, compare_kids);
	list_sort(loaded->cipher_keys, compare_cipher_ids);

	MemoryContextSwitchTo(caller);

	return loaded;
}

static void
release_ring(void *arg)
{
	KeyRing *loaded = arg;
	ListCell *cell;

	foreach (cell, loaded->keys)
		EVP_PKEY_free(((TokenKey *) lfirst(cell))->pkey);
	foreach (cell, loaded->cipher_keys)
		EVP_MAC_CTX_free(((CipherKey *) lfirst(cell))->root);
	if (loaded->secret != NULL)
		OPENSSL_cleanse(loaded->secret, (size_t) loaded->secret_length);
}

static void
load_secret(KeyRing *into, const char *directory)
{
	into->secret = key_file_read(directory, KEY_SECRET_FILE, &into->secret_length);

	if (into->secret_length < KEY_SECRET_MIN_BYTES)
		ereport(ERROR, (errcode(ERRCODE_CONFIG_FILE_ERROR),
		                errmsg("key file \"%s/%s\" is too short", directory, KEY_SECRET_FILE),
		                errdetail("It holds %d bytes.", into->secret_length),
		                errhint("Put at least %d random bytes there.", KEY_SECRET_MIN_BYTES)));
}

/*
 * load_token_key
 *		Add the key of one PEM file to a ring.
 */
static void
load_token_key(KeyRing *into, const char *directory, const char *name)
{
	TokenKey *key = palloc0(sizeof(TokenKey));

	read_id(key->kid, directory, name, KEY_RSA_SUFFIX);
	into->keys = lappend(into->keys, key);
	key->pkey = key_rsa_read(directory, name, &key->is_private);
	key->serial = serial_of(key);
}

static void
load_cipher_key(KeyRing *into, const char *directory, const char *name)
{
	CipherKey *key = palloc0(sizeof(CipherKey));
	uint8 *content;
	int length;

	read_id(key->id, directory, name, KEY_CIPHER_SUFFIX);
	into->cipher_keys = lappend(into->cipher_keys, key);

	content = key_file_read(directory, name, &length);
	if (length == XAES_KEY_BYTES)
		key->root = xaes_key_make(content);
	OPENSSL_cleanse(content, (size_t) length);
	pfree(content);

	if (length != XAES_KEY_BYTES)
		ereport(ERROR,
		        (errcode(ERRCODE_CONFIG_FILE_ERROR), errmsg("key file \"%s/%s\" has an unfit length", directory, name),
		         errdetail("It holds %d bytes.", length),
		         errhint("A key of encrypted fields is %d random bytes.", XAES_KEY_BYTES)));
	if (key->root == NULL)
		ereport(ERROR,
		        (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not use the key in \"%s/%s\"", directory, name)));
}

static void
read_id(char *id, const char *directory, const char *name, const char *suffix)
{
	size_t length = strlen(name) - strlen(suffix);

	if (length > KEY_ID_MAX || strspn(name, KEY_ID_CHARACTERS) < length)
		ereport(ERROR,
		        (errcode(ERRCODE_CONFIG_FILE_ERROR), errmsg("key file \"%s/%s\" has no valid name", directory, name),
		         errhint("Before \"%s\" come 1 to %d letters, digits, hyphens or underscores.", suffix, KEY_ID_MAX)));

	memcpy(id, name, length);
	id[length] = '\0';
}

/*
 * serial_of
 *		The number of a key; the same one when the last ring held it already.
 */
static uint64
serial_of(const TokenKey *key)
{
	static uint64 last = 0;

	if (ring != NULL)
	{
		const TokenKey *before = find_key(ring, key->kid);

		if (before != NULL && EVP_PKEY_eq(before->pkey, key->pkey) == 1)
			return before->serial;
	}

	return ++last;
}

static const TokenKey *
find_key(const KeyRing *among, const char *kid)
{
	ListCell *cell;

	foreach (cell, among->keys)
	{
		const TokenKey *key = lfirst(cell);

		if (strcmp(key->kid, kid) == 0)
			return key;
	}

	return NULL;
}

static const CipherKey *
find_cipher_key(const KeyRing *among, const char *id)
{
	ListCell *cell;

	foreach (cell, among->cipher_keys)
	{
		const CipherKey *key = lfirst(cell);

		if (strcmp(key->id, id) == 0)
			return key;
	}

	return NULL;
}

static int
compare_kids(const ListCell *a, const ListCell *b)
{
	return strcmp(((const TokenKey *) lfirst(a))->kid, ((const TokenKey *) lfirst(b))->kid);
}

static int
compare_cipher_ids(const ListCell *a, const ListCell *b)
{
	return strcmp(((const CipherKey *) lfirst(a))->id, ((const CipherKey *) lfirst(b))->id);
}
