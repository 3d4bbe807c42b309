/*-------------------------------------------------------------------------
 *
 * handle.h
 *		The arguments and results of mesteri.handle(), by position.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_HANDLE_H
#define MESTERI_HANDLE_H

enum HandleArgument
{
	HANDLE_ROUTE,
	HANDLE_TOKEN,
	HANDLE_PATH,
	HANDLE_QUERY,
	HANDLE_HEADERS,
	HANDLE_BODY,
	HANDLE_DEADLINE_MS,
	HANDLE_IP,
	HANDLE_REQUEST_ID,
	HANDLE_INSTANCE,
	HANDLE_LANGUAGE
};

enum HandleResult
{
	HANDLE_STATUS,
	HANDLE_ANSWER_HEADERS,
	HANDLE_ANSWER_BODY,
	HANDLE_ERROR,
	HANDLE_EFFECTS,
	HANDLE_GENERATION,
	HANDLE_RESULTS
};

/* Attributes of mesteri.answer, which every endpoint returns. */
enum AnswerAttribute
{
	ANSWER_STATUS,
	ANSWER_BODY,
	ANSWER_HEADERS,
	ANSWER_VERSION,
	ANSWER_EFFECTS,
	ANSWER_ERROR,
	ANSWER_DETAILS,
	ANSWER_ATTRIBUTES
};

typedef struct Answer
{
	Datum values[ANSWER_ATTRIBUTES];
	bool nulls[ANSWER_ATTRIBUTES];
} Answer;

#endif /* MESTERI_HANDLE_H */
