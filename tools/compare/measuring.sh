# shellcheck shell=sh
# measuring.sh: what compare.sh and speed.sh share: a server that runs while
# tools/load measures it. To be read with ".", not run.
#
# It needs BUILD, the directory of the programs, and $here, that of the scripts;
# SERVER is the command of the server called "yours".
# Other locales have a decimal comma, so all of it is done in C's.
# It makes $work, a directory that is gone at the end. One server runs at a
# time, and it ends with the script, also on Ctrl+C.
#
# See taskset(1), strace(1), mkfifo(1), trap in sh(1).

here=${here:-tools/compare}
LC_ALL=C
export LC_ALL
# shellcheck source=tools/servers.sh
. "$here/../servers.sh"
load=$BUILD/tools/load
yardstick=$BUILD/tools/yardstick
python=python3
host=::1   # where all servers listen
yours=     # where your own listens
server=
loader=
pin=   # words before a command: keep it on the last CPU that we may use
apart= # the same for the first CPU
calls= # a file: strace writes the server's system calls to it

has() {
  command -v "$1" >/dev/null 2>&1
}

choose_cpus() {
  has taskset && cpus=$(taskset -cp $$ 2>/dev/null) || return 0
  cpus=${cpus##* }
  pin="taskset -c ${cpus##*[,-]}"
  apart="taskset -c ${cpus%%[,-]*}"
}

# shellcheck disable=SC3045 # every sh has these options of ulimit
# raise_limit N: lets this script's programs open N descriptors, or as many as
# the system allows. Sets $descriptors to how many that are.
raise_limit() {
  descriptors=$(ulimit -n)
  [ "$descriptors" != unlimited ] || descriptors=1000000
  [ "$descriptors" -lt "$1" ] || return 0
  most=$(ulimit -Hn)
  [ "$most" != unlimited ] && [ "$most" -lt "$1" ] || most=$1
  ulimit -n "$most" 2>/dev/null && descriptors=$most
}

# Ends the processes that this script has started, by their ids. The servers
# have nothing to lose, and a child of the shell that has not become the server
# yet would survive a milder signal.
stop_server() {
  exec 3<&-
  [ -z "$loader" ] || kill -KILL "$loader" 2>/dev/null
  # shellcheck disable=SC2046 # a list
  [ -z "$server" ] || kill -KILL $(family "$server") 2>/dev/null
  [ -z "$server" ] || wait "$server" 2>/dev/null
  server=
  loader=
}

begin_measuring() {
  work=$(mktemp -d "${TMPDIR:-/tmp}/measuring.XXXXXX") || exit 1
  trap 'trap "" INT TERM HUP; stop_server; rm -rf "$work"' EXIT
  trap 'exit 129' HUP
  trap 'echo >&2; exit 130' INT # a line may be begun
  trap 'exit 143' TERM
  choose_cpus
  find_port
  [ -n "$port" ] || host=127.0.0.1 # there is no IPv6
}

# try COMMAND...: starts a server until it listens. Sets $line to the first
# line that it prints; if that is not the Listening line, sets $reason to its
# last message.
try() {
  : >"$work/line"
  exec "$@" >"$work/line" 2>"$work/words" </dev/null &
  server=$!
  looks=500
  until read -r line <"$work/line" || [ "$looks" -eq 0 ]; do
    # One more look after its end.
    kill -0 "$server" 2>/dev/null || [ "$looks" -le 1 ] || looks=2
    looks=$((looks - 1))
    nap
  done
  stop_server
  reason=$(sed '/^$/d' "$work/words" | tail -n 1)
  case $line in
  'Listening on: '*:[1-9]*) reason= ;;
  *)
    reason=${reason:-'it prints no Listening line'}
    return 1
    ;;
  esac
}

# Sets $port to a free port, or to nothing if there is none: with its output in
# /dev/null the server cannot print it.
find_port() {
  port=
  if try "$yardstick" --address "$host" --port 0; then port=${line##*:}; fi
}

# shellcheck disable=SC2153 # it comes from outside
# Sets $yours to the address at which the server of one's own can be reached.
find_yours() {
  try sh -c "exec $SERVER --port 0" || return
  yours=${line#*: }
  yours=${yours%:*}
  case $yours in
  '[::]') yours=::1 ;;
  0.0.0.0) yours=127.0.0.1 ;;
  '['*) yours=${yours#?} yours=${yours%?} ;;
  esac
}

# turn_into COMMAND...: replaces this shell with the server, under strace if
# its calls are wanted.
# shellcheck disable=SC2086 # words before a command
turn_into() {
  [ -z "$calls" ] || set -- strace -D -f -s 65536 -o "$calls" "$@"
  exec $pin "$@"
}

# become NAME [OPTION...]: replaces this shell with that server, on $port.
become() {
  name=$1
  shift
  case $name in
  asyncio)
    turn_into "$python" -u "$here/peers/asyncio_server.py" \
      "$host" "$port"
    ;;
  ncat) turn_into ncat -l -k -m 10000 "$host" "$port" ;;
  nc) turn_into nc -l -k -d "$host" "$port" ;;
  socat)
    listen=TCP4-LISTEN:$port,bind=$host
    [ "$host" != ::1 ] || listen=TCP6-LISTEN:$port,bind=[$host]
    turn_into socat -u "$listen,fork,reuseaddr,backlog=4096" STDOUT
    ;;
  yours) turn_into sh -c "exec $SERVER \"\$@\"" sh --port "$port" ;;
  esac
  set -- --address "$host" --port "$port" "$@"
  case $name in
  libevent | libev | libuv) turn_into "$BUILD/peers/$name" "$@" ;;
  yardstick) turn_into "$yardstick" "$@" ;;
  */*)
    turn_into "$BUILD/${name%%/*}" --selector "${name#*/}" "$@"
    ;;
  *) turn_into "$BUILD/$name" "$@" ;;
  esac
}

# start_silent NAME [OPTION...]: starts a server whose output goes nowhere. In a
# flood, a file would cost more than the server does.
start_silent() {
  measured=$1
  find_port
  exec 3</dev/null
  become "$@" >/dev/null 2>&1 3<&- </dev/null &
  server=$!
}

# start_heard NAME [OPTION...]: starts a server whose output can be read from
# descriptor 3.
start_heard() {
  measured=$1
  find_port
  rm -f "$work/output"
  mkfifo "$work/output" || exit 1
  # Both ends are opened here. If the server opened one, a signal could interrupt
  # our open, which would begin again and miss the server.
  exec 4<>"$work/output"
  exec 3<"$work/output"
  become "$@" >&4 2>/dev/null 3<&- 4<&- </dev/null &
  server=$!
  exec 4<&-
}

# measure WHAT [OPTION...]: puts a load on the server that runs. Its output is
# then in $work/result, and its messages in $work/complaint.
#
# A sleeping CPU must be woken for each message. That costs more, and varies
# more, than what is measured, so load and server share a CPU. A flood keeps
# both CPUs awake, so it comes from another one. The script waits with "wait",
# so that Ctrl+C ends it at once.
measure() {
  where=$pin address=$host
  [ "$1" != flood ] || where=$apart
  [ "$measured" != yours ] || address=$yours
  # shellcheck disable=SC2086 # words before a command
  exec $where "$load" "$@" --address "$address" --pid "$server" "$port" <&3 \
    >"$work/result" 2>"$work/complaint" &
  loader=$!
  wait "$loader" 2>/dev/null # otherwise it reports a server that was killed
  set -- $?
  loader=
  return "$1"
}
