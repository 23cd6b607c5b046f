#!/bin/sh
# trace.sh: shows the system calls of a server while two clients send to it,
# one on each line, with its result and what it means. `make trace` runs it:
#
#     make trace                                epoll
#     make trace BACKENDS=blocking              another
#     make trace BACKENDS="select epoll"        two side by side
#     make trace BACKENDS=coroutine             with each of its selectors
#     make trace BACKENDS="poll coroutine/poll" with one of them
#     make trace SERVER='python3 mine.py'       one of your own, or next to one
#
# strace(1) reports the calls, so this is for Linux. The clients take the next
# step when the server has printed the effect of the last one and sleeps again
# (or, as busy does, finds nothing again and again). Nothing is timed, so the
# picture is the same each time. (The script does not know what a server of
# your own will print. With such a server a step is over when it has made no
# call for a while.) trace.awk says what each call means, layout.awk puts it on
# the screen.
#
# At the end the server runs once more, without strace, with two clients that
# send nothing, and the script shows how much CPU time it uses in a second.
#
# From outside: BUILD, BACKENDS, SERVER, NO_COLOR, COLUMNS, and FORMAT=tsv for
# the bare table, which trace.awk describes.
#
# See strace(1), syscalls(2), proc(5).
set -u

here=$(cd "$(dirname "$0")" && pwd) || exit 1
BUILD=${BUILD:-build}
# shellcheck source=tools/servers.sh
. "$here/../servers.sh"
SERVER=${SERVER:-}
BACKENDS=${BACKENDS:-}
[ -n "$BACKENDS$SERVER" ] || BACKENDS=epoll
FORMAT=${FORMAT:-screen}
HOST=127.0.0.1
LOOKS=500 # of 20 ms: the longest wait for anything
QUIET=15  # looks without a call, after which a step of your own server is over
WAITS='accept|recv|read|.*select|p?poll|epoll_p?wait|rt_sigtimedwait|wait4|waitid'
WAITS="$WAITS|io_uring_enter"

# The calls that are shown. Those for memory, files and signal handlers are
# not.
CALLS='/^(listen|accept4?|recv(from|msg)?|read|writev?|close|shutdown)$'
CALLS="$CALLS"',/^(_?(new)?p?select(6.*)?|p?poll(_time64)?|epoll_.*)$'
CALLS="$CALLS"',/^(fcntl(64)?|rt_sig(timedwait.*|queueinfo))$'
CALLS="$CALLS"',/^(clone3?|v?fork|wait(4|id)|exit(_group)?|io_uring_.*)$'

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

# Sets names to the servers to show. coroutine alone is shown with each of its
# selectors, next to another server with its best one.
choose_servers() {
  names=
  # shellcheck disable=SC2086 # several words
  set -- $BACKENDS
  for one in "$@"; do
    if ! runs_here "$one"; then
      [ -x "$BUILD/${one%%/*}" ] || say "$one: left out, it is not built here"
      continue
    elif [ "$one" != coroutine ]; then
      names="$names $one"
      continue
    fi
    list=$(selectors) || exit 1
    for selector in $list; do
      names="$names coroutine/$selector"
      [ "$#$SERVER" = 1 ] || break
    done
  done
  [ -z "$SERVER" ] || names="$names yours"
  [ -n "$names" ] || die 'no server is left'
}

# --- One server and its clients ----------------------------------------------

# wait_until COMMAND...: looks every 20 ms until it succeeds.
wait_until() {
  looks=$LOOKS
  until "$@"; do
    looks=$((looks - 1))
    [ "$looks" -gt 0 ] || die "$name: waited too long for: $*"
    lives || die "$name: $(last_words)"
    nap
  done
}

lives() {
  kill -0 "$server" 2>/dev/null
}

# last_words: what the server printed on standard error before it ended.
last_words() {
  words=$(sed '/^$/d' "$dir/err" | tail -n 1)
  echo "${words:-it ended without a word}"
}

# printed N PATTERN: whether the server has printed N lines like this.
printed() {
  [ "$(grep -c "$2" "$dir/out")" -eq "$1" ]
}

# said CLIENT WORD: whether the client has printed this word.
said() {
  grep -qx "$2" "$dir/$1.out"
}

