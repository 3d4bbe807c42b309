/*-------------------------------------------------------------------------
 *
 * mesteri.h
 *		What every file of the library shares: settings, limits, identity.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_H
#define MESTERI_H

#include "utils/uuid.h"

/* Settings (mesteri.c).  Each is documented where it is defined. */
extern char *mesteri_key_directory;
extern char *mesteri_signing_key;
extern char *mesteri_encryption_key;
extern char *mesteri_token_issuer;
extern int mesteri_token_cache_kb;
extern int mesteri_bcrypt_cost;
extern int mesteri_environment;
extern char *mesteri_databases;

typedef enum Environment
{
	ENVIRONMENT_DEVELOPMENT,
	ENVIRONMENT_PRODUCTION
} Environment;

/* Kinds of account, in the order of mesteri.user_type. */
typedef enum UserType
{
	USER_CLIENT,
	USER_CRAFTSMAN,
	USER_STAFF
} UserType;

/* Somebody whose token was verified. */
typedef struct Identity
{
	pg_uuid_t user_id;
	pg_uuid_t family_id; /* the session: family of refresh tokens */
	UserType user_type;
} Identity;

#endif /* MESTERI_H */
