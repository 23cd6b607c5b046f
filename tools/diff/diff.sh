#!/bin/sh
# diff.sh: shows two servers side by side, without their comments, so that the
# remaining difference is the waiting. `make diff` runs it:
#
#     make diff                                  poll and epoll
#     make diff BACKENDS="select poll"           two others
#     make diff BACKENDS=blocking SERVER=mine.c  a file of your own
#
# In a terminal of 100 columns or more the two stand next to each other, in a
# narrower one changed lines are one above the other. Changed words have a
# colour, unless NO_COLOR is set or the output is no terminal; the mark in the
# middle says the same: | changed, < and > on one side only.
#
# `sh tools/diff/diff.sh --count poll epoll` prints how many lines differ,
# except blank lines and #include. From outside: BACKENDS, SERVER, COLUMNS,
# NO_COLOR.
#
# See diff(1), stty(1).
set -u

here=$(cd "$(dirname "$0")" && pwd) || exit 1
root=${here%/*/*}

# Wrong usage.
refuse() {
  printf 'diff: %s\n' "$*" >&2
  exit 2
}

# source_of NAME: the path of a server's file from the root.
source_of() {
  case $1 in
  blocking-nested) echo blocking/nested.c ;;
  *) echo "${1%%/*}/server.c" ;;
  esac
}

# Every server that has a file.
names() {
  echo blocking-nested
  for file in "$root"/*/server.c; do
    file=${file%/server.c}
    [ "${file##*/}" = common ] || echo "${file##*/}"
  done
}

# Sets files to the files that are to be compared, one to a line.
choose() {
  files=
  # shellcheck disable=SC2086 # several words
  set -- ${BACKENDS:-}
  [ $# -gt 0 ] || [ -n "${SERVER:-}" ] || set -- poll epoll
  for name in "$@"; do
    case " $(names | xargs) " in
    *" ${name%%/*} "*) ;;
    *) refuse "there is no server '$name'; there are:" "$(names | xargs)" ;;
    esac
    files="$files$(source_of "$name")
"
  done
  [ -z "${SERVER:-}" ] || {
    [ -f "$SERVER" ] || refuse "there is no file '$SERVER': a source is wanted"
    files="$files$SERVER
"
  }
  [ "$(printf %s "$files" | wc -l)" -eq 2 ] ||
    refuse 'two servers are wanted, as in BACKENDS="poll epoll"'
}

count=
if [ "${1:-}" = --count ]; then
  count=yes
  BACKENDS="$2 $3"
  SERVER=
fi
colour=
width=${COLUMNS:-}
if [ -t 1 ]; then
  [ -n "${NO_COLOR:-}" ] || colour=yes
  [ -n "$width" ] || width=$(stty size </dev/tty 2>/dev/null | cut -d ' ' -f 2)
fi
choose
cd "$root" || exit 1
printf %s "$files" | {
  IFS= read -r first
  IFS= read -r second
  awk -v count="$count" -v colour="$colour" -v width="${width:-80}" \
    -f "$here/diff.awk" "$first" "$second"
}
