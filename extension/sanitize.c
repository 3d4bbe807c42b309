/*-------------------------------------------------------------------------
 *
 * sanitize.c
 *		Text with a little markup, and nothing else that a browser would obey.
 *
 * libxml2 reads the text as HTML; what it understood is written anew from
 * constants of ours, escaped text and checked links.  No tag, attribute or
 * quote of the input is ever copied, so it does not matter where a browser
 * would have read the input otherwise than libxml2 does.
 *
 * Kept: b, i, em, strong, and a with an absolute http, https or mailto link.
 * Scripts, styles and other foreign matter go with all they hold; any other
 * element leaves its text behind, blocks on a line of their own.  An element
 * is written only once it holds something to read, at most once within
 * itself; so the result is five deep at most and sanitizing it again changes
 * nothing.
 *
 * libxml2 is told to report errors to this parse alone: its global handlers
 * belong to the server's xml type.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <libxml/HTMLparser.h>
#include <libxml/SAX2.h>

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#define SANITIZE_MAX_BYTES (1024 * 1024) /* far above every limit of a field; keeps a parse short */
#define SANITIZE_MAX_OPEN  5             /* the kept elements, each once */

/* Text begins within a body, so that libxml2 neither trims it nor puts it into a paragraph. */
#define BODY "<html><body>"

#define PARSE_OPTIONS                                                                                                  \
	(HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET | HTML_PARSE_NODEFDTD |         \
	 HTML_PARSE_IGNORE_ENC | HTML_PARSE_COMPACT)

#define BLANKS " \t\r\n"

typedef enum Treatment
{
	UNWRAP, /* its children stand for it */
	KEEP,
	LINK,    /* KEEP if it leads somewhere we allow, else UNWRAP */
	BLOCK,   /* UNWRAP, on a line of its own */
	NEWLINE, /* a line break by itself */
	DROP     /* gone, with all it holds */
} Treatment;

typedef struct Element
{
	const char *name;
	Treatment treatment;
} Element;

/* In the order of strcmp.  What is not here is unwrapped. */
static const Element ELEMENTS[] = {
	{"a", LINK},        {"address", BLOCK},  {"applet", DROP},      {"article", BLOCK}, {"aside", BLOCK},
	{"audio", DROP},    {"b", KEEP},         {"blockquote", BLOCK}, {"br", NEWLINE},    {"canvas", DROP},
	{"caption", BLOCK}, {"center", BLOCK},   {"dd", BLOCK},         {"details", BLOCK}, {"dialog", BLOCK},
	{"dir", BLOCK},     {"div", BLOCK},      {"dl", BLOCK},         {"dt", BLOCK},      {"em", KEEP},
	{"embed", DROP},    {"fieldset", BLOCK}, {"figcaption", BLOCK}, {"figure", BLOCK},  {"footer", BLOCK},
	{"form", BLOCK},    {"frameset", DROP},  {"h1", BLOCK},         {"h2", BLOCK},      {"h3", BLOCK},
	{"h4", BLOCK},      {"h5", BLOCK},       {"h6", BLOCK},         {"head", DROP},     {"header", BLOCK},
	{"hgroup", BLOCK},  {"hr", BLOCK},       {"i", KEEP},           {"iframe", DROP},   {"legend", BLOCK},
	{"li", BLOCK},      {"listing", BLOCK},  {"main", BLOCK},       {"math", DROP},     {"menu", BLOCK},
	{"nav", BLOCK},     {"noembed", DROP},   {"noframes", DROP},    {"noscript", DROP}, {"object", DROP},
	{"ol", BLOCK},      {"optgroup", BLOCK}, {"option", BLOCK},     {"p", BLOCK},       {"plaintext", DROP},
	{"pre", BLOCK},     {"script", DROP},    {"section", BLOCK},    {"strong", KEEP},   {"style", DROP},
	{"summary", BLOCK}, {"svg", DROP},       {"table", BLOCK},      {"tbody", BLOCK},   {"td", BLOCK},
	{"template", DROP}, {"textarea", DROP},  {"tfoot", BLOCK},      {"th", BLOCK},      {"thead", BLOCK},
	{"title", DROP},    {"tr", BLOCK},       {"ul", BLOCK},         {"video", DROP},    {"xmp", DROP},
};

typedef struct OpenElement
{
	const xmlNode *node; /* of the tree; never written */
	const char *name;    /* from ELEMENTS */
	const char *href;    /* checked; NULL but for a */
} OpenElement;

typedef struct Writer
{
	StringInfo out;
	OpenElement open[SANITIZE_MAX_OPEN];
	int open_count;
	int written_count;  /* of open, how many start tags stand in out */
	bool is_line_ended; /* a block began or ended since the last text */
} Writer;

