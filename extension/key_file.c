/*-------------------------------------------------------------------------
 *
 * key_file.c
 *		The directory that holds the keys, trusted only if it is private.
 *
 * Whoever can write there can sign as us, and whoever can read there too.
 * So the directory must be writable by the server alone, and a file must be a
 * regular one that belongs to the server and is closed to everybody else.
 * A key is put in place by renaming it, so that it is never seen half written.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "miscadmin.h"
#include "storage/fd.h"

#include "key_file.h"
#include "mesteri.h"

static bool is_key_file(const char *name);
static void append_state(StringInfo state, const char *directory, const char *name);
static void check_directory(const char *directory);
static void check_file(const char *path, const struct stat *status);
static void untrusted(const char *path, const char *what, const char *hint) pg_attribute_noreturn();

/*
 * key_directory_path
 *		Where the keys are, palloc'd.
 */
char *
key_directory_path(void)
{
	if (mesteri_key_directory == NULL || mesteri_key_directory[0] == '\0')
		ereport(ERROR, (errcode(ERRCODE_CONFIG_FILE_ERROR), errmsg("there is no directory of keys"),
		                errhint("Set mesteri.key_directory.")));

	if (mesteri_key_directory[0] == '/')
		return pstrdup(mesteri_key_directory);

	return psprintf("%s/%s", DataDir, mesteri_key_directory);
}

/*
 * key_directory_scan
 *		Names of the key files, and a state that differs once one has changed.
 *
 * state: appended to; opaque, to be compared bytewise with an earlier one.
 *
 * Files of other names are passed over, so that a key may be written beside
 * the others before it is renamed.
 */
List *
key_directory_scan(const char *directory, StringInfo state)
{
	List *names = NIL;
	DIR *dir;
	struct dirent *entry;

	check_directory(directory);
	appendBinaryStringInfo(state, directory, (int) strlen(directory) + 1);

	dir = AllocateDir(directory);
	while ((entry = ReadDir(dir, directory)) != NULL)
	{
		if (!is_key_file(entry->d_name))
			continue;

		names = lappend(names, pstrdup(entry->d_name));
		append_state(state, directory, entry->d_name);
	}
	FreeDir(dir);

	return names;
}

/*
 * key_file_read
 *		All of a key file, palloc'd; the caller wipes it after use.
 *
 * Errors: F0000 when the file is missing, open to others, or too large.
 */
uint8 *
key_file_read(const char *directory, const char *name, int *length)
{
	char *path = psprintf("%s/%s", directory, name);
	uint8 *content = palloc(KEY_FILE_MAX_BYTES + 1);
	struct stat status;
	ssize_t got;
	int fd;

	/* Not through a link, and not waiting for a pipe's writer. */
	fd = OpenTransientFile(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		ereport(ERROR, (errcode(ERRCODE_CONFIG_FILE_ERROR), errmsg("could not open key file \"%s\": %m", path),
		                errhint("It must be a regular file that belongs to the server's user.")));

	if (fstat(fd, &status) != 0)
		ereport(ERROR, (errcode(ERRCODE_CONFIG_FILE_ERROR), errmsg("could not stat key file \"%s\": %m", path)));
	check_file(path, &status);

	got = read(fd, content, KEY_FILE_MAX_BYTES + 1);
	if (got != status.st_size)
	{
		OPENSSL_cleanse(content, KEY_FILE_MAX_BYTES + 1);
		ereport(ERROR, (errcode(ERRCODE_CONFIG_FILE_ERROR), errmsg("could not read key file \"%s\"", path)));
	}

	CloseTransientFile(fd);

	*length = (int) got;
	return content;
}

static bool
is_key_file(const char *name)
{
	if (strcmp(name, KEY_SECRET_FILE) == 0)
		return true;

	return name[0] != '.' &&
	       (key_file_has_suffix(name, KEY_RSA_SUFFIX) || key_file_has_suffix(name, KEY_CIPHER_SUFFIX));
}

/* Whether a name ends so and has something before. */
bool
key_file_has_suffix(const char *name, const char *suffix)
{
	size_t length = strlen(name);
	size_t end = strlen(suffix);

	return length > end && strcmp(name + length - end, suffix) == 0;
}

/*
 * append_state
 *		All that changes when a file is replaced, rewritten, or opened to others.
 */
static void
append_state(StringInfo state, const char *directory, const char *name)
{
	char *path = psprintf("%s/%s", directory, name);
	struct stat status;

	if (lstat(path, &status) != 0)
		memset(&status, 0, sizeof(status)); /* gone meanwhile: the next scan tells */

	appendStringInfo(state, "%s %lu %lu %u %u %lld %lld.%09ld", name, (unsigned long) status.st_dev,
	                 (unsigned long) status.st_ino, (unsigned) status.st_mode, (unsigned) status.st_uid,
	                 (long long) status.st_size, (long long) status.st_ctim.tv_sec, status.st_ctim.tv_nsec);
	appendStringInfoChar(state, '\0');
	pfree(path);
}

static void
check_directory(const char *directory)
{
	struct stat status;

	if (stat(directory, &status) != 0)
		ereport(ERROR, (errcode(ERRCODE_CONFIG_FILE_ERROR),
		                errmsg("could not open the directory of keys \"%s\": %m", directory),
		                errhint("Create it with mode 0700, or set mesteri.key_directory.")));

	if (!S_ISDIR(status.st_mode))
		untrusted(directory, "is not a directory", "Set mesteri.key_directory to the directory that holds the keys.");
	if (status.st_uid != geteuid() && status.st_uid != 0)
		untrusted(directory, "belongs to another user", "Give it to the server's user with chown.");
	if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		untrusted(directory, "can be written by other users", "Close it with chmod 0700.");
}

static void
check_file(const char *path, const struct stat *status)
{
	if (!S_ISREG(status->st_mode))
		untrusted(path, "is not a regular file", "Put the key itself there.");
	if (status->st_uid != geteuid())
		untrusted(path, "belongs to another user", "Give it to the server's user with chown.");
	if ((status->st_mode & (S_IRWXG | S_IRWXO)) != 0)
		untrusted(path, "is open to other users",
		          "Close it with chmod 0600, and replace the key if others could read it.");
	if (status->st_size > KEY_FILE_MAX_BYTES)
		untrusted(path, "is too large for a key", "Put the key itself there.");
}

static void
untrusted(const char *path, const char *what, const char *hint)
{
	ereport(ERROR, (errcode(ERRCODE_CONFIG_FILE_ERROR), errmsg("key file or directory \"%s\" %s", path, what),
	                errhint("%s", hint)));
}
