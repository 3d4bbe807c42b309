#!/usr/bin/env bash
# Ends what `make run` of this checkout started, also when that was killed and left something behind.
source "$(dirname "$0")/common.sh"

state_find || exit 0
lock=$STATE/run.lock
# The lock's holder ends its own processes; its number is in the file.
if [[ -f $lock ]] && ! flock -n "$lock" true && kill -TERM "$(< "$lock")" 2> /dev/null; then
    flock -w 100 "$lock" true || warn '`make run` does not end'
fi
"$ROOT/deploy/proxy.sh" stop "$STATE"
"$ROOT/deploy/cluster.sh" stop "$STATE"
