# Builds and installs the extension with PGXS, into the PostgreSQL that PG_CONFIG belongs to.  Called by the Makefile.
# What is built lands in build/.

EXTENSION   = control/mesteri
EXTVERSION := $(shell sed -n "s/^default_version = '\(.*\)'.*/\1/p" control/mesteri.control)
BUILD      ?= build

# The install script: the parts in sql/ and those made from data/, joined in the order of their names.
GENERATED_SQL     = $(BUILD)/sql/40-seeds.sql $(BUILD)/sql/88-labels.sql
GENERATED_HEADERS = $(BUILD)/errcodes.h
SQL_PARTS         = $(wildcard sql/[0-9]*.sql) $(GENERATED_SQL)
SQL_IN_ORDER      = $(foreach name,$(sort $(notdir $(SQL_PARTS))),$(filter %/$(name),$(SQL_PARTS)))

# MODULES, not MODULE_big: it takes a library that lies in a folder.
MODULES     = $(BUILD)/mesteri
OBJS        = $(patsubst extension/%.c,$(BUILD)/extension/%.o,$(wildcard extension/*.c))
DATA        = $(wildcard sql/upgrade/mesteri--*.sql)
DATA_built  = $(BUILD)/mesteri--$(EXTVERSION).sql

# Tests that run against an installed server, found by PGHOST, PGPORT and PGUSER.
REGRESS        = $(patsubst regress/sql/%.sql,%,$(wildcard regress/sql/*.sql))
REGRESS_OPTS   = --inputdir=regress --outputdir=$(BUILD)/regress
ISOLATION      = $(patsubst regress/specs/%.spec,%,$(wildcard regress/specs/*.spec))
ISOLATION_OPTS = --inputdir=regress --outputdir=$(BUILD)/isolation

PG_CPPFLAGS = -I$(BUILD) -Iextension -DMESTERI_VERSION='"$(EXTVERSION)"'
# A function called through the manager takes fcinfo whether it needs it or not.
PG_CFLAGS   = -std=gnu11 -Wall -Wextra -Werror -Wno-unused-parameter -ffp-contract=off $(SANITIZE:%=-fsanitize=%)

# Bitcode would need clang, and the server inlines nothing of ours.
override with_llvm = no

PG_CONFIG ?= $(firstword $(wildcard /usr/lib/postgresql/15/bin/pg_config) pg_config)
PGXS      := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)
ifeq ($(wildcard $(PGXS)),)
$(error PostgreSQL 15 for development is not installed; deploy/install-packages.sh installs it)
endif
ifeq ($(filter 15%,$(word 2,$(shell $(PG_CONFIG) --version))),)
$(error Mesteri needs PostgreSQL 15; $(PG_CONFIG) belongs to $(shell $(PG_CONFIG) --version))
endif
include $(PGXS)

$(OBJS): $(BUILD)/extension/%.o: extension/%.c extension.mk control/mesteri.control | $(GENERATED_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(CPPFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/mesteri.so: $(OBJS)
	$(CC) $(CFLAGS) $(OBJS) $(LDFLAGS) $(LDFLAGS_SL) -shared -o $@ -lcrypto -lxml2

# sql itself: a part that was removed must not stay in the script.
$(DATA_built): $(SQL_PARTS) sql control/mesteri.control extension.mk
	@mkdir -p $(@D)
	cat $(SQL_IN_ORDER) > $@.new
	mv $@.new $@

$(BUILD)/sql/40-seeds.sql: sql/seeds.sh sql/csv2sql.awk $(wildcard data/*.csv)
	@mkdir -p $(@D)
	sql/seeds.sh > $@.new
	mv $@.new $@

$(BUILD)/sql/88-labels.sql: sql/labels.sh data/labels.csv
	@mkdir -p $(@D)
	sql/labels.sh > $@.new
	mv $@.new $@

$(BUILD)/errcodes.h: extension/errcodes.awk data/errors.csv
	@mkdir -p $(@D)
	awk -f $< data/errors.csv > $@.new
	mv $@.new $@

-include $(OBJS:.o=.d)

# PGXS looks for the installed library below the folder it was built in.
uninstall: uninstall-library
uninstall-library:
	rm -f '$(DESTDIR)$(pkglibdir)/mesteri.so'
.PHONY: uninstall-library

installcheck: $(BUILD)/regress $(BUILD)/isolation
$(BUILD)/regress $(BUILD)/isolation:
	@mkdir -p $@
