#!/usr/bin/env bash
# run.sh: tests the suite. A suite that cannot fail is worth nothing, so this
# puts each bug of tests/broken/ into a copy of the project, builds the server
# there, and makes sure that the suite fails on it, by the scenario that is
# meant for this bug.
#
#     bash tests/broken/run.sh                    every bug
#     bash tests/broken/run.sh core               the few that are tried most often
#     bash tests/broken/run.sh 09 short-write     those with this in their names
#
# First the same scenarios run on the servers as they are, and must pass there.
# The report is in the Test Anything Protocol. The status is 0 only when no bug
# went unnoticed.
#
# From outside: JOBS (how many at a time), MAKE, CC and what else the Makefile
# takes.
#
# See patch(1), bats(1), and tests/broken/README.md.
set -u

here=$(cd "$(dirname "$0")" && pwd) || exit 1
root=${here%/*/*}
JOBS=${JOBS:-2}

# Seconds after which a scenario gives up, with a correct server and with a
# broken one; and seconds after which a run of scenarios that does not end by
# itself is ended.
PATIENCE=10
IMPATIENCE=4
OUTER=180

# The parts of the project that a run of the suite needs.
PARTS='Makefile common blocking busy processes threads select poll signals epoll
kqueue uring coroutine tools tests'

die() {
  echo "broken/run.sh: $*" >&2
  exit 1
}

# --- The patches -------------------------------------------------------------

# header FIELD PATCH: the value of this field in the lines above the diff.
header() {
  sed -n "/^\$/q; s/^$1: *//p" "$2"
}

# patched_files PATCH: the files that it changes.
patched_files() {
  sed -n 's,^--- a/\([^ 	]*\).*,\1,p' "$1"
}

