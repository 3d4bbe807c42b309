#!/usr/bin/env bash
# Prints a fresh access token of a demo client, signed in like anybody else.
source "$(dirname "$0")/common.sh"

EMAIL=ana.popescu@example.ro
PASSWORD=mesteri-demo-2026

if ! state_find || ! "$ROOT/deploy/cluster.sh" status "$STATE"; then
    die 'nothing runs here; start it with `make run`'
fi
token=$("$ROOT/deploy/cluster.sh" psql "$STATE" -X -q -At -v ON_ERROR_STOP=1 -v email="$EMAIL" -v password="$PASSWORD" \
    << 'SQL'
SELECT body #>> '{tokens,access_token}'
  FROM mesteri.request('POST', '/v1/auth/login',
                       body => pg_catalog.json_build_object('email_or_phone', :'email', 'password', :'password'));
SQL
)
[[ $token ]] || die "$EMAIL could not sign in; were the demo data loaded, and is the password still the demo's?"
say "$token"
