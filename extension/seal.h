/*-------------------------------------------------------------------------
 *
 * seal.h
 *		A seal in front of data that travels through hands we do not trust.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_SEAL_H
#define MESTERI_SEAL_H

extern bytea *seal_data(const char *purpose, const void *data, size_t length);

#endif /* MESTERI_SEAL_H */
