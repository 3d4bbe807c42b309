/*-------------------------------------------------------------------------
 *
 * worker.h
 *		Background work: one launcher, one worker for each database.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_WORKER_H
#define MESTERI_WORKER_H

#define WORKER_LIBRARY "mesteri"

/* launcher.c */
extern void launcher_register(void);
extern PGDLLEXPORT void mesteri_launcher_main(Datum argument) pg_attribute_noreturn();

/* worker.c */
extern PGDLLEXPORT void mesteri_worker_main(Datum database) pg_attribute_noreturn();

#endif /* MESTERI_WORKER_H */
