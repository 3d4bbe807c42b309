/*-------------------------------------------------------------------------
 *
 * negotiate.c
 *		What a client says about languages, content and itself in headers.
 *-------------------------------------------------------------------------
 */
#include "http/negotiate.h"

#include <string.h>

#include "common/text.h"

const char *const language_names[LANGUAGE_COUNT] = {"ro", "hu", "en"};

/* "q=0.8" in thousandths; 0 for what is no weight: RFC 9110, 12.4.2. */
static int
parse_weight(const char *text, size_t length)
{
	int weight;
	int place = 100;

	if (length < 3 || text_lower(text[0]) != 'q' || text[1] != '=' || text[2] < '0' || text[2] > '1')
		return 0;
	weight = (text[2] - '0') * 1000;
	for (size_t i = 4; i < length && place > 0 && text[i] >= '0' && text[i] <= '9'; i++, place /= 10)
		weight += (text[i] - '0') * place;
	return weight > 1000 ? 1000 : weight;
}

/* Splits "hu-RO;q=0.8" into a language of ours and its weight; other languages have weight 0. */
static int
parse_range(const char *item, size_t length, Language *language)
{
	const char *semicolon = memchr(item, ';', length);
	const char *weight = semicolon != NULL ? semicolon + 1 : NULL;
	size_t weight_length = semicolon != NULL ? (size_t) (item + length - weight) : 0;
	size_t tag_length = semicolon != NULL ? (size_t) (semicolon - item) : length;
	const char *dash;

	text_trim(&item, &tag_length);
	dash = memchr(item, '-', tag_length);
	if (dash != NULL)
		tag_length = (size_t) (dash - item);
	for (int i = 0; i < LANGUAGE_COUNT; i++)
	{
		if (!text_equals_nocase(item, tag_length, language_names[i]))
			continue;
		*language = (Language) i;
		if (weight == NULL)
			return 1000;
		text_trim(&weight, &weight_length);
		return parse_weight(weight, weight_length);
	}
	return 0;
}

/* The language of ours with the highest weight, the first of equals; Romanian when there is none. */
Language
negotiate_language(const char *accepted, size_t length)
{
	const char *end = accepted + length;
	Language best = LANGUAGE_RO;
	int best_weight = 0;

	while (accepted < end)
	{
		const char *comma = memchr(accepted, ',', (size_t) (end - accepted));
		const char *item_end = comma != NULL ? comma : end;
		Language language = LANGUAGE_RO;
		int weight = parse_range(accepted, (size_t) (item_end - accepted), &language);

		if (weight > best_weight)
		{
			best = language;
			best_weight = weight;
		}
		accepted = comma != NULL ? comma + 1 : end;
	}
	return best;
}

/* Whether a body is JSON as we read it: the only parameter is charset, and that is UTF-8. */
bool
negotiate_is_json(const char *content_type, size_t length)
{
	const char *semicolon = memchr(content_type, ';', length);
	const char *parameter = semicolon != NULL ? semicolon + 1 : NULL;
	size_t parameter_length = semicolon != NULL ? (size_t) (content_type + length - parameter) : 0;
	size_t type_length = semicolon != NULL ? (size_t) (semicolon - content_type) : length;

	text_trim(&content_type, &type_length);
	if (!text_equals_nocase(content_type, type_length, "application/json"))
		return false;
	if (parameter == NULL)
		return true;
	text_trim(&parameter, &parameter_length);
	return text_equals_nocase(parameter, parameter_length, "charset=utf-8") ||
	       text_equals_nocase(parameter, parameter_length, "charset=\"utf-8\"") || parameter_length == 0;
}

/*
 * negotiate_bearer
 *		The token of an Authorization header.
 *
 * Another scheme, or a token that has no business in a header, is an empty
 * one: the database refuses that, while no header at all may be fine.
 */
size_t
negotiate_bearer(const char *authorization, size_t length, const char **token)
{
	static const char scheme[] = "bearer";
	const size_t scheme_length = sizeof(scheme) - 1;

	*token = "";
	if (length <= scheme_length || authorization[scheme_length] != ' ' ||
	    !text_equals_nocase(authorization, scheme_length, scheme))
		return 0;
	authorization += scheme_length;
	length -= scheme_length;
	text_trim(&authorization, &length);
	if (!text_is_visible(authorization, length))
		return 0;
	*token = authorization;
	return length;
}