static void sanitize_markup(StringInfo out, const char *dirty);
static char *in_body(const char *dirty);
static const char *declaration_end(const char *text);
static bool parse(const char *html, htmlDocPtr *document);
static void start_element(void *parser, const xmlChar *name, const xmlChar **attributes);
static void ignore_error(void *context, xmlErrorPtr error);
static void free_document(void *document);
static void write_tree(Writer *writer, const xmlNode *root);
static bool enter(Writer *writer, const xmlNode *node);
static bool enter_element(Writer *writer, const xmlNode *node);
static void leave(Writer *writer, const xmlNode *node);
static void open_element(Writer *writer, const xmlNode *node, const Element *element, const char *href);
static void write_text(Writer *writer, const char *text);
static void end_line(Writer *writer);
static const Element *find_element(const char *name);
static int compare_names(const void *name, const void *element);
static Treatment treatment_of(const xmlNode *node);
static const char *link_of(const xmlNode *node);
static char *clean_link(const char *typed);
static bool is_allowed_link(const char *link);
static bool is_nothing(const char *text);
static void append_escaped(StringInfo out, const char *text);
static int refused_length(const char *c);

PG_FUNCTION_INFO_V1(mesteri_sanitize);

/*
 * mesteri.sanitize(dirty text) returns text
 *		The text with allowed markup only.
 *
 * dirty: UTF-8.  Without & and < it comes back as it is, byte for byte.
 * Letters are to be brought into one form (text_input) before, not after.
 *
 * Errors: 54000 when the text is too long, 53200 when memory runs out.
 * Source: regress/sql/sanitize.sql has a case for each rule and trick.
 */
Datum
mesteri_sanitize(PG_FUNCTION_ARGS)
{
	text *dirty = PG_GETARG_TEXT_PP(0);
	char *typed = text_to_cstring(dirty);
	StringInfoData out;

	if (strpbrk(typed, "&<") == NULL)
		PG_RETURN_TEXT_P(dirty);

	if (VARSIZE_ANY_EXHDR(dirty) > SANITIZE_MAX_BYTES)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("text is too long to be sanitized"),
		                errdetail("It may have %d bytes.", SANITIZE_MAX_BYTES)));

	initStringInfo(&out);
	sanitize_markup(&out, typed);

	PG_RETURN_TEXT_P(cstring_to_text_with_len(out.data, out.len));
}

static void
sanitize_markup(StringInfo out, const char *dirty)
{
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "mesteri sanitize", ALLOCSET_DEFAULT_SIZES);
	MemoryContext callers = MemoryContextSwitchTo(scratch);
	MemoryContextCallback *callback = palloc(sizeof(MemoryContextCallback));
	htmlDocPtr *document = palloc0(sizeof(htmlDocPtr));
	Writer writer = {.out = out};

	callback->func = free_document;
	callback->arg = document;
	MemoryContextRegisterResetCallback(scratch, callback);

	/* Elements within elements without end are nobody's text: what is left then is to show what was typed. */
	if (parse(in_body(dirty), document))
		write_tree(&writer, (const xmlNode *) *document);
	else
		append_escaped(out, dirty);

	MemoryContextSwitchTo(callers);
	MemoryContextDelete(scratch);
}

/*
 * in_body
 *		The text as HTML for libxml2, without <![CDATA[...]]>, <![if ...]> and their like.
 *
 * libxml2 takes those for text, browsers for comments; word processors paste them.
 */
static char *
in_body(const char *dirty)
{
	char *html = palloc(strlen(BODY) + strlen(dirty) + 1);
	char *to = html + strlen(BODY);
	bool may_end = true;

	memcpy(html, BODY, strlen(BODY));
	while (*dirty != '\0')
	{
		if (may_end && dirty[0] == '<' && dirty[1] == '!' && dirty[2] == '[')
		{
			const char *end = declaration_end(dirty);

			/* Without an end there is none for those after it: looking once keeps this linear. */
			may_end = end != NULL;
			if (may_end)
			{
				dirty = end;
				continue;
			}
		}
		*to++ = *dirty++;
	}
	*to = '\0';
	return html;
}

static const char *
declaration_end(const char *text)
{
	const char *mark = strncmp(text, "<![CDATA[", 9) == 0 ? "]]>" : ">";
	const char *end = strstr(text, mark);

	return end == NULL ? NULL : end + strlen(mark);
}

/*
 * parse
 *		Reads HTML; false when libxml2 gave up because it is nested too deep.
 *
 * document: receives the tree, also when the result is false; the caller frees
 * it.  Nothing of the server runs while the parser exists, so nothing can
 * jump out of libxml2.
 */
