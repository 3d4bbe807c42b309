#!/usr/bin/env bash
# keys.sh DIR [new]: the key files of the cluster in DIR, readable by its user alone.  What is there is never
# changed; with `new` a signing key is added.
#
#	mesteri_keys/KID.pem      private key that signs access tokens; KID is YYYYMMDD-xxxxxx and the newest signs,
#	                          older ones verify until they are deleted
#	mesteri_keys/secret.key   64 random bytes for what only the server itself verifies
source "$(dirname "$0")/common.sh"

(($# >= 1)) || { sed -n '2,3s/^# //p' "$0" >&2; exit 2; }
data=$(realpath -m "$1")/data
keys=$data/mesteri_keys
[[ -d $data ]] || die "no cluster in $1"

# put NAME: standard input becomes a file of that name, whole or not at all, since the server may be reading.
put() {
    write_as_user "$keys/.$1.new"
    mv "$keys/.$1.new" "$keys/$1"
}

newest() { find "$keys" -name '*.pem' -printf '%f\n' | sort | tail -n 1; }

new_signing_key() {
    local kid
    kid=$(date -u +%Y%m%d)-$(openssl rand -hex 3)
    # Two keys of one day have no order, and the newest signs.
    [[ $(newest) < ${kid%-*}- ]] || die "there is a key of today or later: $(newest)"
    openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 2> /dev/null | put "$kid.pem"
}

folder_make "$keys" 700
[[ -s $keys/secret.key ]] || openssl rand 64 | put secret.key
if [[ ! $(newest) || ${2:-} == new ]]; then new_signing_key; fi
