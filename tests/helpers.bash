#!/usr/bin/env bash
# helpers.bash: the functions that the scenarios use. They start one server,
# send to it, wait for what it prints, and end it, also when a scenario fails.
#
# run.sh chooses the server: BUILD is the directory of the programs and BACKEND
# a program's name ("epoll", "coroutine/poll"), or SERVER is a whole command
# line. So you can also run one file alone:
#
#     BUILD=build BACKEND=epoll bats tests/messages.bats
#
# The language is bash 3.2's, macOS's: there a failing [[ ]] does not end a
# test, so conditions are [ ] or one of the functions of this file.
#
# See bats(7) and docs/contract.md.
# shellcheck disable=SC2034,SC2119,SC2120 # what the *.bats files use

# Tests wait for events. They look every 20 ms, for at most this many seconds.
LIMIT=${LIMIT:-10}

# The address where the servers listen. It is IPv4, which every netcat
# supports.
LOOPBACK=${LOOPBACK-127.0.0.1}

BUILD=${BUILD:-build}
SERVER=${SERVER:-}
BACKEND=${BACKEND:-epoll}
CONCURRENT=${CONCURRENT:-yes}
NC=${NC:-nc}

case $BACKEND in
blocking*) [ -n "$SERVER" ] || CONCURRENT=no ;;
esac

# shellcheck source=tools/servers.sh
. "${BASH_SOURCE[0]%/*}/../tools/servers.sh" # for limit

PIDS=      # servers that must be alive at the end of the test
HELPERS=   # clients and others that a test leaves in the background
FILES=0    # counts the names of log files
PROGRAM=   # what to start instead of the server

# --- What a test asserts -----------------------------------------------------

# fail TEXT: says why and fails.
fail() {
  echo "$*" >&2
  return 1
}

# same WANTED GOT: fails if they differ, and shows both.
same() {
  [ "$1" = "$2" ] || {
    echo "--- wanted (-), but got (+):"
    printf '%s\n' "$1" >"$BATS_TEST_TMPDIR/wanted"
    printf '%s\n' "$2" | diff -u "$BATS_TEST_TMPDIR/wanted" - |
      sed '1,3d; 40q' | cut -c 1-160
    return 1
  }
}

# has TEXT FILE, has_line LINE FILE, has_no TEXT FILE: whether a file contains a
# text or a line, or does not.
has() {
  LC_ALL=C grep -Fq -- "$1" "$2"
}

has_line() {
  LC_ALL=C grep -Fxq -- "$1" "$2"
}

has_no() {
  ! has "$1" "$2" || fail "'$1' should not be in $2"
}

# lines FILE [START]: counts its lines, or those that start with START.
lines() {
  awk -v start="${2:-}" 'substr($0, 1, length(start)) == start { n++ }
    END { print n + 0 }' "$1"
}

# has_lines FILE START N: whether N lines of the file start so.
has_lines() {
  [ "$(lines "$1" "$2")" -eq "$3" ]
}

# wait_until COMMAND...: waits until it succeeds; fails after LIMIT seconds.
wait_until() {
  local end=$((SECONDS + LIMIT))

  until "$@"; do
    [ "$SECONDS" -le "$end" ] || fail "waited without success for: $*" || return 1
    sleep 0.02
  done
}

# wait_for LINE [FILE]: waits until the server's log has this line.
wait_for() {
  wait_until has_line "$1" "${2:-$LOG}"
}

# log_becomes TEXT: waits until the server's log is exactly TEXT.
log_becomes() {
  printf '%s\n' "$1" >"$BATS_TEST_TMPDIR/wanted"
  wait_until cmp -s "$BATS_TEST_TMPDIR/wanted" "$LOG" 2>/dev/null ||
    same "$1" "$(tr -d '\000' <"$LOG")"
}

# --- Which server ------------------------------------------------------------

# only_ours: skips a scenario about something that the contract does not demand
# of other servers.
only_ours() {
  [ -z "$SERVER" ] || skip "${1:-an option of our own servers}"
}

# only_concurrent, only_one_at_a_time: skip what cannot happen in the other
# kind of server.
only_concurrent() {
  [ "$CONCURRENT" != no ] || skip "serves one client at a time"
}

