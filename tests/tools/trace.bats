#!/usr/bin/env bats
# trace.bats: what `make trace` shows of each server.
#
#     BUILD=build bats tests/tools/trace.bats
#
# Skipped if strace(1) cannot trace. See tools/trace/.

setup() {
  ROOT=${BATS_TEST_DIRNAME%/*/*}
  BUILD=$(cd "${BUILD:-$ROOT/build}" && pwd)
  export BUILD
  # shellcheck source=tools/servers.sh
  . "$ROOT/tools/servers.sh"
  unset SERVER BACKENDS COLUMNS FORMAT
  OUT=$BATS_TEST_TMPDIR/out
}

# refuse COMMAND...: fails if the command succeeds.
refuse() {
  if "$@"; then return 1; fi
}

# trace SERVER...: OUT is what the trace shows of these servers.
trace() {
  if [ "$(uname)" != Linux ] ||
    ! limit 10 strace -qq -o /dev/null true 2>/dev/null; then
    skip 'strace cannot trace here'
  fi
  local one
  for one in "$@"; do
    [ -x "$BUILD/${one%%/*}" ] || skip "$one is not built here"
  done
  BACKENDS=$* limit 100 sh "$ROOT/tools/trace/trace.sh" >"$OUT" 2>&1 ||
    { cat "$OUT" && return 1; }
}

# shows TEXT...: whether a row has it.
shows() {
  local text
  for text in "$@"; do
    grep -qF -e "$text" "$OUT" ||
      { echo "there is no '$text' in:" && cat "$OUT" && return 1; }
  done
}

# hides TEXT...
hides() {
  local text
  for text in "$@"; do
    refuse grep -F -e "$text" "$OUT"
  done
}

@test "busy: an excerpt, how many calls it made, and that it never sleeps" {
  trace busy
  [ "$(wc -l <"$OUT")" -lt 90 ]
  shows 'more that found nothing' 'In the steps above it made' 'it never sleeps'
  hides 'sleeps here'
}

@test "processes: who makes which call, fork, the signal and the zombie" {
  trace processes
  shows 'child a  ... recv' 'child b  ... recv' 'fork()              = child a'
  grep 'parent   SIGCHLD .*a child has ended' "$OUT"
  grep 'parent   wait4() .*= child b .*no longer a zombie' "$OUT"
  grep 'parent   pselect(\[4 5\]) *\.\.\.' "$OUT"
  grep 'child a  fcntl.*takes the lock' "$OUT"
  grep 'child b  close(4) .*its own copy of the listener' "$OUT"
}

@test "threads: who makes which call" {
  trace threads
  shows 'thread a  ... recv' 'thread b  exit()' 'main      poll([4 3])'
  grep 'main .*clone() .*= thread a .*the same memory' "$OUT"
}

@test "signals: what is asked for, what is queued, and the wait" {
  trace signals
  grep 'fcntl([0-9]*, F_SETSIG) .*queue' "$OUT"
  grep '\.\.\. sigtimedwait .*woken: a signal: something happened to client a' \
    "$OUT"
  shows 'its own signal: ask the listener' 'no more signals about client b'
}

@test "uring: what is asked for and what is done, and neither recv nor accept" {
  [ ! -x "$BUILD/uring" ] || limit 10 env \
    LD_PRELOAD="$BUILD/tools/completions.so" "$BUILD/uring" --version ||
    skip 'nothing can be loaded before the C library here'
  trace uring
  refuse grep -q 'left out' "$OUT" || skip 'io_uring is forbidden here'
  shows 'asks accept(' 'the ring' 'io_uring_enter' 'the kernel has accepted client a' \
    '4 bytes of client b are in memory already'
  refuse grep -E '^ *(\.\.\. )?(recv|accept)' "$OUT"
}

@test "a server that sleeps takes no CPU time, and the trace says so" {
  trace poll
  grep -E '^  poll: [0-9] ms of CPU time: it sleeps' "$OUT"
}

@test "the trace of processes is the same each time" {
  trace processes
  mv "$OUT" "$OUT.first"
  trace processes
  diff "$OUT.first" "$OUT"
}

@test "two servers: next to each other, also with processes" {
  COLUMNS=120 trace processes blocking
  grep '^a \.\.\. recv = 4 .*4 bytes: "one\\n" .*| \.\.\. recv = 4' "$OUT" ||
    { cat "$OUT" && return 1; }
}

@test "60 columns: no line is longer" {
  COLUMNS=60 trace processes
  awk 'length($0) > 60 { print; found = 1 } END { exit found }' "$OUT"
}

@test "SERVER: what is not known of it is not named" {
  command -v python3 >/dev/null || skip 'there is no python3 here'
  SERVER="python3 $ROOT/tests/docs/article_server.py" trace
  shows 'yours: the system calls' 'the kernel returns client a' \
    'yours: 0 ms' '"two\n"'
  hides 'the stop pipe'
}

@test "SERVER that ends at once: one line, and the status is 1" {
  SERVER=false BACKENDS='' refuse limit 20 sh "$ROOT/tools/trace/trace.sh" \
    >"$OUT" 2>&1
  [ "$(uname)" = Linux ] || skip 'there is no strace here'
  shows 'trace: yours: left out: it ended without a word'
}

@test "a call whose line strace has to interrupt is put together again" {
  printf '%s\n' '1 listen(3, 5)                     = 0' \
    '1 pselect6(4, [3], NULL, NULL, NULL, {sigmask=[], sigsetsize=8}) = 1 (in [3])' \
    '1 accept4(3, {}, [128 => 16], SOCK_CLOEXEC) = 7' \
    '1 clone(child_stack=NULL, flags=SIGCHLD) = 2' \
    '2 recvfrom(7,  <unfinished ...>' '1 close(7 <unfinished ...>' \
    '2 <... recvfrom resumed>"one\n", 1024, 0, NULL, NULL) = 4' \
    '1 <... close resumed>)              = 0' >"$BATS_TEST_TMPDIR/calls"
  echo "99 closed the end" >"$BATS_TEST_TMPDIR/marks"
  awk -v name=processes -f "$ROOT/tools/trace/trace.awk" \
    "$BATS_TEST_TMPDIR/marks" "$BATS_TEST_TMPDIR/calls" >"$OUT"
  shows "= 4	4 bytes that were already there: \"one\\n\"" \
    'close(7)	= 0	its own copy of client a' "process	2	child a"
}
