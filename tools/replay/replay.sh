#!/bin/sh
# replay.sh: records a run of one or two servers and writes a page that plays it,
# step by step, in a browser. `make replay` runs it:
#
#     make replay                                       blocking and poll
#     make replay BACKENDS="threads epoll" SCENARIO=reset
#     make replay BACKENDS=poll SERVER=./mine           built with -g
#
# strace(1) reports the calls, each with the functions that led to it, and
# addr2line(1) the lines: so this is for Linux. The clients are traced, too, which
# gives all of them one clock. After each step of the scenario the server has
# done what it does about it; what the kernel says of its queues then is recorded
# as well, and record.awk compares it with what follows from the calls.
#
# The page is page.html with page.css, page.js and the recording inside: one file
# that asks nothing of any network.
#
# From outside: BUILD, BACKENDS, SERVER, SCENARIO, OUTPUT (the file to write),
# PAUSE (seconds without a call after which a step is over), RAW (a directory for
# what was recorded).
#
# See strace(1), addr2line(1), proc(5), and scenarios/ for what can be played.
set -u

here=$(cd "$(dirname "$0")" && pwd) || exit 1
root=${here%/*/*}
BUILD=$(cd "${BUILD:-build}" && pwd) || exit 1
# shellcheck source=tools/servers.sh
. "$root/tools/servers.sh"
SERVER=${SERVER:-}
BACKENDS=${BACKENDS:-}
[ -n "$BACKENDS$SERVER" ] || BACKENDS='blocking poll'
SCENARIO=${SCENARIO:-four}
OUTPUT=${OUTPUT:-$BUILD/replay/index.html}
PAUSE=${PAUSE:-0.2}
HOST=127.0.0.1
debug=$BUILD/replay/debug
scenario=$here/scenarios/$SCENARIO.txt

# What the page shows. Memory, files and the handling of signals are left out.
CALLS='socket,bind,listen,accept,accept4,recvfrom,recvmsg,read,shutdown,close'
CALLS="$CALLS,select,pselect6,poll,ppoll,epoll_create1,epoll_ctl,epoll_wait"
CALLS="$CALLS,epoll_pwait,rt_sigtimedwait,rt_sigqueueinfo,fcntl,getpeername"
CALLS="$CALLS,clone,clone3,fork,vfork,wait4,io_uring_setup,io_uring_enter"
CALLS="$CALLS,write,writev,futex,pipe,pipe2,exit,exit_group"

say() {
  printf 'replay: %s\n' "$*" >&2
}

die() {
  say "$@"
  exit 1
}

check_tools() {
  system=$(uname)
  [ "$system" = Linux ] ||
    die "this needs strace, which is Linux's; $system has none like it"
  for tool in strace addr2line; do
    command -v "$tool" >/dev/null 2>&1 ||
      die "$tool is missing; it is in the package $tool or binutils"
  done
  limit 10 strace -k -qq -o /dev/null true 2>/dev/null ||
    die 'strace may not trace here, or was built without stack traces (-k)'
  [ -f "$scenario" ] ||
    die "there is no scenario '$SCENARIO'; there are:" \
      "$(cd "$here/scenarios" && echo *.txt | sed 's/\.txt//g')"
}

# setting NAME: what the scenario says about it.
setting() {
  sed -n "s/^$1: *//p" "$scenario"
}

# actions [CLIENT]: the steps of the scenario, or those of one client: its name,
# the client and the action.
actions() {
  sed -n 's/^\([a-z0-9-]*\): \([a-z]\) \(.*\)/\1 \2 \3/p' "$scenario" |
    awk -v client="${1:-}" 'client == "" || $2 == client'
}

# --- One server and its clients ----------------------------------------------

# wait_until COMMAND...: looks every 20 ms until it succeeds.
wait_until() {
  looks=500
  until "$@"; do
    looks=$((looks - 1))
    [ "$looks" -gt 0 ] || die "$name: waited too long for: $*"
    kill -0 "$server" 2>/dev/null || die "$name: $(cat "$dir/err")"
    nap
  done
}