# wanted PATCH [WORD...]: whether the command line asks for it.
wanted() {
  local patch=$1 word
  shift

  [ $# -gt 0 ] || return 0
  for word in "$@"; do
    case $word,$(header Core "$patch"),${patch##*/} in
    core,yes,* | *,*,*"$word"*) return 0 ;;
    esac
  done
  return 1
}

# list [WORD...]: the patches that are wanted.
list() {
  local patch field

  for patch in "$here"/[0-9]*.patch; do
    wanted "$patch" "$@" || continue
    for field in Server Bug Caught-by; do
      [ -n "$(header "$field" "$patch")" ] ||
        die "$patch has no line $field: in its header"
    done
    echo "$patch"
  done
}

# --- Building ----------------------------------------------------------------

# program BACKEND: its name for make; that of coroutine/poll is coroutine.
program() {
  echo "build/${1%%/*}"
}

# targets BACKEND: the programs to build again with a bug in them. The second
# uring is the one whose requests can be made to fail.
targets() {
  program "$1"
  [ "$1" != uring ] || echo build/tests/uring-faults
}

# build DIRECTORY TARGET...: builds in a copy. The flags and jobs of a make
# that called this script must not reach this one; its CC and the like come
# from the environment.
build() {
  (
    cd "$1" || exit 1
    shift
    unset MAKEFLAGS MFLAGS MAKELEVEL
    "${MAKE:-make}" BUILD=build "$@" 2>&1
  )
}

# make_base: the copy of which all others are copies, built as far as needed.
make_base() {
  local part programs

  mkdir "$work/base"
  for part in $PARTS; do
    cp -Rp "$root/$part" "$work/base" || die "cannot copy $part"
  done
  programs=$(while read -r part; do targets "$part"; done <"$work/backends")
  # shellcheck disable=SC2086 # several words
  build "$work/base" build/tools/client build/tests/preload $programs >"$work/made" ||
    { cat "$work/made" >&2 && die "the servers do not build"; }
}

# --- Running the suite -------------------------------------------------------

# bounded COMMAND...: runs the command in its own process group, and ends the
# whole group when the command has ended or OUTER seconds are over.
bounded() {
  local end=$((SECONDS + OUTER)) status=0

  set -m
  "$@" </dev/null &
  group=$!
  set +m
  while kill -0 "$group" 2>/dev/null; do
    [ "$SECONDS" -lt "$end" ] || break
    sleep 0.05
  done
  kill -KILL -- "-$group" 2>/dev/null
  wait "$group" || status=$?
  group=
  return "$status"
}

# pattern NAME: a regular expression for this name and no other.
pattern() {
  # shellcheck disable=SC2016 # nothing is to expand
  printf '%s\n' "$1" | sed 's/[][\\.*^$()+?{}|]/\\&/g'
}

# files_with NAME: the files that have this scenario.
files_with() {
  (cd "$root/tests" && grep -lF "@test \"$1\" {" -- *.bats)
}

# suite DIRECTORY BACKEND NAME...: runs these scenarios in a copy; prints what
# bats says. The variables for a suite that called this script are unset.
suite() {
  local directory=$1 backend=$2 name filter='' files=''
  shift 2

  for name in "$@"; do
    filter="$filter${filter:+|}$(pattern "$name")"
    files=$(printf '%s\n' "$files" "$(files_with "$name")" | sort -u)
  done
  mkdir -p "$directory/tmp"
  (
    cd "$directory/tests" || exit 1
    unset SERVER CONCURRENT UNDER BATS_TEST_NAME_PREFIX
    # shellcheck disable=SC2086 # several files
    bounded env LIMIT="$LIMIT" BUILD="$directory/build" BACKEND="$backend" \
      TMPDIR="$directory/tmp" bats --tap --filter "^($filter)\$" $files 2>&1
  )
}

# said_of NAME TAP: "ok", "not ok" or "ok # skip REASON", as bats said of this
# scenario; nothing if it did not run.
said_of() {
  awk -v name="$1" '
    /^(not )?ok [0-9]+ / {
      verdict = $1 == "ok" ? "ok" : "not ok"
      sub(/^(not )?ok [0-9]+ /, "")
      if ($0 == name) print verdict
      if (index($0, name " # skip") == 1)
        print verdict substr($0, length(name) + 1)
    }' "$2"
}

# --- One bug -----------------------------------------------------------------

# sound_tap BACKEND: the file with the output of bats for the server without a
# bug.
sound_tap() {
  echo "$work/sound.${1%%/*}.${1#*/}"
}

# try_sound BACKEND: runs the scenarios of all this server's bugs without them.
try_sound() {
  local patch scenario
  set -- "$1"

  while read -r patch; do
    scenario=$(header Caught-by "$patch")
    if [ "$(header Server "$patch")" = "$1" ] &&
      [ -n "$(files_with "$scenario")" ]; then
      set -- "$@" "$scenario"
    fi
  done <"$work/patches"
  : >"$(sound_tap "$1")"
  if [ $# -gt 1 ] && [ -x "$work/base/$(program "$1")" ]; then
    LIMIT=$PATIENCE suite "$work/base" "$@" >"$(sound_tap "$1")"
  fi
}

# apply PATCH COPY: applies the patch; prints the output of patch(1).
apply() {
  local file

  # For a missing file patch would ask on the terminal for the name.
  for file in $(patched_files "$1"); do
    [ -f "$2/$file" ] || { echo "there is no $file" && return 1; }
  done
  (cd "$2" && patch -p1 -N -i "$1" 2>&1 </dev/null)
}

# how_to_refresh PATCH: what to do if it does not apply.
how_to_refresh() {
  local name=tests/broken/${1##*/} files

  files=$(patched_files "$1" | xargs)
  cat <<END
The code that this bug goes into has changed. Put the bug in by hand, write the
patch again below its header, and take the bug out again:
    sed '/^\$/q' $name >new
    git diff $files >>new && mv new $name
    git checkout $files
END
}

# failed TEXT FILE: prints a failed test, and below it the file.
failed() {
  echo "not ok - $1"
  sed 's/^/# /' "$2"
}

# build_bug COPY BACKEND
build_bug() {
  # shellcheck disable=SC2046 # one target or two
  build "$1" $(targets "$2")
}

# try_bug PATCH: breaks a copy, builds it, runs the scenario, and prints the
# verdict.
try_bug() {
  local copy backend scenario name sound
  backend=$(header Server "$1")
  scenario=$(header Caught-by "$1")
  name="broken: $backend: $(basename "$1" .patch)"
  copy=$work/$(basename "$1" .patch)
  sound=$(sound_tap "$backend")

  if [ -z "$(files_with "$scenario")" ]; then
    failed "$name names a scenario that there is not: $scenario" /dev/null
  elif [ ! -x "$work/base/$(program "$backend")" ]; then
    echo "ok - $name # skip this system has no such server"
  elif [ "$(said_of "$scenario" "$sound")" != ok ]; then
    case $(said_of "$scenario" "$sound") in
    ok*) echo "ok - $name$(said_of "$scenario" "$sound" | sed 's/^ok//')" ;;
    *) failed "$name: without the bug, too, fails \"$scenario\"" "$sound" ;;
    esac
  elif ! cp -Rp "$work/base" "$copy"; then
    failed "$name: cannot copy" /dev/null
  elif ! apply "$1" "$copy" >"$copy/said"; then
    how_to_refresh "$1" >>"$copy/said"
    failed "$name no longer applies" "$copy/said"
  elif ! build_bug "$copy" "$backend" >"$copy/said"; then
    failed "$name does not build" "$copy/said"
  elif LIMIT=$IMPATIENCE suite "$copy" "$backend" "$scenario" >"$copy/said" ||
    [ "$(said_of "$scenario" "$copy/said")" != 'not ok' ]; then
    failed "$name is not caught by \"$scenario\"" "$copy/said"
  else
    echo "ok - $name is caught by \"$scenario\""
  fi
  rm -rf "$copy"
}

# --- Several at a time -------------------------------------------------------

# worker COMMAND FILE: runs the command with each line of the file that no other
# worker has begun; prints the name of the file with what it printed.
worker() {
  local number=0 line
  group=

  trap '[ -z "$group" ] || kill -KILL -- "-$group"; exit 1' TERM
  while read -r line; do
    number=$((number + 1))
    mkdir "$2.$number" 2>/dev/null || continue
    "$1" "$line" >"$2.$number/out"
    echo "$2.$number/out"
  done <"$2"
}

# start_workers COMMAND FILE: JOBS of them, in the background, whose standard
# output is the descriptor 7.
start_workers() {
  local job=0

  workers=
  while [ "$job" -lt "$JOBS" ]; do
    job=$((job + 1))
    worker "$1" "$2" >&7 7>&- &
    workers="$workers $!"
  done
}

# report: reads the names of files with verdicts, prints and counts them.
report() {
  local out caught=0 missed=0 skipped=0

  echo "1..$total"
  while read -r out; do
    case $(head -n 1 "$out") in
    *' # skip'*) skipped=$((skipped + 1)) ;;
    ok*) caught=$((caught + 1)) ;;
    *) missed=$((missed + 1)) ;;
    esac
    awk -v n=$((caught + missed + skipped)) '
      NR == 1 { sub(/ok -/, "ok " n " -") } { print }' "$out"
  done
  echo "# of $total bugs $caught caught, $missed missed, $skipped skipped"
  [ $((caught + skipped)) -eq "$total" ]
}

# clean_up: ends the processes that still run and removes the copies.
clean_up() {
  # shellcheck disable=SC2086 # several numbers
  [ -z "$workers" ] || kill $workers 2>/dev/null
  wait
  rm -rf "$work"
}

command -v bats >/dev/null || die "bats is missing: make setup installs it"
command -v patch >/dev/null || die "patch is missing"
workers=
work=$(mktemp -d "${TMPDIR:-/tmp}/broken.XXXXXX") || exit 1
trap clean_up EXIT
trap 'exit 130' INT TERM
list "$@" >"$work/patches" || exit 1
total=$(awk 'END { print NR }' "$work/patches")
[ "$total" -gt 0 ] || die "there is no such bug: $*"
while read -r patch; do header Server "$patch"; done <"$work/patches" |
  sort -u >"$work/backends"
make_base
start_workers try_sound "$work/backends" 7>/dev/null
wait
mkfifo "$work/verdicts"
# For reading and writing, since open would otherwise wait for the other side.
# The input ends when no worker has it open any more.
exec 7<>"$work/verdicts"
start_workers try_bug "$work/patches"
exec 8<"$work/verdicts" 7>&-
report <&8
