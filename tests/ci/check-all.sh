#!/usr/bin/env bash
# check-all.sh: everything that can be checked on this machine, at full length.
#
#     make check-all
#     make check-all ONLY="style cross"
#
# The parts: style (layout, shellcheck, cppcheck, clang-tidy), builds (each
# compiler, each make, -O0 to -O3), suites (each compiler), sanitizers,
# valgrind, netcats, awks and shells (each that is here), bmake, places (a host
# without ::1, busybox's tools, another language, a path with a space, a checkout
# by git for Windows), cross (for other systems), longer (the scripts that take
# their time: fault matrix, fuzzing, endurance, and more), and mutants (three
# samples of 100 changes to the code, of which the suite must notice 90). It takes
# three to four hours on two processors. What is not here is named and counted as
# skipped; the last line is "N passed, N failed, N skipped".
#
# From outside: BUILD, BACKENDS, ONLY.
set -u

cd "$(dirname "$0")/../.." || exit 1
unset MAKEFLAGS MFLAGS MAKEOVERRIDES CC CFLAGS CPPFLAGS LDFLAGS
BUILD=${BUILD:-build}
BACKENDS=${BACKENDS:-}
export BUILD BACKENDS
. tests/ci/checks.bash

tidy() {
  local file status=0

  for file in $(sources | grep '\.c$'); do
    # The libraries of the peers may not be installed.
    case $file in
    */peers/*) cc -E "$file" >/dev/null 2>&1 || continue ;;
    esac
    clang-tidy --quiet "$file" -- -std=c11 "${DEFINES[@]}" || status=1
  done
  return "$status"
}

style() {
  check_style
  check_tool clang-tidy tidy
  sum 'the structure' bash tests/ci/structure.sh
}

builds() {
  local cc level

  for cc in gcc clang musl-gcc; do
    # If make is BSD's, gmake may be installed as well.
    check_build make "$cc"
    check_build bmake "$cc"
    if ! make --version 2>&1 | grep -q GNU; then check_build gmake "$cc"; fi
    for level in 0 1 3; do
      check_build make "$cc" "-O$level"
    done
  done
}

suites() {
  local cc

  for cc in gcc clang musl-gcc; do
    check_suite "the suite, $cc" "$cc" -g
  done
}

sanitizers() {
  local cc

  for cc in gcc clang; do
    check_suite "the suite, $cc with the sanitizers" "$cc" "$SANITIZE"
    check_suite "threads, $cc with ThreadSanitizer" "$cc" "$SANITIZE_THREADS" \
      BACKENDS=threads FILTER=.
  done
}

# Slow, and in need of descriptors itself: some scenarios, on one server of each
# kind. uring is left out: valgrind 3.19 does not end when a ring is used.
under_valgrind() {
  if has_tool valgrind; then
    UNDER='valgrind -q --leak-check=full --error-exitcode=99' LIMIT=60 \
      sum 'the suite, under valgrind' make -s test \
      BACKENDS='blocking busy processes threads signals epoll coroutine/poll' \
      FILTER='reset|forty|comes back|leave and come|half-close|character|stop with'
  else
    skip valgrind 'not here'
  fi
}

# The netcat is the client, so one server is enough to try it with.
netcats() {
  local nc

  for nc in nc nc.openbsd nc.traditional ncat 'busybox nc'; do
    if has_tool "${nc%% *}"; then
      NC=$nc sum "the suite, with $nc" make test BACKENDS=poll
    else
      skip "the suite, with $nc" 'not here'
    fi
  done
}

# Each awk under the name awk, first in the PATH.
awks() {
  local awk

  for awk in mawk gawk 'busybox awk'; do
    if ! has_tool "${awk%% *}"; then
      skip "the suite, with $awk" 'not here'
      continue
    fi
    mkdir -p "$work/awk"
    printf '#!/bin/sh\nexec %s "$@"\n' "$awk" >"$work/awk/awk"
    chmod +x "$work/awk/awk"
    PATH=$work/awk:$PATH sum "the suite, with $awk" make test BACKENDS=poll
    PATH=$work/awk:$PATH check "the demo, with $awk" make demo BACKENDS=poll
  done
}

# The scripts that say #!/bin/sh.
shells() {
  local sh

  for sh in dash 'busybox sh' mksh ksh93 yash; do
    if ! has_tool "${sh%% *}"; then
      skip "the demo, with $sh" 'not here'
      continue
    fi
    # shellcheck disable=SC2086 # two words
    ROUNDS=2 INTERVAL=0.2 check "the demo, with $sh" $sh tools/demo/demo.sh
    # shellcheck disable=SC2086
    BACKENDS=poll check "the trace, with $sh" $sh tools/trace/trace.sh
    # shellcheck disable=SC2086
    N=3 WORK=$work/exercise check "an exercise, with $sh" \
      $sh docs/exercises/check.sh
  done
}

# Where classes are.
places() {
  without_ipv6
  with_busybox
  in_german
  if has_tool git; then
    copied 'a path with a space' "$work/a b"
    copied 'a checkout with core.autocrlf=true' "$work/crlf" \
      -c core.autocrlf=true
  fi
}

without_ipv6() {
  local words='ip link set lo up && sysctl -qw net.ipv6.conf.all.disable_ipv6=1'

  if ! unshare -n sh -c "$words" 2>/dev/null; then
    skip 'a host without ::1' 'no network namespace can be had here'
    return
  fi
  sum 'the suite, without ::1' unshare -n sh -c "$words
    make test BACKENDS=poll"
  sum 'the documents, without ::1' unshare -n sh -c "$words
    bash tests/docs/run.sh"
}

# Each applet in front of the other programs, as on Alpine.
with_busybox() {
  local applet

  if ! has_tool busybox; then
    skip 'the suite, with busybox' 'not here'
    return
  fi
  mkdir -p "$work/busybox"
  for applet in $(busybox --list); do
    ln -sf "$(command -v busybox)" "$work/busybox/$applet"
  done
  PATH=$work/busybox:$PATH sum 'the suite, with busybox' \
    make test BACKENDS=poll
  PATH=$work/busybox:$PATH sum 'the documents, with busybox' \
    bash tests/docs/run.sh
  PATH=$work/busybox:$PATH sum 'the exercises, with busybox' \
    sh docs/exercises/test.sh core
  PATH=$work/busybox:$PATH check 'the trace, with busybox' make trace
}

in_german() {
  if ! localedef -i de_DE -f UTF-8 "$work/de_DE.UTF-8" >"$log" 2>&1; then
    skip 'the suite, in German' 'localedef cannot make the locale here'
    return
  fi
  LOCPATH=$work LC_ALL=de_DE.UTF-8 sum 'the suite, in German' \
    make test BACKENDS=poll
  LOCPATH=$work LC_ALL=de_DE.UTF-8 check 'the demo, in German' \
    make demo BACKENDS=poll
}

# copied NAME DIRECTORY [OPTION...]: the suite in a clone, with these options of
# git. It has what was committed.
copied() {
  local name=$1 to=$2
  shift 2

  if ! git "$@" clone -q . "$to" >"$log" 2>&1; then
    skip "the suite in $name" 'this is no git checkout'
    return
  fi
  sum "the suite in $name" env -u BUILD make -s -C "$to" test BACKENDS=poll
  check "the demo in $name" env -u BUILD make -s -C "$to" demo ROUNDS=1
}

bsd_make() {
  if has_tool bmake; then
    check 'bmake demo' bmake demo BUILD="$BUILD/checks/bmake"
    sum 'bmake test' bmake test BUILD="$BUILD/checks/bmake" BACKENDS=poll
  else
    skip bmake 'not here'
  fi
}

cross() {
  sum 'other systems' bash tests/ci/cross.sh
}

longer() {
  sum 'the fault matrix' bash tests/faults/matrix.sh all
  sum 'the fuzzers' bash tests/fuzz/fuzz.sh
  sum 'endurance' bash tests/ci/endurance.sh
  sum 'the broken servers' bash tests/broken/run.sh
  sum 'the documents' bash tests/docs/run.sh
  sum 'the grade' bash tests/grade/run.sh
  check 'the published replay has the code of the servers' \
    bash tests/ci/replay.sh
}

mutants() {
  local sample

  for sample in 1 2 3; do
    TIME=4000 check "mutants, sample $sample: 90 of 100 are noticed" \
      bash tests/ci/mutate.sh 100
    grep '^#' "$log"
  done
}

for part in ${ONLY:-style builds suites sanitizers valgrind netcats awks shells \
  bmake places cross longer mutants}; do
  case $part in
  valgrind) under_valgrind ;;
  bmake) bsd_make ;;
  style | builds | suites | sanitizers | netcats | awks | shells | places | \
    cross | longer | mutants) "$part" ;;
  *) echo "check-all: there is no part '$part'" >&2 && exit 2 ;;
  esac
done
what_was_run
total_checks
