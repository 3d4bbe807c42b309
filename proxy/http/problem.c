/*-------------------------------------------------------------------------
 *
 * problem.c
 *		Error bodies.
 *
 * The texts are the database's.  Only what must be said before the first
 * catalogue is there has texts here, in the same words as data/errors.csv.
 *-------------------------------------------------------------------------
 */
#include "http/problem.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/log.h"

static const ErrorText built_in[] = {
	{.slug = "internal_error",
     .status = 500,
     .title = "Internal error",
     .messages = {"A apărut o eroare la noi.", "Hiba történt nálunk.", "Something went wrong on our side."}},
	{.slug = "overloaded",
     .status = 503,
     .title = "Overloaded",
     .messages = {"Serviciul este ocupat. Încercați din nou.", "A szolgáltatás elfoglalt. Próbálja újra.",
                  "The service is busy. Try again."}},
	{.slug = "deadline_exceeded",
     .status = 504,
     .title = "Deadline exceeded",
     .messages = {"Cererea a durat prea mult și a fost anulată.", "A kérés túl sokáig tartott, ezért megszakadt.",
                  "The request took too long and was rolled back."}},
	{.slug = "malformed_body",
     .status = 400,
     .title = "Malformed body",
     .messages = {"Corpul cererii nu este un obiect JSON valid.", "A kérés törzse nem érvényes JSON-objektum.",
                  "The request body is not a valid JSON object."}},
	{.slug = "method_not_allowed",
     .status = 405,
     .title = "Method not allowed",
     .messages = {"Metoda nu este permisă pentru această adresă.", "Ez a metódus nem használható ezen a címen.",
                  "The method is not allowed for this path."}},
	{.slug = "length_required",
     .status = 411,
     .title = "Length required",
     .messages = {"Lipsește antetul Content-Length.", "Hiányzik a Content-Length fejléc.",
                  "Content-Length is missing."}},
	{.slug = "payload_too_large",
     .status = 413,
     .title = "Payload too large",
     .messages = {"Corpul cererii este prea mare.", "A kérés törzse túl nagy.", "The request body is too large."}},
	{.slug = "uri_too_long",
     .status = 414,
     .title = "URI too long",
     .messages = {"Adresa este prea lungă.", "A cím túl hosszú.", "The request target is too long."}},
	{.slug = "header_too_large",
     .status = 431,
     .title = "Headers too large",
     .messages = {"Antetele cererii sunt prea mari.", "A kérés fejlécei túl nagyok.",
                  "The request headers are too large."}},
};

/*
 * problem_text
 *		The texts of a slug; of internal_error when nobody knows it.
 */
const ErrorText *
problem_text(const Catalogue *catalogue, const char *slug)
{
	const ErrorText *text = catalogue != NULL ? catalogue_error(catalogue, slug) : NULL;

	if (text != NULL)
		return text;
	for (size_t i = 0; i < sizeof(built_in) / sizeof(built_in[0]); i++)
		if (strcmp(built_in[i].slug, slug) == 0)
			return &built_in[i];
	log_error("error %s is in no catalogue", slug);
	return &built_in[0];
}

/* Gives a detail the message of its rule. */
static void
explain_detail(json_t *detail, const ProblemPlace *place)
{
	const char *rule = json_string_value(json_object_get(detail, "rule"));
	const RuleText *text = rule != NULL && place->catalogue != NULL ? catalogue_rule(place->catalogue, rule) : NULL;

	if (text != NULL && json_object_set_new(detail, "message", json_string(text->messages[place->language])) != 0)
		log_error("rule %s has a text that is not UTF-8", rule);
}

/* Appends the details array, each with its message; an empty array for what cannot be read. */
static void
write_details(Buffer *out, const Problem *problem, const ProblemPlace *place)
{
	json_t *details = NULL;
	char *text = NULL;
	size_t index;
	json_t *detail;

	if (problem->details != NULL && problem->details_length > 0)
	{
		details = json_loadb(problem->details, problem->details_length, JSON_ALLOW_NUL, NULL);
		if (!json_is_array(details))
			log_event(LOG_ERROR, place->request_id, "details of %s are not a JSON array", problem->slug);
	}
	json_array_foreach(details, index, detail)
	{
		explain_detail(detail, place);
	}
	if (json_is_array(details))
		text = json_dumps(details, JSON_ENCODE_ANY);
	buffer_text(out, text != NULL ? text : "[]");
	free(text);
	json_decref(details);
}

/* Appends the body of a refusal. */
void
problem_write(Buffer *out, const Problem *problem, int status, const ProblemPlace *place)
{
	const ErrorText *text = problem_text(place->catalogue, problem->slug);

	buffer_text(out, "{\"type\": ");
	buffer_format(out, "\"/docs/errors#%s\"", text->slug);
	buffer_text(out, ", \"title\": ");
	json_put_text(out, text->title);
	buffer_format(out, ", \"status\": %d, \"error\": \"%s\", \"message\": ", status, text->slug);
	json_put_text(out, text->messages[place->language]);
	buffer_text(out, ", \"details\": ");
	write_details(out, problem, place);
	buffer_text(out, ", \"path\": ");
	json_put_string(out, place->path, place->path_length);
	buffer_format(out, ", \"request_id\": \"%s\"}", place->request_id);
}
