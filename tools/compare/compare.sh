#!/bin/sh
# compare.sh: measures what each server costs on this machine, in one table.
#
#     make compare
#     make compare BACKENDS="poll epoll coroutine/poll asyncio"
#
#     make compare SERVER="python3 mine.py"          and a server of your own
#
# In addition to the servers it measures the yardstick, which does the least
# that such a server can do, and the peers (libevent, libev, libuv, asyncio,
# ncat, socat and nc) that are installed. All of them run one after another,
# ROUNDS times (3), so that a slow moment of the machine does not affect only
# one; the table has the medians. SERVER, which is called "yours", must accept
# --port, and print the Listening line and what it receives. docs/compare.md
# explains the columns.
#
# $BUILD/compare/ then has each figure of each round (raw.tsv), the table and
# the charts. This puts the table and the charts of the last run into docs/:
#
#     sh tools/compare/compare.sh --publish
#
# From outside: BUILD (where the programs are), BACKENDS, SERVER, ROUNDS, and
# TIME, the seconds within which every round but the first must end. It uses
# only the loopback address, takes about three minutes, and leaves nothing
# running.
# shellcheck disable=SC1091,SC2034,SC2154 # measuring.sh knows these names
set -u

here=$(cd "$(dirname "$0")" && pwd) || exit 1
BUILD=${BUILD:-build}
ROUNDS=${ROUNDS:-3}
SERVER=${SERVER:-}
PEERS='libevent libev libuv asyncio ncat socat nc'
LEVELS='0 100 900 9000' # of idle clients
ACTIVE='100 1000'       # clients that all send
MESSAGES=3000
TIME=${TIME:-200} # seconds; no round begins that would last longer
# shellcheck source=tools/compare/measuring.sh
. "$here/measuring.sh"

die() {
  echo "compare: $*" >&2
  exit 2
}

# note TEXT: a line below the table.
note() {
  grep -qxF "$*" "$work/notes" || printf '%s\n' "$*" >>"$work/notes"
}

# Sets $python to the interpreter itself, whose CPU time is measured. `python3`
# may be a script that chooses one.
find_python() {
  python=$(limit 10 python3 -c '
import sys
sys.version_info >= (3, 7) and print(sys.executable)' 2>/dev/null) &&
    [ -n "$python" ]
}

# usable NAME: whether that server can run here; if not, sets $reason.
usable() {
  reason='not installed'
  case $1 in
  asyncio)
    reason='there is no python3'
    find_python
    ;;
  ncat | socat) has "$1" ;;
  nc)
    has nc || return 1
    reason='this netcat cannot take one client after another'
    limit 10 nc -h 2>&1 | grep -i 'keep inbound' >/dev/null
    ;;
  yardstick) ;;
  libevent | libev | libuv) [ -x "$BUILD/peers/$1" ] ;;
  yours) find_yours ;;
  # A server that is built may still find that this system does not let it
  # wait.
  */*)
    built "$1" && try "$BUILD/${1%%/*}" --selector "${1#*/}" \
      --address "$host" --port 0
    ;;
  *) built "$1" && try "$BUILD/$1" --address "$host" --port 0 ;;
  esac
}

built() {
  reason='not built here'
  [ -x "$BUILD/${1%%/*}" ]
}

# Sets $servers to those that are wanted and can be run.
# shellcheck disable=SC2086 # lists
choose_servers() {
  servers=
  set -- $programs yardstick $PEERS
  all=$*
  for name in ${BACKENDS:-$all} ${SERVER:+yours}; do
    case " $all yours " in
    *" ${name%%/*} "*) ;;
    *) die "there is no server '$name'; there are: $all" ;;
    esac
    if usable "$name"; then
      servers="$servers $name"
    elif [ "$name" = yours ]; then
      die "SERVER='$SERVER' --port 0: $reason"
    else
      note "$name: left out, ${reason#"$name: "}"
    fi
  done
  [ -n "$servers" ] || {
    cat "$work/notes" >&2
    die 'there is nothing to compare'
  }
}