listening() {
  grep -q '^Listening on: .*:[0-9]*$' "$dir/out"
}

# said CLIENT N: whether the client has done N of its steps.
said() {
  ! grep '^client: ' "$dir/$1.out" >&2 || die "client $1 failed"
  [ "$(grep -c '^done$' "$dir/$1.out")" -ge "$2" ]
}

# settle: waits until the server has done what it does about a step: nothing new
# is traced, or, if that never happens, a while has passed.
settle() {
  before=-1
  looks=15
  while [ "$looks" -gt 0 ]; do
    size=$(wc -c <"$dir/trace")
    [ "$size" -ne "$before" ] || break
    before=$size
    looks=$((looks - 1))
    sleep "$PAUSE"
  done
}

# look: what the kernel says of its queues: its time, then for each socket of our
# port its state, the bytes that wait in it and the port of the other end.
look() {
  echo "at $(date +%s.%N)" >>"$dir/kernel"
  hex=$(printf %04X "$port")
  cat /proc/net/tcp /proc/net/tcp6 2>/dev/null |
    while read -r _ local_end other_end state queues _; do
      [ "${local_end##*:}" != "$hex" ] ||
        echo "socket $state $((0x${queues##*:})) $((0x${other_end##*:}))"
    done >>"$dir/kernel"
}

# start_server: under strace, whose -D leaves the server our own child.
start_server() {
  case $name in
  yours) eval "set -- $SERVER" ;;
  */*) set -- "$debug/${name%%/*}" --selector "${name#*/}" ;;
  *) set -- "$debug/$name" ;;
  esac
  options=$(setting options)
  case $name in
  uring) options="$options --events $dir/events" ;;
  esac
  preload=$(setting preload)
  [ -z "$preload" ] || preload="-E LD_PRELOAD=$BUILD/tools/$preload.so"
  # shellcheck disable=SC2046,SC2086 # several words
  (
    exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
    [ -z "$(setting ulimit)" ] || ulimit $(setting ulimit) || exit 1
    exec strace $preload -D -f -k -qq -ttt -T -s 4096 -e trace="$CALLS" -e signal=none \
      -o "$dir/trace" "$@" $options --port 0 $address
  ) >"$dir/out" 2>"$dir/err" </dev/null &
  server=$!
  wait_until listening
  port=$(sed -n '1s/.*://p' "$dir/out")
  settle
}

# start_client LETTER: it takes its next step when it gets a line.
start_client() {
  mkfifo "$dir/$1.in" || exit 1
  : >"$dir/$1.out"
  set -- "$1"
  while read -r _ _ action; do
    set -- "$@" line "$action"
    case $action in
    connect) set -- "$@" name ;;
    esac
    set -- "$@" say:done
  done <<END
$(actions "$1")
END
  letter=$1
  shift
  # Open for both, or open would wait for the other side.
  strace -D -qq -ttt -s 4096 -o "$dir/$letter.trace" -e signal=none \
    -e trace=connect,sendto,shutdown,setsockopt,close,exit_group \
    "$BUILD/tools/client" -a "$HOST" "$port" "$@" \
    <>"$dir/$letter.in" >"$dir/$letter.out" 2>&1 &
  clients="$clients $!"
}

# play: takes the steps, each when the last one has had its effect.
play() {
  number=0
  letters=$(actions | cut -d ' ' -f 2 | sort -u)
  for letter in $letters; do
    start_client "$letter"
  done
  : >"$dir/steps"
  while read -r step letter action; do
    number=$((number + 1))
    printf '\rreplay: %s: step %d, %s ' "$name" "$number" "$step" >&2
    look
    printf '%s %s %s %s\n' "$(date +%s.%N)" "$step" "$letter" "$action" \
      >>"$dir/steps"
    echo 1<>"$dir/$letter.in"
    wait_until said "$letter" \
      "$(awk -v client="$letter" '$3 == client { n++ } END { print n }' \
        "$dir/steps")"
    settle
  done <<END
$(actions)
END
  look
  echo "$(date +%s.%N) stop - SIGTERM" >>"$dir/steps"
}