# sleepers: every process and thread of the server in the trace, as "ID" or "ID
# ended". Fails if one that has not ended is not in a call that waits. strace
# writes the beginning of a call at once, its result when it returns, and
# "<unfinished ...>" where it has to write about another process meanwhile.
sleepers() {
  { cat "$dir/trace" && echo '#'; } | awk -v waits="^($WAITS)" -v name="$name" '
    $1 == "#" { next }
    { call = substr($0, length($1) + 2); sub(/^ +/, "", call) }
    # The process that a call has started.
    $2 ~ /^(clone|v?fork)/ || $2 == "<..." && $3 ~ /^(clone|v?fork)/ {
      if (match(call, /= [0-9]+$/)) live[substr(call, RSTART + 2)]
    }
    $2 ~ /^exit/ { delete live[$1]; ended[$1]; next }
    { live[$1]; open[$1] = call ~ /(<unfinished ...>|#)$/ ? call : "" }
    END {
      for (id in live) {
        # Threads of other programs may sleep in calls that are not traced.
        if (name != "yours" && open[id] !~ waits) exit 1
        print id
      }
      for (id in ended) print id, "ended"
    }'
}

# asleep: whether all processes and threads of the server sleep. One that has
# ended must be gone; otherwise its parent will still get a signal.
asleep() {
  sleepers >"$dir/sleepers" || return 1
  [ -s "$dir/sleepers" ] || return 1
  while read -r id ended; do
    IFS= read -r stat 2>/dev/null <"/proc/$id/stat" || continue
    case ${stat##*\) }$ended$name in
    S*ended*) return 1 ;;
    S* | Z*yours) ;;
    *) return 1 ;;
    esac
  done <"$dir/sleepers"
}

# spins: whether it has found nothing so often that this will not change.
spins() {
  tail -n 100 "$dir/trace" | awk '
    / EAGAIN / { found++ }
    END { exit found < 99 }'
}

rests() {
  spins || asleep
}

# quiet: whether the server has made no call for QUIET looks.
quiet() {
  size=$(wc -c <"$dir/trace")
  if ! rests; then
    looks_quiet=0
  elif [ "$size" -eq "$last_size" ] || spins; then
    looks_quiet=$((looks_quiet + 1))
  else
    looks_quiet=0
  fi
  last_size=$size
  [ "$looks_quiet" -ge "$QUIET" ]
}

# with_three COMMAND...: becomes the command, with only the descriptors 0, 1
# and 2. A terminal or an editor may have left others open; those with two
# digits cannot be closed in the POSIX shell.
with_three() {
  exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
  command -v bash >/dev/null 2>&1 || exec "$@"
  # shellcheck disable=SC2016 # it is bash that expands this
  exec bash -c 'for ((fd = 10; fd < 64; fd++)); do eval "exec $fd>&-"; done
    exec "$@"' bash "$@"
}

# become NAME [STRACE...]: becomes the server, under strace if that is given.
# With only 0, 1 and 2 open, its descriptors have the same numbers everywhere.
become() {
  one=$1
  shift
  case $one in
  yours) with_three "$@" sh -c "exec $SERVER --port 0" ;;
  */*)
    with_three "$@" "$BUILD/${one%%/*}" --selector "${one#*/}" \
      --address "$HOST" --port 0
    ;;
  *) with_three "$@" "$BUILD/$one" --address "$HOST" --port 0 ;;
  esac
}

listens() {
  printed 1 '^Listening on: .*:[1-9]' || ! lives
}

# start_server NAME [STRACE...]: starts it and waits until it listens. Fails if
# it ends instead.
start_server() {
  : >"$dir/out"
  become "$@" >"$dir/out" 2>"$dir/err" </dev/null &
  server=$!
  wait_until listens
  lives || return
  listening=$(sed -n 1p "$dir/out")
  port=${listening##*:}
  host=$(host_of "$listening")
}

# start_traced NAME: with -D of strace the server stays our child. The
# completions of io_uring are not calls; completions.so makes calls that show
# them.
start_traced() {
  : >"$dir/trace"
  set -- "$1" strace -D -f -qq -s 512 -e trace="$CALLS" -e signal=SIGCHLD \
    -o "$dir/trace"
  completions=$(cd "$BUILD" && pwd)/tools/completions.so
  if [ "$1" = uring ] && [ -r "$completions" ] &&
    LD_PRELOAD=$completions limit 10 "$BUILD/uring" --version >/dev/null 2>&1
  then
    set -- "$@" -E "LD_PRELOAD=$completions"
  fi
  start_server "$@" || return
  last_size=0
  looks_quiet=0
  wait_until rests
}

# start_client NAME TEXT: a client that takes its next step when it gets a line.
start_client() {
  : >"$dir/$1.out"
  exec "$BUILD/tools/client" -a "$host" "$port" line connect say:connected \
    line "send:$2\\n" say:sent line half-close say:leaving wait-eof \
    <"$dir/$1.in" >"$dir/$1.out" 2>&1 4>&- 5>&- &
  clients="$clients $!"
}

# take CLIENT WORD: lets the client take a step and waits until it prints WORD.
take() {
  case $1 in
  a) echo >&4 ;;
  b) echo >&5 ;;
  esac
  wait_until said "$1" "$2"
}