static bool
parse(const char *html, htmlDocPtr *document)
{
	htmlParserCtxtPtr parser;
	bool is_stopped;
	bool is_out_of_memory;

	xmlInitParser();
	parser = htmlNewParserCtxt();
	if (parser == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));

	/* The mark says that the structure has serror; without it errors go to the global handler. */
	parser->sax->initialized = XML_SAX2_MAGIC;
	parser->sax->serror = ignore_error;
	parser->sax->startElement = start_element;

	*document = htmlCtxtReadMemory(parser, html, strlen(html), NULL, "UTF-8", PARSE_OPTIONS);
	is_stopped = parser->disableSAX != 0;
	is_out_of_memory = *document == NULL || parser->errNo == XML_ERR_NO_MEMORY;
	htmlFreeParserCtxt(parser);

	if (is_out_of_memory)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	return !is_stopped;
}

/* Adds an element with its href alone: others are of no use, and thousands of them would be slow. */
static void
start_element(void *parser, const xmlChar *name, const xmlChar **attributes)
{
	const xmlChar *href[3] = {NULL, NULL, NULL};

	for (; attributes != NULL && attributes[0] != NULL && href[0] == NULL; attributes += 2)
		if (xmlStrEqual(attributes[0], (const xmlChar *) "href"))
			memcpy(href, attributes, 2 * sizeof(href[0]));

	xmlSAX2StartElement(parser, name, href[0] == NULL ? NULL : href);
}

static void
ignore_error(void *context, xmlErrorPtr error)
{
}

static void
free_document(void *document)
{
	htmlDocPtr tree = *(htmlDocPtr *) document;

	if (tree != NULL)
		xmlFreeDoc(tree);
}

/* Walks by parent links rather than calls, so no nesting reaches the stack. */
static void
write_tree(Writer *writer, const xmlNode *root)
{
	const xmlNode *node = root;

	for (;;)
	{
		CHECK_FOR_INTERRUPTS();

		if (enter(writer, node) && node->children != NULL)
		{
			node = node->children;
			continue;
		}
		leave(writer, node);
		while (node != root && node->next == NULL)
		{
			node = node->parent;
			leave(writer, node);
		}
		if (node == root)
			return;
		node = node->next;
	}
}

/* Whether the node's children are to be visited. */
static bool
enter(Writer *writer, const xmlNode *node)
{
	switch (node->type)
	{
		case XML_HTML_DOCUMENT_NODE:
			return true;
		case XML_ELEMENT_NODE:
			return enter_element(writer, node);
		case XML_TEXT_NODE:
			write_text(writer, (const char *) node->content);
			return false;
		default: /* comments, instructions, the doctype; scripts and styles are CDATA */
			return false;
	}
}

static bool
enter_element(Writer *writer, const xmlNode *node)
{
	const Element *element = find_element((const char *) node->name);
	const char *href;

	switch (treatment_of(node))
	{
		case UNWRAP:
			break;
		case KEEP:
			open_element(writer, node, element, NULL);
			break;
		case LINK:
			href = link_of(node);
			if (href != NULL)
				open_element(writer, node, element, href);
			break;
		case BLOCK:
			writer->is_line_ended = true;
			break;
		case NEWLINE:
			end_line(writer);
			appendStringInfoChar(writer->out, '\n');
			break;
		case DROP:
			return false;
	}
	return true;
}

static void
leave(Writer *writer, const xmlNode *node)
{
	int last = writer->open_count - 1;

	if (treatment_of(node) == BLOCK)
		writer->is_line_ended = true;

	if (last < 0 || writer->open[last].node != node)
		return;

	if (writer->written_count == writer->open_count)
	{
		appendStringInfo(writer->out, "</%s>", writer->open[last].name);
		writer->written_count--;
	}
	writer->open_count--;
}

/* Notes an element, unless it stands within its like; its start tag waits for text. */
static void
open_element(Writer *writer, const xmlNode *node, const Element *element, const char *href)
{
	for (int i = 0; i < writer->open_count; i++)
		if (writer->open[i].name == element->name)
			return;

	writer->open[writer->open_count++] = (OpenElement){.node = node, .name = element->name, .href = href};
}

static void
write_text(Writer *writer, const char *text)
{
	bool is_blank = is_nothing(text);

	/* Space between blocks is the author's indentation. */
	if (is_blank && writer->is_line_ended)
		return;
	end_line(writer);

	for (; !is_blank && writer->written_count < writer->open_count; writer->written_count++)
	{
		const OpenElement *element = &writer->open[writer->written_count];

		appendStringInfo(writer->out, "<%s", element->name);
		if (element->href != NULL)
		{
			appendStringInfoString(writer->out, " href=\"");
			append_escaped(writer->out, element->href);
			appendStringInfoString(writer->out, "\" rel=\"nofollow noopener ugc\"");
		}
		appendStringInfoChar(writer->out, '>');
	}
	append_escaped(writer->out, text);
}

