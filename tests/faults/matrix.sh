#!/usr/bin/env bash
# matrix.sh: has each system call of each server fail, with each errno that it
# can fail with, and checks what happens to the clients.
#
#     tests/faults/matrix.sh [core|all]
#     BACKENDS="poll coroutine" CELLS="accept.*EMFILE" tests/faults/matrix.sh all
#
# strace(1) injects the faults. For each server a run without faults shows
# which calls it makes; matrix.tsv says how each can fail and what must follow.
# From both matrix.awk makes the table. `all` tries each errno: on every call
# of the set-up, and then on the first, the second, the third, and the second
# to fourth call under the same rule. `core` tries one errno after the other,
# on the first two calls of the set-up and the first three after it.
#
# In each cell one client (w) stays from the beginning to the end, three (a, b,
# c) come and go, and after the fault one more (z). Then the server is told to
# stop. While clients connect and send, the server is stopped (SIGSTOP), so
# that it makes the same calls in the same order each time. Nothing is timed:
# every wait is for an event.
#
# If each client has a process or a thread, there are two tables: one of the
# calls of main, and one, processes:child and threads:child, of the calls for
# w. For this one strace attaches while the process or thread of w sleeps in
# recv. So only w has the faults, and no other client may notice them.
#
# In uring the kernel accepts and receives, so the server makes no call that
# could fail. There an object in the server, completions.c, makes these
# requests fail.
#
# It prints the Test Anything Protocol. From outside: BUILD, BACKENDS, JOBS
# (cells at a time), CELLS (a regular expression for their names), LIMIT.
set -u

here=$(cd "$(dirname "$0")" && pwd) || exit 1
BUILD=${BUILD:-build}
# shellcheck source=tools/servers.sh
. "$here/../../tools/servers.sh"
size=${1:-core}
LIMIT=${LIMIT:-10}
JOBS=${JOBS:-2}
# LeakSanitizer cannot work in a traced program.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"

# Whether strace is there, may trace, and knows ranges of calls.
can_trace() {
  strace -o /dev/null -e inject=sync:error=EIO:when=1..2 true >/dev/null 2>&1
}

# executable PROGRAM: its file. The uring whose requests can fail is in tests/.
executable() {
  case ${URING_FAULT:-} in
  '') echo "$BUILD/$1" ;;
  *) echo "$BUILD/tests/uring-faults" ;;
  esac
}

# listen_to NUMBER FIFO: opens both ends, the one for reading with this number, the
# other one, for the program that will write, with the number 8. If the program
# opened it, each open would wait for the other one; and if a signal (SIGCHLD)
# interrupted ours at that moment, it would begin again and wait forever.
listen_to() {
  eval "exec $1<&- 8<>$2 $1<$2"
}

# start SERVER STRACE-OPTION...: starts the server under strace, or alone if its
# child is to be traced. Its output comes through descriptor 5: first `pid`, from
# the shell that becomes the server (a signal to strace would not reach it), then
# the server's first line.
start() {
  local program=${1%%[/:]*} selector=

  case $1 in */*) selector=${1#*/} ;; esac
  traced=$1
  shift
  case $traced in
  *:child) set -- ;;
  *) set -- strace -o trace -s 64 "$@" ;;
  esac
  rm -f trace complaints
  mkfifo out.pipe go said 2>/dev/null
  clients=
  listen_to 5 out.pipe
  (
    ulimit -t "$LIMIT"
    # shellcheck disable=SC2016 # for the inner shell
    exec "$@" sh -c 'echo "$$"; exec "$@"' sh \
      "$(executable "$program")" ${selector:+-s "$selector"} \
      --label --events events --port 0 </dev/null >&8 2>err 8>&-
  ) &
  started=$!
  exec 8>&-
  IFS= read -r -t "$LIMIT" pid <&5
  first=
  IFS= read -r -t "$LIMIT" first <&5
  printf '%s\n' "$first" >out
}

# look_until COMMAND: waits until the command succeeds on the last line of the
# trace, or the server has ended.
look_until() {
  local looks=0 last

  while [ "$looks" -lt $((LIMIT * 50)) ]; do
    last=$(tail -n 1 trace 2>/dev/null)
    case $last in '+++ '*) return ;; esac
    if "$1" "$last"; then return; fi
    looks=$((looks + 1))
    [ "$looks" -lt 4 ] || sleep 0.02
  done
}

# Whether the line is a call that waits: one that is not finished has no
# result. busy never waits, but finds no client; accept and recv wait only where
# the sockets are blocking.
is_wait() {
  case $traced,$1 in
  busy,accept*' = -1 EAGAIN '*) return ;;
  *' = '* | *,'--- '*) return 1 ;;
  blocking*,accept* | blocking*,recvfrom* | *:child,recvfrom*) ;;
  *,*select* | *,*poll* | *,rt_sigtimedwait* | *,io_uring_enter*) ;;
  *,restart_syscall*) ;;
  *) return 1 ;;
  esac
}

is_stopped() {
  [ "$1" = '--- stopped by SIGSTOP ---' ]
}

