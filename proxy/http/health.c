/*-------------------------------------------------------------------------
 *
 * health.c
 *		What the proxy answers itself: /health, /ready, /metrics.
 *
 * These work without the database and before the first catalogue is there.
 *-------------------------------------------------------------------------
 */
#include "http/health.h"

#include <string.h>

#include "http/request.h"
#include "http/worker.h"

static const char json_type[] = "application/json; charset=utf-8";

typedef void (*Serve)(Request *request);

static void
serve_health(Request *request)
{
	static const char body[] = "{\"status\":\"ok\"}";

	request_answer(request,
	               &(Answer){.status = 200, .content_type = json_type, .body = body, .body_length = sizeof(body) - 1});
}

/* Ready: a request of any lane could be answered now, and we are not about to leave. */
static void
serve_ready(Request *request)
{
	const Worker *worker = request->worker;
	bool database = true;
	bool routes = worker->catalogue.current != NULL;
	bool ready;
	Buffer body = {0};

	for (int i = 0; i < LANE_COUNT; i++)
		database = database && worker->lanes[i].ready > 0;
	ready = database && routes && !worker->draining;
	buffer_format(&body, "{\"status\":\"%s\",\"checks\":{\"database\":%s,\"routes\":%s,\"accepting\":%s}}",
	              ready ? "ready" : "unavailable", database ? "true" : "false", routes ? "true" : "false",
	              worker->draining ? "false" : "true");
	request_answer(request, &(Answer){.status = ready ? 200 : 503,
	                                  .content_type = json_type,
	                                  .body = body.data,
	                                  .body_length = body.length,
	                                  .retry_after = ready ? NULL : REQUEST_RETRY_AFTER});
	buffer_release(&body);
}

static void
serve_metrics(Request *request)
{
	Buffer body = {0};

	metrics_page(request->worker->metrics, &body);
	request_answer(request, &(Answer){.status = 200,
	                                  .content_type = "text/plain; version=0.0.4; charset=utf-8",
	                                  .body = body.data,
	                                  .body_length = body.length});
	buffer_release(&body);
}

/* Answers a request for one of our own paths. */
static void
serve(Request *request, Serve serve_get)
{
	static const char allow[] = "GET, HEAD, OPTIONS";
	const Head *head = &request->head;

	if (head->method == METHOD_OPTIONS)
		request_answer(request, &(Answer){.status = 204, .allow = allow});
	else if (head->method != METHOD_GET && head->method != METHOD_HEAD)
		request_refuse_with(request, &(Problem){.slug = "method_not_allowed", .allow = allow});
	else if (head->has_transfer_encoding)
		request_refuse(request, "length_required");
	else if (head->content_length > 0)
		request_refuse(request, "payload_too_large");
	else
		serve_get(request);
}

/* Answers the request if its path is one of ours. */
bool
health_serves(Request *request)
{
	static const struct
	{
		const char *path;
		Serve serve;
	} pages[] = {{"/health", serve_health}, {"/ready", serve_ready}, {"/metrics", serve_metrics}};
	const char *path = request_text(request, request->head.path);
	size_t length = request->head.path.length;

	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
	{
		if (strlen(pages[i].path) != length || memcmp(pages[i].path, path, length) != 0)
			continue;
		request->label = pages[i].path;
		request->metric = metrics_route(request->worker->metrics, "GET", pages[i].path);
		serve(request, pages[i].serve);
		return true;
	}
	return false;
}
