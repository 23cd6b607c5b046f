#!/usr/bin/env bash
# endurance.sh: whether a server still works after long use as it did at the
# start.
#
#     tests/ci/endurance.sh [short]
#     BACKENDS=poll tests/ci/endurance.sh
#
# - 100,000 connections, one after the other: then as many descriptors are open
#   and as many threads run as before, the memory has not grown, and each
#   client was served. The children of a server count, too.
# - 10,000 clients at once, or as many as the limits on descriptors, processes
#   and threads allow. Clients that do not fit select's set are refused, with
#   the reason; all others are served, and after they have left, everything is
#   as before.
# - A reader that takes the server's output slowly while a client floods: every
#   byte of it arrives. TCP slows the client down.
#
# `short` makes a fiftieth of this. It prints the Test Anything Protocol. From
# outside: BUILD, BACKENDS, LIMIT (seconds that it waits for something).
#
# See load.c, client.c, proc(5) for /proc/PID/fd and VmRSS, and pipe(7).
# shellcheck disable=SC2317 # wait_until calls some functions by name
set -u

here=$(cd "$(dirname "$0")" && pwd) || exit 1
BUILD=${BUILD:-build}
# shellcheck source=tools/servers.sh
. "$here/../../tools/servers.sh"
LIMIT=${LIMIT:-60}
export LC_ALL=C
CONNECTIONS=100000
AT_ONCE=10000
FLOOD=20000000
# How much a server may grow, in KiB: the heap of the C library and the
# resident memory vary a little.
SLACK=512

# start SERVER OUTPUT OPTION...: its messages go to the file log.
start() {
  local program=${1%/*} selector='' output=$2

  [ "$program" = "$1" ] || selector=${1#*/}
  shift 2
  # The output of the last server must not be taken for that of this one.
  : >log
  : >err
  "$BUILD/$program" ${selector:+-s "$selector"} --address 127.0.0.1 --port 0 \
    "$@" </dev/null >"$output" 2>err &
  pid=$!
  wait_until listens
  port=$(sed -n 's/^Listening on: .*://p' log err | head -n 1)
}

listens() {
  grep -q '^Listening on: ' log err
}

# finish: tells the server to stop. If it does not end as it should, that is a
# fault.
finish() {
  kill -TERM "$pid"
  wait_until ended || kill -KILL "$pid"
  wait "$pid" || fault "the server ended with status $?"
  pid=
}

ended() {
  ! kill -0 "$pid" 2>/dev/null
}

# wait_until COMMAND...: looks every 20 ms until it succeeds.
wait_until() {
  local end=$((SECONDS + LIMIT))

  until "$@"; do
    if [ "$SECONDS" -gt "$end" ]; then
      fault "waited too long for: $*"
      return 1
    fi
    sleep 0.02
  done
}

# fault TEXT: notes what is wrong.
fault() {
  faults="$faults
$*"
}

# report NAME: prints a line of the protocol.
report() {
  number=$((number + 1))
  if [ -z "$faults" ]; then
    echo "ok $number - $1"
  else
    failed=1
    echo "not ok $number - $1"
    printf '%s\n' "$faults" "standard error: $(head -n 5 err)" | sed 1d |
      sed 's/^/# /'
  fi
  faults=
}

skipped() {
  number=$((number + 1))
  echo "ok $number - $1 # skip $2"
}

# holdings: how many descriptors and threads the server and its children have,
# also those that have ended and are not reaped.
holdings() {
  local one

  for one in $(family "$pid"); do
    printf '%s\n' "/proc/$one/fd"/* "/proc/$one/task"/*
  done | awk -F / '{ n[$4]++ } END { print n["fd"], n["task"] }'
}

same_holdings() {
  [ "$(holdings)" = "$1" ]
}

# KiB of the server and its children.
memory() {
  local one

  for one in $(family "$pid"); do
    sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) kB$/\1/p' "/proc/$one/status"
  done 2>/dev/null | awk '{ n += $1 } END { print n + 0 }'
}

count() {
  grep -c "^$1" log
}

# Whether so many have been served or refused.
all_known() {
  [ $(($(count 'Connection from: ') + $(count 'Connection refused: '))) \
    -eq "$1" ]
}

# --- The three ---------------------------------------------------------------

many_in_a_row() {
  local before memory_before

  start "$1" log
  # The first connections cause allocations that are made only once, or once
  # for each of several threads.
  before=$(holdings)
  "$BUILD/tools/client" -a 127.0.0.1 -t 600 "$port" connect:100 \
    'each:send:x\n' each:half-close each:wait-closed >said 2>&1 ||
    fault "client: $(cat said)"
  connections 400
  wait_until same_holdings "$before"
  memory_before=$(memory)
  connections "$CONNECTIONS"
  wait_until same_holdings "$before"
  [ "$(memory)" -le $((memory_before + SLACK)) ] ||
    fault "memory: $(memory) KiB, and was $memory_before"
  finish
  [ "$(count 'Connection closed: ')" -ge $((CONNECTIONS + 500)) ] ||
    fault "only $(count 'Connection closed: ') were served"
  report "$1: $CONNECTIONS connections, then it is what it was"
}

# connections N: makes N connections, all of which must succeed. The time is
# only a limit.
connections() {
  local made

  made=$("$BUILD/tools/load" connections --address 127.0.0.1 --count "$1" \
    --seconds 600 --no-header "$port" 2>&1)
  case $made in
  "$1	"*) ;;
  *) fault "of $1 connections were made: $made" ;;
  esac
}

# room_for SERVER: how many clients at once there may be. If each has a process
# or a thread, other programs on this machine use up part of the limits.
room_for() {
  local tasks

  tasks=$(cat /proc/[0-9]*/status 2>/dev/null |
    awk '$1 == "Threads:" { n += $2 } END { print n + 200 }')
  case $1 in
  processes | threads)
    ulimit -u
    cat /proc/sys/kernel/threads-max /proc/sys/kernel/pid_max \
      /sys/fs/cgroup/pids.max 2>/dev/null
    ;;
  esac | awk -v room="$AT_ONCE" -v tasks="$tasks" '
    /^[0-9]+$/ && $1 - tasks < room { room = $1 - tasks }
    END { print room }'
}

