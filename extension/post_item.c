/*-------------------------------------------------------------------------
 *
 * post_item.c
 *		Posts as the items of a list.
 *
 * The same members as mesteri.post_json() makes, of a post, its author and
 * what the reader did with it, each row found by its key: a plan for this is
 * begun and ended once a request, which costs as much as what it reads.
 *
 * Rows are read past row security.  What is shown of them is public, but for
 * place and project, which are the author's and the staff's; who may call
 * this is who may read these tables as they are.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "json_member.h"
#include "place.h"
#include "post_item.h"
#include "row.h"

/* Where a member comes from: a column of a row, or something made of some. */
typedef enum Source
{
	OF_POST,
	OF_CRAFTSMAN,
	OF_PERSON,
	SHOWN_NAME,
	IS_VERIFIED,
	IS_FEATURED,
	IS_LIKED,
	IS_SAVED,
	PRIVATE_PLACE,
	PRIVATE_PROJECT
} Source;

typedef struct Member
{
	const char *before; /* what stands in front of its name */
	const char *name;   /* of the member, and of the column */
	Source source;
} Member;

static const Member members[] = {
	{"{", "id", OF_POST},
	{",", "craftsman_id", OF_POST},
	{",\"craftsman\":{", "id", OF_CRAFTSMAN},
	{",", "user_id", OF_CRAFTSMAN},
	{",", "display_name", SHOWN_NAME},
	{",", "business_name", OF_CRAFTSMAN},
	{",", "avatar_url", OF_PERSON},
	{",", "city", OF_PERSON},
	{",", "county", OF_PERSON},
	{",", "tier", OF_CRAFTSMAN},
	{",", "business_verified", IS_VERIFIED},
	{",", "average_rating", OF_CRAFTSMAN},
	{",", "total_reviews", OF_CRAFTSMAN},
	{",", "featured", IS_FEATURED},
	{"},", "title", OF_POST},
	{",", "description", OF_POST},
	{",", "media_type", OF_POST},
	{",", "media_urls", OF_POST},
	{",", "thumbnail_url", OF_POST},
	{",", "before_media_url", OF_POST},
	{",", "after_media_url", OF_POST},
	{",", "duration_seconds", OF_POST},
	{",", "video_quality", OF_POST},
	{",", "views_count", OF_POST},
	{",", "likes_count", OF_POST},
	{",", "shares_count", OF_POST},
	{",", "saves_count", OF_POST},
	{",", "comments_count", OF_POST},
	{",", "liked", IS_LIKED},
	{",", "saved", IS_SAVED},
	{",", "category_id", OF_POST},
	{",", "tags", OF_POST},
	{",", "location", PRIVATE_PLACE},
	{",", "location_name", OF_POST},
	{",", "project_id", PRIVATE_PROJECT},
	{",", "status", OF_POST},
	{",", "published_at", OF_POST},
	{",", "created_at", OF_POST},
	{",", "version", OF_POST},
};

/* What the catalog says of the tables; good until one of them changes. */
static struct
{
	bool valid;
	MemoryContext memory;
	Oid posts;
	Oid craftsmen;
	Oid people;
	JsonMember members[lengthof(members)];
	AttrNumber columns[lengthof(members)]; /* of those that are, or are made of, one */
	AttrNumber craftsman_id;
	AttrNumber user_id;
	AttrNumber verification;
	Oid verified; /* a value of it */
	AttrNumber featured_until;
	AttrNumber display_name;
	AttrNumber first_name;
	AttrNumber last_name;
} known;

static void learn(const PostReader *reader);
static void learn_member(int number, const PostReader *reader);
static AttrNumber column(const RowFinder *finder, const char *name, Oid *type);
static void forget(Datum arg, Oid relation);
static bool is_private(const PostReader *reader);
static Datum member_value(int number, const PostReader *reader, bool *is_null);
static Datum shown_name(TupleTableSlot *person, bool *is_null);
static Datum location_json(const PostReader *reader, AttrNumber column, bool *is_null);
static Datum get(const RowFinder *finder, AttrNumber column, bool *is_null);

/*
 * post_reader_open
 *		viewer: lives as long as the reader.
 *
 * Errors: 55000 when an index cannot be used.
 */
