#!/usr/bin/env bash
# run.sh: tests `make grade`. Servers with a known bug, servers as students write
# them, and what exercises begin with are graded. Each must end in the stage that
# its row in stages.tsv names, and get the text that is kept in expected/.
#
#     bash tests/grade/run.sh                 all of it
#     bash tests/grade/run.sh core            the few that are tried most often
#     bash tests/grade/run.sh broken/10 beej  those with this in their names
#     bash tests/grade/run.sh --write ...     writes the texts of expected/ again
#
# In the texts a port is PORT, the server's command line is ./mine, and a number
# that is another each time is N. After a change of the words of grade, write them
# again and read with git diff what a student would get.
#
# The report is in the Test Anything Protocol. From outside: BUILD, JOBS (how many
# at a time), LIMIT (seconds that a grade waits for something).
set -u

here=$(cd "$(dirname "$0")" && pwd) || exit 1
root=${here%/*/*}
BUILD=$(cd "${BUILD:-$root/build}" && pwd) || exit 1
JOBS=${JOBS:-2}
LIMIT=${LIMIT:-3}
OUTER=150 # seconds after which a grade is ended
WRITE=
export BUILD LIMIT
unset SERVER ALL REPORT CONCURRENT MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES
# shellcheck source=tools/servers.sh
. "$root/tools/servers.sh"

# --- The servers: each function sets command ------------------------------------

# broken NUMBER: builds the server with this bug of tests/broken/ in a copy of the
# project. What is built already is copied with it.
broken() {
  local copy=$work/${1##*/} server part

  set -- "$root/tests/broken/$1"-*.patch
  server=$(sed -n '/^$/q; s/^Server: *//p' "$1")
  mkdir -p "$copy/build" || return
  for part in "$root"/*/; do
    case $part in
    */build*/ | */docs/) ;;
    *) cp -Rp "${part%/}" "$copy" ;;
    esac
  done
  cp -p "$root/Makefile" "$copy"
  cp -Rp "$BUILD/common" "$BUILD/common.a" "$BUILD/flags" "$copy/build"
  (
    cd "$copy" && patch -p1 -i "$1" >/dev/null &&
      make -s BUILD=build "build/${server%%/*}" >/dev/null 2>&1
  ) || return
  command=$copy/build/${server%%/*}
  case $server in
  */*) command="$command --selector ${server#*/}" ;;
  esac
}

# exercise NUMBER: builds what the exercise begins with, as its check does. What
# the check says of it does not matter here.
exercise() {
  local programs=$BUILD/grade-$$/$1 one

  mkdir -p "$programs"
  N=$1 WORK=$work/$1 PROGRAMS=$programs LIMIT=1 FILTER='one client is announced' \
    sh "$root/docs/exercises/check.sh" </dev/null >/dev/null 2>&1
  if [ "$1" = 11 ]; then
    command="python3 $work/11/11-language/server.py"
    return
  fi
  for one in "$programs"/*/*; do
    case ${one##*/} in
    *-* | mirror) ;;
    coroutine) command="$one --selector epoll" ;;
    *) command=$one ;;
    esac
    [ -z "$command" ] || return 0
  done
  return 1
}

# student NAME.STEP: what a student has after so many steps. A step is a patch,
# which says what the grade had said before.
student() {
  local from=$here/students/${1%.*} to=$work/$1 step=1 file

  file=$(cd "$from" && echo server.*)
  mkdir "$to" && cp "$from/$file" "$to" || return
  while [ "$step" -le "${1##*.}" ]; do
    (cd "$to" && patch -p1 -i "$from/$step.patch" >/dev/null) || return
    step=$((step + 1))
  done
  case $file in
  *.c)
    # Its first line says how it is built, with gcc. Not every CC has the sanitizer.
    (cd "$to" && sh -c "cc $(sed -n '1s|^// *gcc||p' server.c)") || return
    command=$to/server
    ;;
  *.py) command="python3 $to/$file" ;;
  *.js) command="node $to/$file" ;;
  *.sh) command="sh $to/$file" ;;
  esac
}

# needs NAME.STEP: the program that a student's server cannot do without.
needs() {
  case $1 in
  threads.* | asyncio.* | 11) echo python3 ;;
  node.* | ncat.* | socat.*) echo "${1%.*}" ;;
  esac
}

# --- Grading ------------------------------------------------------------------------

# grade NAME: with a limit in time, in case grade hangs. A blocking server is not
# asked to serve two.
grade() {
  local concurrent=yes

  case $1/$command in
  broken/*/blocking*) concurrent=no ;;
  esac
  SERVER=$command CONCURRENT=$concurrent \
    limit "$OUTER" bash "$root/tools/grade/grade.sh" 2>&1
}

# normal: the text as it is every time. A part of 50,000 bytes may end anywhere, and
# an address that was freed is any bytes.
normal() {
  sed "s|$command|./mine|g
    s/\\([]0-9]\\):[1-9][0-9]\\{3,4\\}/\\1:PORT/g
    s/--port 2[0-9]\\{4\\} /--port PORT /
    s/it ran [0-9]* times/it ran N times/
    s/^\\(    | \\)[0-9][0-9]* *\$/\\1N/
    s/cannot receive from .*: /cannot receive from ADDRESS: /
    /^    | [0-9]\\{8\\} /d"
}

# stage_of FILE: the title of the first stage that is not met, else "everything".
stage_of() {
  awk '
    /^Stage [0-9]+: / { title = $0; sub(/^Stage [0-9]+: /, "", title) }
    /^  not met: / { found = 1; print title; exit }
    END { if (!found) print "everything" }' "$1"
}

# start NAME: sets command to a server of this name.
start() {
  command=
  case $1 in
  sound/*) command=$BUILD/${1#*/} ;;
  broken/*) broken "${1#*/}" || command= ;;
  exercise/*) exercise "${1#*/}" || command= ;;
  student/*) student "${1#*/}" || command= ;;
  esac
}