/* The line break that a block asked for, unless one stands there or nothing does. */
static void
end_line(Writer *writer)
{
	StringInfo out = writer->out;

	if (writer->is_line_ended && out->len > 0 && out->data[out->len - 1] != '\n')
		appendStringInfoChar(out, '\n');
	writer->is_line_ended = false;
}

/* NULL when it has no entry. */
static const Element *
find_element(const char *name)
{
	return bsearch(name, ELEMENTS, lengthof(ELEMENTS), sizeof(Element), compare_names);
}

static int
compare_names(const void *name, const void *element)
{
	return strcmp(name, ((const Element *) element)->name);
}

static Treatment
treatment_of(const xmlNode *node)
{
	const Element *element = node->type == XML_ELEMENT_NODE ? find_element((const char *) node->name) : NULL;

	return element == NULL ? UNWRAP : element->treatment;
}

/* Where an a leads, by the one attribute that start_element left it; in the current context; NULL when that is nowhere we allow. */
static const char *
link_of(const xmlNode *node)
{
	const xmlNode *value = node->properties == NULL ? NULL : node->properties->children;
	char *link;

	if (value == NULL || value->type != XML_TEXT_NODE || value->next != NULL)
		return NULL;

	link = clean_link((const char *) value->content);
	return is_allowed_link(link) ? link : NULL;
}

/*
 * clean_link
 *		A link without what browsers skip when they look for its scheme.
 *
 * Controls and line ends go, spaces around it too; those within become %20.
 */
static char *
clean_link(const char *typed)
{
	StringInfoData link;
	int spaces = 0;

	initStringInfo(&link);
	for (const char *c = typed; *c != '\0'; c++)
	{
		int refused = refused_length(c);

		if (refused > 0)
			c += refused - 1;
		else if (*c == ' ')
			spaces++;
		else if (strchr(BLANKS, *c) == NULL)
		{
			for (; spaces > 0; spaces--)
				appendStringInfoString(&link, link.len > 0 ? "%20" : "");
			appendStringInfoChar(&link, *c);
		}
	}
	return link.data;
}

/* Without // after it even http: may mean a path of the page that shows the text. */
static bool
is_allowed_link(const char *link)
{
	static const char *const SCHEMES[] = {"http://", "https://", "mailto:"};

	for (size_t i = 0; i < lengthof(SCHEMES); i++)
	{
		size_t length = strlen(SCHEMES[i]);

		if (pg_strncasecmp(link, SCHEMES[i], length) == 0)
			return link[length] != '\0' && strchr("/\\?#", link[length]) == NULL;
	}
	return false;
}

/* Whether a text has nothing that append_escaped would write but space. */
static bool
is_nothing(const char *text)
{
	int refused;

	for (; *text != '\0'; text += Max(refused, 1))
	{
		refused = refused_length(text);
		if (refused == 0 && strchr(BLANKS, *text) == NULL)
			return false;
	}
	return true;
}

static void
append_escaped(StringInfo out, const char *text)
{
	for (const char *c = text; *c != '\0'; c++)
	{
		int refused = refused_length(c);

		if (refused > 0)
			c += refused - 1;
		else if (*c == '&')
			appendStringInfoString(out, "&amp;");
		else if (*c == '<')
			appendStringInfoString(out, "&lt;");
		else if (*c == '>')
			appendStringInfoString(out, "&gt;");
		else if (*c == '"')
			appendStringInfoString(out, "&quot;");
		else
			appendStringInfoCharMacro(out, *c);
	}
}

/*
 * refused_length
 *		How many bytes a character has that is never written; 0 for any other.
 *
 * Those are controls but tab and line ends, which a reference such as &#128;
 * can bring in; U+FFFE and U+FFFF, which libxml2 does not read; and U+0338,
 * which NFC joins with the > of a tag before it, so that the tag stays open
 * and takes the text after it for attributes.
 */
static int
refused_length(const char *c)
{
	const unsigned char *byte = (const unsigned char *) c;

	if (byte[0] < 0x20)
		return strchr(BLANKS, *c) == NULL ? 1 : 0;
	if (byte[0] == 0x7F)
		return 1;
	if (byte[0] == 0xC2)
		return byte[1] <= 0x9F ? 2 : 0;
	if (byte[0] == 0xCC)
		return byte[1] == 0xB8 ? 2 : 0;
	if (byte[0] == 0xEF && byte[1] == 0xBF)
		return byte[2] >= 0xBE ? 3 : 0;
	return 0;
}