void
post_reader_open(PostReader *reader, const pg_uuid_t *viewer, bool is_staff)
{
	reader->viewer = viewer;
	reader->is_staff = is_staff;
	row_finder_need(&reader->posts, "content_posts", "content_posts_pkey", "id");
	row_finder_need(&reader->craftsmen, "craftsman_profiles", "craftsman_profiles_pkey", "id");
	row_finder_need(&reader->people, "user_profiles", "user_profiles_user_id_unique", "user_id");
	if (viewer != NULL)
		post_marks_open(&reader->marks, viewer);

	/* The tables are locked: what is learnt now stays true until they are closed. */
	if (!known.valid)
		learn(reader);
	for (size_t i = 0; i < lengthof(members); i++)
		json_member_forget(&known.members[i]);
}

/*
 * post_item_append
 *		A post's members, without the brace that closes them; false, and nothing, when there is no such post.
 */
bool
post_item_append(StringInfo out, PostReader *reader, const pg_uuid_t *post_id)
{
	bool is_null;

	if (!row_finder_find(&reader->posts, post_id) ||
	    !row_finder_find(&reader->craftsmen, DatumGetUUIDP(get(&reader->posts, known.craftsman_id, &is_null))) ||
	    !row_finder_find(&reader->people, DatumGetUUIDP(get(&reader->craftsmen, known.user_id, &is_null))))
		return false;
	if (reader->viewer != NULL)
		post_marks_find(&reader->marks, post_id);

	for (int i = 0; i < (int) lengthof(members); i++)
	{
		Datum value = member_value(i, reader, &is_null);

		json_member_append(out, &known.members[i], value, is_null);
	}

	return true;
}

void
post_reader_close(PostReader *reader)
{
	if (reader->viewer != NULL)
		post_marks_close(&reader->marks);
	row_finder_close(&reader->people);
	row_finder_close(&reader->craftsmen);
	row_finder_close(&reader->posts);
}

