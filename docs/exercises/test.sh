#!/bin/sh
# test.sh: are the exercises sound? For each of them, that its check says of
# the untouched start what is missing, that it passes the solution, that it does
# not pass who falls into the trap, and that the page names what there is.
#
#     BUILD=build sh docs/exercises/test.sh          all of them, two at a time
#     BUILD=build sh docs/exercises/test.sh core     the quick ones
#     BUILD=build sh docs/exercises/test.sh 3 8      some of them
#
# A solution is what is in docs/exercises/solutions/, and there in the file
# `from` the names of files of the project; a patch changes the start. Each
# trap*.sed turns it into what one writes without seeing a trap. start-says
# and, for trap.sed, trap-says have the words of the check, with N for each
# number; start-shows has lines of what was done and what came.
#
# It prints the Test Anything Protocol; the status is 0 when all is well. From
# outside: BUILD, CC, CFLAGS, LDFLAGS.
set -u

here=$(cd "$(dirname "$0")" && pwd) || exit 1
root=${here%/*/*}
exercises=$here
CORE='1 2 4 10 13'

# Of the suite, exercise 11 runs this much.
LANGUAGE='split between two chunks|reset ends one|a newline is added|SIGTERM cl'

BUILD=$(cd "${BUILD:-$root/build}" 2>/dev/null && pwd) || {
  echo 'exercises: nothing is built yet: make' >&2
  exit 1
}
export BUILD
work=$(mktemp -d "${TMPDIR:-/tmp}/exercises.XXXXXX") || exit 1
programs=$(mktemp -d "$BUILD/exercises.XXXXXX") || exit 1
workers=
trap 'for one in $workers; do kill "$one" 2>/dev/null; done; wait
  rm -rf "$work" "$programs"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# report NAME STATUS OUTPUT WANTED: one line of the protocol, after its number.
report() {
  if [ "$2" -eq 3 ]; then
    echo "ok - $1 # skip $(tail -n 1 "$3" | sed 's/^cannot check here: //')"
  elif diff "$4" "$3" >"$3.diff"; then
    echo "ok - $1"
  else
    echo "not ok - $1"
    sed 's/^/# /' "$3.diff"
  fi
}

# check_it OUTPUT: what make exercise does.
check_it() {
  N=$number WORK=$work/$name PROGRAMS=$programs FILTER=$filter \
    sh "$exercises/check.sh" >"$1" 2>&1 </dev/null
}

# Copies the solution over the start.
solve() {
  if [ -f "$solution/from" ]; then
    while read -r one; do
      cp "$root/$one" "$mine/" || return
    done <"$solution/from"
  fi
  for one in "$solution"/*; do
    case ${one##*/} in
    README.md | from | *-says | *-shows | trap*.sed) ;;
    *.patch) (cd "$mine" && patch -p1) <"$one" >/dev/null || return ;;
    *) cp "$one" "$mine/" || return ;;
    esac
  done
}

# normal FILE: the check's words as they are every time: what begins an exercise
# and what ends it left out, N for each number, and in one order.
normal() {
  sed '/^Your files/d; /^What to do/d; /^To run it/d; /^Next/d; /^Not begun/d; /^  /d; /^$/d
    s/[0-9][0-9]*/N/g' "$1" | sort
}

# fall TRAP: turns the solution into this trap.
fall() {
  cp "$work/$name.out/solved/"* "$mine/" || return
  for one in "$mine"/*; do
    sed -f "$1" "$one" >"$one.new" && mv "$one.new" "$one" || return
  done
  for one in "$mine"/*; do
    cmp -s "$one" "$work/$name.out/solved/${one##*/}" || return 0
  done
  echo "$1 changes nothing" >&2
  return 1
}

# ends_with STATUS FILE: tells FILE where the check has ended with another one.
ends_with() {
  [ "$status" -eq "$1" ] || [ "$status" -eq 3 ] ||
    echo "the status is $status" >>"$work/$name.out/$2"
}

