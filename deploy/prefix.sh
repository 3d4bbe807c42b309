#!/usr/bin/env bash
# prefix.sh: this checkout's own PostgreSQL prefix (var/pg) with the built extension installed in it.
#
# PostgreSQL looks for its share and lib folders beside the executable it was started from.  So a prefix of copied
# programs and links to the system's files finds the extension of this checkout and no other one's, and nothing is
# written below /usr.  The programs are copies because links would be followed back to the system.
source "$(dirname "$0")/common.sh"

state_make
lib=$PREFIX/lib/postgresql/$PG_MAJOR
share=$PREFIX/share/postgresql/$PG_MAJOR
system_lib=${SYSTEM_BIN%/bin}
system_share=/usr/share/postgresql/$PG_MAJOR
[[ -x $SYSTEM_BIN/postgres ]] || die "PostgreSQL $PG_MAJOR is not installed; run $ROOT/deploy/install-packages.sh"

# links SOURCE TARGET: a link in TARGET for each thing in SOURCE, but for what is our own: the folder of extensions
# and Mesteri's files.
links() {
    mkdir -p "$2"
    find "$1" -mindepth 1 -maxdepth 1 ! -name extension ! -name 'mesteri*' -exec ln -sfnt "$2" {} +
    find "$2" -xtype l -delete
}

# What the prefix was made from: an upgraded server or another extension package changes it.
source_of_prefix() {
    stat -Lc '%n %s %Y' "$SYSTEM_BIN"/* "$system_lib/lib" "$system_share" "$system_share/extension"
}

fill() {
    mkdir -p "$lib/bin" "$PREFIX/share"
    # --remove-destination: a program that runs can be replaced, not overwritten.
    cp -p --remove-destination "$SYSTEM_BIN"/* "$lib/bin/"
    links "$system_lib/lib" "$lib/lib"
    links "$system_share" "$share"
    links "$system_share/extension" "$share/extension"
    ln -sfn /usr/include "$PREFIX/include"
    ln -sfn /usr/share/locale "$PREFIX/share/locale"
    for folder in /usr/lib/*-linux-gnu*; do ln -sfnt "$PREFIX/lib" "$folder"; done
}

mkdir -p "$PREFIX"
exec 8> "$PREFIX.lock"
flock 8
wanted=$(source_of_prefix)
if [[ ! -f $PREFIX/source || $(< "$PREFIX/source") != "$wanted" ]]; then
    fill
    say "$wanted" > "$PREFIX/source"
fi
env -u MAKEFLAGS -u MFLAGS make -s -C "$ROOT" -f extension.mk install PG_CONFIG="$lib/bin/pg_config" 8>&-
