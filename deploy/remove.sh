#!/usr/bin/env bash
# Ends what runs here and deletes this checkout's state: prefix, cluster, data, logs.
source "$(dirname "$0")/common.sh"

if state_find; then
    "$ROOT/deploy/stop.sh"
    state_remove "$STATE"
fi
rm -rf "${ROOT:?}/var"