# shows LINES OUTPUT: tells which of the lines are not there.
shows() {
  while IFS= read -r line; do
    grep -Fxq -- "$line" "$2" || echo "it does not show: $line"
  done <"$1"
}

# try_trap TRAP: the check must say what is missing.
try_trap() {
  which=${1##*/}
  which=${which%.sed}
  fall "$1" >"$work/$name.out/trap" 2>&1 &&
    LIMIT=2 check_it "$work/$name.out/trap"
  status=$?
  normal "$work/$name.out/trap" >"$work/$name.out/trapped"
  ends_with 1 trapped
  report "exercise $name: the $which" $status "$work/$name.out/trapped" \
    "$solution/$which-says"
}

# Whether the page names its own number, and only files that there are.
page_is_true() {
  page=$exercises/$name/README.md
  grep -q "^    make exercise N=$((1$number - 100))\$" "$page" ||
    echo "it does not say: make exercise N=$((1$number - 100))"
  grep -Eo '(docs|common|coroutine|tests|[a-z]*)/[A-Za-z0-9_/.-]*[.][a-z]+' \
    "$page" | sed 's/^[.\/]*//' | sort -u | while read -r one; do
    case $one in
    docs/exercises/mine/*) one=${one#docs/exercises/mine/}
      [ -e "$work/$name/$one" ] || echo "there is no $one" ;;
    *) [ -e "$root/$one" ] || [ -e "$exercises/$name/$one" ] ||
      [ -e "$root/docs/$one" ] || echo "there is no $one" ;;
    esac
  done
}

# try NAME: one exercise, from its start to its solution.
try() {
  name=$1
  number=${name%%-*}
  solution=$exercises/solutions/$name
  mine=$work/$name/$name
  filter=
  [ "$number" != 11 ] || filter=$LANGUAGE
  mkdir "$work/$name.out"
  : >"$work/$name.out/nothing"
  echo pass >"$work/$name.out/pass"
  LIMIT=2 check_it "$work/$name.out/start"
  status=$?
  normal "$work/$name.out/start" >"$work/$name.out/said"
  ends_with 0 said
  [ ! -f "$solution/start-shows" ] ||
    shows "$solution/start-shows" "$work/$name.out/start" >>"$work/$name.out/said"
  report "exercise $name: the start" $status "$work/$name.out/said" \
    "$solution/start-says"
  page_is_true >"$work/$name.out/page" 2>&1
  report "exercise $name: its page" 0 "$work/$name.out/page" \
    "$work/$name.out/nothing"
  solve >"$work/$name.out/solution" 2>&1 &&
    cp -R "$mine" "$work/$name.out/solved" &&
    check_it "$work/$name.out/solution"
  status=$?
  normal "$work/$name.out/solution" >"$work/$name.out/solved-says"
  report "exercise $name: the solution" $status "$work/$name.out/solved-says" \
    "$work/$name.out/pass"
  for one in "$solution"/trap*.sed; do
    [ ! -f "$one" ] || try_trap "$one"
  done
}

# worker: tries every exercise that no other worker has begun.
worker() {
  for one in $names; do
    mkdir "$work/$one" 2>/dev/null || continue
    try "$one" >"$work/$one.tap"
  done
}

# Sets names to the exercises that are asked for.
choose() {
  [ "${1:-}" != core ] || {
    # shellcheck disable=SC2086 # several words
    set -- $CORE
  }
  names=
  for one in "$exercises"/[0-9][0-9]-*; do
    one=${one##*/}
    wanted=$((1${one%%-*} - 100))
    case " $* " in
    '  ' | *" $wanted "*) names="$names $one" ;;
    esac
  done
}

choose "$@"
worker &
workers=$!
worker &
workers="$workers $!"
wait
for one in $names; do cat "$work/$one.tap"; done |
  awk '
    /^(not )?ok - / { sub(/ - /, " " ++n " - ") }
    /^not ok / { failed++ }
    { print }
    END { print "1.." n + 0; exit !n || failed > 0 }'
