/*-------------------------------------------------------------------------
 *
 * mem.h
 *		Memory that is there or ends the process.
 *
 * Every buffer, queue and body of the proxy is bounded by a setting, so
 * running out of memory means that the machine is in trouble.  A worker then
 * says so and ends; the supervisor starts a fresh one.  That keeps a failure
 * branch that no test can reach out of every caller.
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_MEM_H
#define MESTERI_MEM_H

#include <stddef.h>

void *mem_zero(size_t size);
void *mem_resize(void *old, size_t size);
char *mem_text(const char *text);

#endif