# differences NAME STAGE SCENARIO FILE: what is not as it should be, nothing if all
# is. What a student's server says is its language's, and no text of it is kept.
differences() {
  local kept=$here/expected/${1%%/*}-${1#*/}.txt came

  came=$(stage_of "$4")
  [ "$came" = "$2" ] || echo "it ends in '$came'"
  if [ "$3" = '?' ]; then
    return
  elif [ -n "$3" ]; then
    grep -Fxq "  not met: $3" "$4" || echo "the scenario is not '$3'"
  elif [ "$2" != everything ]; then
    [ -z "$WRITE" ] || cp "$4" "$kept"
    advice "$kept" | diff - "$4"
  fi
}

# advice FILE: the text, without the advice to use the sanitizer that a server has.
advice() {
  if grep -qs __asan_ "${command%% *}"; then
    sed '/^note: build it with -g -fsanitize/d' "$1"
  else
    cat "$1"
  fi
}

# try NUMBER NAME STAGE SCENARIO: one test.
try() {
  local number=$1 name=$2 text=$work/$1.txt command tool
  local test="$name ends in '$3'"

  tool=$(needs "${name#*/}")
  if [ -n "$tool" ] && ! command -v "$tool" >/dev/null; then
    echo "ok $number - $test # skip there is no $tool"
    return
  fi
  start "$name"
  if [ -z "$command" ]; then
    echo "not ok $number - $test: it cannot be built"
    return
  fi
  # Their servers listen on a port of their own choice: one at a time.
  case $name in
  student/*.[012]) until mkdir "$work/port" 2>/dev/null; do sleep 0.2; done ;;
  esac
  grade "$name" | normal >"$text"
  case $name in student/*.[012]) rmdir "$work/port" ;; esac
  differences "$name" "$3" "$4" "$text" >"$text.diff" 2>&1
  if [ -s "$text.diff" ]; then
    echo "not ok $number - $test"
    sed 's/^/# /' "$text.diff" "$text"
  else
    echo "ok $number - $test"
  fi
}

# complete: whether stages.tsv has a row for each bug, exercise and step.
complete() {
  local one name

  for one in "$root"/tests/broken/[0-9]*.patch "$root"/docs/exercises/[0-9]*/ \
    "$here"/students/*/[0-9]*.patch; do
    name=${one%/}
    case $one in
    *.patch)
      name=${one##*/} name=broken/${name%%-*}
      case $one in
      */students/*)
        name=${one%/*} name=student/${name##*/}.$(basename "$one" .patch)
        ;;
      esac
      ;;
    *) name=${name##*/} name=exercise/${name%%-*} ;;
    esac
    cut -f 1 "$here/stages.tsv" | grep -qx "$name" || echo "# no row for $name"
  done
}

# headings: whether the contract has each heading that a scenario names.
headings() {
  local heading

  sed -n "s/^  asks '\([^']*\)' .*/\1/p; s/^  asks \([A-Z][a-z]*\) .*/\1/p
    s/^  asks \([a-z]*\) .*/\1/p" "$root/tools/grade/scenarios.bash" | sort -u |
    while read -r heading; do
      grep -q "^##* $heading\$" "$root/docs/contract.md" ||
        echo "# docs/contract.md has no heading '$heading'"
    done
}

# worker: makes each test that no other worker has begun.
worker() {
  local number=1 name stage scenario

  while IFS=$'\t' read -r name stage scenario; do
    number=$((number + 1))
    mkdir "$work/run.$number" 2>/dev/null || continue
    try "$number" "$name" "$stage" "$scenario"
  done <"$work/tests"
}

# list WORD...: the rows that are wanted and can be graded.
list() {
  local name stage more word

  while IFS=$'\t' read -r name stage more; do
    case $name,$stage in
    '#'* | ,* | *,-) continue ;;
    esac
    for word in "${@:-/}"; do
      case $name in
      *"$word"*)
        printf '%s\t%s\t%s\n' "$name" "$stage" "$more"
        break
        ;;
      esac
    done
  done <"$here/stages.tsv"
}

main() {
  local worker=0

  [ "${1:-}" != --write ] || {
    WRITE=yes
    shift
  }
  if [ "${1:-}" = core ]; then
    set -- broken/13 broken/14 student/threads.3 student/select.8
  fi
  work=$(mktemp -d "${TMPDIR:-/tmp}/grade-test.XXXXXX") || exit 1
  trap 'rm -rf "$work" "$BUILD/grade-$$"' EXIT
  trap 'exit 130' INT TERM HUP
  mkdir -p "$here/expected"
  list "$@" >"$work/tests"
  {
    {
      complete
      headings
    } >"$work/incomplete"
    [ ! -s "$work/incomplete" ] || printf 'not '
    echo 'ok 1 - each bug, exercise and step has a row, each heading is there'
    cat "$work/incomplete"
    while [ "$worker" -lt "$JOBS" ]; do
      worker &
      worker=$((worker + 1))
    done
    wait
    echo "1..$(($(wc -l <"$work/tests") + 1))"
  } | tee "$work/tap"
  ! grep -q '^not ok' "$work/tap"
}

main "$@"
exit