static void
learn(const PostReader *reader)
{
	static bool registered = false;
	MemoryContext caller;

	if (!registered)
	{
		CacheRegisterRelcacheCallback(forget, (Datum) 0);
		registered = true;
		known.memory = AllocSetContextCreate(TopMemoryContext, "mesteri post items", ALLOCSET_SMALL_SIZES);
	}

	/* Before reading: what changes meanwhile must be read again. */
	known.posts = RelationGetRelid(reader->posts.table);
	known.craftsmen = RelationGetRelid(reader->craftsmen.table);
	known.people = RelationGetRelid(reader->people.table);
	known.valid = true;

	MemoryContextReset(known.memory);
	caller = MemoryContextSwitchTo(known.memory);
	PG_TRY();
	{
		for (int i = 0; i < (int) lengthof(members); i++)
			learn_member(i, reader);
		known.craftsman_id = column(&reader->posts, "craftsman_id", NULL);
		known.user_id = column(&reader->craftsmen, "user_id", NULL);
		known.verification = column(&reader->craftsmen, "business_verification_status", NULL);
		known.verified = row_label(reader->craftsmen.table, known.verification, "verified");
		known.featured_until = column(&reader->craftsmen, "featured_until", NULL);
		known.display_name = column(&reader->people, "display_name", NULL);
		known.first_name = column(&reader->people, "first_name", NULL);
		known.last_name = column(&reader->people, "last_name", NULL);
	}
	PG_CATCH();
	{
		known.valid = false;
		PG_RE_THROW();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(caller);
}

static void
learn_member(int number, const PostReader *reader)
{
	const Member *member = &members[number];
	Oid type = BOOLOID;

	switch (member->source)
	{
		case OF_POST:
		case PRIVATE_PROJECT:
			known.columns[number] = column(&reader->posts, member->name, &type);
			break;
		case PRIVATE_PLACE:
			known.columns[number] = column(&reader->posts, member->name, NULL);
			type = JSONOID;
			break;
		case OF_CRAFTSMAN:
			known.columns[number] = column(&reader->craftsmen, member->name, &type);
			break;
		case OF_PERSON:
			known.columns[number] = column(&reader->people, member->name, &type);
			break;
		case SHOWN_NAME:
			type = TEXTOID;
			break;
		case IS_VERIFIED:
		case IS_FEATURED:
		case IS_LIKED:
		case IS_SAVED:
			break;
	}
	json_member_make(&known.members[number], member->before, member->name, type);
}

static AttrNumber
column(const RowFinder *finder, const char *name, Oid *type)
{
	AttrNumber found = row_column(finder->table, name);

	if (type != NULL)
		*type = TupleDescAttr(RelationGetDescr(finder->table), found - 1)->atttypid;

	return found;
}

static void
forget(Datum arg, Oid relation)
{
	if (relation == InvalidOid || relation == known.posts || relation == known.craftsmen || relation == known.people)
		known.valid = false;
}

/* Whether the reader is the author of the post found last, or of the staff. */
static bool
is_private(const PostReader *reader)
{
	bool is_null;

	return reader->is_staff ||
	       (reader->viewer != NULL &&
	        memcmp(DatumGetUUIDP(get(&reader->craftsmen, known.user_id, &is_null)), reader->viewer, UUID_LEN) == 0);
}

static Datum
member_value(int number, const PostReader *reader, bool *is_null)
{
	AttrNumber column = known.columns[number];
	Datum value;

	*is_null = false;
	switch (members[number].source)
	{
		case OF_POST:
			return get(&reader->posts, column, is_null);
		case OF_CRAFTSMAN:
			return get(&reader->craftsmen, column, is_null);
		case OF_PERSON:
			return get(&reader->people, column, is_null);
		case SHOWN_NAME:
			return shown_name(reader->people.slot, is_null);
		case IS_VERIFIED:
			value = get(&reader->craftsmen, known.verification, is_null);
			return BoolGetDatum(DatumGetObjectId(value) == known.verified);
		case IS_FEATURED:
			value = get(&reader->craftsmen, known.featured_until, is_null);
			value = BoolGetDatum(!*is_null && DatumGetTimestampTz(value) > GetCurrentTransactionStartTimestamp());
			*is_null = false;
			return value;
		case IS_LIKED:
			*is_null = reader->viewer == NULL;
			return BoolGetDatum(!*is_null && reader->marks.liked);
		case IS_SAVED:
			*is_null = reader->viewer == NULL;
			return BoolGetDatum(!*is_null && reader->marks.saved);
		case PRIVATE_PLACE:
		case PRIVATE_PROJECT:
			*is_null = !is_private(reader);
			if (*is_null)
				return (Datum) 0;
			return members[number].source == PRIVATE_PLACE ? location_json(reader, column, is_null)
			                                               : get(&reader->posts, column, is_null);
	}
	pg_unreachable();
}

/* As mesteri.shown_name(): one's own choice, else "Ion P.". */
static Datum
shown_name(TupleTableSlot *person, bool *is_null)
{
	Datum name = slot_getattr(person, known.display_name, is_null);
	bool no_first;
	bool no_last;
	Datum first;
	Datum last;
	text *family;
	int initial;
	StringInfoData made;

	if (!*is_null && VARSIZE_ANY_EXHDR(DatumGetPointer(name)) > 0)
		return name;

	first = slot_getattr(person, known.first_name, &no_first);
	last = slot_getattr(person, known.last_name, &no_last);
	*is_null = no_first || no_last || VARSIZE_ANY_EXHDR(DatumGetPointer(first)) == 0;
	if (*is_null)
		return (Datum) 0;

	family = DatumGetTextPP(last);
	initial = VARSIZE_ANY_EXHDR(family) == 0 ? 0 : pg_mblen(VARDATA_ANY(family));
	initStringInfo(&made);
	appendStringInfo(&made, "%s ", TextDatumGetCString(first));
	appendBinaryStringInfo(&made, VARDATA_ANY(family), initial);
	appendStringInfoChar(&made, '.');

	return PointerGetDatum(cstring_to_text_with_len(made.data, made.len));
}

/* As mesteri.location_json(). */
static Datum
location_json(const PostReader *reader, AttrNumber column, bool *is_null)
{
	Datum place = get(&reader->posts, column, is_null);
	Oid geography = TupleDescAttr(RelationGetDescr(reader->posts.table), column - 1)->atttypid;
	double lat;
	double lon;
	StringInfoData json;

	if (*is_null)
		return (Datum) 0;
	if (!place_read(geography, place, &lat, &lon))
		return CStringGetTextDatum("{\"lat\" : null, \"lon\" : null}");

	initStringInfo(&json);
	appendStringInfoString(&json, "{\"lat\" : ");
	json_append_float8(&json, lat);
	appendStringInfoString(&json, ", \"lon\" : ");
	json_append_float8(&json, lon);
	appendStringInfoChar(&json, '}');

	return PointerGetDatum(cstring_to_text_with_len(json.data, json.len));
}

static Datum
get(const RowFinder *finder, AttrNumber column, bool *is_null)
{
	return slot_getattr(finder->slot, column, is_null);
}