only_one_at_a_time() {
  [ "$CONCURRENT" = no ] || skip "serves all clients at once"
}

# only_server NAME: skips a scenario that is meant for one of our servers.
only_server() {
  [ "$SERVER:$BACKEND" = ":$1" ] || skip "is about $1"
}

# not_under: skips a scenario whose result another program around the server
# would change.
not_under() {
  [ -z "${UNDER:-}" ] || skip "runs under ${UNDER%% *}"
}

# is_sanitized NAME: whether the server was built with this sanitizer: asan, tsan.
is_sanitized() {
  LC_ALL=C grep -Eq "__$1_init" "$BUILD/${BACKEND%%/*}"
}

# inject CALLS FAULT: has strace make these system calls (names with commas) of
# the next server fail, as in `inject accept4 error=EPERM:when=1+`. The file
# TRACE gets the calls and the seconds at which they were made. If the kernel
# accepts and receives by itself (uring), an object in the server makes these
# requests fail.
inject() {
  case $BACKEND,$1 in
  uring,accept* | uring,recv*)
    needs_program uring-faults
    PROGRAM=$BUILD/tests/uring-faults
    TRACE=$BATS_TEST_TMPDIR/trace
    case $1 in
    accept*) export URING_FAULT="accept $2" ;;
    *) export URING_FAULT="${1%from} $2" ;;
    esac
    export URING_TRACE=$TRACE
    return
    ;;
  esac
  [ -n "${TRACE:-}" ] || not_under
  limit 10 strace -qq -o /dev/null -e inject=sync:error=EIO true 2>/dev/null ||
    skip "strace cannot trace here"
  # A program that looks for leaks when it ends cannot be traced.
  export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
  TRACE=$BATS_TEST_TMPDIR/trace
  UNDER="strace -D -qq -ttt -o '$TRACE' -e trace=$1 -e inject=$1:$2"
}

# needs_program NAME: skips if this program of tests/ is not built.
needs_program() {
  [ -x "$BUILD/tests/$1" ] || skip "there is no $BUILD/tests/$1"
}

# needs_proc: skips if the kernel does not show its processes as files.
needs_proc() {
  [ -d /proc/self/fd ] || skip "there is no /proc"
}

# server_name: what the program calls itself in messages.
server_name() {
  local version

  case $BACKEND in
  kqueue)
    version=$(limit 10 "$BUILD/kqueue" --version) || return
    echo "${version% (ways-to-wait)*}"
    ;;
  *) echo "${BACKEND%%/*}" ;;
  esac
}

# launch LOG ERR OPTION...: starts the server in the background; PID is its
# process. PREPARE, a line of shell, is run in that process before. The server
# gets only the descriptors 0, 1 and 2: if a server that does not end had one
# of bats' descriptors, bats would keep waiting. UNDER is a command to run it
# under, as "valgrind -q", in words of shell: a word with a space is quoted.
launch() {
  LOG=$1
  ERR=$2
  shift 2
  (
    exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
    eval "${PREPARE:-}"
    case $SERVER,$BACKEND in
    ,*/*) set -- "$BUILD/${BACKEND%/*}" -s "${BACKEND#*/}" "$@" ;;
    ,*) set -- "${PROGRAM:-$BUILD/$BACKEND}" "$@" ;;
    *) exec sh -c "exec $SERVER \"\$@\"" sh "$@" ;;
    esac
    eval "exec ${UNDER:-} \"\$@\""
  ) </dev/null >"$LOG" 2>"$ERR" &
  PID=$!
}

# new_log: sets LOG and ERR to the names of two new log files.
new_log() {
  FILES=$((FILES + 1))
  LOG=$BATS_TEST_TMPDIR/out.$FILES
  ERR=$BATS_TEST_TMPDIR/err.$FILES
}

# start_server [OPTION...]: starts a server on a free port (or on WANTED_PORT)
# and waits until it listens. Sets PID, PORT, HOST (its address for clients),
# and LOG and ERR, the files with its standard output and standard error. If
# standard output is not a file, LISTENING_IN is the file of --events.
start_server() {
  new_log
  if [ -n "$LOOPBACK" ] && [ -z "$SERVER" ]; then
    set -- --address "$LOOPBACK" "$@"
  fi
  launch "$LOG" "$ERR" "$@" --port "${WANTED_PORT:-0}"
  PIDS="$PIDS $PID"
  case " $* " in
  *' --raw '*) find_port "$ERR" ;;
  *' --events - '*) find_port "$LOG" '	listening	' ;;
  *) find_port "${LISTENING_IN:-$LOG}" "${LISTENING_IN:+	listening	}" ;;
  esac
}

