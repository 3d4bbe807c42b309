/*-------------------------------------------------------------------------
 *
 * catalogue.c
 *		Reading the catalogue, and reading it again when it has changed.
 *
 * Three queries and one Sync travel among the requests on a read connection,
 * so a reload delays nobody.  The routes are read first: should somebody
 * change the rows between the queries, the generation we remember is the
 * older one, and the next answer makes us read again.
 *-------------------------------------------------------------------------
 */
#include "http/catalogue.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/pg_value.h"
#include "http/worker.h"

/* Not more often than this, however often the generation moves or a load fails. */
#define CATALOGUE_PAUSE_US   US_PER_SECOND
#define CATALOGUE_TIMEOUT_US (10 * US_PER_SECOND)

enum
{
	ROUTES,
	ERRORS,
	RULES,
	QUERY_COUNT
};

static const char *const queries[QUERY_COUNT] = {
	"SELECT id, method, path, lane, deadline_ms, body_limit, retry_safe, request_headers, content_type, generation"
	" FROM mesteri.proxy_routes ORDER BY path, method",
	"SELECT slug, status, sqlstates, title, message_ro, message_hu, message_en FROM mesteri.proxy_errors ORDER BY slug",
	"SELECT rule, message_ro, message_hu, message_en FROM mesteri.proxy_rules ORDER BY rule",
};

/* Columns of the queries above. */
enum
{
	ROUTE_ID,
	ROUTE_METHOD,
	ROUTE_PATH,
	ROUTE_LANE,
	ROUTE_DEADLINE,
	ROUTE_BODY_LIMIT,
	ROUTE_RETRY_SAFE,
	ROUTE_HEADERS,
	ROUTE_CONTENT_TYPE,
	ROUTE_GENERATION
};

enum
{
	ERROR_SLUG,
	ERROR_STATUS,
	ERROR_SQLSTATES,
	ERROR_TITLE,
	ERROR_MESSAGES
};

enum
{
	RULE_NAME,
	RULE_MESSAGES
};

static void loader_begin(CatalogueLoader *loader, uint64_t now);
static bool loader_send(PgCall *call, PGconn *conn);
static void loader_result(PgCall *call, PGresult *result);
static void loader_done(PgCall *call, PgOutcome outcome);

static const PgCallOps loader_ops = {.send = loader_send, .result = loader_result, .done = loader_done};

void
catalogue_start(CatalogueLoader *loader, struct Worker *worker)
{
	*loader = (CatalogueLoader){.worker = worker, .wanted = true};
}

/* Gives up the current catalogue; nothing is being loaded any more. */
void
catalogue_stop(CatalogueLoader *loader)
{
	catalogue_drop(loader->current);
	loader->current = NULL;
}

/* Asks for a fresh catalogue soon. */
void
catalogue_want(CatalogueLoader *loader)
{
	loader->wanted = true;
	catalogue_tick(loader, clock_us());
}

/* Begins to load if somebody wants it and it is time. */
void
catalogue_tick(CatalogueLoader *loader, uint64_t now)
{
	if (loader->wanted && !loader->loading && now >= loader->next_try_at)
		loader_begin(loader, now);
}

static void
loader_begin(CatalogueLoader *loader, uint64_t now)
{
	loader->call = (PgCall){.ops = &loader_ops, .deadline_at = now + CATALOGUE_TIMEOUT_US};
	loader->row_count = 0;
	loader->failed = false;
	loader->loading = true;
	loader->wanted = false;
	loader->next_try_at = now + CATALOGUE_PAUSE_US;
	if (lane_submit(&loader->worker->lanes[LANE_READ], &loader->call, now) != LANE_TAKEN)
	{
		loader->loading = false;
		loader->wanted = true;
		loader->next_try_at = now; /* nothing was asked; a connection that comes up may try at once */
	}
}

static bool
loader_send(PgCall *call, PGconn *conn)
{
	(void) call;
	for (int i = 0; i < QUERY_COUNT; i++)
		if (!PQsendQueryParams(conn, queries[i], 0, NULL, NULL, NULL, NULL, 1))
			return false;
	return true;
}

