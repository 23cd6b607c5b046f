#!/usr/bin/env bash
# mutate.sh: tests the suite by making small changes to the code, one at a
# time. A suite that checks everything fails on each of them; a change that it
# does not notice ("a survivor") shows code that no test checks.
#
#     bash tests/ci/mutate.sh                     100 changes, drawn at random
#     SEED=4711 bash tests/ci/mutate.sh 20        the same 20 each time
#     WHICH='stop\.c:.*SHUT_RD' bash tests/ci/mutate.sh
#                               only those that match, as in "stop.c:73: ..."
#
# A change: `==` becomes `!=`, `<` becomes `<=`, `&&` becomes `||`, a number is
# one more or less, a condition is reversed, a statement or a `case` or one
# flag of several is removed, SHUT_RD becomes SHUT_WR, and the like. mutate.awk
# finds all places for them, in common/, in every directory that has a
# server.c, and in kqueue/linux/. SEED, which is printed first, decides which
# are drawn.
#
# Each change is made in a copy of the project. If it does not compile without
# a warning, or if the program is the same as without the change, another one
# is drawn. Then the scenarios and tests run on the programs that it has
# changed, those first that are quick or likely to notice, until one fails that
# does not fail without the change. A test that hangs or ends too early has
# failed, too.
#
# Some changes make no visible difference. equivalent.tsv lists them, with the
# reason, and they are skipped. If one of its lines no longer matches a change,
# that is a failure.
#
# Nearly all of the time is spent waiting, so JOBS may be twice the number of
# processors. On two of them 60 changes took 13 minutes with JOBS=4; a change that
# survives takes longest, since every test has to run.
#
# Each change that was tried has a line: "ok" and what noticed it, "not ok" if
# nothing did, "skip" and why it is equivalent. The last line is "N passed, N
# failed, N skipped". The aim is that 98 of 100 are noticed of those that make a
# difference, which a person has to judge: read the survivors. The status is 0 when
# 90 of 100 are, of all that are not on the list yet; with fewer the suite has lost
# something.
#
# From outside: SEED, WHICH, TIME (seconds after which no change is begun; 2400),
# JOBS (changes at a time; 2), LIMIT and OUTER (seconds that a scenario waits, and
# that a file of scenarios may take; 3 and 60: more where other programs run), and
# what else the Makefile takes, but BUILD: everything is built in the copy.
#
# docs/contract.md says what a server must do; tests/broken/ has whole bugs.
set -u

here=$(cd "$(dirname "$0")" && pwd) || exit 1
root=${here%/*/*}
count=${1:-100}
SEED=${SEED:-$((($(date +%s) * 1000 + $$) % 2147483646))}
WHICH=${WHICH:-}
ONLY=
TIME=${TIME:-2400}
JOBS=${JOBS:-2}
LIMIT=${LIMIT:-3}

# Seconds after which a step is ended that does not end by itself: a test that
# takes a second or so, a file of scenarios, the matrix. And kilobytes that a
# file may have: a server in an endless loop would fill the disk.
SHORT=10
OUTER=${OUTER:-60}
LONG=180
FILE_SIZE=300000

# The tests of single functions, as make calls them.
unit='build/tests/pause-test build/tests/coroutine-test build/tests/kqueue-test
build/tests/fuzz-text build/tests/fuzz-options'

# The files of scenarios, the quickest and most telling first. Others follow.
FILES='messages text options output stop faults families'

# A change in common/ shows most with poll and blocking. With the other servers
# only those files help in which they use common/ differently.
SOME='options stop faults families'

# shellcheck source=tools/servers.sh
. "$root/tools/servers.sh"

die() {
  echo "mutate.sh: $*" >&2
  exit 1
}

# --- Building ----------------------------------------------------------------

# build DIRECTORY TARGET...: builds in a copy. -g0 leaves out the line numbers,
# so that programs can be compared. The flags and jobs of a make that called
# this script must not reach this one.
build() {
  (
    cd "$1" || exit 1
    shift
    unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES
    "${MAKE:-make}" -s BUILD=build CFLAGS='-g0 -Werror' "$@"
  ) </dev/null 2>&1
}

# make_base: the copy of which all others are copies, with everything built. It
# does not copy documents, and directories that make has built.
make_base() {
  local entry

  mkdir "$work/base" "$work/sound"
  for entry in "$root"/*; do
    case ${entry##*/} in
    docs | *.md | LICENSE) continue ;;
    esac
    [ ! -e "$entry/flags" ] || continue
    cp -Rp "$entry" "$work/base" || die "cannot copy $entry"
  done
  build "$work/base" all tools >"$work/made" ||
    { cat "$work/made" >&2 && die "it does not build"; }
}

