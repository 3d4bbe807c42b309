/*-------------------------------------------------------------------------
 *
 * answer.h
 *		Writing an HTTP answer.
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_ANSWER_H
#define MESTERI_ANSWER_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/buffer.h"

/* What is answered.  All pointers are the caller's and are copied. */
typedef struct Answer
{
	int status;
	const char *error;        /* slug for the log; NULL: none */
	const char *content_type; /* of the body */
	const char *body;         /* NULL: none */
	size_t body_length;
	const PGresult *headers; /* the row whose headers are added; NULL: none */
	int headers_column;
	const char *allow;       /* value of Allow; NULL: no such header */
	const char *retry_after; /* seconds; NULL: no such header */
} Answer;

/* What the request has to say about the form of its answer. */
typedef struct AnswerForm
{
	const char *request_id;
	bool without_body; /* HEAD */
	bool closing;
	bool tell_keep_alive; /* HTTP/1.0 takes silence for closing */
} AnswerForm;

void answer_write(Buffer *out, const Answer *answer, const AnswerForm *form);

#endif