many_at_once() {
  local before refused at_once

  at_once=$(room_for "$1")
  start "$1" log
  before=$(holdings)
  rm -f go && mkfifo go && exec 6<>go
  "$BUILD/tools/client" -a 127.0.0.1 -t 600 "$port" connect:"$at_once" \
    'each:send:x\n' line each:half-close each:wait-closed <&6 >said 2>&1 &
  client_pid=$!
  wait_until all_known "$at_once"
  refused=$(count 'Connection refused: .*FD_SETSIZE')
  case $1,$refused in
  *select,0) [ "$at_once" -lt 1024 ] || fault "no client is refused" ;;
  *select,*)
    [ "$refused" -le $((at_once - 1000)) ] || fault "$refused are refused"
    ;;
  *,0) ;;
  *) fault "$refused are refused" ;;
  esac
  echo >&6
  exec 6>&-
  # A client that was refused may notice it while it still sends.
  wait "$client_pid" || [ "$refused" -gt 0 ] || fault "client: $(cat said)"
  client_pid=
  wait_until same_holdings "$before"
  finish
  [ "$(count x)" -eq $((at_once - refused)) ] || fault "$(count x) lines of x"
  [ ! -s err ] || fault "standard error is not empty"
  report "$1: $at_once clients at once, $refused refused"
}

# A FIFO from the server to a reader that sleeps after each piece, and reads
# the rest at the end.
slow_reader() {
  rm -f output && mkfifo output
  (
    exec <output
    for ((i = 0; i < 100; i++)); do
      dd bs=4096 count=1 2>/dev/null
      sleep 0.02
    done
    cat
  ) >got &
  reader_pid=$!
  start "$1" output --raw
  "$BUILD/tools/client" -a 127.0.0.1 -t 600 "$port" connect fill:"$FLOOD" \
    half-close wait-eof >said 2>&1 || fault "client: $(cat said)"
  finish
  wait "$reader_pid"
  reader_pid=
  awk -v size="$FLOOD" 'BEGIN {
    for (n = 1; n * 64 <= size; n++) printf "%-63d\n", n
    if (size % 64) printf "%*s\n", 1 - size % 64, n }' >wanted
  cmp -s wanted got ||
    fault "the output differs: $(cmp wanted got 2>&1)"
  report "$1: a slow reader gets all of $FLOOD bytes"
}

# ----------------------------------------------------------------------------

case ${1:-} in
'') ;;
short)
  CONNECTIONS=$((CONNECTIONS / 50))
  AT_ONCE=$((AT_ONCE / 5))
  FLOOD=$((FLOOD / 50))
  ;;
*)
  echo "usage: tests/ci/endurance.sh [short]" >&2
  exit 2
  ;;
esac
BUILD=$(cd "$BUILD" && pwd) || exit 1
work=$(mktemp -d "${TMPDIR:-/tmp}/endurance.XXXXXX") || exit 1
pid=
client_pid=
reader_pid=
trap 'kill -KILL $pid $client_pid $reader_pid 2>/dev/null; rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
cd "$work" || exit 1
number=0
failed=0
faults=
list=$(servers) || exit 1
echo "1..$(echo "$list" | awk 'END { print 3 * NR }')"
hard=$(ulimit -Hn)
if [ "$hard" != unlimited ] && [ "$hard" -lt $((AT_ONCE + 100)) ]; then
  AT_ONCE=$((hard - 100))
fi
ulimit -n "$hard" 2>/dev/null
for server in $list; do
  if [ -r /proc/self/status ]; then
    many_in_a_row "$server"
  else
    skipped "$server: many connections" "there is no /proc"
  fi
  case $server in
  blocking*) skipped "$server: many at once" "it serves one at a time" ;;
  *) many_at_once "$server" ;;
  esac
  slow_reader "$server"
done
exit "$failed"
