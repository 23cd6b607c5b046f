#!/bin/sh
# demo.sh: the article's four clients against every server at once, to see who
# waits. `make demo` runs it when all is built:
#
#     make demo                              every server that there is
#     make demo BACKENDS="blocking epoll"    some of them
#     make demo CLIENTS=8 ROUNDS=6 INTERVAL=0.5
#
# Each server gets a port of its own on the loopback address and runs with
# --events. Each client is talk.c, a letter per INTERVAL seconds, ROUNDS times, in
# front of nc, or of bash's /dev/tcp where there is no nc. chart.c shows what
# happens. Nothing is left running, whatever happens.
#
# What is started in the background is started with exec, since some shells
# would else put a process of their own between, and kill that alone.
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
HOST=127.0.0.1
START_LOOKS=500 # of 20 ms: how long a server may take to start
FIRST_LOOKS=100 # a first client to be accepted
NEXT_LOOKS=10   # another one
STOP_LOOKS=150  # all of them to stop

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
  # Where another locale has a decimal comma, awk may want it as well.
  LC_ALL=C awk 'BEGIN { s = ARGV[1]; exit !(s ~ /^[0-9]*[.]?[0-9]+$/ &&
    s >= 0.1 && s <= 60) }' "$INTERVAL" ||
    refuse 'INTERVAL must be a number of seconds from 0.1 to 60'
}

# Sets servers to those that are wanted, or else to all that are built.
choose_servers() {
  servers=
  for name in ${BACKENDS:-$programs}; do
    case " $servers " in
    *" $name "*) continue ;;
    esac
    if [ -x "$BUILD/$name" ]; then
      servers="$servers $name"
    elif [ -n "${BACKENDS:-}" ]; then
      refuse "there is no server $BUILD/$name"
    fi
  done
  [ -n "$servers" ] || die "there are no servers in $BUILD"
}

# Sets via to what the clients are, and for nc the option that makes it say
# that nothing more comes when its input ends. OpenBSD's and FreeBSD's wait for
# ever without -N, the traditional one without -q, GNU's without -c. Others do it
# by itself: ncat, BusyBox's, and macOS's, where -N means something else. So what
# counts is what its own help says.
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

# Starts a server; its output and its events go to files.
start_server() {
  exec "$BUILD/$1" --address "$HOST" --port 0 --label \
    --events "$dir/$1.events" </dev/null >"$dir/$1.out" 2>"$dir/$1.err" &
  server_pids="$server_pids $!"
}

# Waits until a server's first line says which port it got.
await_server() {
  looks=$START_LOOKS
  until sed -n '1s/^Listening on: .*://p' "$dir/$1.out" >"$dir/$1.port" &&
    [ -s "$dir/$1.port" ]; do
    looks=$((looks - 1))
    if [ -s "$dir/$1.err" ]; then
      die "cannot start $1: $(cat "$dir/$1.err")"
    elif [ "$looks" -eq 0 ]; then
      die "cannot start $1: it does not say where it listens"
    fi
    nap
  done
}

# Becomes the program that sends standard input to a port of this host.
connect() {
  if [ "$via" = nc ]; then
    # shellcheck disable=SC2086 # no word, one or two
    exec nc $nc_option "$HOST" "$1"
  fi
  # shellcheck disable=SC2016 # it is bash that expands this
  exec bash -c 'exec cat >"/dev/tcp/$0/$1"' "$HOST" "$1"
}

# Starts the client $2 of the server $1. A fifo joins its two programs: of the
# left side of a pipe nobody learns the process id.
start_client() {
  read -r port <"$dir/$1.port"
  connect "$port" <"$dir/$1.$2" >/dev/null 2>>"$dir/$1.client" &
  client_pids="$client_pids $!"
  exec "$BUILD/tools/talk" "$2" "$ROUNDS" "$INTERVAL" "$dir/start" \
    "$dir/$1.sent" </dev/null >"$dir/$1.$2" 2>>"$dir/$1.client" &
  client_pids="$client_pids $!"
}

# Starts the chart, which ends when all is served or should have been. It gets
# each server's name, with what stands behind it: "kqueue (on epoll)".
start_chart() {
  mkdir -p "$BUILD/demo" || exit 1
  set --
  for name in $servers; do
    label=$(limit 10 "$BUILD/$name" --version) || exit 1
    case $label in
    "$name ("*) set -- "$@" "${label%% (ways-to-wait)*}" ;;
    *) set -- "$@" "$name" ;;
    esac
  done
  exec "$BUILD/tools/chart" "$dir" "$CLIENTS" "$ROUNDS" "$INTERVAL" "$via" \
    "$BUILD/demo/timeline.svg" "$@" &
  chart_pid=$!
}

# Makes the fifos of start_client, all by one command: that is quick.
make_fifos() {
  set --
  for letter in $letters; do
    for name in $servers; do
      set -- "$@" "$dir/$name.$letter"
    done
  done
  mkfifo "$@" || exit 1
}

# Waits until $2 servers have accepted $1 clients each, or for $3 looks. Sets
# accepted to how many have.
await_accepts() {
  looks=$3
  while :; do
    accepted=0
    for name in $servers; do
      if [ "$(grep -c accept "$dir/$name.events")" -ge "$1" ]; then
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
# on. The order in which they arrive matters where one is served at a time; but
# there nobody sees the second one arrive. So the servers that accept it are
# waited for, and the others get as much time. Then all begin to talk.
start_clients() {
  accepted=0
  for name in $servers; do
    accepted=$((accepted + 1))
  done
  clients=0
  looks_for=$FIRST_LOOKS
  for letter in $letters; do
    for name in $servers; do
      start_client "$name" "$letter"
    done
    clients=$((clients + 1))
    await_accepts "$clients" "$accepted" "$looks_for"
    looks_for=$NEXT_LOOKS
    nap
  done
  "$BUILD/tools/talk" >"$dir/start.new" &&
    mv "$dir/start.new" "$dir/start" || exit 1
}

# Stops the servers. One that does not end in time is killed.
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

# Takes down whatever still runs, and waits until it is gone. $! is a process
# that was started so lately that no list has it yet.
# shellcheck disable=SC2317 # the trap below calls it
clean_up() {
  trap '' INT TERM HUP
  # shellcheck disable=SC2086
  kill $chart_pid $client_pids ${!:-} 2>/dev/null
  stop_servers
  wait 2>/dev/null
  rm -rf "$dir"
}

# Says what went wrong with a server, of which $2 is the exit status.
report() {
  if [ "$2" -ne 0 ] || [ -s "$dir/$1.err" ]; then
    say "$1 ended with status $2"
    cat "$dir/$1.err" >&2
    status=1
  fi
}

check_numbers
choose_servers
choose_netcat
server_pids=
client_pids=
chart_pid=
dir=$(mktemp -d "${TMPDIR:-/tmp}/ways-to-wait.XXXXXX") || exit 1
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

for name in $servers; do
  start_server "$name"
done
for name in $servers; do
  await_server "$name"
done
letters=$(printf 'abcdefghijklmnopqrstuvwxyz' | cut -c "1-$CLIENTS" |
  sed 's/./& /g')
make_fifos
start_chart
start_clients
wait "$chart_pid"
status=$?
stop_servers
# shellcheck disable=SC2086
set -- $server_pids
for name in $servers; do
  wait "$1" 2>/dev/null
  report "$name" $?
  shift
done
server_pids=
[ "$status" -eq 0 ] || sort -u "$dir"/*.client >&2
exit "$status"
