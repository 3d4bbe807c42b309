#!/usr/bin/env bash
# The proxy of one state folder, in the background.
#
#	proxy.sh start DIR PORT [NAME=VALUE ...]   start it before the cluster in DIR; the pairs are settings of the proxy
#	proxy.sh stop DIR                          stop it; nothing if it does not run
#	proxy.sh status DIR                        prints host:port if it runs, else fails
#
# MESTERI_HOST is the address it listens on, this machine's own by default.
source "$(dirname "$0")/common.sh"

usage() { sed -n 's/^#\t\(proxy.sh .*\)/\1/p' "$0" >&2; exit 2; }

supervisor() { process_of "$dir/run/proxy.pid" exe "$dir/bin/mesteri-proxy"; }

start() {
    local port=$1 host=${MESTERI_HOST:-127.0.0.1} log=$dir/log/proxy.log starter setting settings=() tries=200
    shift
    ! supervisor > /dev/null || die "the proxy of $dir runs already"
    for setting in listen_host="$host" listen_port="$port" port_file="$dir/run/proxy.port" \
        pid_file="$dir/run/proxy.supervisor" database="host=$dir/run user=mesteri_proxy dbname=mesteri" "$@"; do
        settings+=(-s "$setting")
    done
    # A copy: the service user may not be able to enter the checkout.
    install -D -m 755 "$ROOT/build/proxy/mesteri-proxy" "$dir/bin/mesteri-proxy"
    rm -f "$dir/run/proxy.port" "$dir/run/proxy.supervisor"

    # A session of its own: Ctrl-C reaches the script that started us, and that one ends things in order.
    # shellcheck disable=SC2016  # expanded by that shell
    become sh -c 'echo $$ > "$1"; exec > "$2" 2>&1 < /dev/null; shift 2; exec setsid "$@"' sh \
        "$dir/run/proxy.pid" "$log" "$dir/bin/mesteri-proxy" "${settings[@]}" &
    starter=$!
    until [[ -s $dir/run/proxy.port ]]; do
        if ! kill -0 "$starter" 2> /dev/null || ((tries-- == 0)); then
            tail -n 20 "$log" >&2
            stop
            die "the proxy did not start on $host:$port"
        fi
        sleep 0.1
    done
    say "$host:$(< "$dir/run/proxy.port")" > "$dir/proxy.address"
}

stop() {
    local pid
    pid=$(supervisor) || return 0
    kill -TERM "$pid"
    if ! wait_gone "$pid" 30; then
        warn "the proxy (process $pid) does not drain; killing it"
        kill -KILL -- "-$pid"
    fi
}

(($# >= 2)) || usage
command=$1
dir=$(realpath -m "$2")
shift 2

case $command in
    start) (($# >= 1)) || usage; start "$@" ;;
    stop) stop ;;
    status) supervisor > /dev/null && cat "$dir/proxy.address" ;;
    *) usage ;;
esac
