#!/bin/sh
# speed.sh: what the servers cost beside the plainest one, the yardstick.
#
#     BUILD=build sh tools/compare/speed.sh
#     BUILD=build BACKENDS=epoll PAIRS=50 sh tools/compare/speed.sh
#
# Each figure is a ratio, for a machine is faster at one moment and slower at
# the next: a server and what it is compared with are measured in turn, briefly
# and PAIRS times (25), and take turns at being first. The table has the median
# of the ratios, and behind it between which two the middle half of them lies.
# What takes seconds by itself, the last three rows, is measured with every fifth
# pair. It is no test: a figure above the wanted one makes nothing fail. Takes
# five minutes or more; $BUILD/speed.tsv keeps what was measured.
# shellcheck disable=SC1091,SC2034,SC2154 # measuring.sh knows these names
set -u

here=$(cd "$(dirname "$0")" && pwd) || exit 1
BUILD=${BUILD:-build}
PAIRS=${PAIRS:-25}
BACKENDS=${BACKENDS:-blocking poll epoll coroutine}
# shellcheck source=tools/compare/measuring.sh
. "$here/measuring.sh"

# note FIGURE SERVER VALUE [BASE]: keeps one pair. Without a base the value
# stands for itself.
note() {
  printf '%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "${4:-1}" >>"$BUILD/speed.tsv"
}

# cost COLUMN MEASUREMENT SERVER [OPTION...]: sets $cost to what one run of the
# server says in that column. MEASUREMENT is the words for load.
cost() {
  column=$1 words=$2
  shift 2
  "$start" "$@"
  # shellcheck disable=SC2086 # words
  measure $words || cat "$work/complaint" >&2
  cost=$(awk -F '\t' -v name="$column" '
    NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i }
    NR == 2 { value = $at }
    END { print at && value != "" ? value : "-" }' "$work/result")
  stop_server
}

# pair FIGURE COLUMN MEASUREMENT SERVER [OPTION...]: the yardstick and the
# server, who take turns at being first.
pair() {
  figure=$1 of=$2 measurement=$3 backend=$4
  shift 4
  start=start_silent
  both="yardstick $backend"
  [ $((turn % 2)) = 1 ] || both="$backend yardstick"
  for measured in $both; do
    cost "$of" "$measurement" "$measured" "$@"
    [ "$measured" = yardstick ] && base=$cost || value=$cost
  done
  note "$figure" "$backend" "$value" "$base"
}

# crowd SERVER: what idle clients make a message cost, and what they occupy.
crowd() {
  start=start_heard
  cost cpu_us_per_message 'messages --count 20000 --seconds 2' "$1"
  base=$cost
  cost cpu_us_per_message 'messages --idle 9000 --count 20000 --seconds 2' "$1"
  note crowd "$1" "$cost" "$base"
  cost bytes_per_client 'idle --count 9000' "$1"
  note memory "$1" "$cost"
}

one_pair_of_all() {
  for backend in $BACKENDS; do
    pair 'flood 1024' cpu_ms_per_gb 'flood --mib 256' "$backend" \
      --recv-size 1024
    pair 'flood 65536' cpu_ms_per_gb 'flood --mib 256' "$backend" \
      --recv-size 65536
    pair connection cpu_us_per_connection 'connections --count 2000' "$backend"
  done
}

the_rest_of_all() {
  for backend in $BACKENDS; do
    case $backend in
    blocking*) ;;
    *) crowd "$backend" ;;
    esac
    start=start_silent
    cost listen_drops 'burst --count 1000' "$backend"
    note drops "$backend" "$cost"
  done
}

for program in tools/load tools/yardstick $BACKENDS; do
  case $program in
  coroutine/*) program=coroutine ;;
  esac
  [ -x "$BUILD/$program" ] || {
    echo "speed: there is no $BUILD/$program (make all tools)" >&2
    exit 2
  }
done
rm -f "$BUILD/speed.tsv"
raise_limit 9100
begin_measuring
turn=1
while [ "$turn" -le "$PAIRS" ]; do
  printf 'pair %d of %d\n' "$turn" "$PAIRS" >&2
  one_pair_of_all
  [ $((turn % 5)) != 1 ] || the_rest_of_all
  turn=$((turn + 1))
done
awk -v backends="$BACKENDS" -f "$here/median.awk" -f "$here/speed.awk" \
  "$BUILD/speed.tsv"
