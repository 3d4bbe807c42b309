/*-------------------------------------------------------------------------
 *
 * pg_value.c
 *		PostgreSQL's binary format for the few types the proxy exchanges.
 *
 * Binary, because a body or a token then needs no escaping in either
 * direction.  Integers are in network order; an array is its number of
 * dimensions, a null flag, the element type, length and lower bound of each
 * dimension, then the elements with their lengths (array_send, inet_send).
 *-------------------------------------------------------------------------
 */
#include "common/pg_value.h"

#include <arpa/inet.h>
#include <endian.h>
#include <netinet/in.h>

#include "common/mem.h"

#define PG_FAMILY_INET  2 /* PGSQL_AF_INET of utils/inet.h */
#define PG_FAMILY_INET6 3

static void
put_int4(Buffer *out, int32_t value)
{
	uint32_t wire = htobe32((uint32_t) value);

	buffer_append(out, &wire, sizeof(wire));
}

/* Begins an array of count elements, each of which pg_put_element() adds. */
void
pg_put_array_header(Buffer *out, uint32_t type, int count)
{
	put_int4(out, count > 0 ? 1 : 0);
	put_int4(out, 0);
	put_int4(out, (int32_t) type);
	if (count > 0)
	{
		put_int4(out, count);
		put_int4(out, 1);
	}
}

void
pg_put_element(Buffer *out, const char *data, size_t length)
{
	put_int4(out, (int32_t) length);
	buffer_append(out, data, length);
}

/*
 * pg_put_inet
 *		An address as inet; an IPv4 client of an IPv6 socket is IPv4.
 *
 * Returns the length.
 */
int
pg_put_inet(char out[PG_INET_SIZE], const struct sockaddr *address)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *) (const void *) address;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *) (const void *) address;
	bool mapped = address->sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr);
	const void *bytes = mapped                          ? (const void *) &v6->sin6_addr.s6_addr[12]
	                    : address->sa_family == AF_INET ? (const void *) &v4->sin_addr
	                                                    : (const void *) &v6->sin6_addr;
	int length = mapped || address->sa_family == AF_INET ? 4 : 16;

	out[0] = length == 4 ? PG_FAMILY_INET : PG_FAMILY_INET6;
	out[1] = (char) (length * 8);
	out[2] = 0; /* is_cidr */
	out[3] = (char) length;
	memcpy(out + 4, bytes, (size_t) length);
	return length + 4;
}

int32_t
pg_int4(const char *data)
{
	uint32_t wire;

	memcpy(&wire, data, sizeof(wire));
	return (int32_t) be32toh(wire);
}

int64_t
pg_int8(const char *data)
{
	uint64_t wire;

	memcpy(&wire, data, sizeof(wire));
	return (int64_t) be64toh(wire);
}

/* Opens a field that holds an array of one dimension; a NULL field is an empty array. */
bool
pg_array_open(PgArray *array, const PGresult *result, int row, int column)
{
	const char *data = PQgetvalue(result, row, column);
	int length = PQgetlength(result, row, column);

	*array = (PgArray){0};
	if (PQgetisnull(result, row, column))
		return true;
	if (length < 12)
		return false;
	if (pg_int4(data) == 0)
		return true;
	if (pg_int4(data) != 1 || length < PG_ARRAY_HEADER_SIZE)
		return false;
	array->left = pg_int4(data + 12);
	array->at = data + PG_ARRAY_HEADER_SIZE;
	array->end = data + length;
	return true;
}

/* The next element, or false at the end.  A NULL element has data == NULL. */
bool
pg_array_next(PgArray *array, const char **data, size_t *length)
{
	int32_t size;

	if (array->left <= 0 || array->end - array->at < 4)
		return false;
	size = pg_int4(array->at);
	if (size > array->end - array->at - 4)
		return false;
	array->at += 4;
	array->left--;
	*data = size < 0 ? NULL : array->at;
	*length = size < 0 ? 0 : (size_t) size;
	array->at += *length;
	return true;
}

int
pg_array_count(const PgArray *array)
{
	return array->left;
}

/* A copy of a text field, empty for NULL; the caller frees it. */
char *
pg_text(const PGresult *result, int row, int column)
{
	return mem_text(PQgetvalue(result, row, column)); /* libpq terminates every field */
}

int32_t
pg_int4_or(const PGresult *result, int row, int column, int32_t otherwise)
{
	if (PQgetisnull(result, row, column) || PQgetlength(result, row, column) != 4)
		return otherwise;
	return pg_int4(PQgetvalue(result, row, column));
}