# find_port FILE [BEFORE]: waits until the first line of the file has the
# server's address, after the words BEFORE, and reads it.
find_port() {
  local address=

  wait_until listens "$1" "${2:-Listening on: }"
  [ -n "$address" ] || fail "the server ended before it listened" || return 1
  PORT=${address##*:}
  HOST=${address%:*}
  case $HOST in
  '[::]') HOST=::1 ;;
  0.0.0.0) HOST=127.0.0.1 ;;
  *) HOST=${HOST#[} HOST=${HOST%]} ;;
  esac
}

# Sets the variable `address` of find_port, which bash lets it use. Stops
# waiting if the server has ended.
listens() {
  local line=

  { IFS= read -r line <"$1"; } 2>/dev/null || line=
  case $line in
  *"$2"*:[0-9]*) address=${line#*"$2"} address=${address%%	*} ;;
  *) ended "$PID" ;;
  esac
}

# listens_or_has_ended: whether it says where it listens, or has ended.
listens_or_has_ended() {
  has 'Listening on: ' "$LOG" || ended "$PID"
}

# run_server [OPTION...]: runs a server that should end by itself, for example
# because an option is wrong. Sets STATUS, and OUT and WORDS, its standard
# output and standard error.
run_server() {
  new_log
  launch "$LOG" "$ERR" "$@"
  PIDS="$PIDS $PID"
  wait_end
  OUT=$(cat "$LOG")
  WORDS=$(cat "$ERR")
}

# ended PID: whether the process has ended.
ended() {
  ! kill -0 "$1" 2>/dev/null
}

# wait_end [PID]: waits until a server has ended; STATUS is its exit status.
wait_end() {
  local pid=${1:-$PID}

  wait_until ended "$pid"
  STATUS=0
  wait "$pid" || STATUS=$?
  PIDS=${PIDS/ $pid/}
}

# stop_server [SIGNAL]: asks the server to stop and waits until it has ended.
stop_server() {
  kill -"${1:-TERM}" "$PID"
  wait_end
}

# its_processes: the server's process, and for `processes` those of its
# children.
its_processes() {
  echo "$PID"
  [ "$BACKEND" != processes ] || children
}

# children: the processes that the server has started.
children() {
  if [ -r "/proc/$PID/task/$PID/children" ]; then
    tr ' ' '\n' <"/proc/$PID/task/$PID/children"
  else
    ps -A -o pid= -o ppid= | awk -v parent="$PID" '$2 == parent { print $1 }'
  fi
}

# has_children N: whether it has started N children that have not ended.
has_children() {
  [ "$(children | wc -l)" -eq "$1" ]
}

# freeze: stops the server with SIGSTOP and waits until it has stopped. So
# everything that clients do from now on has happened before `thaw` continues
# the server. Its children are stopped after it, when it cannot start another
# one.
freeze() {
  kill -STOP "$PID"
  wait_until stand "$PID"
  [ "$BACKEND" != processes ] || [ -z "$(children)" ] || {
    signal_all STOP
    # shellcheck disable=SC2046 # several
    wait_until stand $(children)
  }
}

thaw() {
  signal_all CONT
}

# signal_all SIGNAL: sends it to the server and to its children.
signal_all() {
  # shellcheck disable=SC2046 # several; one of them may end meanwhile
  kill -"$1" $(its_processes) 2>/dev/null || true
}

