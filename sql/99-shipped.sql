/*
 * 99-shipped.sql
 *		Last of all: what stands on our tables now is ours.
 */
SELECT mesteri.shipped_objects_record();
