#!/bin/sh
# check.sh: one exercise: hands out its files, later checks what became of them.
#
#     make exercise          lists the exercises
#     make exercise N=3      begins number 3, or checks how far it is
#     make exercise N=3 V=1  shows in full what the suite says about it
#
# The files to work on are copied to docs/exercises/mine/ once and never
# overwritten. It says "pass" and which exercise is next, or "missing: " and what, a
# line for each, with what was done and what came. Then it says how to run the
# program that it has built, how to trace it and how to debug it. The status is 0
# for a pass, for the list and for an exercise that is not begun, 1 where something
# is missing, 3 where this system cannot tell.
#
# Each exercise has a file `check` in its directory; lib.sh says what is in it.
# From outside: BUILD (where the programs are), CC, CFLAGS, LDFLAGS, WORK (where
# the copies go), PROGRAMS (where the programs made of them go), LIMIT (seconds
# that a check waits for something), FILTER (a regular expression for the names
# of the suite's scenarios that a check runs).
#
# See sh(1).
set -u

exercises=$(cd "$(dirname "$0")" && pwd) || exit 1
root=$(cd "$exercises/../.." && pwd) || exit 1
BUILD=$(cd "${BUILD:-$root/build}" 2>/dev/null && pwd) || {
  echo 'exercise: nothing is built yet: type make first' >&2
  exit 1
}
WORK=${WORK:-$exercises/mine}
PROGRAMS=${PROGRAMS:-$BUILD/exercises}
N=${N:-}

# The first line of a page, without its mark.
title() {
  sed -n '1s/^# *//p' "$1/README.md"
}

list() {
  echo 'make exercise N=1 begins the first one; the same command checks your work later:'
  echo
  for one in "$exercises"/[0-9][0-9]-*; do
    echo "  $(title "$one")"
  done
}

# Sets here to the directory of exercise N.
find_exercise() {
  case $N in
  [0-9]) N=0$N ;;
  esac
  # yash forgets the variable of a loop after it.
  for one in "$exercises/$N"-*; do
    here=$one
    [ ! -d "$here" ] || return 0
  done
  echo "exercise: there is no number $N; make exercise lists them" >&2
  exit 2
}

# Makes the files that the exercise begins with in $mine.new: those of its
# directory start/, and those of the project, changed by a patch where there is one.
make_start() {
  rm -rf "$mine.new"
  mkdir -p "$mine.new" || exit 1
  [ ! -d "$here/start" ] || cp "$here/start/"* "$mine.new/" || exit 1
  for one in $FROM; do
    cp "$root/$one" "$mine.new/" || exit 1
  done
  if [ -n "$PATCH" ]; then
    seed || exit 1
  fi
}

# Hands out the files. Sets untouched where they are still as they were.
begin() {
  make_start
  untouched=yes
  if [ -d "$mine" ]; then
    diff -r "$mine.new" "$mine" >/dev/null || untouched=
    rm -r "$mine.new"
    return
  fi
  mv "$mine.new" "$mine"
  printf 'Your files are in %s:\n' "${mine#"$root/"}"
  (cd "$mine" && for one in *; do echo "  $one"; done)
  printf 'What to do with them: %s\n\n' "${here#"$root/"}/README.md"
}

# Puts the bug of PATCH into the copies. The patch names files of the project.
seed() {
  mkdir "$mine.new/tree" || return 1
  for one in $FROM; do
    mkdir -p "$mine.new/tree/${one%/*}" &&
      cp "$root/$one" "$mine.new/tree/$one" || return 1
  done
  if ! (cd "$mine.new/tree" && patch -p1) <"$root/$PATCH" >/dev/null; then
    echo "exercise: $PATCH does not fit the files" >&2
    return 1
  fi
  for one in $FROM; do
    mv "$mine.new/tree/$one" "$mine.new/" || return 1
  done
  rm -r "$mine.new/tree"
}

[ -n "$N" ] || {
  list
  exit
}
find_exercise
FROM=
PATCH=
# shellcheck source=docs/exercises/lib.sh
. "$exercises/lib.sh"
# shellcheck disable=SC1091 # each exercise has its own
. "$here/check"
mine=$WORK/${here##*/}
place=${here##*/}
place=${place%%-*}
place=$PROGRAMS/${place#0}
begin
run_check