# states PID...: the states that ps shows: S sleeps, T is stopped, t is stopped
# under strace, Z has ended. One line for each process or, if there is /proc,
# for each thread.
states() {
  local pid stat rest

  for pid in "$@"; do
    if [ ! -r "/proc/$pid/stat" ]; then
      ps -o state= -p "$pid" || true
      continue
    fi
    for stat in "/proc/$pid"/task/*/stat; do
      { IFS= read -r rest <"$stat"; } 2>/dev/null || continue
      echo "${rest##*) }"
    done
  done
}

# stand PID...: whether they are all stopped, or have ended.
stand() {
  ! states "$@" | grep -q '^[^TtZ]'
}

# asleep: whether all its processes and threads wait. On BSD the state of a
# sleep of more than 20 seconds is I.
asleep() {
  # shellcheck disable=SC2046 # several
  ! states $(its_processes) | grep -q '^[^SI]'
}

# wait_until_quiet: waits until it is asleep each time we look, ten times in a
# row, and has used no processor time in between.
wait_until_quiet() {
  LOOKS=0
  wait_until slept_through 10
}

# slept_through N: whether the server slept each of the last N times that we
# looked, and used no processor time in between.
slept_through() {
  local used

  used=$(cpu_ms)
  if asleep && [ "$used" = "${LAST_USED:-}" ]; then
    LOOKS=$((LOOKS + 1))
  else
    LOOKS=0
  fi
  LAST_USED=$used
  [ "$LOOKS" -ge "$1" ]
}

# idle: whether it has nothing to do: it sleeps, or, for busy, finds nothing.
idle() {
  [ "$BACKEND" = busy ] || asleep
}

# cpu_ms: the processor time that the server has used so far, in milliseconds,
# with that of its children, even if they have ended.
cpu_ms() {
  local pid rest

  for pid in $(its_processes); do
    if [ ! -r "/proc/$pid/stat" ]; then
      ps -o time= -p "$pid" || true
      continue
    fi
    { IFS= read -r rest <"/proc/$pid/stat"; } 2>/dev/null || continue
    echo "${rest##*) }"
  done | awk -v hz="$(getconf CLK_TCK)" '
    # "1:02.34", in minutes and seconds.
    NF == 1 { n = split($1, part, ":")
      ms += (part[n - 1] * 60 + part[n]) * 1000 }
    NF > 1 { ms += ($12 + $13 + $14 + $15) * 1000 / hz }
    END { printf "%d\n", ms }'
}

# sleeps MS: fails if the server uses the processor although nothing happens.
# This is the only test that measures a time and cannot wait for an event: it
# watches the server for MS milliseconds, in which a server that spins uses all
# the time it can get. The kernel counts in ticks of 10 ms, separately for the
# program and for the kernel, and one tick of each may contain earlier work.
# For busy it asserts the opposite.
sleeps() {
  local before used

  if [ "$BACKEND" = busy ]; then
    never_sleeps 300
    return
  fi
  before=$(cpu_ms)
  sleep "$(awk -v ms="$1" 'BEGIN { print ms / 1000 }')"
  used=$(($(cpu_ms) - before))
  [ "$used" -le $(($1 / 50 + 20)) ] || fail "it used $used ms of $1, doing nothing"
}

# never_sleeps MS: waits until the server has used MS milliseconds more of a
# processor; fails if it ever gives the processor up by itself.
never_sleeps() {
  local before end=$((SECONDS + LIMIT))

  before=$(cpu_ms)
  until [ "$(cpu_ms)" -ge $((before + $1)) ]; do
    case $(states "$PID") in
    [Rt]*) ;;
    *) fail "it sleeps" || return 1 ;;
    esac
    [ "$SECONDS" -le "$end" ] || fail "it uses no processor" || return 1
  done
}

# --- Clients -----------------------------------------------------------------

# netcat_flags: the flags that make this netcat close its side at the end of
# its input and end when the server closes. Every netcat is different; only
# this function knows the differences.
netcat_flags() {
  local help letters

  # shellcheck disable=SC2086 # NC may be two words, as in "busybox nc"
  help=$(limit 5 $NC -h 2>&1) || [ $? -ne 124 ] || fail "$help" || return
  letters=${help#*usage: nc [-}
  case ${letters%%]*} in
  "$help" | *' '*) ;;      # no such list
  *N*) echo -N && return ;; # OpenBSD's, also on FreeBSD and most Linux
  esac
  case $help in
  *'-q secs'*) echo -q 0 ;; # the traditional netcat: it ends at once
  *) ;;                     # ncat, busybox and macOS close by themselves
  esac
}

[ -n "${NC_FLAGS+set}" ] || NC_FLAGS=$(netcat_flags)

# say_to PORT TEXT: sends TEXT, which may contain \n and the like, with netcat
# and waits until the server has closed the connection.
say_to() {
  local end=

  # shellcheck disable=SC2086 # both are several words
  IFS= read -r -t "$LIMIT" end < <(
    exec 3>&- 4>&-
    printf '%b' "$2" | $NC $NC_FLAGS "$HOST" "$1" >"$BATS_TEST_TMPDIR/nc" 2>&1
    echo "ended"
  ) || true
  [ "$end" = ended ] || fail "$NC has not ended: $(cat "$BATS_TEST_TMPDIR/nc")"
}

# client ACTION...: runs the client of tools/clients/client.c with these
# actions.
client() {
  "$BUILD/tools/client" -t "$LIMIT" -a "$HOST" "$PORT" "$@" 3>&- 4>&-
}

# hold ACTION...: runs it in the background. Its action `line` waits for `go`;
# its output goes to the file HELD.
hold() {
  HELD=$BATS_TEST_TMPDIR/held
  rm -f "$HELD.in"
  mkfifo "$HELD.in"
  : >"$HELD"
  # For reading and writing, since open would otherwise wait for the other
  # side.
  exec 9<>"$HELD.in"
  "$BUILD/tools/client" -t "$LIMIT" -a "$HOST" "$PORT" "$@" \
    <&9 >"$HELD" 2>&1 3>&- 4>&- 9>&- &
  HELD_PID=$!
  HELPERS="$HELPERS $HELD_PID"
}

# go: lets the held client continue after its next `line`.
go() {
  echo >&9
}

# wait_said TEXT: waits until the held client has printed this line. Stops
# waiting if the client has ended.
wait_said() {
  wait_until said_or_ended "$1"
  has_line "$1" "$HELD" || fail "the client ended: $(cat "$HELD")"
}

said_or_ended() {
  has_line "$1" "$HELD" || ended "$HELD_PID"
}

# wait_held: waits until the held client is done; fails if the client failed.
wait_held() {
  local status=0

  wait_until ended "$HELD_PID"
  wait "$HELD_PID" || status=$?
  HELPERS=${HELPERS/ $HELD_PID/}
  [ "$status" -eq 0 ] || fail "the client failed: $(cat "$HELD")"
}

# --- A standard output that is a pipe ----------------------------------------

# to_pipe [COMMAND [OPTION...]]: starts a server whose standard output is a
# pipe, after a command that writes to the same pipe. Descriptor 8 is the other
# end of the pipe, also for writing, so that the pipe never ends. The events go
# to EVENTS.
to_pipe() {
  local command=${1:-}

  [ $# -eq 0 ] || shift
  mkfifo "$BATS_TEST_TMPDIR/pipe"
  exec 8<>"$BATS_TEST_TMPDIR/pipe"
  PREPARE="exec >'$BATS_TEST_TMPDIR/pipe'; $command" LISTENING_IN=$EVENTS \
    start_server --events "$EVENTS" "$@"
}

# to_reader FILE: the same, but READER is a process that copies the pipe to the
# file; the pipe ends when READER ends.
to_reader() {
  mkfifo "$BATS_TEST_TMPDIR/pipe"
  cat "$BATS_TEST_TMPDIR/pipe" >"$1" 3>&- 4>&- &
  READER=$!
  HELPERS="$HELPERS $READER"
  PREPARE="exec >'$BATS_TEST_TMPDIR/pipe'" LISTENING_IN=$EVENTS \
    start_server --events "$EVENTS"
}

# read_pipe FILE: from now on the process READER copies the pipe to the file.
read_pipe() {
  cat <&8 >>"$1" 3>&- 4>&- 9>&- &
  READER=$!
  HELPERS="$HELPERS $READER"
}

# end_reader: ends READER, so that the pipe is no longer read.
end_reader() {
  kill "$READER"
  wait "$READER" || true
  HELPERS=${HELPERS/ $READER/}
}

# fill_pipe: fills the pipe, so that the server's next write waits.
fill_pipe() {
  # Opens the pipe again: O_NONBLOCK must not affect the server's descriptor.
  dd if=/dev/zero of="$BATS_TEST_TMPDIR/pipe" bs=4096 count=4096 \
    oflag=nonblock 2>"$BATS_TEST_TMPDIR/dd" && fail "the pipe took 16 MiB"
  grep -Eqi 'unavailable|would block' "$BATS_TEST_TMPDIR/dd" ||
    skip "dd here cannot fill a pipe"
}

# NONBLOCK: a command for to_pipe that makes the pipe non-blocking, as some
# programs leave a terminal: O_NONBLOCK belongs to the open file, not to the
# process.
NONBLOCK='dd if=/dev/null oflag=nonblock 2>/dev/null'

# needs_nonblock: skips if dd cannot do that.
needs_nonblock() {
  dd if=/dev/null of=/dev/null oflag=nonblock 2>/dev/null ||
    skip "dd here sets no O_NONBLOCK"
}

# arrived NAME BYTES: whether so many bytes of this client have arrived in the
# kernel and wait for the server. On a busy machine bytes may still be on their
# way. True if the kernel does not show it.
arrived() {
  local tables

  tables=$(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null) || true
  [ -n "$tables" ] || return 0
  printf '%s\n' "$tables" | grep -Eq "^ *[0-9]+: [0-9A-F]+:$(printf %04X "$PORT")\
 [0-9A-F]+:$(printf %04X "${1##*:}") 01 [0-9A-F]+:$(printf %08X "$2") "
}

# numbered N FILE: writes N lines to send, each with its number.
numbered() {
  awk -v n="$1" 'BEGIN { for (i = 1; i <= n; i++) print "line number", i }' \
    >"$2"
}

# printed_is FILE: whether clients have sent what is in the file.
printed_is() {
  tr -d '\n' <"$1" >"$BATS_TEST_TMPDIR/joined"
  printed_text | cmp - "$BATS_TEST_TMPDIR/joined"
}

# printed_text: what clients have sent, as the log shows it, without the
# messages and without newlines, because the server adds a newline wherever
# recv has ended a chunk.
printed_text() {
  sed '/^Listening on: /d; /^Connection /d; /^Receiving from: /d
    /^Next connection\.\.\.$/d; /^Stopped\.$/d' "$LOG" | tr -d '\n'
}

# printed N LINE: whether the log has this line N times.
printed() {
  [ "$(grep -cx "$2" "$LOG")" -eq "$1" ]
}

# saw EVENT N: whether EVENTS, the file of --events, has N of these.
saw() {
  [ "$(awk -v event="$1" '$2 == event { n++ } END { print n + 0 }' \
    "$EVENTS")" -eq "$2" ]
}

# client_number N: the address of the Nth client, as the server printed it.
client_number() {
  awk -v n="$1" '/^Connection from: / && --n == 0 { print $3 }' "$LOG"
}

# came N: whether N clients or more were announced. left N: whether N clients
# were closed or reset.
came() {
  [ "$(lines "$LOG" 'Connection from: ')" -ge "$1" ]
}

left() {
  [ "$(grep -Ec '^Connection (closed|reset): ' "$LOG")" -eq "$1" ]
}

# --- What a server is to print -----------------------------------------------

# announces_each_recv: whether this server prints "Receiving from" before each
# recv, as the first listing of the article does. For a server that is not ours
# the log shows it.
announces_each_recv() {
  if [ -z "$SERVER" ]; then
    [ "$BACKEND" = blocking-nested ]
  else
    [ "$CONCURRENT" = no ] &&
      [ "$(lines "$LOG" 'Receiving from: ')" -gt \
        "$(lines "$LOG" 'Connection from: ')" ]
  fi
}

# served NAME CHUNK...: the lines for a client that is served without a break,
# in the order of this server. Each CHUNK is what the server printed for one
# recv, without its last newline.
served() {
  local name=$1 chunk nested=yes
  shift

  announces_each_recv || nested=
  echo "Connection from: $name"
  [ "$CONCURRENT" = no ] || echo "Next connection..."
  echo "Receiving from: $name"
  for chunk in "$@"; do
    printf '%s\n' "$chunk"
    [ -z "$nested" ] || echo "Receiving from: $name"
  done
  echo "Connection closed: $name"
  [ "$CONCURRENT" != no ] || echo "Next connection..."
}

# one_error: fails if standard error is not one line. In `processes` parent and
# children each print the same line. (Text after the last newline was cut by a
# limit on file sizes.)
one_error() {
  local first line

  IFS= read -r first <"$ERR"
  while IFS= read -r line; do
    same "$first" "$line" || return
  done <"$ERR"
  [ "$BACKEND" = processes ] || same 1 "$(lines "$ERR")"
}

# --- Before and after each test ----------------------------------------------

setup() {
  prepare_test
}

prepare_test() {
  # bats inspects every command of a test, to report which line has failed.
  # Inside our functions this is not needed, and it would take half of the
  # time.
  set +T
  EVENTS=$BATS_TEST_TMPDIR/events
  PIDS=
  HELPERS=
}

# The reports of the sanitizers and of valgrind.
REPORTS='(Address|Leak|Thread)Sanitizer|runtime error:|^==[0-9]+=='

# end_server PID: ends a server that should be alive. Fails if the server was
# not alive, or does not stop.
end_server() {
  local status=0

  if ended "$1"; then
    wait "$1" || status=$?
    fail "the server had ended by itself, with status $status"
    return 1
  fi
  PID=$1
  thaw
  kill -TERM "$1"
  if ! wait_until ended "$1"; then
    signal_all KILL
    fail "SIGTERM did not end the server"
    return 1
  fi
  wait "$1" || status=$?
  [ "$status" -eq 0 ] || [ -n "$SERVER" ] ||
    fail "the server ended with status $status"
}

teardown() {
  local pid file failed=0

  for pid in $PIDS; do
    end_server "$pid" || failed=1
  done
  exec 9>&-
  for pid in $HELPERS; do
    kill "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
  for file in "$BATS_TEST_TMPDIR"/err.*; do
    [ -f "$file" ] || continue
    if grep -Eq "$REPORTS" "$file"; then failed=1; fi
  done
  if [ "$failed" -ne 0 ] || [ -z "${BATS_TEST_COMPLETED:-}" ]; then
    show_logs
  fi
  return "$failed"
}

# show_logs: prints the logs of the servers, to help find the fault.
show_logs() {
  local file

  for file in "$BATS_TEST_TMPDIR"/out.* "$BATS_TEST_TMPDIR"/err.*; do
    [ -s "$file" ] || continue
    echo "--- ${file##*/} of the server:"
    head -n 60 "$file" | LC_ALL=C tr -d '\000' | cut -c 1-160
  done
}

