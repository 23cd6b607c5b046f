#!/bin/sh
# speed.sh: compares the cost of the servers with that of others, measured
# alternately.
#
#     BUILD=build sh tools/compare/speed.sh
#     BUILD=build BACKENDS=epoll AGAINST=libev PAIRS=50 sh tools/compare/speed.sh
#     BUILD=build FIGURES="active flood" sh tools/compare/speed.sh
#
# A machine is faster at one moment and slower at the next, so a single figure
# says little. Here all servers are measured briefly, one after the other, in
# PAIRS rounds (25), and another one is first in each round. The tables have
# the median of the ratios of a server to each of AGAINST in the same round,
# followed by the lower and the upper quartile of these ratios. It is not a
# test: a ratio above the wanted one makes nothing fail.
#
# From outside: BUILD; BACKENDS and AGAINST, servers and peers (those that are
# missing here are named and left out); PAIRS; and FIGURES, some of
#
#     active       100 clients that all send
#     one, crowd   one message at a time, with no idle client and with 9,000
#     connections  one after another
#     flood, flood64   one client, at a recv size of 1,024 and of 65,536 bytes
#     memory       bytes for each of 9,000 idle clients
#     drops        SYNs that are dropped when 1,000 clients come at once
#
# All of it takes a quarter of an hour. $BUILD/speed.tsv contains all
# measurements.
# shellcheck disable=SC1091,SC2034,SC2154 # measuring.sh knows these names
set -u

here=$(cd "$(dirname "$0")" && pwd) || exit 1
BUILD=${BUILD:-build}
PAIRS=${PAIRS:-25}
BACKENDS=${BACKENDS:-blocking poll epoll kqueue coroutine uring}
AGAINST=${AGAINST:-yardstick libevent libev libuv}
FIGURES=${FIGURES:-active one crowd connections flood flood64 memory drops}
# shellcheck source=tools/compare/measuring.sh
. "$here/measuring.sh"

# cost COLUMN START SERVER [OPTION...] -- MEASUREMENT...: stores the value in
# that column of one run of the server.
cost() {
  column=$1 start=$2 measured=$3 options=
  shift 3
  while [ "$1" != -- ]; do
    options="$options $1"
    shift
  done
  shift
  # shellcheck disable=SC2086 # words
  "$start" "$measured" $options
  measure "$@" || sed "s/^load/$measured/" "$work/complaint" >&2
  awk -F '\t' -v OFS='\t' -v name="$column" -v figure="$figure" \
    -v round="$round" -v server="$measured" '
    NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i }
    NR == 2 && at && $at != "-" { print figure, round, server, $at }
    ' "$work/result" >>"$BUILD/speed.tsv"
  stop_server
}

# measure_figure FIGURE SERVER: those that serve one client at a time have no
# figure with many.
measure_figure() {
  figure=$1
  case $figure,$2 in
  active,blocking* | active,yardstick | crowd,blocking* | crowd,yardstick) ;;
  memory,blocking* | memory,yardstick) ;;
  active,*)
    cost cpu_us_per_message start_heard "$2" -- active --count 20000
    ;;
  one,*) cost cpu_us_per_message start_heard "$2" -- messages --count 10000 ;;
  crowd,*)
    cost cpu_us_per_message start_heard "$2" -- \
      messages --idle 9000 --count 10000 --seconds 2
    ;;
  connections,*)
    cost cpu_us_per_connection start_silent "$2" -- connections --count 2000
    ;;
  flood,*)
    cost cpu_ms_per_gb start_silent "$2" --recv-size 1024 -- flood --mib 128
    ;;
  flood64,*)
    cost cpu_ms_per_gb start_silent "$2" --recv-size 65536 -- flood --mib 256
    ;;
  memory,*) cost bytes_per_client start_heard "$2" -- idle --count 9000 ;;
  drops,*) cost listen_drops start_silent "$2" -- burst --count 1000 ;;
  *)
    echo "speed: there is no figure '$figure'" >&2
    exit 2
    ;;
  esac
}

# Sets $servers to those of BACKENDS and AGAINST that can be run here.
choose_servers() {
  servers=
  for name in $BACKENDS $AGAINST; do
    case " $servers " in *" $name "*) continue ;; esac
    case $name in
    yardstick) program=tools/yardstick ;;
    lib*) program=peers/$name ;;
    *) program=${name%%/*} ;;
    esac
    if [ -x "$BUILD/$program" ] && try "$BUILD/$program" --port 0; then
      servers="$servers $name"
    else
      echo "speed: without $name, which is not here"
    fi
  done >&2
}

# The two figures that do not depend on the moment are measured in every fifth
# round.
measure_all() {
  for one in $FIGURES; do
    case $one in
    memory | drops) [ $((round % 5)) = 1 ] || continue ;;
    esac
    for name in $servers; do
      measure_figure "$one" "$name"
    done
  done
}

[ -x "$load" ] || {
  echo "speed: there is no $load (make all tools)" >&2
  exit 2
}
: >"$BUILD/speed.tsv"
raise_limit 9100
begin_measuring
choose_servers
round=1
while [ "$round" -le "$PAIRS" ]; do
  printf 'round %d of %d\n' "$round" "$PAIRS" >&2
  measure_all
  servers="${servers#* } ${servers%% *}" # another one is first
  round=$((round + 1))
done
awk -v backends="$BACKENDS" -v against="$AGAINST" -v figures="$FIGURES" \
  -f "$here/median.awk" -f "$here/speed.awk" "$BUILD/speed.tsv"