# Whether w1 was received and the server waits for w again: what w sends next
# is then received by another call.
waits_after_w1() {
  grep -q '"w1' trace && is_wait "$1"
}

# freeze: stops the server (SIGSTOP) as soon as it waits. A child continues.
freeze() {
  case $traced in *:child) return ;; esac
  look_until is_wait
  kill -STOP "$pid" 2>/dev/null && look_until is_stopped
}

# thaw: continues the server. A child was not stopped, and SIGCONT could
# interrupt it.
thaw() {
  case $traced in *:child) return ;; esac
  kill -CONT "$pid" 2>/dev/null
}

# servers_of_w: the process or the thread that serves w, the only client.
servers_of_w() {
  case $traced in
  processes:*) family "$pid" ;;
  *) ls "/proc/$pid/task" ;;
  esac | grep -vx "$pid"
}

# attach SERVER STRACE-OPTION...: traces this process or thread when it has
# printed the first line of w and sleeps again, which can only be in recv.
attach() {
  local line='' child looks=0

  while IFS= read -r -t "$LIMIT" line <&5; do
    printf '%s\n' "$line" >>out
    case $line in *'| w0') break ;; esac
  done
  child=$(servers_of_w)
  while [ "$looks" -lt $((LIMIT * 50)) ] &&
    ! grep -q '^State:.S' "/proc/$child/status"; do
    looks=$((looks + 1))
    sleep 0.02
  done
  shift
  strace -p "$child" -o trace -s 64 "$@" 2>/dev/null &
  tracer=$!
  look_until is_wait
}

# client ACTION...: starts a client, whose output comes through descriptor 7.
client() {
  listen_to 7 said
  "$BUILD/tools/client" ${host:+-a "$host"} -t "$LIMIT" "$port" "$@" \
    <go >&8 2>&1 5<&- 7<&- 8>&- &
  client_pid=$!
  exec 8>&-
}

# hear NAME=LINES...: reads what the client prints until "ready". Before that
# it prints the addresses of its connections, which get these names and send
# these lines.
hear() {
  local line

  while IFS= read -r -t "$LIMIT" line <&7 && [ "$line" != ready ]; do
    case $line in
    '['* | [0-9]*) clients="$clients $line=$1" ;;
    *) echo "$line" >>complaints ;;
    esac
    shift
  done
}

# converse SERVER STRACE-OPTION...: the clients, in the order described at the
# top of this file.
converse() {
  local w='send:w1\n' names='w1,w2'
  local later='line use:1 send:w2\n half-close say:ready'

  case $first in
  'Listening on: [::]:'*) host= ;; # whichever this host has
  'Listening on: '*:[0-9]*) host=127.0.0.1 ;;
  *) return ;;
  esac
  port=${first##*:}
  exec 6<>go
  case $1 in
  # A server that serves one client at a time would wait for w forever.
  blocking*) w='send:w1\nw2\n half-close' later= ;;
  *:child) w='send:w0\n say:ready line send:w1\n' names='w0,w1,w2' ;;
  esac
  freeze
  # shellcheck disable=SC2086 # both are several words
  client connect name $w connect name 'send:a1\n' half-close \
    connect name 'send:b1\n' half-close connect name 'send:c1\n' half-close \
    say:ready use:2 wait-closed use:3 wait-closed use:4 wait-closed \
    say:ready $later use:1 wait-closed
  case $1 in
  *:child)
    hear "$names"
    attach "$@"
    echo >&6
    hear a1 b1 c1
    ;;
  *) hear "$names" a1 b1 c1 ;;
  esac
  thaw
  hear
  if [ -n "$later" ]; then
    freeze
    case $1 in *:child) look_until waits_after_w1 ;; esac
    echo >&6
    hear
    thaw
  fi
  wait "$client_pid"
  freeze
  client connect name 'send:z1\n' half-close say:ready wait-closed
  hear z1
  thaw
  wait "$client_pid"
  exec 6<&- 7<&-
}

# reaped: waits until the children of clients that have left are gone, so that the
# stop finds the same each time. A fault may leave one behind.
reaped() {
  local looks=0

  while [ "$looks" -lt 50 ] && family "$pid" | grep -vqx "$pid"; do
    looks=$((looks + 1))
    sleep 0.02
  done
}

# finish: tells the server to stop, and reads the rest of its output. Sets
# `status` and `late`.
finish() {
  local line start=$SECONDS

  kill -TERM "$pid" 2>/dev/null
  while IFS= read -r -t "$LIMIT" line <&5; do
    printf '%s\n' "$line"
  done >>out
  late=0
  if [ $((SECONDS - start)) -ge "$LIMIT" ]; then
    late=1
    kill -KILL "$pid" 2>/dev/null
  fi
  exec 5<&-
  wait "$started"
  status=$?
  [ -z "$tracer" ] || wait "$tracer"
}

# try SERVER [STRACE-OPTION...]: one cell, or a clean run. Prints what is wrong.
try() {
  local clean=0

  [ $# -gt 1 ] || clean=1
  tracer=
  start "$@"
  converse "$@"
  case $1 in processes) reaped ;; esac
  look_until is_wait
  finish
  awk -v mode=judge -v status="$status" -v late="$late" -v clean="$clean" \
    -v clients="$clients" -v out=out -v err=err \
    -v server="$1" -v reasons="$here/reasons.tsv" \
    -f "$here/matrix.awk" "$here/matrix.tsv" trace
}

