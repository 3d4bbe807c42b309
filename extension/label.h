/*-------------------------------------------------------------------------
 *
 * label.h
 *		Labels of tables and columns: whose the rows are, how private a value is.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_LABEL_H
#define MESTERI_LABEL_H

#define LABEL_PROVIDER "mesteri"
#define LABEL_NOBODY   "nobody"
#define LABEL_PUBLIC   "public"
#define LABEL_OWNED    "users via " /* paths follow, see owner_path.c */

extern void label_init(void);
extern char *label_of_table(Oid table);

#endif /* MESTERI_LABEL_H */
