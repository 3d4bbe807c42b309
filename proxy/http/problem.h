/*-------------------------------------------------------------------------
 *
 * problem.h
 *		Error bodies: RFC 9457 and our own members.
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_PROBLEM_H
#define MESTERI_PROBLEM_H

#include <stddef.h>

#include "common/buffer.h"
#include "http/catalogue.h"
#include "http/negotiate.h"

#define PROBLEM_CONTENT_TYPE "application/problem+json"

/* A refusal.  Pointers are the caller's. */
typedef struct Problem
{
	const char *slug;
	int status;          /* 0: the catalogue's */
	const char *details; /* JSON array, or NULL */
	size_t details_length;
	const char *retry_after; /* seconds, or NULL */
	const char *allow;       /* methods, or NULL */
	const PGresult *headers; /* row with headers to add, or NULL */
	int headers_column;
} Problem;

/* Where the problem arose. */
typedef struct ProblemPlace
{
	const Catalogue *catalogue; /* NULL: none is loaded yet */
	Language language;
	const char *path;
	size_t path_length;
	const char *request_id;
} ProblemPlace;

const ErrorText *problem_text(const Catalogue *catalogue, const char *slug);
void problem_write(Buffer *out, const Problem *problem, int status, const ProblemPlace *place);

#endif
