#!/bin/sh
# demo.sh: runs the article's four clients against every server at once, to
# show which clients wait. `make demo` runs it when all is built:
#
#     make demo                              every server that there is
#     make demo BACKENDS="blocking epoll"    some of them
#     make demo CLIENTS=8 ROUNDS=6 INTERVAL=0.5
#     make demo SERVER='python3 mine.py'     one of your own as well, "yours"
#
# SERVER must accept --port and print the Listening line. Anything else that it
# does not print is shown as unknown.
#
# Each server gets a port of its own on the loopback address and runs with
# --events. Each client is talk.c, a letter per INTERVAL seconds, ROUNDS times,
# piped into nc, or into bash's /dev/tcp if there is no nc. chart.c shows what
# happens. If this system does not let a server run, the script names the
# server and leaves it out. It never leaves anything running.
#
# Background processes are started with exec, because otherwise some shells
# would start a process of their own in between, and kill only that.
#
# See nc(1), mkfifo(1), trap in sh(1).
set -u

here=$(cd "$(dirname "$0")" && pwd) || exit 1
BUILD=${BUILD:-build}
# shellcheck source=tools/servers.sh
. "$here/../servers.sh"
CLIENTS=${CLIENTS:-4}
ROUNDS=${ROUNDS:-4}
INTERVAL=${INTERVAL:-1}
SERVER=${SERVER:-}
HOST=127.0.0.1
START_LOOKS=500 # of 20 ms: how long a server may take to start
FIRST_LOOKS=100 # how long the first client may wait to be accepted
NEXT_LOOKS=10   # how long the next one may
STOP_LOOKS=150  # how long all servers may take to stop
ACCEPTED='[[:blank:]]\(accept[[:blank:]]\|Connection from: \)'

say() {
  printf 'demo: %s\n' "$*" >&2
}

die() {
  say "$@"
  exit 1
}

# Wrong usage.
refuse() {
  say "$@"
  exit 2
}

check_numbers() {
  case $CLIENTS in
  *[!0-9]* | ???*) CLIENTS=0 ;;
  esac
  case $ROUNDS in
  *[!0-9]* | ???*) ROUNDS=0 ;;
  esac
  if [ "$CLIENTS" -lt 1 ] || [ "$CLIENTS" -gt 26 ]; then
    refuse 'CLIENTS must be a number from 1 to 26'
  fi
  [ "$ROUNDS" -ge 1 ] || refuse 'ROUNDS must be a number from 1 to 99'
  # In a locale with a decimal comma, awk may expect one, too.
  LC_ALL=C awk 'BEGIN { s = ARGV[1]; exit !(s ~ /^[0-9]*[.]?[0-9]+$/ &&
    s >= 0.1 && s <= 60) }' "$INTERVAL" ||
    refuse 'INTERVAL must be a number of seconds from 0.1 to 60'
}

# Sets servers to those that are wanted, or to all that run here.
choose_servers() {
  servers=
  # shellcheck disable=SC2154 # servers.sh sets programs
  for name in ${BACKENDS:-$programs}; do
    case " $servers " in
    *" $name "*) continue ;;
    esac
    if runs_here "$name"; then
      servers="$servers $name"
    elif [ -n "${BACKENDS:-}" ] && [ ! -x "$BUILD/${name%%/*}" ]; then
      say "$name: left out, it is not built here"
    fi
  done
  [ -z "$SERVER" ] || servers="$servers yours"
  [ -n "$servers" ] || die "there are no servers in $BUILD"
}

# Sets via to the program of the clients, and for nc the option that makes it
# close its side when its input ends. Without this option some wait forever:
# OpenBSD's and FreeBSD's need -N, the traditional one -q, GNU's -c. Others
# close by themselves: ncat, BusyBox's, and macOS's, in which -N means
# something else. So the script reads its help.
choose_netcat() {
  via=nc
  nc_option=
  if command -v nc >/dev/null 2>&1; then
    help=$(limit 10 nc -h 2>&1)
    [ $? -ne 124 ] || die "$help"
    case $help in
    *-N*[Ss]hutdown*EOF*) nc_option=-N ;;
    *'-q secs'*) nc_option='-q 0' ;;
    *'-c, --close'*) nc_option=-c ;;
    esac
  elif command -v bash >/dev/null 2>&1; then
    via="bash's /dev/tcp"
    say 'there is no nc (make setup installs it)'
  else
    die 'this needs nc (make setup installs it) or bash'
  fi
}

