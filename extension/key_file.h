/*-------------------------------------------------------------------------
 *
 * key_file.h
 *		The directory that holds the keys, trusted only if it is private.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_KEY_FILE_H
#define MESTERI_KEY_FILE_H

#include "lib/stringinfo.h"
#include "nodes/pg_list.h"

#define KEY_FILE_MAX_BYTES 16384
#define KEY_RSA_SUFFIX     ".pem"
#define KEY_CIPHER_SUFFIX  ".aes"
#define KEY_SECRET_FILE    "secret.key"

extern char *key_directory_path(void);
extern List *key_directory_scan(const char *directory, StringInfo state);
extern bool key_file_has_suffix(const char *name, const char *suffix);
extern uint8 *key_file_read(const char *directory, const char *name, int *length);

#endif /* MESTERI_KEY_FILE_H */
