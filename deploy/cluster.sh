#!/usr/bin/env bash
# A private PostgreSQL cluster in a folder of its own; `make run`, the tests and the bench each have theirs.
#
#	cluster.sh init DIR [CONF]      make the cluster, with its keys; nothing if it is there
#	cluster.sh start DIR [CONF]     start it; nothing if it runs
#	cluster.sh database DIR [NAME]  make a database with the extension; nothing if it is there
#	cluster.sh stop DIR             stop it; nothing if it does not run
#	cluster.sh status DIR           whether it runs, as exit status
#	cluster.sh env DIR              PGHOST, PGPORT, PGUSER and PGDATABASE as lines to eval
#	cluster.sh psql DIR ARG...      psql as superuser
#
# CONF holds settings beside deploy/postgresql.conf, which it overrules; they stay until another CONF is given.
# MESTERI_SERVER_PRELOAD names libraries to preload into the server (regress/sanitized).
# The cluster listens on a socket in DIR/run alone.  Peers are let in by who they are in the operating system:
# the service user and root, as any of LOGIN_ROLES.  DIR must lie where the service user can enter.
source "$(dirname "$0")/common.sh"

DATABASE=mesteri
LOGIN_ROLES=(postgres mesteri_proxy mesteri_worker mesteri_backup)

usage() { sed -n 's/^#\t\(cluster.sh .*\)/\1/p' "$0" >&2; exit 2; }

postmaster() { process_of "$data/postmaster.pid" cwd "$data"; }

init() {
    if [[ ! -d $data ]]; then
        mkdir -p "$dir"
        chmod 755 "$dir"
        folder_make "$dir/log" 755
        folder_make "$dir/run" 755
        as_user test -x "$dir" || die "$dir lies in a folder that the user $RUN_AS cannot enter"
        rm -rf "$data.new"
        folder_make "$data.new" 700
        # C.UTF-8: on every Debian, and byte order for indexes; who sorts names for people says COLLATE.
        as_user "$PGBIN/initdb" --pgdata="$data.new" --username=postgres --auth=peer --encoding=UTF8 \
            --locale=C.UTF-8 --data-checksums > "$dir/initdb.log" 2>&1 ||
            { cat "$dir/initdb.log" >&2; die "initdb failed"; }
        mv "$data.new" "$data"
    fi
    "$ROOT/deploy/keys.sh" "$dir"
}

# Written at each start, since the checkout, its user or its settings may have changed.
configure() {
    {
        cat "$ROOT/deploy/postgresql.conf"
        printf '%s\n' "unix_socket_directories = '$dir/run'" "include 'extra.conf'"
    } | write_as_user "$data/postgresql.conf"
    if [[ ${1:-} || ! -f $data/extra.conf ]]; then write_as_user "$data/extra.conf" < "${1:-/dev/null}"; fi
    say 'local all all peer map=mesteri' | write_as_user "$data/pg_hba.conf"
    {
        printf "mesteri \"$RUN_AS\" %s\n" "${LOGIN_ROLES[@]}"
        ((EUID != 0)) || printf 'mesteri root %s\n' "${LOGIN_ROLES[@]}"
    } | write_as_user "$data/pg_ident.conf"
}

start() {
    [[ -d $data ]] || die "no cluster in $dir; make it with: cluster.sh init $dir"
    ! postmaster > /dev/null || return 0
    ((${#dir} <= 85)) || die "$dir is too long for a socket's path, which has at most 107 bytes"
    configure "$@"
    # Not the server's that wrote it: the file came along with a copied folder, or was left by a crash.
    rm -f "$data/postmaster.pid" "$dir/run/.s.PGSQL.5432.lock"
    as_user env ${MESTERI_SERVER_PRELOAD:+LD_PRELOAD="$MESTERI_SERVER_PRELOAD"} "$PGBIN/pg_ctl" start --silent --wait --timeout=120 --pgdata="$data" --log="$dir/log/postgresql.log" \
        > /dev/null || { tail -n 20 "$dir/log/postgresql.log" >&2; die "PostgreSQL did not start"; }
}

stop() {
    local pid
    pid=$(postmaster) || return 0
    kill -INT "$pid"    # a fast shutdown: sessions are ended, nothing is lost
    wait_gone "$pid" 60 || die "PostgreSQL (process $pid) does not stop; see $dir/log/postgresql.log"
}

sql() { "$PGBIN/psql" -X -q -At -v ON_ERROR_STOP=1 -h "$dir/run" -U postgres "$@"; }

# The checksum of the install script that made a database tells a database of another build of the same version.
database() {
    local name=${1:-$DATABASE} made_by="$data/mesteri.${1:-$DATABASE}.made-by" version script built installed
    version=$(sed -n "s/^default_version = '\(.*\)'.*/\1/p" "$ROOT/control/mesteri.control")
    script=$PREFIX/share/postgresql/$PG_MAJOR/extension/mesteri--$version.sql
    built=$(sha256sum < "$script")

    [[ $(sql -d postgres -v name="$name" <<< "SELECT true FROM pg_database WHERE datname = :'name'") ]] ||
        sql -d postgres -v name="$name" <<< 'CREATE DATABASE :"name"'
    installed=$(sql -d "$name" -c "SELECT extversion FROM pg_extension WHERE extname = 'mesteri'")
    if [[ ! $installed ]]; then
        sql -d "$name" -c 'SET client_min_messages = warning' -c 'CREATE EXTENSION mesteri CASCADE'
    elif [[ $installed != "$version" ]]; then
        say "Updating the extension from $installed to $version"
        sql -d "$name" -c 'ALTER EXTENSION mesteri UPDATE'
    elif [[ -f $made_by && $(< "$made_by") != "$built" ]]; then
        warn "the database was made by another build of version $version, whose tables this one may not fit"
        die "\`make distclean\` removes it with all its data, then \`make run\` makes a new one"
    fi
    say "$built" | write_as_user "$made_by"
}

(($# >= 2)) || usage
command=$1
dir=$(realpath -m "$2")
data=$dir/data
shift 2
state_find || [[ $command == stop || $command == status ]] || die "there is no PostgreSQL prefix yet: deploy/prefix.sh"

case $command in
    init) init; if (($#)); then configure "$1"; fi ;;
    start) start "$@" ;;
    database) database "$@" ;;
    stop) stop ;;
    status) postmaster > /dev/null ;;
    env) printf 'export PGHOST=%q PGPORT=5432 PGUSER=postgres PGDATABASE=%s\n' "$dir/run" "$DATABASE" ;;
    psql) exec "$PGBIN/psql" -h "$dir/run" -U postgres -d "$DATABASE" "$@" ;;
    *) usage ;;
esac
