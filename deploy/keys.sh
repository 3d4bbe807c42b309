#!/usr/bin/env bash
# keys.sh DIR [new | new-cipher]: the key files of the cluster in DIR, readable by its user alone.  What is there is
# never changed; with `new` a signing key is added, with `new-cipher` one for encrypted fields.
#
#	mesteri_keys/KID.pem      private key that signs access tokens; KID is YYYYMMDD-xxxxxx and the newest signs,
#	                          older ones verify until they are deleted
#	mesteri_keys/ID.aes       32 random bytes; the newest encrypts fields, older ones decrypt.  A lost one takes its
#	                          fields along: keep a copy of each, apart from the database's backups
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

# newest SUFFIX: name of the key that is in use.
newest() { find "$keys" -name "*.$1" ! -name '.*' -printf '%f\n' | sort | tail -n 1; }

# new_id SUFFIX: sets id to one that is greater than all others.
new_id() {
    id=$(date -u +%Y%m%d)-$(openssl rand -hex 3)
    # Two keys of one day have no order, and the newest is used.
    [[ $(newest "$1") < ${id%-*}- ]] || die "there is a key of today or later: $(newest "$1")"
}

new_signing_key() {
    local id
    new_id pem
    openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 2> /dev/null | put "$id.pem"
}

new_cipher_key() {
    local id
    new_id aes
    openssl rand 32 | put "$id.aes"
}

folder_make "$keys" 700
[[ -s $keys/secret.key ]] || openssl rand 64 | put secret.key
if [[ ! $(newest pem) || ${2:-} == new ]]; then new_signing_key; fi
if [[ ! $(newest aes) || ${2:-} == new-cipher ]]; then new_cipher_key; fi