# report NAME WRONG: prints a line of the protocol, in one write.
report() {
  if [ -z "$2" ]; then
    printf 'ok - %s\n' "$1"
  else
    printf 'not ok - %s\n%s\n' "$1" "$(printf '%s\n' "$2" "$(show)" |
      sed 's/^/# /')"
  fi
}

# show: prints the files of the cell, to help find the fault.
show() {
  local file

  for file in out err complaints; do
    [ ! -s "$file" ] || sed "s/^/$file: /" "$file"
  done
  grep -n INJECTED trace | head -n 5
}

# clean_run SERVER: writes down its cells, unless even this run fails.
clean_run() {
  local wrong server=$1

  wrong=$(try "$server" 2>&1)
  if [ -n "$wrong" ]; then
    report "$server without a fault" "$wrong" >>"$work/clean"
    return
  fi
  awk -v mode=cells -v size="$size" -v server="$server" -f "$here/matrix.awk" \
    "$here/matrix.tsv" trace |
    while IFS='	' read -r call when errno number outcome; do
      # A signal reports a change: after a false EAGAIN the kernel sends no
      # other signal.
      case $server,$errno,$call in
      signals,EAGAIN,accept* | signals,EAGAIN,recvfrom) continue ;;
      esac
      printf '%s\t%s\t%s\t%s\t%s: %s fails with %s, call %s (%s)\n' \
        "$server" "$call" "$when" "$errno" \
        "$server" "$call" "$errno" "$number" "$outcome"
    done >>"$work/all"
  [ "$server" != uring ] || request_cells
}

# request_cells: writes down the cells of uring's requests. A clean run makes
# one to accept, and one to receive from each client.
request_cells() {
  [ -x "$BUILD/tests/uring-faults" ] || return 0
  awk -F '\t' -v OFS='\t' -v size="$size" '
    function cell(kind, errno, when, outcome) {
      print "uring", "request:" kind, when, errno, \
        "uring: a request to " kind " fails with " errno ", number " when \
        " (" outcome ")"
    }
    $1 == "accept4" { kind = "accept" }
    $1 == "recvfrom" { kind = "recv" }
    $1 != "accept4" && $1 != "recvfrom" { next }
    {
      n = split($5, errnos, " ")
      for (i = 1; i <= n; i++) {
        if (kind == "accept" && (size == "all" || i <= 3))
          cell(kind, errnos[i], size == "all" ? 1 : i == 3 ? "1..3" : 1, $4)
        if (kind == "recv" && (size == "all" || i <= 3))
          cell(kind, errnos[i], i % 3 + 1, $4)
        if (kind == "recv" && size == "all")
          cell(kind, errnos[i], "2..4", $4)
      }
    }' "$here/matrix.tsv" >>"$work/all"
}

# worker N: tries every JOBS-th cell, from the Nth on.
worker() {
  local index=0 server call when errno name wrong

  mkdir "$work/$1" && cd "$work/$1" || return
  while IFS='	' read -r server call when errno name; do
    index=$((index + 1))
    [ $((index % JOBS)) -eq $(($1 % JOBS)) ] || continue
    [ -d "$work" ] || return
    case $call in
    request:*)
      wrong=$(export URING_FAULT="${call#*:} error=$errno:when=$when"
        try "$server" -s 64 2>&1)
      ;;
    *) wrong=$(try "$server" -e "inject=$call:error=$errno:when=$when" 2>&1) ;;
    esac
    report "$name" "$wrong"
  done <"$work/cells"
}

# results: all lines of the protocol, in the order in which they are known.
results() {
  local number

  cat "$work/clean"
  for ((number = JOBS; number > 0; number--)); do
    worker "$number" &
  done
  wait
}

case $size in
core | all) ;;
*)
  echo "usage: tests/faults/matrix.sh [core|all]" >&2
  exit 2
  ;;
esac
if ! can_trace; then
  echo "1..1"
  echo "ok 1 - the fault matrix # skip strace cannot run here"
  exit 0
fi
BUILD=$(cd "$BUILD" && pwd) || exit 1
work=$(mktemp -d "${TMPDIR:-/tmp}/matrix.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
: >"$work/clean"
: >"$work/all"
mkdir "$work/0" && cd "$work/0" || exit 1
for server in $(servers); do
  clean_run "$server"
  case $server in
  processes | threads) clean_run "$server:child" ;;
  esac
done
awk -F '\t' -v name="${CELLS:-}" '$5 ~ name' "$work/all" >"$work/cells"
cat "$work/clean" "$work/cells" |
  awk '/^not ok/ || /\t/ { n++ } END { print "1.." n + 0 }'
results | awk '
  /^not ok - / { failed = 1; sub(/ -/, " " ++n " -") }
  /^ok - / { sub(/ -/, " " ++n " -") }
  { print; fflush() }
  END { exit failed || !n }'
