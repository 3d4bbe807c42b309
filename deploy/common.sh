# shellcheck shell=bash disable=SC2034,SC2016
# Where things are and who runs them; sourced by the scripts of this folder, which all begin with it.
#
#	ROOT    the checkout
#	STATE   its own folder for everything that is made at run time: what `var` is or points to
#	PREFIX  its own PostgreSQL prefix; MESTERI_PREFIX names another (a sanitizer build, say)

set -euo pipefail
umask 022

# A user's PGDATA, PGPORT or PGOPTIONS must not reach the private cluster, nor her language its messages.
for name in "${!PG@}"; do unset "$name"; done
export LC_ALL=C.UTF-8

PG_MAJOR=15
SYSTEM_BIN=/usr/lib/postgresql/$PG_MAJOR/bin
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
# The server refuses to run as root, so root runs it and the proxy as this system user; anybody else as herself.
SERVICE_USER=mesteri
RUN_AS=$SERVICE_USER
((EUID == 0)) || RUN_AS=$(id -un)

say() { printf '%s\n' "$*"; }
warn() { printf 'mesteri: %s\n' "$*" >&2; }
die() { warn "$@"; exit 1; }

# as_user COMMAND ARG...: runs it as the service user, from a folder that this user can enter.
as_user() { (become "$@"); }

# become COMMAND ARG...: the same instead of this shell.
become() {
    cd /
    ((EUID == 0)) || exec "$@"
    HOME=/ exec setpriv --reuid="$RUN_AS" --regid="$(id -g "$RUN_AS")" --init-groups -- "$@"
}

# service_user_make: root's system user without login or home.
service_user_make() {
    ((EUID != 0)) || getent passwd "$SERVICE_USER" > /dev/null ||
        useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin "$SERVICE_USER"
}

# write_as_user FILE: standard input into a file of the service user's.  Root itself never writes where that user
# could have put a link to some other file.
write_as_user() { as_user sh -c 'umask 077; cat > "$1"' sh "$1"; }

# folder_make DIR MODE: a folder of the service user.
folder_make() {
    mkdir -p "$1"
    ((EUID != 0)) || chown "$RUN_AS:" "$1"
    chmod "$2" "$1"
}

# var_fits: whether a plain folder ROOT/var will do.  The service user must be able to enter it, PGXS cannot
# live with blanks in paths, and a socket's path has at most 107 bytes.
var_fits() {
    [[ $ROOT =~ ^[A-Za-z0-9/._+-]+$ ]] && ((${#ROOT} <= 80)) && as_user test -x "$ROOT"
}

# state_elsewhere: the folder that `var` points to when a plain one will not do; another one for each checkout.
state_elsewhere() {
    local base=/var/lib/mesteri
    ((EUID == 0)) || base=${XDG_STATE_HOME:-$HOME/.local/state}/mesteri
    say "$base/$(printf '%s' "$ROOT" | sha256sum | cut -c1-12)"
}

# state_find: sets STATE; false while there is none.
state_find() {
    local elsewhere
    elsewhere=$(state_elsewhere)
    STATE=$ROOT/var
    # The link of a copied checkout points to the original's state.
    [[ ! -L $ROOT/var || $(readlink "$ROOT/var") == "$elsewhere" ]] || return 1
    [[ ! -L $ROOT/var ]] || STATE=$elsewhere
    PREFIX=${MESTERI_PREFIX:-$STATE/pg}
    PGBIN=$PREFIX/lib/postgresql/$PG_MAJOR/bin
    [[ -d $STATE ]]
}

# state_make: makes STATE, as `var` or behind it.
state_make() {
    service_user_make
    state_find && return
    if [[ -L $ROOT/var ]]; then rm "$ROOT/var"; fi
    if var_fits; then
        mkdir -p "$ROOT/var"
    else
        local elsewhere
        elsewhere=$(state_elsewhere)
        # Without its link it belonged to a checkout that is gone; a deleted `var` means deleted data here as well.
        if [[ -d $elsewhere ]]; then state_remove "$elsewhere"; fi
        mkdir -p "$elsewhere"
        ln -s "$elsewhere" "$ROOT/var"
    fi
    state_find || die "cannot make $ROOT/var"
}

# state_remove DIR: ends what runs there and deletes it.
state_remove() {
    "$ROOT/deploy/proxy.sh" stop "$1"
    "$ROOT/deploy/cluster.sh" stop "$1"
    rm -rf "$1"
}

# process_of FILE LINK TARGET: prints the process id in FILE's first line if /proc/PID/LINK is TARGET, so that a
# number which the system has given to somebody else since is never signalled.
process_of() {
    local pid seen
    [[ -s $1 ]] && read -r pid < "$1" || return 1
    # As the service user: root without CAP_SYS_PTRACE, in a container say, may not look.
    seen=$(as_user readlink "/proc/$pid/$2" 2> /dev/null) || return 1
    [[ ${seen% (deleted)} == "$3" ]] && say "$pid"
}

# wait_gone PID SECONDS: false when the process is still there.
wait_gone() {
    local tries=$(($2 * 10))
    while [[ -d /proc/$1 ]] && ! grep -qs '^State:.Z' "/proc/$1/status"; do
        ((tries-- > 0)) || return 1
        sleep 0.1
    done
}
