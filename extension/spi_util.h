/*-------------------------------------------------------------------------
 *
 * spi_util.h
 *		SQL from C: kept plans and reads with the owner's rights.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_SPI_UTIL_H
#define MESTERI_SPI_UTIL_H

#include "executor/spi.h"

extern SPIPlanPtr spi_keep(const char *sql, int count, const Oid *types);
extern SPIPlanPtr spi_keep_generic(const char *sql, int count, const Oid *types);
extern void spi_push_catalog_path(void);
extern void spi_as_owner(const char *sql);
extern void spi_as_owner_with(const char *sql, Oid type, Datum parameter);
extern void spi_plan_as_owner(SPIPlanPtr plan, Datum *values);
extern void spi_plan_as_owner_within(SPIPlanPtr plan, Datum *values);
extern void spi_write_as_owner(SPIPlanPtr plan, Datum *values, int expected);
extern uint64 spi_insert_as_owner(SPIPlanPtr plan, Datum *values, const char *nulls);

#endif /* MESTERI_SPI_UTIL_H */