# room_for NUMBER...: prints the numbers of clients, as N,N,..., that the limit
# on descriptors allows: one descriptor each, and a few more.
room_for() {
  list=
  for level in "$@"; do
    if [ $((level + 50)) -gt "$descriptors" ]; then
      level=$((descriptors / 10 * 10 - 50))
      note "at most $level clients: the limit on descriptors is $descriptors"
      list=$list,$level
      break
    fi
    list=$list,$level
  done
  echo "${list#,}"
}

# title NAME: the name in the table. kqueue prints its own, with how it is
# made.
title() {
  case $1 in
  kqueue) limit 10 "$BUILD/kqueue" --version | sed 's/ (ways-to-wait).*//' ;;
  libevent | libev | libuv | ncat | socat) echo "$1 (peer)" ;;
  nc) echo 'nc -lk (peer)' ;;
  asyncio) echo 'asyncio (peer)' ;;
  *) echo "$1" ;;
  esac
}

# keep SERVER MEASUREMENT [AT]: adds what was measured to raw.tsv, a line for
# each figure. AT is the recv size; for messages and active it is the number of
# clients.
keep() {
  awk -F '\t' -v OFS='\t' -v server="$1" -v what="$2" -v at="${3:--}" \
    -v round="$round" '
    NR == 1 { for (i = 1; i <= NF; i++) name[i] = $i }
    NR > 1 {
      for (i = 1; i <= NF; i++)
        print server, round, what " " name[i],
          name[1] ~ /^(idle|active)$/ ? $1 : at, $i
    }' "$work/result" >>"$out/raw.tsv"
}

# served SERVER MEASUREMENT: prints the numbers of clients with which it served
# all in the first round.
served() {
  awk -F '\t' -v server="$1" -v figure="$2 messages" '
    $1 == server && $2 == 1 && $3 == figure && $5 > 0 {
      printf "%s%s", n++ ? "," : "", $4
    }' "$out/raw.tsv"
}

# levels_of SERVER MEASUREMENT LEVELS: sets $list to the numbers of clients to
# measure it with: in the first round all, later those that it served. With a
# process for each client, thousands could be too much for this machine.
levels_of() {
  list=$3
  [ "$round" -eq 1 ] || list=$(served "$1" "$2")
  case $1 in
  processes | socat)
    list=$(echo "$3" | sed 's/,[2-9][0-9]\{3\}//')
    [ "$list" = "$3" ] || note "$1: not tried with thousands of clients," \
      'each of which is a process'
    ;;
  esac
}

# complain SERVER MEASUREMENT: adds a note why a figure is missing.
complain() {
  case $(cat "$work/complaint") in
  *'output has ended'*) note "$1: ended by itself when there were too many clients" ;;
  *) note "$1: $2 not measured: $(sed 's/^load: //; q' "$work/complaint")" ;;
  esac
}

# measure_clients SERVER MEASUREMENT OPTION LEVELS: with several numbers of
# clients.
measure_clients() {
  levels_of "$1" "$2" "$4"
  [ -n "$list" ] || return 0
  group=256
  [ "$1" != ncat ] || group=8 # as many as its backlog holds
  start_heard "$1"
  measure "$2" "$3" "$list" --count "$MESSAGES" --seconds 1 --group $group ||
    complain "$1" "$2"
  keep "$1" "$2"
  stop_server
}

# flood SERVER AT [OPTION...]: leaves the server running.
flood() {
  flooded=$1 at=$2
  shift 2
  start_silent "$flooded" "$@"
  measure flood --mib 128 --seconds 1 || complain "$flooded" flood
  keep "$flooded" flood "$at"
}

measure_throughput() {
  case $1 in
  asyncio) flood "$1" 1024 ;;
  ncat | socat | nc | yours) flood "$1" own ;;
  *)
    flood "$1" 65536 --recv-size 65536
    stop_server
    flood "$1" 1024 --recv-size 1024
    ;;
  esac
  measure connections --count 2000 --seconds 1 || complain "$1" connections
  keep "$1" connections
  if [ "$round" -eq 1 ]; then
    measure rest || complain "$1" rest
    keep "$1" rest
  fi
  stop_server
}

