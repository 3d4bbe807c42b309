/*-------------------------------------------------------------------------
 *
 * pg_value.h
 *		PostgreSQL's binary format for the few types the proxy exchanges.
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_PG_VALUE_H
#define MESTERI_PG_VALUE_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "common/buffer.h"

/* Type ids from pg_type.dat; they never change. */
#define PG_BYTEA       17
#define PG_INT4        23
#define PG_TEXT        25
#define PG_INET        869
#define PG_BYTEA_ARRAY 1001
#define PG_TEXT_ARRAY  1009
#define PG_UUID        2950
#define PG_UUID_ARRAY  2951

#define PG_INET_SIZE         20
#define PG_ARRAY_HEADER_SIZE 20

/* An array that is being read; the elements live in the result. */
typedef struct PgArray
{
	const char *at;
	const char *end;
	int left;
} PgArray;

void pg_put_array_header(Buffer *out, uint32_t type, int count);
void pg_put_element(Buffer *out, const char *data, size_t length);
int pg_put_inet(char out[PG_INET_SIZE], const struct sockaddr *address);

int32_t pg_int4(const char *data);
int64_t pg_int8(const char *data);
bool pg_array_open(PgArray *array, const PGresult *result, int row, int column) __attribute__((warn_unused_result));
bool pg_array_next(PgArray *array, const char **data, size_t *length) __attribute__((warn_unused_result));
int pg_array_count(const PgArray *array);

char *pg_text(const PGresult *result, int row, int column);
int32_t pg_int4_or(const PGresult *result, int row, int column, int32_t otherwise);

#endif