# --- What there is to be changed ---------------------------------------------

# sources: the files, by their names in the project.
sources() {
  local one

  for one in common/*.c */server.c kqueue/linux/*.c; do
    case $one in
    */server.c) printf '%s\n' "${one%/*}"/*.c ;;
    *) echo "$one" ;;
    esac
  done | sort -u
}

# draw: writes the file `drawn`, all changes in random order.
draw() {
  # shellcheck disable=SC2046 # several files
  (cd "$work/base" && awk -f "$here/mutate.awk" $(sources)) >"$work/changes" ||
    die "cannot find what to change"
  awk -v mode=draw -v seed="$SEED" -v equivalents="$here/equivalent.tsv" \
    -f "$here/mutate.awk" "$work/changes" >"$work/all"
  grep '^stale	' "$work/all" | sort >"$work/stale"
  grep -v '^stale	' "$work/all" |
    WHICH=$WHICH awk -F '\t' \
      '($2 ":" $3 ": " $5 " -> " $6) ~ ENVIRON["WHICH"]' >"$work/drawn"
  [ -s "$work/drawn" ] || die "there is no such change: $WHICH"
}

# --- Which tests, in which order ---------------------------------------------

# scenarios: every *.bats without its ending, in the order of FILES.
scenarios() {
  local name

  for name in $FILES; do
    [ ! -f "$work/base/tests/$name.bats" ] || echo "$name"
  done
  for name in "$work/base"/tests/*.bats; do
    name=${name##*/}
    case " $FILES " in
    *" ${name%.bats} "*) ;;
    *) echo "${name%.bats}" ;;
    esac
  done
}

# programs_for FILE: the programs that a change to it can change, the most likely
# to show it first.
programs_for() {
  local directory=${1%%/*} program

  case $1 in
  common/*)
    printf '%s\n' poll blocking
    # shellcheck disable=SC2086 # several words
    printf '%s\n' $programs | grep -vx -e poll -e blocking
    return
    ;;
  */server.c) echo "$directory" && return ;;
  kqueue/*) printf '%s\n' kqueue coroutine && return ;;
  esac
  for program in $programs; do
    case $program in
    "$directory" | "$directory-"*) echo "$program" ;;
    esac
  done
}

# servers_for FILE PROGRAM: the program's name, or for coroutine those of its
# selectors that the change concerns.
servers_for() {
  local one all

  if [ "$2" != coroutine ]; then
    echo "$2"
    return
  fi
  all=$(BUILD=$work/base/build selectors)
  case $1 in
  common/*) one=${all%%[ 	]*} ;;
  kqueue/*) one=kqueue ;;
  coroutine/selector_*) one=${1#*selector_} one=${one%.c} ;;
  *) one=$all ;;
  esac
  for one in $one; do echo "coroutine/$one"; done
}

# unit_for FILE: the tests of single functions that are about this file.
unit_for() {
  local name=${1##*/}

  case $1 in
  common/listener.c) echo pause-test ;;
  common/*) [ ! -f "$work/base/tests/fuzz/fuzz_$name" ] || echo "fuzz-${name%.c}" ;;
  coroutine/*) echo coroutine-test ;;
  kqueue/linux/*) echo kqueue-test ;;
  esac
}

# steps FILE: what to run, one per line: "TARGET KIND SERVER", of which the
# target is a program as make calls it.
steps() {
  local program server one first files
  first=$(unit_for "$1")
  files=$(scenarios)

  for one in $first; do echo "build/tests/$one unit -"; done
  for program in $(programs_for "$1"); do
    for server in $(servers_for "$1" "$program"); do
      for one in $files; do echo "build/$program $one $server"; done
    done
    case $1,$program in
    common/*,blocking) files=$SOME ;;
    esac
  done
  for one in $unit; do
    [ "${one##*/}" = "$first" ] || echo "$one unit -"
  done
  for program in $(programs_for "$1" | sed -n 1,2p); do
    for server in $(servers_for "$1" "$program" | sed -n 1p); do
      echo "build/$program fuzz $server"
      echo "build/$program matrix $server"
    done
  done
}

