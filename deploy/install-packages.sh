#!/usr/bin/env bash
# Installs what packages.txt lists; silent, quick and without network when everything is there.
#
# Debian's postgresql packages make a cluster "main" and start it, and start other clusters that are stopped.  Both
# are switched off while this script installs, and switched on again behind it.
source "$(dirname "$0")/common.sh"

ETC=/etc/postgresql-common
NO_CLUSTER=$ETC/createcluster.d/mesteri.conf
NO_START=/usr/sbin/policy-rc.d
MARK='# while mesteri installs packages'

mapfile -t wanted < <(sed 's/#.*//; s/[[:space:]]//g; /^$/d' "$ROOT/deploy/packages.txt")

missing_packages() {
    comm -23 <(printf '%s\n' "${wanted[@]}" | sort -u) \
        <(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${wanted[@]}" 2> /dev/null |
            sed -n 's/^installed //p' | sort -u)
}

switch_off() {
    trap switch_on EXIT
    mkdir -p "${NO_CLUSTER%/*}"
    say "create_main_cluster = false $MARK" > "$NO_CLUSTER"
    # The packaged createcluster.conf reads that folder; one that an administrator wrote may not.
    if [[ -f $ETC/createcluster.conf ]] && ! grep -q '^include_dir' "$ETC/createcluster.conf"; then
        say "create_main_cluster = false $MARK" >> "$ETC/createcluster.conf"
    fi
    if [[ ! -e $NO_START ]]; then
        printf '#!/bin/sh\n%s\nexit 101\n' "$MARK" > "$NO_START"
        chmod 755 "$NO_START"
    fi
}

switch_on() {
    rm -f "$NO_CLUSTER"
    # No package owns the folder; it stays if somebody else uses it.
    rmdir --ignore-fail-on-non-empty "${NO_CLUSTER%/*}"
    if [[ -f $ETC/createcluster.conf ]]; then sed -i "/$MARK/d" "$ETC/createcluster.conf"; fi
    if grep -qs "$MARK" "$NO_START"; then rm "$NO_START"; fi
}

mapfile -t missing < <(missing_packages)
((${#missing[@]})) || exit 0
((EUID == 0)) || die "packages are missing; $ROOT/deploy/install-packages.sh, run as root, installs them: ${missing[*]}"

say "Installing ${#missing[@]} packages, which may take some minutes: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive UCF_FORCE_CONFFOLD=1
# A machine that has just booted may still be busy with its own upgrades.
apt=(apt-get -qq -y -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0
    -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold)
switch_off
"${apt[@]}" update || warn "apt-get update failed; trying with the lists there are"
"${apt[@]}" install --no-install-recommends "${missing[@]}" > /dev/null ||
    die "apt-get failed; see /var/log/apt/term.log"
