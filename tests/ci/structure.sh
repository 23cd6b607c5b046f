#!/usr/bin/env bash
# structure.sh: checks the structure of the project: which file may include
# which.
#
#     bash tests/ci/structure.sh
#
# - No circle: a module (its .c and .h) never includes, through others, itself.
# - A server.c and blocking/nested.c include common/server.h, headers of the
#   system, and headers of their own directory, nothing else.
# - Every server.c calls recv itself, except coroutine/, whose loop does, and
#   uring/, for which the kernel receives. Two servers that are meant to be
#   compared differ in few lines.
# - Every file and room at the top of tests/ and tools/ is named in the README
#   there.
# - Every seeded bug names a scenario that there is.
#
# It prints a line for each check and the total. See tsort(1).
set -u

cd "$(dirname "$0")/../.." || exit 1
. tests/ci/checks.bash

# edges DIRECTORY...: "MODULE INCLUDED", a line for each include of a header of
# the project. A module is named by its path without the ending.
edges() {
  local file directory header

  find "$@" -name '*.[ch]' | while read -r file; do
    directory=${file%/*}
    sed -n 's/^#include "\(.*\)\.h"$/\1/p' "$file" | while read -r header; do
      header=$(cd "$directory" && cd "$(dirname "$header")" &&
        echo "${PWD#"$root"/}/${header##*/}")
      [ "${file%.*}" = "$header" ] || echo "${file%.*} $header"
    done
  done | sort -u
}

no_circle() {
  edges "$@" | tsort >"$work/order" 2>"$work/circle" && [ ! -s "$work/circle" ]
  local status=$?

  cat "$work/circle"
  return "$status"
}

# knows_little FILE: whether a server includes no more than it may.
knows_little() {
  ! grep '^#include' "$1" | grep -v '^#include <' |
    grep -v '^#include "\.\./common/server\.h"$' | grep '/'
}

# at_most N SERVER SERVER: whether no more than N lines differ.
at_most() {
  local lines

  lines=$(sh tools/diff/diff.sh --count "$2" "$3") || return
  echo "$lines lines differ, $1 may"
  [ "$lines" -le "$1" ]
}

# shows WORD FILE: whether the code says it as a whole word; comments and
# strings do not count.
shows() {
  awk -v word="$1" '
    { gsub(/"([^"\\]|\\.)*"/, "") }
    inside && !sub(/^.*\*\//, "") { next }
    { inside = 0; gsub(/\/\*[^*]*\*+\//, ""); inside = sub(/\/\*.*/, "") }
    $0 ~ "(^|[^A-Za-z0-9_])" word "\\(" { found = 1 }
    END { exit !found }' "$2"
}

# named_in README: whether it names all files in its directory.
named_in() {
  local entry missing=

  for entry in "${1%/*}"/*; do
    entry=${entry##*/}
    [ "$entry" != README.md ] || continue
    grep -qF "$entry" "$1" || missing="$missing $entry"
  done
  [ -z "$missing" ] || { echo "$1 does not name:$missing" && return 1; }
}

# known_scenarios: whether the suite has what the patches say they are caught by.
known_scenarios() {
  local patch scenario unknown=0

  for patch in tests/broken/*.patch; do
    scenario=$(sed -n '/^$/q; s/^Caught-by: *//p' "$patch")
    grep -rqF "@test \"$scenario\" {" tests || {
      echo "$patch: there is no scenario '$scenario'"
      unknown=1
    }
  done
  return "$unknown"
}

root=$PWD
check 'no circle of includes in common/ and where a server has modules' \
  no_circle common coroutine processes threads uring
for server in blocking/nested.c */server.c; do
  [ "$server" != common/server.c ] || continue
  check "$server knows common/server.h and its own directory" \
    knows_little "$server"
done
for server in blocking/nested.c */server.c; do
  case $server in
  common/* | coroutine/*) ;;
  uring/*) check "$server asks for recv" grep -q 'ring_request(RECV, ' "$server" ;;
  *) check "$server calls recv" shows recv "$server" ;;
  esac
done
for pair in 'select poll' 'poll epoll' 'epoll kqueue'; do
  # shellcheck disable=SC2086 # two words
  check "a diff of $pair shows the waiting alone" at_most 50 $pair
done
check 'tests/README.md names what is in tests/' named_in tests/README.md
check 'tools/README.md names what is in tools/' named_in tools/README.md
check 'each seeded bug names a scenario' known_scenarios
total_checks