# --- Running a test ----------------------------------------------------------

# run_step COPY TARGET KIND SERVER: runs it; prints the Test Anything Protocol.
run_step() {
  local copy=$1 target=$2 kind=$3 server=$4 command

  cd "$copy" || return
  # The fuzzers take SEED, too. The variables for a suite that called this
  # script are unset.
  unset SERVER CONCURRENT UNDER BATS_TEST_NAME_PREFIX BACKENDS FILTER MAKEFLAGS
  export TMPDIR=$copy.tmp BUILD=$copy/build LIMIT SEED FUZZ_SECONDS=1
  ulimit -f "$FILE_SIZE"
  case $kind in
  unit) "$target" ;;
  fuzz)
    command=$BUILD/$server
    case $server in
    */*) command="$BUILD/${server%/*} -s ${server#*/}" ;;
    esac
    # shellcheck disable=SC2086 # a command and its arguments
    build/tests/fuzz-server $command
    ;;
  matrix) BACKENDS=$server JOBS=1 exec bash tests/faults/matrix.sh core ;;
  *)
    BACKEND=$server exec bats --tap ${ONLY:+--filter "$ONLY"} "tests/$kind.bats"
    ;;
  esac
}

# watch OUTPUT KNOWN COPY TARGET KIND SERVER: runs a step in a process group of
# its own, of which nothing remains at the end. It is over when the step is
# over, when a test has failed that is not in the file KNOWN ("-": there is
# none), or when its time is over. Sets `failure`, the name of that test, and
# `ended`, the status of the step, or "hang".
watch() {
  local output=$1 known=$2 end=$((SECONDS + OUTER)) status=0
  shift 2

  case $3 in
  unit | fuzz) end=$((SECONDS + SHORT)) ;;
  matrix) end=$((SECONDS + LONG)) ;;
  esac
  failure=
  ended=
  mkdir -p "$1.tmp"
  set -m
  run_step "$@" >"$output" 2>&1 </dev/null &
  group=$!
  set +m
  while kill -0 "$group" 2>/dev/null; do
    [ "$SECONDS" -lt "$end" ] || { ended=hang && break; }
    if [ "$known" != - ] && unexpected "$output" "$known"; then break; fi
    kill -0 $$ 2>/dev/null || break
    sleep 0.1
  done
  kill -KILL -- "-$group" 2>/dev/null
  wait "$group" 2>/dev/null || status=$?
  group=
  ended=${ended:-$status}
  [ "$known" = - ] || unexpected "$output" "$known" || true
}

# failures OUTPUT: the names of the tests that failed.
failures() {
  sed -n 's/^not ok \([0-9][0-9]* \)\{0,1\}\(- \)\{0,1\}//p' "$1"
}

# unexpected OUTPUT KNOWN: whether a test has failed that is not in the file
# KNOWN, if there is one. Sets `failure`, its name.
unexpected() {
  local known=$2

  grep -q '^not ok' "$1" || return
  [ -f "$known" ] || known=/dev/null
  failure=$(failures "$1" | grep -vxF -f "$known" | head -n 1)
  [ -n "$failure" ]
}

# learn KNOWN TARGET KIND SERVER: writes which tests of a step fail without a
# change, and "ended STATUS" if it does not end as it should.
learn() {
  watch "$1.$job.tap" - "$work/base" "$2" "$3" "$4"
  {
    failures "$1.$job.tap"
    [ "$ended" = 0 ] || echo "ended with $ended"
  } >"$1.$job"
  rm -f "$1.$job.tap"
  mv "$1.$job" "$1"
}