# step TITLE CLIENT WORD N PATTERN: lets the client take a step, and waits for
# its effect: the server has printed N lines like this, and sleeps again.
# Writes to the file of marks how many lines the trace had before, and whether
# the last line was incomplete.
step() {
  { cat "$dir/trace" && echo '#'; } | awk -v title="$1" '
    { last = $0 }
    END { print last == "#" ? NR - 1 " closed" : NR " open", title }' \
    >>"$dir/marks"
  take "$2" "$3"
  if [ "$name" = yours ]; then
    looks_quiet=0
    wait_until quiet
  else
    wait_until printed "$4" "$5"
    wait_until rests
  fi
}

# talk NAME: the two clients send to the server. A blocking server serves b
# only after a: with such a server the second line in each pair is the one to
# wait for.
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
  # shellcheck disable=SC2086 # a list
  [ -z "$clients" ] || kill $clients 2>/dev/null
  [ -z "$server" ] || end_family "$server"
  # shellcheck disable=SC2086
  [ -z "$clients$server" ] || wait $clients $server 2>/dev/null
  clients=
  server=
}

# cpu_time: the CPU time of all of the server's processes, in nanoseconds.
cpu_time() {
  for id in $(family "$server"); do
    cat "/proc/$id/task/"*/schedstat 2>/dev/null
  done | awk '{ sum += $1 } END { if (!NR) exit 1; printf "%.0f\n", sum }'
}

# idle NAME: the CPU time, in milliseconds, of a second in which two clients are
# connected and nothing happens.
idle() {
  start_server "$1"
  start_client a one
  start_client b two
  take a connected
  take b connected
  for _ in 1 2 3 4 5 6 7 8 9 10; do # until the effects of this are over
    nap
  done
  before=$(cpu_time) || return
  sleep 1
  after=$(cpu_time) || return
  awk -v before="$before" -v after="$after" 'BEGIN {
    printf "idle\t%.0f\n", (after - before) / 1000000 }'
  end_all
}

# trace NAME: runs the server and prints the table of its calls. Fails if it
# cannot run here.
trace() {
  name=$1
  start_traced "$name" || {
    say "$name: left out: $(last_words)"
    return 1
  }
  start_client a one
  start_client b two
  talk "$name"
  # A copy: the calls with which the server ends are not shown.
  cp "$dir/trace" "$dir/calls"
  end_all
  awk -v name="$name" -f "$here/trace.awk" "$dir/marks" "$dir/calls"
  idle "$name"
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

# show TABLE...: shows one table, or two side by side.
show() {
  if [ "$FORMAT" = tsv ]; then
    cat "$@"
  else
    awk -v columns="$columns" -v color="$color" -v fancy="$fancy" \
      -f "$here/layout.awk" "$@"
  fi
}

check_backends trace || exit 2
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
# For reading and writing, since open would otherwise wait for the other side.
exec 4<>"$dir/a.in" 5<>"$dir/b.in"
set --
for one in $names; do
  trace "$one" >"$dir/table" || continue
  mv "$dir/table" "$dir/$#.tsv"
  set -- "$@" "$dir/$#.tsv"
done
[ $# -gt 0 ] || die 'no server is left'
if [ $# -eq 2 ]; then
  show "$@"
else
  for one in "$@"; do
    show "$one"
    [ "$one" = "$dir/$(($# - 1)).tsv" ] || [ "$FORMAT" = tsv ] || echo
  done
fi
