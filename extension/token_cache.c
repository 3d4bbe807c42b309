/*-------------------------------------------------------------------------
 *
 * token_cache.c
 *		Tokens this backend has verified, by their SHA-256.
 *
 * A hash table with chains and a list by age of use, in two arrays whose
 * sizes follow from mesteri.token_cache_kb: the bound is on bytes, not on
 * tokens.  The operating system lends the pages only as entries are written.
 * When the setting changes, the cache starts anew.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "port/pg_bitutils.h"
#include "utils/memutils.h"

#include "token_cache.h"

#define NOBODY (-1)

typedef struct Entry
{
	uint8 digest[TOKEN_DIGEST_BYTES];
	ProvenToken proven;
	int32 next;  /* in the same chain */
	int32 newer; /* used after this one */
	int32 older;
	bool is_live; /* false: dropped, in no chain, to be used again first */
} Entry;

static bool is_ready(void);
static int32 *chain_of(const uint8 *digest);
static int32 find(const uint8 *digest);
static int32 take_entry(void);
static void leave_chain(int32 index);
static void leave_uses(int32 index);
static void become_newest(int32 index);
static void become_oldest(int32 index);

static MemoryContext memory = NULL;
static int memory_kb = 0; /* that the arrays were made for; 0: there are none */
static Entry *entries;
static int32 capacity;
static int32 used; /* entries ever written */
static int32 *chains;
static uint32 chain_mask;
static int32 newest;
static int32 oldest;

/*
 * token_cache_find
 *		Whether the token is known; *proven then tells what it says.
 */
bool
token_cache_find(const uint8 *digest, ProvenToken *proven)
{
	int32 index = is_ready() ? find(digest) : NOBODY;

	if (index == NOBODY)
		return false;

	if (index != newest)
	{
		leave_uses(index);
		become_newest(index);
	}

	*proven = entries[index].proven;
	return true;
}

/*
 * token_cache_put
 *		Remember a token, or what is new about it.
 *
 * When there is no room, the one whose last use is longest ago is forgotten.
 */
void
token_cache_put(const uint8 *digest, const ProvenToken *proven)
{
	int32 index;

	if (!is_ready())
		return;

	index = find(digest);
	if (index == NOBODY)
	{
		int32 *chain = chain_of(digest);

		index = take_entry();
		memcpy(entries[index].digest, digest, TOKEN_DIGEST_BYTES);
		entries[index].is_live = true;
		entries[index].next = *chain;
		*chain = index;
		become_newest(index);
	}

	entries[index].proven = *proven;
}

/*
 * token_cache_drop
 *		Forget a token, if it is known.
 */
void
token_cache_drop(const uint8 *digest)
{
	int32 index = is_ready() ? find(digest) : NOBODY;

	if (index == NOBODY)
		return;

	leave_chain(index);
	leave_uses(index);
	become_oldest(index);
}

/*
 * is_ready
 *		Make room as the setting says; false when there is none for anything.
 */
static bool
is_ready(void)
{
	size_t chain_count;

	if (memory_kb == mesteri_token_cache_kb && memory_kb > 0)
		return true;

	if (memory == NULL)
		memory = AllocSetContextCreate(TopMemoryContext, "mesteri token cache", ALLOCSET_SMALL_SIZES);
	MemoryContextReset(memory);
	memory_kb = 0;

	/* At most two chains for an entry: the number of chains is a power of two. */
	capacity = (int32) ((size_t) mesteri_token_cache_kb * 1024 / (sizeof(Entry) + 2 * sizeof(int32)));
	used = 0;
	newest = oldest = NOBODY;
	if (capacity == 0)
		return false;

	chain_count = pg_nextpower2_32((uint32) capacity);
	chain_mask = (uint32) chain_count - 1;
	entries = MemoryContextAlloc(memory, (size_t) capacity * sizeof(Entry));
	chains = MemoryContextAlloc(memory, chain_count * sizeof(int32));
	memset(chains, 0xFF, chain_count * sizeof(int32)); /* NOBODY */
	memory_kb = mesteri_token_cache_kb;

	return true;
}

/*
 * chain_of
 *		Any bits of a SHA-256 do: nobody chooses them, as only genuine tokens get here.
 */
static int32 *
chain_of(const uint8 *digest)
{
	uint32 bits;

	memcpy(&bits, digest, sizeof(bits));

	return &chains[bits & chain_mask];
}

static int32
find(const uint8 *digest)
{
	int32 index = *chain_of(digest);

	while (index != NOBODY && memcmp(entries[index].digest, digest, TOKEN_DIGEST_BYTES) != 0)
		index = entries[index].next;

	return index;
}

/*
 * take_entry
 *		An entry in no chain and no list: dropped before, never used, or the oldest.
 */
static int32
take_entry(void)
{
	int32 index = oldest;

	if (used < capacity && (index == NOBODY || entries[index].is_live))
		return used++;

	if (entries[index].is_live)
		leave_chain(index);
	leave_uses(index);

	return index;
}

static void
leave_chain(int32 index)
{
	int32 *link = chain_of(entries[index].digest);

	while (*link != index)
		link = &entries[*link].next;

	*link = entries[index].next;
	entries[index].is_live = false;
}

static void
leave_uses(int32 index)
{
	Entry *entry = &entries[index];

	if (entry->newer == NOBODY)
		newest = entry->older;
	else
		entries[entry->newer].older = entry->older;

	if (entry->older == NOBODY)
		oldest = entry->newer;
	else
		entries[entry->older].newer = entry->newer;
}

static void
become_newest(int32 index)
{
	entries[index].newer = NOBODY;
	entries[index].older = newest;

	if (newest == NOBODY)
		oldest = index;
	else
		entries[newest].newer = index;
	newest = index;
}

static void
become_oldest(int32 index)
{
	entries[index].older = NOBODY;
	entries[index].newer = oldest;

	if (oldest == NOBODY)
		newest = index;
	else
		entries[oldest].older = index;
	oldest = index;
}
