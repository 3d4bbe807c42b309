/*-------------------------------------------------------------------------
 *
 * list.h
 *		Doubly linked lists whose links live in their members.
 *
 * A member can leave its list in constant time without knowing which list it
 * is on, and no list operation allocates.  A node that is on no list has
 * next == NULL.
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_LIST_H
#define MESTERI_LIST_H

#include <stdbool.h>
#include <stddef.h>

typedef struct ListNode
{
	struct ListNode *previous;
	struct ListNode *next;
} ListNode;

typedef struct List
{
	ListNode ends; /* next: first member; previous: last member */
} List;

/* The structure that holds the node: list_owner(Request, node, pointer). */
#define list_owner(type, member, node) ((type *) (void *) ((char *) (node) -offsetof(type, member)))

static inline void
list_init(List *list)
{
	list->ends.next = &list->ends;
	list->ends.previous = &list->ends;
}

static inline bool
list_is_empty(const List *list)
{
	return list->ends.next == &list->ends;
}

/* The oldest member, or NULL. */
static inline ListNode *
list_first(const List *list)
{
	return list_is_empty(list) ? NULL : list->ends.next;
}

/* The member after node, or NULL. */
static inline ListNode *
list_after(const List *list, const ListNode *node)
{
	return node->next == &list->ends ? NULL : node->next;
}

static inline void
list_append(List *list, ListNode *node)
{
	node->next = &list->ends;
	node->previous = list->ends.previous;
	node->previous->next = node;
	list->ends.previous = node;
}

/* Takes node off its list; a node on no list is left as it is. */
static inline void
list_remove(ListNode *node)
{
	if (node->next == NULL)
		return;
	node->previous->next = node->next;
	node->next->previous = node->previous;
	node->next = NULL;
	node->previous = NULL;
}

/* Moves all members of from to the empty list to. */
static inline void
list_move_all(List *to, List *from)
{
	ListNode *node;

	while ((node = list_first(from)) != NULL)
	{
		list_remove(node);
		list_append(to, node);
	}
}

#endif