# Starts the server $1; its output and its events go to files that are named by
# its number, $2.
start_server() {
  case $1 in
  yours)
    start_yours "$2"
    return
    ;;
  */*) set -- "$1" "$2" --selector "${1#*/}" ;;
  esac
  program=$BUILD/${1%%/*}
  at=$dir/$2
  shift 2
  exec "$program" "$@" --address "$HOST" --port 0 --label \
    --events "$at.events" </dev/null >"$at.out" 2>"$at.err" &
  server_pids="$server_pids $!"
}

# Starts your own server. It has no events, so each line of its output is
# stamped with the time.
start_yours() {
  mkfifo "$dir/yours" || exit 1
  exec "$BUILD/tools/stamp" <"$dir/yours" >"$dir/$1.lines" &
  stamp_pid=$!
  exec sh -c "exec $SERVER --port 0" </dev/null >"$dir/yours" \
    2>"$dir/$1.err" &
  server_pids="$server_pids $!"
}

# Waits until the first line of the server $1, whose number is $2 and whose
# process is $3, says where it listens. Fails, and sets reason, if the server
# has ended instead.
await_server() {
  looks=$START_LOOKS
  until listening=$(cat "$dir/$2.out" "$dir/$2.lines" 2>/dev/null |
    sed -n '1s/.*\(Listening on: .*:[1-9]\)/\1/p') &&
    [ -n "$listening" ]; do
    looks=$((looks - 1))
    if ! kill -0 "$3" 2>/dev/null; then
      words=$(sed '/^$/d' "$dir/$2.err" | tail -n 1)
      reason=${words:-it ended without a word}
      return 1
    elif [ "$looks" -eq 0 ]; then
      die "$1 does not print 'Listening on: ADDRESS:PORT' as its first line"
    fi
    nap
  done
  echo "$(host_of "$listening") ${listening##*:}" >"$dir/$2.port"
}

# Starts all servers. Leaves out those that do not run here.
start_servers() {
  number=0
  started=
  for name in $servers; do
    start_server "$name" "$number"
    started="$started $name:$number:$!"
    number=$((number + 1))
  done
  left=
  for one in $started; do
    pid=${one##*:}
    one=${one%:*}
    if await_server "${one%:*}" "${one#*:}" "$pid"; then
      left="$left $one:$pid"
    elif [ "${one%:*}" = yours ]; then
      die "SERVER='$SERVER' --port 0: $reason"
    else
      say "${one%:*}: left out: $reason"
    fi
  done
  [ -n "$left" ] || die 'no server is left'
  renumber
}

# Numbers the remaining servers from 0 on, without a gap, as the chart does.
renumber() {
  number=0
  servers=
  server_pids=
  for one in $left; do
    pid=${one##*:}
    one=${one%:*}
    for file in "$dir/${one#*:}".*; do
      [ "${one#*:}" -eq "$number" ] || mv "$file" "$dir/$number.${file##*.}"
    done
    servers="$servers ${one%:*}"
    server_pids="$server_pids $pid"
    number=$((number + 1))
  done
}

# Becomes the program that sends standard input to a host and port.
connect() {
  if [ "$via" = nc ]; then
    # shellcheck disable=SC2086 # no word, one or two
    exec nc $nc_option "$1" "$2"
  fi
  # shellcheck disable=SC2016 # it is bash that expands this
  exec bash -c 'exec cat >"/dev/tcp/$0/$1"' "$1" "$2"
}

# Starts the client $2 of the server with the number $1. A fifo connects its
# two programs, because the shell does not give the process id of the left side
# of a pipe.
start_client() {
  read -r host port <"$dir/$1.port"
  connect "$host" "$port" <"$dir/$1.$2" >/dev/null 2>>"$dir/$1.client" &
  client_pids="$client_pids $!"
  exec "$BUILD/tools/talk" "$2" "$ROUNDS" "$INTERVAL" "$dir/start" \
    "$dir/$1.sent" </dev/null >"$dir/$1.$2" 2>>"$dir/$1.client" &
  client_pids="$client_pids $!"
}

# Starts the chart, which ends when all letters are printed or should have
# been. It gets each server's full name: "kqueue (on epoll)".
start_chart() {
  mkdir -p "$BUILD/demo" || exit 1
  set --
  for name in $servers; do
    label=
    [ ! -x "$BUILD/$name" ] || label=$(limit 10 "$BUILD/$name" --version) ||
      exit 1
    case $label in
    "$name ("*) set -- "$@" "${label%%" (ways-to-wait)"*}" ;;
    *) set -- "$@" "$name" ;;
    esac
  done
  exec "$BUILD/tools/chart" "$dir" "$CLIENTS" "$ROUNDS" "$INTERVAL" "$via" \
    "$BUILD/demo/timeline.svg" "$@" &
  chart_pid=$!
}

# Makes the fifos of start_client, all with one command, which is faster.
make_fifos() {
  set --
  for letter in $letters; do
    for number in $numbers; do
      set -- "$@" "$dir/$number.$letter"
    done
  done
  mkfifo "$@" || exit 1
}

# Waits until $2 servers have accepted $1 clients each, or for $3 looks. Sets
# accepted to the number of servers that have.
await_accepts() {
  looks=$3
  while :; do
    accepted=0
    for number in $numbers; do
      if [ "$(cat "$dir/$number.events" "$dir/$number.lines" 2>/dev/null |
        grep -c "$ACCEPTED")" -ge "$1" ]; then
        accepted=$((accepted + 1))
      fi
    done
    looks=$((looks - 1))
    if [ "$accepted" -ge "$2" ] || [ "$looks" -eq 0 ]; then
      break
    fi
    nap
  done
}

# Starts the first client of each server, then the second one of each, and so
# on. The order in which they arrive matters for servers that serve one at a
# time, but such a server does not show that the second one has arrived. So the
# script waits for the servers that accept it, and gives the others the same
# time. Then all clients begin to send.
start_clients() {
  accepted=$number
  clients=0
  looks_for=$FIRST_LOOKS
  for letter in $letters; do
    for number in $numbers; do
      start_client "$number" "$letter"
    done
    clients=$((clients + 1))
    await_accepts "$clients" "$accepted" "$looks_for"
    looks_for=$NEXT_LOOKS
    nap
  done
  "$BUILD/tools/talk" >"$dir/start.new" &&
    mv "$dir/start.new" "$dir/start" || exit 1
}

# Stops the servers, and kills those that do not end in time.
stop_servers() {
  looks=$STOP_LOOKS
  # shellcheck disable=SC2086 # a list, as below
  kill $server_pids 2>/dev/null
  for pid in $server_pids; do
    while kill -0 "$pid" 2>/dev/null && [ "$looks" -gt 0 ]; do
      looks=$((looks - 1))
      nap
    done
  done
  # shellcheck disable=SC2086
  [ "$looks" -gt 0 ] || kill -KILL $server_pids 2>/dev/null
}

# Ends everything that still runs, and waits for it. $! is a process that was
# started so recently that it is not yet in a list.
# shellcheck disable=SC2317 # the trap below calls it
clean_up() {
  trap '' INT TERM HUP
  # shellcheck disable=SC2086
  kill $chart_pid $client_pids ${!:-} 2>/dev/null
  stop_servers
  [ -z "$stamp_pid" ] || kill "$stamp_pid" 2>/dev/null
  wait 2>/dev/null
  rm -rf "$dir"
}

# Prints what went wrong with the server $1, whose number is $2 and whose exit
# status is $3. The exit status of your own server does not matter.
report() {
  if [ "$1" = yours ]; then
    [ "$status" -eq 0 ] || cat "$dir/$2.err" >&2
  elif [ "$3" -ne 0 ] || [ -s "$dir/$2.err" ]; then
    say "$1 ended with status $3"
    cat "$dir/$2.err" >&2
    status=1
  fi
}

check_numbers
check_backends demo || exit 2
choose_servers
choose_netcat
server_pids=
client_pids=
chart_pid=
stamp_pid=
dir=$(mktemp -d "${TMPDIR:-/tmp}/ways-to-wait.XXXXXX") || exit 1
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

# shellcheck disable=SC2086
set -- $servers
say "servers to start: $#, clients of each: $CLIENTS; this takes about" \
  "$(awk -v n="$(($# * CLIENTS))" -v time="$ROUNDS*$INTERVAL" 'BEGIN {
    split(time, part, "*"); print int(3 + n / 25 + part[1] * part[2]) }') s"
start_servers
letters=$(printf 'abcdefghijklmnopqrstuvwxyz' | cut -c "1-$CLIENTS" |
  sed 's/./& /g')
numbers=$(awk -v n="$number" 'BEGIN { while (i < n) print i++ }')
make_fifos
start_chart
start_clients
wait "$chart_pid"
status=$?
stop_servers
number=0
# shellcheck disable=SC2086
set -- $server_pids
for name in $servers; do
  wait "$1" 2>/dev/null
  report "$name" "$number" $?
  number=$((number + 1))
  shift
done
server_pids=
[ "$status" -eq 0 ] || sort -u "$dir"/*.client >&2
exit "$status"
