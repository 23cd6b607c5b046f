#!/bin/sh
# compare.sh: what each server costs on this machine, in one table.
#
#     make compare
#     make compare BACKENDS="poll epoll coroutine/poll asyncio"
#
# Beside the servers it measures the yardstick, which is the least that such a
# server can do, and as peers what is there of asyncio, ncat, socat and nc. All
# of them run one after another, and that ROUNDS times (3), so that a slow
# moment of the machine does not fall on one alone; the table has the medians.
# What the columns mean is in docs/compare.md.
#
# $BUILD/compare/ then has each figure of each round (raw.tsv), the table and
# the charts. This puts the table and the charts of the last run into docs/:
#
#     sh tools/compare/compare.sh --publish
#
# From outside: BUILD (where the programs are), BACKENDS, ROUNDS, and TIME, the
# seconds after which no round is to end, the first one excepted. It uses no
# address but loopback's, takes about a minute, and leaves nothing running.
# shellcheck disable=SC1091,SC2034,SC2154 # measuring.sh knows these names
set -u

here=$(cd "$(dirname "$0")" && pwd) || exit 1
BUILD=${BUILD:-build}
ROUNDS=${ROUNDS:-3}
PEERS='asyncio ncat socat nc'
LEVELS='0 100 900 9000' # of idle clients
MESSAGES=3000
TIME=${TIME:-75} # seconds; no round begins that would last longer
# shellcheck source=tools/compare/measuring.sh
. "$here/measuring.sh"

die() {
  echo "compare: $*" >&2
  exit 2
}

# note TEXT: a line below the table.
note() {
  printf '%s\n' "$*" >>"$work/notes"
}

# Sets $python to the interpreter itself, whose CPU time it is. It may be hidden
# behind a script that chooses one.
find_python() {
  python=$(limit 10 python3 -c '
import sys
sys.version_info >= (3, 7) and print(sys.executable)' 2>/dev/null) &&
    [ -n "$python" ]
}

# usable NAME: says whether that server can be run here, else sets $reason.
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
  *)
    reason='not built here'
    [ -x "$BUILD/${1%%/*}" ] || return 1
    [ "${1%%/*}" = "$1" ] && return
    reason=$(limit 10 "$BUILD/${1%%/*}" --selector "${1#*/}" --version 2>&1 \
      >/dev/null | sed q)
    [ -z "$reason" ]
    ;;
  esac
}

# Sets $servers to those that are wanted and can be run.
choose_servers() {
  servers=
  for name in ${BACKENDS:-$programs yardstick $PEERS}; do
    case " $programs yardstick $PEERS " in
    *" ${name%%/*} "*) ;;
    *) die "there is no server '$name'; there are: $programs yardstick $PEERS" ;;
    esac
    if usable "$name"; then
      servers="$servers $name"
    else
      note "$name: left out, $reason"
    fi
  done
  [ -n "$servers" ] || {
    cat "$work/notes" >&2
    die 'there is nothing to compare'
  }
}

# Sets $levels to the numbers of idle clients, as N,N,..., that the limit on
# descriptors leaves room for: a descriptor each, and some besides.
choose_levels() {
  raise_limit 9100
  levels=
  for level in $LEVELS; do
    if [ $((level + 50)) -gt "$descriptors" ]; then
      level=$((descriptors / 10 * 10 - 50))
      note "at most $level idle clients: the limit on descriptors is" \
        "$descriptors"
      levels=$levels,$level
      break
    fi
    levels=$levels,$level
  done
  levels=${levels#,}
}

# title NAME: the name in the table. How kqueue is made here, it says itself.
title() {
  case $1 in
  kqueue) limit 10 "$BUILD/kqueue" --version | sed 's/ (ways-to-wait).*//' ;;
  ncat | socat) echo "$1 (peer)" ;;
  nc) echo 'nc -lk (peer)' ;;
  asyncio) echo 'asyncio (peer)' ;;
  *) echo "$1" ;;
  esac
}

