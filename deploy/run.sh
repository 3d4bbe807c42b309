#!/usr/bin/env bash
# What `make run` does: packages, build, private cluster, demo data, proxy; then stays in the foreground until Ctrl-C.
#
#	MESTERI_PORT   port of the proxy, 8080
#	MESTERI_HOST   address of the proxy, 127.0.0.1
#	DEMO_POSTS     how many posts the demo data have, 100000
source "$(dirname "$0")/common.sh"

PORT=${MESTERI_PORT:-8080}
POSTS=${DEMO_POSTS:-100000}
SEED=2026
deploy=$ROOT/deploy

[[ $PORT =~ ^[1-9][0-9]{0,4}$ && $PORT -le 65535 ]] || die "MESTERI_PORT is a port, 1 to 65535, not \"$PORT\""
[[ $POSTS =~ ^[0-9]+$ ]] || die "DEMO_POSTS is a number, not \"$POSTS\""

announce() {
    local address token host
    address=$("$deploy/proxy.sh" status "$STATE")
    token=$("$deploy/token.sh")
    host=${address/#0.0.0.0:/127.0.0.1:}
    cat << TEXT

Mesteri answers on http://$host

An access token of the demo client ana.popescu@example.ro (\`make token\` prints a fresh one):

$token

Try:

curl -s 'http://$host/v1/feed?lat=46.77&lon=23.59&limit=3' | python3 -m json.tool --no-ensure-ascii

curl -s 'http://$host/v1/craftsmen?lat=46.77&lon=23.59&limit=3' | python3 -m json.tool --no-ensure-ascii

curl -s -H 'Authorization: Bearer $token' 'http://$host/v1/users/me' | python3 -m json.tool --no-ensure-ascii

psql (\`make psql\`):

$PGBIN/psql -h $STATE/run -U postgres mesteri

TEXT
}

# Held on file 8 as long as this script lives.
take_lock() {
    exec 8>> "$STATE/run.lock"
    if flock -n 8; then
        say $$ > "$STATE/run.lock"
    elif "$deploy/proxy.sh" status "$STATE" > /dev/null; then
        say "Mesteri of this checkout runs already (process $(< "$STATE/run.lock"))."
        announce
        exit 0
    else
        die "another \`make run\` of this checkout is busy (process $(< "$STATE/run.lock"))"
    fi
}

check_port() {
    ! (: < "/dev/tcp/127.0.0.1/$PORT") 2> /dev/null ||
        die "port $PORT is taken by another program; choose another: make run MESTERI_PORT=$((PORT % 65535 + 1))"
}

follower=

step() { say "==> $*"; }

demo_load() {
    local loaded=$STATE/demo-posts psql=("$deploy/cluster.sh" psql "$STATE" -X -q -At -v ON_ERROR_STOP=1)
    if [[ $("${psql[@]}" -c 'SELECT EXISTS (SELECT FROM mesteri.users)') == t ]]; then
        if [[ -f $loaded && $(< "$loaded") != "$POSTS" ]]; then
            say "The demo data stay as they are, with $(< "$loaded") posts; for $POSTS begin with \`make distclean\`."
        fi
        return
    fi
    step "Loading demo data with $POSTS posts"
    say "$POSTS" > "$loaded"
    # It is one transaction, so that what was interrupted is loaded again next time; in the background, so that a
    # signal is not kept waiting.
    "${psql[@]}" -v posts="$POSTS" -v seed="$SEED" -f "$ROOT/demo/demo.sql" &
    wait $!
}

end() {
    local status=$? jobs
    trap '' INT TERM HUP PIPE
    trap - EXIT
    jobs=$(jobs -p)
    # shellcheck disable=SC2086  # one number a word
    kill $jobs $follower 2> /dev/null || true
    "$deploy/proxy.sh" stop "$STATE" || status=1
    "$deploy/cluster.sh" stop "$STATE" || status=1
    if ((status == 0 || status == 130)); then say 'Mesteri has stopped.'; fi
    exit "$status"
}

# What a person should see; requests and refusals stay in the files.
show_trouble() {
    # exec, here and by being simple commands elsewhere, drops the lock that a plain subshell would hold on to.
    tail -q -n 0 -F --pid=$$ "$STATE/log/postgresql.log" "$STATE/log/proxy.log" 2> /dev/null \
        > >(exec grep --line-buffered -E ' (FATAL|PANIC|WARNING): |"level": ?"(warn|warning|error|fatal)"') &
    follower=$!
    disown    # else the shell reports its end
}

server_lives() {
    local pid
    read -r pid < "$STATE/data/postmaster.pid" && kill -0 "$pid"
} 2> /dev/null

# A database that went away ends nothing: the proxy answers 503 and finds it again when it is back.
stay() {
    local proxy lived=true
    read -r proxy < "$STATE/run/proxy.pid"
    show_trouble
    while kill -0 "$proxy" 2> /dev/null; do
        if server_lives; then
            $lived || say 'PostgreSQL is back.'
            lived=true
        else
            ! $lived || warn "PostgreSQL has ended; start it again with: deploy/cluster.sh start var"
            lived=false
        fi
        sleep 1
    done
    die "the proxy ended; see $STATE/log"
}

main() {
    trap end EXIT
    trap 'exit 130' INT
    trap 'exit 0' TERM HUP PIPE
    # What a killed run left behind.
    "$deploy/proxy.sh" stop "$STATE"
    "$deploy/cluster.sh" stop "$STATE"
    check_port
    "$deploy/install-packages.sh"
    step 'Building'
    env -u MAKEFLAGS -u MFLAGS make -s -j"$(nproc)" -C "$ROOT" build
    step "Private PostgreSQL $PG_MAJOR in $STATE"
    "$deploy/prefix.sh"
    "$deploy/cluster.sh" init "$STATE"
    "$deploy/cluster.sh" start "$STATE"
    "$deploy/cluster.sh" database "$STATE"
    demo_load
    step 'Starting the proxy'
    "$deploy/proxy.sh" start "$STATE" "$PORT"
    announce
    say 'Ctrl-C or `make stop` ends it; warnings appear below.'
    stay
}

state_make
take_lock
# Nothing that main starts shall hold the lock when this script is killed.
main 8>&-