# fails_again OUTPUT KNOWN COPY TARGET KIND SERVER: whether the scenario
# `failure` fails once more, and not without the change: a test that fails now
# and then, for example because the processors are busy, proves nothing.
fails_again() {
  local scenario=$failure ONLY

  case $5 in
  unit | fuzz | matrix) return ;;
  esac
  ONLY="^$(printf '%s\n' "$scenario" | sed 's/[].[()*+?{}|^$\]/\\&/g')\$"
  watch "$@"
  [ -n "$failure" ] || return
  watch "$1" - "$work/base" "$4" "$5" "$6"
  failures "$1" | grep -qxF -e "$scenario" || return 0
  echo "$scenario" >>"$2"
  return 1
}

# notices COPY TARGET KIND SERVER: whether a step notices the change. Sets `by`
# to what noticed it. Only a step that fails is also run without the change.
notices() {
  local known=$work/sound/${2##*/}.$3.${4//\//.} is_new=

  [ -f "$known" ] || is_new=yes
  watch "$1/output" "$known" "$@"
  [ -n "$failure" ] || [ "$ended" != 0 ] || return
  if [ -n "$is_new" ]; then
    local was_failure=$failure was_ended=$ended
    [ -f "$known" ] || learn "$known" "$2" "$3" "$4"
    failure=$was_failure
    ended=$was_ended
    # It was stopped at a test that always fails: run it again for the others.
    if [ -n "$failure" ] && grep -qxF -e "$failure" "$known"; then
      watch "$1/output" "$known" "$@"
    fi
  fi
  by="$4, $3"
  [ "$4" != - ] || by=${2##*/}
  if [ -n "$failure" ]; then
    by="$by: $failure"
    fails_again "$1/output" "$known" "$@"
    return
  fi
  # It failed, but no test failed.
  [ "$ended" != 0 ] && [ ! -s "$known" ] || [ "$ended" = hang ] || return
  grep -qxF "ended with $ended" "$known" && return 1
  case $ended in
  hang) by="$by: did not end" ;;
  *) by="$by: ended with status $ended" ;;
  esac
}

# --- One change --------------------------------------------------------------

# take_place: takes one of the places in the sample. Fails if none is free.
take_place() {
  while [ "$place" -lt "$count" ]; do
    place=$((place + 1))
    ! mkdir "$work/place.$place" 2>/dev/null || return 0
  done
  return 1
}

# say WORD TEXT: one line of the report, about the change at hand.
say() {
  printf '%s %s:%s (%s): %s -> %s%s\n' "$1" "$file" "$line" "$name" "$old" \
    "$new" "$2"
}

# same_source TARGET: the target, and the program that scenarios run instead:
# uring with an object that makes its requests fail.
same_source() {
  echo "$1"
  [ "$1" != build/uring ] || [ ! -x "$work/base/build/tests/uring-faults" ] ||
    echo build/tests/uring-faults
}

# try_change: makes the change, runs the tests, and reports the result.
try_change() {
  local copy=$work/copy.$job target kind server placed='' made=' '

  if [ "$reason" != - ]; then
    ! take_place || say skip "  # equivalent: $reason"
    return
  fi
  cp -Rp "$work/base" "$copy" || return
  awk -v apply="$number" -f "$here/mutate.awk" "$work/base/$file" >"$copy/$file"
  while read -r target kind server; do
    # It is missing if the system cannot have it.
    [ -x "$work/base/$target" ] || continue
    case $made in
    *" $target "*) ;;
    *)
      made="$made$target "
      # shellcheck disable=SC2046 # one or two words
      if ! build "$copy" $(same_source "$target") >"$copy/output"; then
        # A place that is taken gets a line; otherwise the sample would be one
        # too small.
        [ -z "$placed" ] || say 'not ok' "  # $target does not build"
        [ -n "$placed" ] || echo 'again warning'
        return
      fi
      ;;
    esac
    # It is the same if the change does not affect it.
    ! cmp -s "$work/base/$target" "$copy/$target" || continue
    [ -n "$placed" ] || { take_place && placed=yes; } || return
    if [ "$SECONDS" -ge "$end" ]; then
      echo "again unfinished"
      return
    fi
    if notices "$copy" "$target" "$kind" "$server" </dev/null; then
      say ok "  # $by"
      return
    fi
  done < <(steps "$file")
  if [ -n "$placed" ]; then say 'not ok' ''; else echo 'again same'; fi
}

