#!/bin/sh
# trace.sh: the system calls of a server while two clients talk to it, one on a
# line, with its result and what it means. `make trace` runs it:
#
#     make trace                                epoll
#     make trace BACKENDS=blocking              another
#     make trace BACKENDS="select epoll"        two beside each other
#     make trace BACKENDS=coroutine             with each of its selectors
#     make trace BACKENDS="poll coroutine/poll" with one of them
#
# strace(1) reports the calls, so this is for Linux. A step of the clients is
# taken when the server has printed what the last one led to and sleeps again,
# never by the clock, so the picture is the same each time. trace.awk says what
# each call means, layout.awk puts it on the screen.
#
# From outside: BUILD, BACKENDS, NO_COLOR, COLUMNS, and FORMAT=tsv for the bare
# table: "step TITLE" or "call CALL RESULT REMARK SHORT", with tabs between.
#
# See strace(1), syscalls(2), proc(5).
set -u

here=$(cd "$(dirname "$0")" && pwd) || exit 1
BUILD=${BUILD:-build}
# shellcheck source=tools/servers.sh
. "$here/../servers.sh"
BACKENDS=${BACKENDS:-epoll}
FORMAT=${FORMAT:-screen}
HOST=127.0.0.1
LOOKS=500 # of 20 ms: how long anything may take

# What is shown. Memory, files and signal handlers are left out.
CALLS='/^(listen|accept4?|recv(from)?|writev?|close|_?(new)?p?select(6.*)?)$'
CALLS="$CALLS"',/^(p?poll(_time64)?|epoll_.*|getsockopt|ioctl)$'

say() {
  printf 'trace: %s\n' "$*" >&2
}

die() {
  say "$@"
  exit 1
}

check_tools() {
  system=$(uname)
  [ "$system" = Linux ] ||
    die "this needs strace, which is Linux's; $system has dtruss or truss"
  command -v strace >/dev/null 2>&1 ||
    die 'strace is missing: make setup installs it'
  limit 10 strace -qq -o /dev/null true 2>/dev/null ||
    die 'strace may not trace here (make setup cannot change that)'
}

# Sets names to the servers to show. Alone, coroutine is shown with each of its
# selectors, and beside another with its best one.
choose_servers() {
  names=
  # shellcheck disable=SC2086 # several words
  set -- $BACKENDS
  for one in "$@"; do
    runs_here "$one" || die "there is no server $BUILD/${one%%/*}"
    if [ "$one" != coroutine ]; then
      names="$names $one"
      continue
    fi
    list=$(selectors) || exit 1
    for selector in $list; do
      names="$names coroutine/$selector"
      [ $# -eq 1 ] || break
    done
  done
}

# --- One server and its clients ----------------------------------------------

# wait_until COMMAND...: looks every 20 ms until it succeeds.
wait_until() {
  looks=$LOOKS
  until "$@"; do
    looks=$((looks - 1))
    [ "$looks" -gt 0 ] || die "$name: waited too long for: $*"
    kill -0 "$server" 2>/dev/null || die "$name: $(cat "$dir/err")"
    nap
  done
}

# printed N PATTERN: whether the server has printed N lines like this.
printed() {
  [ "$(grep -c "$2" "$dir/out")" -eq "$1" ]
}

# said CLIENT WORD: whether the client has said how far it is.
said() {
  grep -qx "$2" "$dir/$1.out"
}

# asleep: whether the server sleeps in a call that waits. strace writes the
# beginning of a call at once, its result and the newline when it returns.
asleep() {
  case $(tail -n 1 "$dir/trace" | tr '\n' '!') in
  *!) return 1 ;;
  accept* | recv* | *select* | *poll*) ;;
  *) return 1 ;;
  esac
  IFS= read -r stat <"/proc/$server/stat" || return 1
  case ${stat##*\) } in
  S*) ;;
  *) return 1 ;;
  esac
}

# with_three COMMAND...: becomes the command, with the descriptors 0, 1 and 2
# alone. Those of two digits, which a terminal or an editor may have left open,
# are beyond POSIX' shell.
with_three() {
  exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
  command -v bash >/dev/null 2>&1 || exec "$@"
  # shellcheck disable=SC2016 # it is bash that expands this
  exec bash -c 'for ((fd = 10; fd < 64; fd++)); do eval "exec $fd>&-"; done
    exec "$@"' bash "$@"
}

# start_server NAME: starts it under strace, whose -D leaves the server our own
# child. With 0, 1 and 2 alone, its descriptors have the same numbers everywhere.
start_server() {
  case $1 in
  */*) option="--selector ${1#*/}" ;;
  *) option= ;;
  esac
  : >"$dir/out"
  : >"$dir/trace"
  # shellcheck disable=SC2086 # no word, or two
  with_three strace -D -qq -s 512 -e trace="$CALLS" -e signal=none \
    -o "$dir/trace" "$BUILD/${1%%/*}" $option --address "$HOST" --port 0 \
    >"$dir/out" 2>"$dir/err" </dev/null &
  server=$!
  wait_until printed 1 '^Listening on: '
  port=$(sed -n '1s/.*://p' "$dir/out")
  wait_until asleep
}