static void
loader_result(PgCall *call, PGresult *result)
{
	CatalogueLoader *loader = list_owner(CatalogueLoader, call, call);

	if (PQresultStatus(result) == PGRES_TUPLES_OK && loader->row_count < QUERY_COUNT)
	{
		loader->rows[loader->row_count++] = result;
		return;
	}
	if (PQresultStatus(result) == PGRES_FATAL_ERROR)
		log_error("could not read the catalogue: %s", PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
	loader->failed = true;
	PQclear(result);
}

/* The value of a text column, which lives as long as the rows. */
static const char *
column(const PGresult *rows, int row, int number)
{
	return PQgetvalue(rows, row, number);
}

static bool
route_has_lane(Route *route, const char *lane)
{
	for (int i = 0; i < LANE_COUNT; i++)
		if (strcmp(lane_names[i], lane) == 0)
		{
			route->lane = (LaneId) i;
			return true;
		}
	return false;
}

static bool
read_texts(const PGresult *rows, int row, int number, char ***texts, int *count)
{
	PgArray array;
	const char *data;
	size_t length;

	*texts = NULL;
	*count = 0;
	if (!pg_array_open(&array, rows, row, number))
		return false;
	if (pg_array_count(&array) == 0)
		return true;
	*texts = mem_zero(sizeof(char *) * (size_t) pg_array_count(&array));
	while (pg_array_next(&array, &data, &length))
	{
		char *text = mem_zero(length + 1);

		if (length > 0)
			memcpy(text, data, length);
		(*texts)[(*count)++] = text;
	}
	return true;
}

/* Reads one row; false when it makes no sense to this proxy. */
static bool
read_route(Route *route, const PGresult *rows, int row)
{
	const char *method = column(rows, row, ROUTE_METHOD);
	const char *content_type = column(rows, row, ROUTE_CONTENT_TYPE);

	route->id = pg_int4_or(rows, row, ROUTE_ID, 0);
	route->method = method_find(method, strlen(method));
	route->path = pg_text(rows, row, ROUTE_PATH);
	route->deadline_ms = pg_int4_or(rows, row, ROUTE_DEADLINE, 0);
	route->body_limit = pg_int4_or(rows, row, ROUTE_BODY_LIMIT, 0);
	route->retry_safe = PQgetlength(rows, row, ROUTE_RETRY_SAFE) == 1 && *column(rows, row, ROUTE_RETRY_SAFE) != 0;
	route->content_type = mem_text(*content_type != '\0' ? content_type : "application/json; charset=utf-8");
	return read_texts(rows, row, ROUTE_HEADERS, &route->request_headers, &route->request_header_count) &&
	       route_has_lane(route, column(rows, row, ROUTE_LANE)) && route->method != METHOD_OTHER &&
	       route->deadline_ms > 0;
}

static void
read_routes(Catalogue *catalogue, const PGresult *rows, MetricsArea *metrics)
{
	int count = PQntuples(rows);

	catalogue->generation = -1;
	catalogue->routes = mem_zero(sizeof(Route) * (size_t) (count + 1)); /* the trie points into it */
	for (int row = 0; row < count; row++)
	{
		Route *route = &catalogue->routes[catalogue->route_count];

		if (!read_route(route, rows, row) || !route_add(&catalogue->trie, route))
		{
			log_error("route %d (%s %s) cannot be served", route->id, column(rows, row, ROUTE_METHOD), route->path);
			route_release(route);
			*route = (Route){0};
			continue;
		}
		route->metric = metrics_route(metrics, method_names[route->method], route->path);
		if (PQgetlength(rows, row, ROUTE_GENERATION) == 8)
			catalogue->generation = pg_int8(PQgetvalue(rows, row, ROUTE_GENERATION));
		catalogue->route_count++;
	}
}

static void
read_messages(const char **messages, const PGresult *rows, int row, int first)
{
	for (int i = 0; i < LANGUAGE_COUNT; i++)
		messages[i] = column(rows, row, first + i);
}

static void
read_errors(Catalogue *catalogue, PGresult *rows)
{
	catalogue->error_rows = rows;
	catalogue->errors = mem_zero(sizeof(ErrorText) * (size_t) (PQntuples(rows) + 1));
	for (int row = 0; row < PQntuples(rows); row++)
	{
		ErrorText *error = &catalogue->errors[catalogue->error_count++];

		error->slug = column(rows, row, ERROR_SLUG);
		error->status = pg_int4_or(rows, row, ERROR_STATUS, 500);
		error->title = column(rows, row, ERROR_TITLE);
		read_messages(error->messages, rows, row, ERROR_MESSAGES);
		if (!read_texts(rows, row, ERROR_SQLSTATES, &error->sqlstates, &error->sqlstate_count))
			log_error("error %s has no readable sqlstates", error->slug);
	}
}

static void
read_rules(Catalogue *catalogue, PGresult *rows)
{
	catalogue->rule_rows = rows;
	catalogue->rules = mem_zero(sizeof(RuleText) * (size_t) (PQntuples(rows) + 1));
	for (int row = 0; row < PQntuples(rows); row++)
	{
		RuleText *rule = &catalogue->rules[catalogue->rule_count++];

		rule->rule = column(rows, row, RULE_NAME);
		read_messages(rule->messages, rows, row, RULE_MESSAGES);
	}
}

/* A new catalogue takes the place of the current one. */
static void
loader_replace(CatalogueLoader *loader)
{
	Catalogue *fresh = mem_zero(sizeof(Catalogue));

	fresh->references = 1;
	read_routes(fresh, loader->rows[ROUTES], loader->worker->metrics);
	PQclear(loader->rows[ROUTES]);
	read_errors(fresh, loader->rows[ERRORS]);
	read_rules(fresh, loader->rows[RULES]);
	catalogue_drop(loader->current);
	loader->current = fresh;
	log_info("%d routes of generation %lld", fresh->route_count, (long long) fresh->generation);
}

static void
loader_done(PgCall *call, PgOutcome outcome)
{
	CatalogueLoader *loader = list_owner(CatalogueLoader, call, call);

	loader->loading = false;
	if (outcome == PG_SYNCED && !loader->failed && loader->row_count == QUERY_COUNT)
	{
		loader_replace(loader);
		worker_catalogue_ready(loader->worker);
		return;
	}
	for (int i = 0; i < loader->row_count; i++)
		PQclear(loader->rows[i]);
	loader->wanted = true;
}

/* The current catalogue, or NULL; the caller gives it back with catalogue_drop(). */
Catalogue *
catalogue_take(CatalogueLoader *loader)
{
	if (loader->current != NULL)
		loader->current->references++;
	return loader->current;
}

/* Gives up a reference; the last one frees the catalogue.  NULL is fine. */
void
catalogue_drop(Catalogue *catalogue)
{
	if (catalogue == NULL || --catalogue->references > 0)
		return;
	route_free_trie(&catalogue->trie);
	for (int i = 0; i < catalogue->route_count; i++)
		route_release(&catalogue->routes[i]);
	for (int i = 0; i < catalogue->error_count; i++)
	{
		for (int j = 0; j < catalogue->errors[i].sqlstate_count; j++)
			free(catalogue->errors[i].sqlstates[j]);
		free(catalogue->errors[i].sqlstates);
	}
	free(catalogue->routes);
	free(catalogue->errors);
	free(catalogue->rules);
	PQclear(catalogue->error_rows);
	PQclear(catalogue->rule_rows);
	free(catalogue);
}

const ErrorText *
catalogue_error(const Catalogue *catalogue, const char *slug)
{
	for (int i = 0; i < catalogue->error_count; i++)
		if (strcmp(catalogue->errors[i].slug, slug) == 0)
			return &catalogue->errors[i];
	return NULL;
}

/* The error that a SQLSTATE means: the whole code wins over its class.  NULL: no row has it. */
const ErrorText *
catalogue_error_of_sqlstate(const Catalogue *catalogue, const char *sqlstate)
{
	const ErrorText *of_class = NULL;

	for (int i = 0; i < catalogue->error_count; i++)
	{
		const ErrorText *error = &catalogue->errors[i];

		for (int j = 0; j < error->sqlstate_count; j++)
		{
			if (strcmp(error->sqlstates[j], sqlstate) == 0)
				return error;
			if (strlen(error->sqlstates[j]) == 2 && strncmp(error->sqlstates[j], sqlstate, 2) == 0)
				of_class = error;
		}
	}
	return of_class;
}

const RuleText *
catalogue_rule(const Catalogue *catalogue, const char *rule)
{
	for (int i = 0; i < catalogue->rule_count; i++)
		if (strcmp(catalogue->rules[i].rule, rule) == 0)
			return &catalogue->rules[i];
	return NULL;
}
