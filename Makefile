# The one entry to everything here; `make` alone lists what there is.
#
#	make run MESTERI_PORT=8081 DEMO_POSTS=1000
#	make install PG_CONFIG=/path/to/pg_config

.DEFAULT_GOAL := help

C_FILES = $(wildcard extension/*.[ch] proxy/*/*.[ch])
CLANG_FORMAT = clang-format-14
MAKEFLAGS += --no-print-directory

help: ## lists these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' Makefile

run: ## installs packages, builds, and runs a private server with demo data and the proxy until Ctrl-C
	@deploy/run.sh

stop: ## ends what `make run` of this checkout started
	@deploy/stop.sh

token: ## prints a fresh access token of a demo client
	@deploy/token.sh

psql: ## opens psql, as superuser, on the database of `make run`
	@deploy/cluster.sh psql var

check: packages build format-check private ## installs packages, builds and runs all tests, on servers of their own
	@regress/run

soak: packages build private ## runs the long tests
	@regress/run --soak

bench: packages build private ## measures and writes bench/RESULTS.md
	@bench/run

bench-restore: packages build private ## measures dump and restore of a million posts; takes minutes
	@bench/run restore

bench-engines: packages build private ## measures the feed at each size of BENCH_ENGINE_POSTS; takes minutes
	@bench/run engines

bench-matching: packages build private ## measures matching with BENCH_ENGINE_CRAFTSMEN craftsmen; takes minutes
	@bench/run matching

bench-aging: packages build private ## measures the feed's index through BENCH_AGING_S seconds of writing; takes an hour
	@bench/run aging

bench-plans: packages build private ## writes docs/feed-plans.md: the feed's searches at a million posts, with their plans
	@bench/run plans

docs: packages build private ## writes what the database tells of itself into docs
	@PYTHONDONTWRITEBYTECODE=1 docs/generator/generate.py

packages: ## installs the Debian packages of deploy/packages.txt that are missing
	@deploy/install-packages.sh

build: ## builds the extension and the proxy into build/
	@$(MAKE) -f extension.mk all
	@$(MAKE) -C proxy

private: build ## puts the extension into this checkout's own PostgreSQL prefix, var/pg
	@deploy/prefix.sh

install: ## installs the extension into the PostgreSQL of PG_CONFIG, the system's by default
	@$(MAKE) -f extension.mk install

uninstall: ## removes it from there
	@$(MAKE) -f extension.mk uninstall

installcheck: ## runs the tests in regress/ against the server that PGHOST and PGPORT name
	@$(MAKE) -f extension.mk installcheck

format: ## formats the C
	@$(if $(C_FILES),$(CLANG_FORMAT) -i $(C_FILES))

format-check: packages ## fails when `make format` would change something
	@$(if $(C_FILES),$(CLANG_FORMAT) --dry-run -Werror $(C_FILES))

clean: ## removes build/
	rm -rf build

distclean: clean ## ends what runs and removes var/ too, with its data
	@deploy/remove.sh

# With -j: nothing is built before its packages are there.
ifneq ($(filter check soak bench bench-restore bench-engines bench-matching bench-aging bench-plans docs,$(MAKECMDGOALS)),)
build: packages
endif

.PHONY: help run stop token psql check soak bench bench-restore bench-engines bench-matching bench-aging bench-plans docs packages build private install \
	uninstall installcheck format format-check clean distclean