# keep SERVER MEASUREMENT [AT]: adds what was measured to raw.tsv, a line for
# each figure. AT is the recv size; of messages, it is the idle clients.
keep() {
  awk -F '\t' -v OFS='\t' -v server="$1" -v what="$2" -v at="${3:--}" \
    -v round="$round" '
    NR == 1 { for (i = 1; i <= NF; i++) name[i] = $i }
    NR > 1 {
      for (i = 1; i <= NF; i++)
        print server, round, what " " name[i], name[1] == "idle" ? $1 : at, $i
    }' "$work/result" >>"$out/raw.tsv"
}

# levels_of SERVER: prints the levels to measure it at: in the first round all,
# later those at which it served everybody in the first.
levels_of() {
  if [ "$round" -gt 1 ]; then
    awk -F '\t' -v server="$1" '
      $1 == server && $2 == 1 && $3 == "messages messages" && $5 > 0 {
        printf "%s%s", n++ ? "," : "", $4
      }' "$out/raw.tsv"
  elif [ "$1" = socat ]; then
    echo "$levels" | sed 's/,9[0-9]\{3\}$//'
  else
    echo "$levels"
  fi
}

# complain SERVER MEASUREMENT: notes why a figure is missing.
complain() {
  case $(cat "$work/complaint") in
  *'output has ended'*) note "$1: ended by itself beside too many clients" ;;
  *) note "$1: $2 not measured: $(sed 's/^load: //; q' "$work/complaint")" ;;
  esac
}

# Idle clients, and one that sends a message when its last one was printed.
measure_messages() {
  list=$(levels_of "$1")
  [ -n "$list" ] || return 0
  if [ "$1" = socat ] && [ "$list" != "$levels" ] && [ "$round" -eq 1 ]; then
    note "$1: not tried with more, which would be as many processes"
  fi
  group=256
  [ "$1" != ncat ] || group=8 # as many as its backlog holds
  start_heard "$1"
  measure messages --idle "$list" --count $MESSAGES --seconds 1 \
    --group $group || complain "$1" messages
  keep "$1" messages
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
  ncat | socat | nc) flood "$1" own ;;
  *)
    flood "$1" 65536 --recv-size 65536
    stop_server
    flood "$1" 1024 --recv-size 1024
    ;;
  esac
  measure connections --count 2000 --seconds 1 || complain "$1" connections
  keep "$1" connections
  stop_server
}

# Counts the system calls from the 100th message to the 1,100th, as strace saw
# them. As its grandparent, strace -D leaves the process id to the server.
measure_calls() {
  calls=$work/calls
  start_heard "$1"
  calls=
  measure messages --count 1200 --seconds 5 || complain "$1" 'system calls'
  stop_server
  awk '
    /#0\.100#/ && !first { first = NR - resumed }
    /#0\.1100#/ && !last { last = NR - resumed }
    / resumed>/ { resumed++ }
    END {
      print "per_message"
      if (last) print (last - first) / 1000
    }' "$work/calls" >"$work/result"
  keep "$1" calls
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
    measure_messages "$name"
    measure_throughput "$name"
    [ "$round" -gt 1 ] || [ -z "$trace" ] || measure_calls "$name"
  done
  echo
}

# Says whether the time lasts for one more round like those before.
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
  for name in $servers; do
    echo "server: $name	$(title "$name")"
  done
}

# present PROGRAM: what that awk program makes of all this.
present() {
  awk -v out="$out" -f "$here/median.awk" \
    -f "$here/read.awk" -f "$here/$1" \
    "$out/about" "$out/raw.tsv" "$out/notes"
}

# Copies the charts, and puts the table between the lines around the old one.
publish() {
  cp "$out/messages.svg" "$out/throughput.svg" "$here/../../docs/compare/" &&
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
choose_levels
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
