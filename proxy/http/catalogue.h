/*-------------------------------------------------------------------------
 *
 * catalogue.h
 *		What the database says about routes, errors and rules.
 *
 * A catalogue never changes: a newer one takes its place, and requests under
 * way keep the one that they began with.
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_CATALOGUE_H
#define MESTERI_CATALOGUE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/pg.h"
#include "http/negotiate.h"
#include "http/route.h"

struct Worker;

/* A row of mesteri.proxy_errors. */
typedef struct ErrorText
{
	const char *slug;
	int status;
	const char *title;
	const char *messages[LANGUAGE_COUNT];
	char **sqlstates; /* of five characters, or classes of two */
	int sqlstate_count;
} ErrorText;

/* A row of mesteri.proxy_rules. */
typedef struct RuleText
{
	const char *rule;
	const char *messages[LANGUAGE_COUNT];
} RuleText;

typedef struct Catalogue
{
	int references;
	int64_t generation;
	Route *routes;
	int route_count;
	RouteNode trie;
	PGresult *error_rows; /* the texts of errors and rules live in their rows */
	ErrorText *errors;
	int error_count;
	PGresult *rule_rows;
	RuleText *rules;
	int rule_count;
} Catalogue;

/* Keeps the newest catalogue. */
typedef struct CatalogueLoader
{
	struct Worker *worker;
	Catalogue *current; /* NULL until the first is there */
	bool wanted;
	bool loading;
	uint64_t next_try_at; /* us */
	PgCall call;
	PGresult *rows[3];
	int row_count;
	bool failed;
} CatalogueLoader;

void catalogue_start(CatalogueLoader *loader, struct Worker *worker);
void catalogue_stop(CatalogueLoader *loader);
void catalogue_want(CatalogueLoader *loader);
void catalogue_tick(CatalogueLoader *loader, uint64_t now);

Catalogue *catalogue_take(CatalogueLoader *loader);
void catalogue_drop(Catalogue *catalogue);

const ErrorText *catalogue_error(const Catalogue *catalogue, const char *slug);
const ErrorText *catalogue_error_of_sqlstate(const Catalogue *catalogue, const char *sqlstate);
const RuleText *catalogue_rule(const Catalogue *catalogue, const char *rule);

#endif