# end_all: ends what this script has started, by its process id.
end_all() {
  for pid in $server $clients; do
    end_family "$pid"
    wait "$pid" 2>/dev/null
  done
  rm -f "$dir"/*.in
  server=
  clients=
}

# --- The lines ---------------------------------------------------------------

# lines PROGRAM: for each address in the trace that is in this program the
# functions and lines it stands for, innermost first. An address is where the
# call returns to, so the line is that of the byte before.
lines() {
  sed -n "s|^ > .*/${1##*/}(.*\[\(0x[0-9a-f]*\)\]\$|\1|p" "$dir/trace" | sort -u |
    while read -r address; do
      printf '%s 0x%x\n' "$address" "$((address - 1))"
    done >"$dir/addresses"
  [ -s "$dir/addresses" ] || die "$name: no source lines; was it built with -g?"
  cut -d ' ' -f 2 "$dir/addresses" |
    addr2line -f -e "$1" | sed "s|$root/||; s/ (discriminator.*//" |
    paste -d ' ' - - | paste -d ' ' "$dir/addresses" -
}

# record NAME: runs the scenario against it and prints the recording, in JSON.
record() {
  name=$1
  rm -f "$dir"/*
  for file in out trace events kernel; do
    : >"$dir/$file"
  done
  address=
  [ "$name" = yours ] || address="--address $HOST"
  start_server
  play
  kill -TERM "$server"
  settle
  end_all
  binary=$debug/${name%%/*}
  if [ "$name" = yours ]; then
    eval "set -- $SERVER"
    binary=$(command -v "$1") || die "there is no '$SERVER'"
  fi
  lines "$binary" >"$dir/lines" || exit 1
  [ -z "${RAW:-}" ] || {
    mkdir -p "$RAW/$name" && cp "$dir"/* "$RAW/$name" || exit 1
  }
  awk -v name="$name" -v port="$port" -v dir="$dir" -v root="$root" \
    -f "$here/scenario.awk" -f "$here/read.awk" -f "$here/record.awk" \
    -f "$here/words.awk" -f "$here/json.awk" "$scenario" || {
    printf '\n' >&2
    die "$name: the recording does not fit what the kernel said"
  }
  printf '\n' >&2
}

# --- The page ----------------------------------------------------------------

# assemble RECORDING...: page.html with its style, its script and the recordings
# in place of the lines that name them.
assemble() {
  awk -v here="$here" -v files="$*" '
    function include(file, separator, line) {
      while ((getline line <file) > 0)
        print line
      close(file)
    }
    /<!-- page.css -->/ { include(here "/page.css"); next }
    /<!-- page.js -->/ { include(here "/page.js"); next }
    /<!-- recordings -->/ {
      count = split(files, file, " ")
      print "["
      for (i = 1; i <= count; i++) {
        include(file[i])
        print i < count ? "," : "]"
      }
      next
    }
    { print }' "$here/page.html"
}

check_tools
chosen=$(servers) || exit 1
for one in $BACKENDS; do
  [ -x "$BUILD/${one%%/*}" ] || die "there is no server $BUILD/${one%%/*}"
done
server=
clients=
dir=
trap 'trap "" INT TERM HUP; end_all; rm -rf "$dir" "$page"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
dir=$(mktemp -d "${TMPDIR:-/tmp}/replay.XXXXXX") || exit 1
page=$(mktemp -d "${TMPDIR:-/tmp}/replay.XXXXXX") || exit 1
set --
for one in ${BACKENDS:+$chosen} ${SERVER:+yours}; do
  set -- "$@" "$page/$#.json"
  record "$one" >"$page/json" || exit 1
  mv "$page/json" "$page/$(($# - 1)).json"
done
mkdir -p "$(dirname "$OUTPUT")" || exit 1
assemble "$@" >"$page/html" && mv "$page/html" "$OUTPUT" || exit 1
say "$OUTPUT has the page ($(($(wc -c <"$OUTPUT") / 1024)) KB);" \
  "open it in a browser: file://$(cd "$(dirname "$OUTPUT")" && pwd)/${OUTPUT##*/}"