# --- Several at a time -------------------------------------------------------

# worker JOB: tries each change that no other worker has begun, until the sample
# is full or the time is over.
worker() {
  local claimed=0 number file line name old new reason end=$TIME
  local job=$1 place=0
  group=

  trap '[ -z "$group" ] || kill -KILL -- "-$group"; exit 1' TERM
  while IFS='	' read -r number file line name old new reason; do
    if [ "$SECONDS" -ge "$end" ] || [ -d "$work/place.$count" ]; then break; fi
    kill -0 $$ 2>/dev/null || break
    claimed=$((claimed + 1))
    mkdir "$work/claim.$claimed" 2>/dev/null || continue
    try_change
    rm -rf "$work/copy.$job" "$work/copy.$job.tmp"
  done <"$work/drawn"
}

# start_workers: JOBS of them, in the background, whose standard output is the
# descriptor 7.
start_workers() {
  local job=0

  while [ "$job" -lt "$JOBS" ]; do
    job=$((job + 1))
    worker "$job" >&7 7>&- &
    workers="$workers $!"
  done
}

# report: reads the lines as they come, prints and counts them. Then it prints
# again what survived, and the total.
report() {
  local line passed=0 failed=0 skipped=0 same=0 warning=0 unfinished=0

  while read -r line; do
    case $line in
    'again same') same=$((same + 1)) && continue ;;
    'again warning') warning=$((warning + 1)) && continue ;;
    'again unfinished') unfinished=$((unfinished + 1)) && continue ;;
    'ok '*) passed=$((passed + 1)) ;;
    'skip '*) skipped=$((skipped + 1)) ;;
    'not ok '*) failed=$((failed + 1)) && echo "$line" >>"$work/survivors" ;;
    esac
    echo "$line"
  done
  while read -r line; do
    failed=$((failed + 1))
    echo "not ok equivalent.tsv has a line that fits no change: ${line#stale?}"
  done <"$work/stale"
  echo "# $((passed + failed + skipped)) of $count in $SECONDS s; drawn again:" \
    "$warning that did not compile without a warning, $same that changed no" \
    "program; not finished: $unfinished"
  for line in "$work"/sound/*; do
    [ -f "$line" ] || continue
    sed -e '1!{/^ended with /d;}' -e "s|^|# without a change, ${line##*/}: |" \
      "$line"
  done
  [ $((skipped * 100)) -le $(((passed + failed + skipped) * 15)) ] ||
    echo "# more than 15 % are on the list of equivalents: is each one right?"
  [ ! -s "$work/survivors" ] || {
    echo "# Nothing has noticed these:"
    sed 's/^not ok/#/' "$work/survivors"
  }
  echo "$passed passed, $failed failed, $skipped skipped"
  [ ! -s "$work/stale" ] && [ "$passed" -gt 0 ] &&
    [ $((failed * 10)) -le $((passed + failed)) ]
}

# clean_up: ends the steps that still run and removes the copies.
# shellcheck disable=SC2317 # a trap calls it
clean_up() {
  # shellcheck disable=SC2086 # several numbers
  [ -z "$workers" ] || kill $workers 2>/dev/null
  wait
  rm -rf "$work"
}

main() {
  command -v bats >/dev/null || die "bats is missing: make setup installs it"
  case $count,$SEED,$TIME,$JOBS in
  *[!0-9,]* | *,,* | ,* | *,) die "COUNT, SEED, TIME and JOBS are numbers" ;;
  esac
  echo "# SEED=$SEED"
  workers=
  work=$(mktemp -d "${TMPDIR:-/tmp}/mutate.XXXXXX") || exit 1
  trap clean_up EXIT
  trap 'exit 130' INT TERM
  make_base
  draw
  mkfifo "$work/lines"
  # For reading and writing, since open would otherwise wait for the other
  # side. The input ends when no worker has it open any more.
  exec 7<>"$work/lines"
  start_workers
  exec 8<"$work/lines" 7>&-
  report <&8
}

main
exit
