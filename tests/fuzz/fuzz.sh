#!/usr/bin/env bash
# fuzz.sh: tries random input: random text, random command lines, and random
# clients on every server.
#
#     tests/fuzz/fuzz.sh                       each for about a second
#     tests/fuzz/fuzz.sh forever               until it finds something, or Ctrl+C
#     SEED=4711 BACKENDS=poll tests/fuzz/fuzz.sh
#
# It prints the seed. fuzz.h says what follows from it and how to replay a
# failure. It prints the Test Anything Protocol. From outside: BUILD, BACKENDS,
# SEED, FUZZ_SECONDS.
set -u

here=$(cd "$(dirname "$0")" && pwd) || exit 1
BUILD=${BUILD:-build}
# shellcheck source=tools/servers.sh
. "$here/../../tools/servers.sh"
FUZZ_SECONDS=${FUZZ_SECONDS:-1}
export FUZZ_SECONDS

# Every fuzzer, one per line; after fuzz-server comes the server that it must
# start.
fuzzers() {
  local server

  echo fuzz-text
  echo fuzz-options
  for server in $(servers); do
    case $server in
    */*) echo "fuzz-server ${server%/*} -s ${server#*/}" ;;
    *) echo "fuzz-server $server" ;;
    esac
  done
}

# run_all: runs each once, and numbers the reports.
run_all() {
  local number=0 failed=0 report status fuzzer server options

  while read -r fuzzer server options; do
    number=$((number + 1))
    # shellcheck disable=SC2086 # the options are no word, or two
    report=$("$BUILD/tests/$fuzzer" ${server:+"$BUILD/$server"} $options \
      2>&1 </dev/null)
    status=$?
    case $status,$report in
    0,'ok - '*) echo "ok $number - ${report#ok - }" ;;
    *)
      failed=1
      printf '%s\n' "$report" | awk -v n="$number" -v status="$status" '
        sub(/^not ok -/, "not ok " n " -") { found = 1 }
        !/^not ok/ && !/^#/ { $0 = "# " $0 }
        { text = text $0 "\n" }
        END {
          if (!found)
            print "not ok " n " - a fuzzer ended with status " status
          printf "%s", text
        }'
      echo "# it was: $fuzzer $server $options"
      ;;
    esac
  done <<<"$list"
  return "$failed"
}

list=$(fuzzers)
trap 'exit 130' INT TERM
if [ "${1:-}" = forever ]; then
  FUZZ_SECONDS=10
  while run_all; do unset SEED; done
  exit 1
fi
echo "1..$(printf '%s\n' "$list" | awk 'END { print NR }')"
run_all