# --- Objects in front of the C library ---------------------------------------

# preload NAME: sets OBJECT to the compiled tests/faults/preload/NAME.c, and
# PRELOAD to the line for PREPARE that loads it into the next server, before
# the C library. Skips if that has no effect.
preload() {
  local program=$BUILD/${BACKEND%%/*} status=0

  not_under
  [ -f "$BUILD/tests/preload/$1.so" ] || skip "there is no $1.so here"
  # In LD_PRELOAD a space separates two objects, so this makes a copy whose
  # path has no space.
  OBJECT=$BATS_TEST_TMPDIR/$1.so
  cp "$BUILD/tests/preload/$1.so" "$OBJECT"
  ! is_sanitized "(asan|msan|tsan)" ||
    skip "a sanitizer itself is loaded before the C library"
  limit 10 env PRELOAD_CHECK=yes LD_PRELOAD="$OBJECT" "$program" --version \
    >/dev/null 2>&1 || status=$?
  case $status in
  42) ;;
  124) fail "$program --version did not end" ;;
  *) skip "LD_PRELOAD has no effect here" ;;
  esac
  PRELOAD="export LD_PRELOAD='$OBJECT'"
}

# fail_call CALL AFTER ERRNO: makes one call of the next server fail: the first
# one after AFTER calls that succeeded, in whichever thread or process. See
# tests/faults/preload/failing_call.c.
fail_call() {
  preload failing_call
  PRELOAD="$PRELOAD FAIL_CALL=$1 FAIL_AFTER=$2 FAIL_ERRNO=$3"
}

# fail_recv ERRNO: makes the server's first recv fail. (strace would count the
# calls of each thread and each process separately.)
fail_recv() {
  PRELOAD=true
  case $BACKEND in
  threads | processes) fail_call recv 0 "$1" ;;
  *) inject recvfrom "error=$1:when=1" ;;
  esac
}
