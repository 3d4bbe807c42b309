/*-------------------------------------------------------------------------
 *
 * mesteri.c
 *		The library's entry and every setting.
 *
 * The library works when it is loaded on first use.  Preloaded it also runs
 * background work, cancels requests whose clients hang up, and saves each
 * backend the load.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/varlena.h"

#include "cancel.h"
#include "identity.h"
#include "label.h"
#include "own_rows.h"
#include "mesteri.h"
#include "route.h"
#include "token.h"
#include "worker.h"

#define TOKEN_CACHE_MIN_KB     16
#define TOKEN_CACHE_DEFAULT_KB 1024
#define TOKEN_CACHE_MAX_KB     65536

#define BCRYPT_MIN_COST     4
#define BCRYPT_DEFAULT_COST 12
#define BCRYPT_MAX_COST     16

PG_MODULE_MAGIC;

char *mesteri_key_directory;
char *mesteri_signing_key;
char *mesteri_encryption_key;
char *mesteri_token_issuer;
int mesteri_token_cache_kb;
int mesteri_bcrypt_cost;
int mesteri_environment;
char *mesteri_databases;

static const struct config_enum_entry environments[] = {
	{"development", ENVIRONMENT_DEVELOPMENT, false}, {"production", ENVIRONMENT_PRODUCTION, false}, {NULL, 0, false}};

void _PG_init(void);

static void define_settings(void);
static bool check_databases(char **value, void **extra, GucSource source);

void
_PG_init(void)
{
	define_settings();
	cancel_init();
	identity_init();
	label_init();
	own_rows_init();
	route_init();
	token_init();
	if (process_shared_preload_libraries_in_progress)
		launcher_register();
}

static void
define_settings(void)
{
	DefineCustomEnumVariable("mesteri.environment", "What this database is for.",
	                         "In production, weak settings that are handy for development are refused.",
	                         &mesteri_environment, ENVIRONMENT_DEVELOPMENT, environments, PGC_SIGHUP, 0, NULL, NULL,
	                         NULL);
	DefineCustomStringVariable(
		"mesteri.key_directory", "Folder of the key files.",
		"Relative to the data directory. Holds KID.pem (RSA), ID.aes (encrypted fields) and secret.key, all readable "
		"by the server's user alone.",
		&mesteri_key_directory, "mesteri_keys", PGC_SIGHUP, GUC_SUPERUSER_ONLY, NULL, NULL, NULL);
	DefineCustomStringVariable("mesteri.signing_key", "Key that signs new access tokens, by its kid.",
	                           "Empty: the last private key by name. Others in the folder still verify.",
	                           &mesteri_signing_key, "", PGC_SIGHUP, GUC_SUPERUSER_ONLY, NULL, NULL, NULL);
	DefineCustomStringVariable("mesteri.encryption_key",
	                           "Key that new values of encrypted fields are under, by its id.",
	                           "Empty: the last one by name. Others in the folder still decrypt.",
	                           &mesteri_encryption_key, "", PGC_SIGHUP, GUC_SUPERUSER_ONLY, NULL, NULL, NULL);
	DefineCustomStringVariable("mesteri.token_issuer", "The iss of our access tokens.",
	                           "Tokens of another issuer are refused.", &mesteri_token_issuer, "mesteri", PGC_SIGHUP, 0,
	                           NULL, NULL, NULL);
	DefineCustomIntVariable("mesteri.token_cache_kb", "Memory of a backend for tokens it has verified.",
	                        "A verified token costs a hash instead of an RSA operation.", &mesteri_token_cache_kb,
	                        TOKEN_CACHE_DEFAULT_KB, TOKEN_CACHE_MIN_KB, TOKEN_CACHE_MAX_KB, PGC_SIGHUP, GUC_UNIT_KB,
	                        NULL, NULL, NULL);
	DefineCustomIntVariable("mesteri.bcrypt_cost", "Cost of new password hashes: 2^cost rounds.",
	                        "Below 12 is for tests; hashing then fails in production.", &mesteri_bcrypt_cost,
	                        BCRYPT_DEFAULT_COST, BCRYPT_MIN_COST, BCRYPT_MAX_COST, PGC_SIGHUP, 0, NULL, NULL, NULL);

	DefineCustomStringVariable("mesteri.databases", "Databases in which background work is done.",
	                           "Names with commas between them. Empty: every database that has the extension.",
	                           &mesteri_databases, "", PGC_SIGHUP, GUC_LIST_INPUT, check_databases, NULL, NULL);

	MarkGUCPrefixReserved("mesteri");
}

/* What cannot be read must not mean every database. */
static bool
check_databases(char **value, void **extra, GucSource source)
{
	char *list = pstrdup(*value);
	List *names;
	bool fine = SplitIdentifierString(list, ',', &names);

	if (!fine)
		GUC_check_errdetail("List syntax is invalid.");
	list_free(names);
	pfree(list);

	return fine;
}