# measure_calls SERVER FIRST LAST CLIENTS MEASUREMENT...: counts the system calls
# that strace sees between those two messages of client 0, when this and the
# other CLIENTS send messages in turn. As its grandparent, strace -D leaves the
# process id to the server.
measure_calls() {
  calls=$work/calls
  name=$1 first=$2 last=$3 clients=$4
  shift 4
  start_heard "$name"
  calls=
  measure "$@" --seconds 8 || complain "$name" 'system calls'
  stop_server
  awk -v first="#0.$first#" -v last="#0.$last#" \
    -v messages=$(((last - first) * clients)) '
    index($0, first) && !from { from = NR - resumed }
    index($0, last) && !to { to = NR - resumed }
    / resumed>/ { resumed++ }
    END {
      print "per_message"
      if (to) print (to - from) / messages
    }' "$work/calls" >"$work/result"
  keep "$name" calls "$clients"
}

# The number of calls of the busy server depends only on the time.
measure_all_calls() {
  [ "$1" != busy ] || return 0
  measure_calls "$1" 100 1100 1 messages --count 1200
  case ",$(served "$1" active)," in
  *,100,*) measure_calls "$1" 5 25 100 active --active 100 --count 3000 ;;
  esac
}

can_trace() {
  has strace || { reason='strace is not installed' && return 1; }
  reason='strace does not work here'
  limit 10 strace -D -f -o "$work/calls" true 2>/dev/null
}

measure_all() {
  printf 'round %d of %d:' "$round" "$ROUNDS"
  for name in $servers; do
    printf ' %s' "$name"
    measure_clients "$name" messages --idle "$levels"
    measure_clients "$name" active --active "$active"
    measure_throughput "$name"
    [ "$round" -gt 1 ] || [ -z "$trace" ] || measure_all_calls "$name"
  done
  echo
}

# Whether there is time for one more round like those before.
time_left() {
  passed=$(($(date +%s) - start))
  [ "$round" -gt 1 ] && [ $((passed + passed / (round - 1))) -gt "$TIME" ] ||
    return 0
  note "$((round - 1)) of $ROUNDS rounds: they took $passed seconds"
  return 1
}

describe() {
  cpus=$(getconf _NPROCESSORS_ONLN 2>/dev/null) || cpus='?'
  echo "machine: $(uname -sr | sed 's/\([0-9]\.[0-9]*\)[^ ]*/\1/'), $cpus CPUs"
  echo "date: $(date +%Y-%m-%d)"
  echo "rounds: $((round - 1))"
  echo "levels: $levels"
  echo "active: $active"
  for name in $servers; do
    echo "server: $name	$(title "$name")"
  done
}

# present PROGRAM: the output of that awk program for all figures.
present() {
  awk -v out="$out" -f "$here/median.awk" \
    -f "$here/read.awk" -f "$here/$1" \
    "$out/about" "$out/raw.tsv" "$out/notes"
}

# Copies the charts, and puts the table between the lines around the old one.
publish() {
  cp "$out/messages.svg" "$out/active.svg" "$out/throughput.svg" \
    "$here/../../docs/compare/" &&
    awk '
      NR == FNR { table = table $0 "\n"; next }
      /^<!-- end of the table -->$/ { inside = 0 }
      !inside
      /^<!-- the table/ { inside = 1; printf "\n```text%s```\n\n", table }
    ' "$out/table.txt" "$here/../../docs/compare.md" >"$out/compare.md" &&
    mv "$out/compare.md" "$here/../../docs/compare.md"
}

if [ "${1:-}" = --publish ]; then
  out=$BUILD/compare
  publish
  exit
fi
[ -x "$load" ] || die "$load is missing: make compare builds it"
begin_measuring
: >"$work/notes"
raise_limit 9100
# shellcheck disable=SC2086 # lists
levels=$(room_for $LEVELS) active=$(room_for $ACTIVE)
choose_servers
trace=yes
can_trace || { trace= && note "system calls: not counted, $reason"; }
out=$work/out # until it is whole
mkdir "$out" || exit 1
printf 'server\tround\tfigure\tat\tvalue\n' >"$out/raw.tsv"
round=1
start=$(date +%s)
while [ "$round" -le "$ROUNDS" ] && time_left; do
  measure_all >&2
  round=$((round + 1))
done
describe >"$out/about"
cp "$work/notes" "$out/notes"
present table.awk >"$out/table.txt"
present charts.awk
rm -rf "$BUILD/compare"
cp -R "$out" "$BUILD/compare" || exit 1
cat "$out/table.txt"