# start_client NAME TEXT: a client that takes its next step when it gets a line.
start_client() {
  : >"$dir/$1.out"
  exec "$BUILD/tools/client" -a "$HOST" "$port" line connect say:connected \
    line "send:$2\\n" say:sent line half-close say:leaving wait-eof \
    <"$dir/$1.in" >"$dir/$1.out" 2>&1 4>&- 5>&- &
  clients="$clients $!"
}

# step TITLE CLIENT WORD N PATTERN: has the client take a step, and waits for its
# effect: the server has printed N lines like this, and sleeps again. Which call
# the step finds it in, by number, goes to the file of marks; that call's line is
# the last one, and not ended yet.
step() {
  awk -v title="$1" 'END { print NR, title }' "$dir/trace" >>"$dir/marks"
  case $2 in
  a) echo >&4 ;;
  b) echo >&5 ;;
  esac
  wait_until said "$2" "$3"
  wait_until printed "$4" "$5"
  wait_until asleep
}

# talk NAME: the two clients talk to the server. A blocking one leaves b waiting
# until a is gone: there the second line in each pair is what to wait for.
talk() {
  one_at_a_time=0
  case $1 in
  blocking*) one_at_a_time=1 ;;
  esac
  : >"$dir/marks"
  step 'client a connects' a connected 1 '^Connection from: '
  step 'client a says "one"' a sent 1 '^one$'
  step 'client b connects' b connected $((2 - one_at_a_time)) \
    '^Connection from: '
  step 'client b says "two"' b sent $((1 - one_at_a_time)) '^two$'
  if [ "$one_at_a_time" -eq 1 ]; then
    step 'client a leaves' a leaving 1 '^two$'
  else
    step 'client a leaves' a leaving 1 '^Connection closed: '
  fi
  step 'client b leaves' b leaving 2 '^Connection closed: '
}

# Ends what this script has started, by its process id. A server that does not
# obey is killed.
end_all() {
  looks=100
  for pid in $clients $server; do
    kill "$pid" 2>/dev/null
    while kill -0 "$pid" 2>/dev/null && [ "$looks" -gt 0 ]; do
      looks=$((looks - 1))
      nap
    done
    kill -KILL "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
  done
  clients=
  server=
}

# trace NAME: runs it and prints the table of its calls.
trace() {
  name=$1
  start_server "$name"
  start_client a one
  start_client b two
  talk "$name"
  # A copy: the end of the server is not part of the story.
  cp "$dir/trace" "$dir/calls"
  end_all
  awk -v name="$name" -f "$here/trace.awk" "$dir/marks" "$dir/calls"
}

# --- The screen --------------------------------------------------------------

choose_look() {
  columns=${COLUMNS:-}
  color=0
  fancy=0
  if [ -t 1 ]; then
    [ -n "$columns" ] || columns=$(stty size 2>/dev/null </dev/tty |
      sed 's/.* //')
    [ -n "${NO_COLOR:-}" ] || [ "${TERM:-dumb}" = dumb ] || color=1
    case ${LC_ALL:-${LC_CTYPE:-${LANG:-}}} in
    *UTF-8* | *utf8*) fancy=1 ;;
    esac
  fi
  case $columns in
  '' | *[!0-9]*) columns=100 ;;
  esac
}

# show TABLE...: one, or two beside each other.
show() {
  if [ "$FORMAT" = tsv ]; then
    cat "$@"
  else
    awk -v columns="$columns" -v color="$color" -v fancy="$fancy" \
      -f "$here/layout.awk" "$@"
  fi
}

check_tools
choose_servers
choose_look
server=
clients=
dir=
trap 'trap "" INT TERM HUP; end_all; rm -rf "$dir"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
dir=$(mktemp -d "${TMPDIR:-/tmp}/trace.XXXXXX") || exit 1
mkfifo "$dir/a.in" "$dir/b.in" || exit 1
# Open for both, or open would wait for the other side.
exec 4<>"$dir/a.in" 5<>"$dir/b.in"
set --
for one in $names; do
  set -- "$@" "$dir/$#.tsv"
  trace "$one" >"$dir/table"
  mv "$dir/table" "$dir/$(($# - 1)).tsv"
done
if [ $# -eq 2 ]; then
  show "$@"
else
  for one in "$@"; do
    show "$one"
    [ "$one" = "$dir/$(($# - 1)).tsv" ] || [ "$FORMAT" = tsv ] || echo
  done
fi
