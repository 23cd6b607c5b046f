#!/usr/bin/env bats
# compare.bats: the table of make compare fits a terminal and ends with a sentence.
#
#     bats tests/tools/compare.bats
#
# Nothing is measured: the figures are made up. See tools/compare/table.awk.

setup() {
  ROOT=${BATS_TEST_DIRNAME%/*/*}
  cd "$BATS_TEST_TMPDIR" || return 1
  printf '%s\n' 'machine: Linux 6.18, 2 CPUs' 'date: 2026-11-26' 'rounds: 1' \
    'levels: 0,100,900,9000' 'active: 100,1000' >about
  printf 'server\tround\tfigure\tat\tvalue\n' >raw.tsv
  : >notes
}

# measured NAME TITLE WITHOUT WITH: a server, and what a message costs it without
# idle clients and with 9000 of them.
measured() {
  local idle
  printf 'server: %s\t%s\n' "$1" "$2" >>about
  {
    for idle in 0 100 900; do
      printf '%s\t1\tmessages cpu_us_per_message\t%s\t%s\n' "$1" "$idle" "$3"
    done
    printf '%s\t1\tmessages cpu_us_per_message\t9000\t%s\n' "$1" "$4"
    printf '%s\t1\tmessages served\t9000\t9001\n' "$1"
  } >>raw.tsv
}

table() {
  local here=$ROOT/tools/compare
  awk -f "$here/median.awk" -f "$here/read.awk" -f "$here/table.awk" \
    about raw.tsv notes | tee table
}

# ends_with TEXT: whether this is the last paragraph of the table.
ends_with() {
  [ "$(awk -v RS= '{ last = $0 } END { print last }' table | tr '\n' ' ')" = "$1 " ]
}

@test "no line of the table is longer than 80 columns" {
  measured kqueue 'kqueue (on epoll)' 1234 98765
  measured poll poll 6.1 98765
  table
  [ -z "$(awk 'length > 80' table)" ]
}

@test "the sentence compares poll with epoll, if both were measured" {
  measured busy busy 12 2400
  measured poll poll 6.1 1830
  measured epoll epoll 6 6
  table
  ends_with "With 9,000 idle clients, poll needs 305 times as much CPU time for a\
 message as epoll; without idle clients it needs about as much."
}

@test "the sentence compares the dearest server with the cheapest, or one with itself" {
  measured busy busy 12 2400
  table
  ends_with "With 9,000 idle clients, busy needs 200 times as much CPU time for a\
 message as without them."
  measured threads threads 6 8
  table
  ends_with "With 9,000 idle clients, busy needs 300 times as much CPU time for a\
 message as threads; without idle clients it needs 2.0 times as much."
}
