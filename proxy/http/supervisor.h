/*-------------------------------------------------------------------------
 *
 * supervisor.h
 *		The process that owns the listening socket and looks after the workers.
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_SUPERVISOR_H
#define MESTERI_SUPERVISOR_H

#include "common/config.h"

int supervisor_run(Config *config, int argc, char **argv);

#endif
