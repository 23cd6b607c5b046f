# shellcheck shell=sh disable=SC2034,SC2154 # between check.sh and this file
# lib.sh: what the checks of the exercises are written with. To be read with
# ".", by check.sh.
#
# A file check sets what it begins with: FROM, files of the project that are
# copied, and PATCH, what is changed in them. And it defines the function check,
# which looks at the files in $mine and calls `missing` for what is not there.
#
# Nothing waits by the clock: a server is looked at every 20 ms until it has
# done what it is to do, LIMIT seconds at the most.

LIMIT=${LIMIT:-10}
HOST=127.0.0.1
CC=${CC:-cc}
STRICT='-std=c11 -O2 -Wall -Wextra -Wpedantic -Wshadow -Wconversion'
pids=
absent=0
program=
SERVER=

# missing TEXT: what is not there yet. It fails, so that a check can stop. What was
# done and what came is kept for the first that is missing.
missing() {
  if [ "$absent" -eq 0 ]; then
    for one in did out err; do
      [ ! -f "$scratch/$one" ] || cp "$scratch/$one" "$scratch/first.$one"
    done
  fi
  echo "missing: $*"
  absent=$((absent + 1))
  return 1
}

# cannot TEXT: what hinders the check itself, on this system.
cannot() {
  echo "cannot check here: $*"
  exit 3
}

# run_check: runs the check in a directory of its own, says how it ended, and
# how to run what was built.
run_check() {
  scratch=$(mktemp -d "${TMPDIR:-/tmp}/exercise.XXXXXX") || exit 1
  trap 'end_all; rm -rf "$scratch"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  rm -rf "$place"
  : >"$scratch/did"
  check
  end_all
  if [ "$absent" -eq 0 ]; then
    echo pass
    next_exercise
  elif [ -s "$scratch/first.did" ]; then
    what_came
  fi
  [ -z "$program" ] || [ ! -x "$place/${program%% *}" ] || how_to_run
  if [ "$absent" -gt 0 ] && [ -n "$untouched" ]; then
    echo 'Not begun: your files are as you got them.'
    return 0
  fi
  [ "$absent" -eq 0 ]
}

# what_came: what was done for the first that is missing, and what the server
# printed.
what_came() {
  echo '  What was done:'
  uniq -c "$scratch/first.did" |
    awk '{ n = $1; sub(/^ *[0-9]+ /, ""); print $0 (n > 1 ? ", " n " times" : "") }'
  if [ -s "$scratch/first.out" ]; then
    echo '  The last lines that the server printed:'
    tail -n 6 "$scratch/first.out" | quote
  else
    echo '  The server printed nothing.'
  fi
  if [ -s "$scratch/first.err" ]; then
    echo '  On standard error:'
    tail -n 6 "$scratch/first.err" | quote
  fi
}

# quote: lines that are not longer than a terminal's, marked.
quote() {
  cut -c 1-100 | sed 's/^/    | /'
}

how_to_run() {
  run=${place#"$root/"}/$program
  echo "To run it:    $run --port 8888"
  echo "  to trace it:  make trace SERVER='$run'"
  echo "  to debug it:  gdb --args $run --port 8888"
}

next_exercise() {
  number=$((${N#0} + 1))
  [ "$number" -gt 9 ] || number=0$number
  for one in "$exercises/$number"-*; do
    [ ! -d "$one" ] ||
      echo "Next: make exercise N=${number#0}, $(title "$one" | sed 's/^[0-9]* *//')"
  done
}

# did WORD...: a command, as the reader can type it. A very long one is cut.
did() {
  typed=
  for word in "$@"; do
    word=${word#"$root/"}
    case $word in
    '&') ;;
    *[!A-Za-z0-9_./:=%-]*) word="'$word'" ;;
    esac
    typed="$typed $word"
  done
  printf '    $%s\n' "$typed" | awk '
    { print (length($0) > 150 ? substr($0, 1, 150) " ..." : $0) }' >>"$scratch/did"
}

# and_then TEXT: what is done in between.
and_then() {
  echo "      ($*)" >>"$scratch/did"
}

# all_missing FILE: each line of it.
all_missing() {
  while IFS= read -r line; do
    missing "$line"
  done <"$1"
  [ ! -s "$1" ]
}

# compare_answers RIGHT GIVEN [whole]: two files of lines "question = answer";
# remarks (#) do not count. What is not answered, or not so, is missing. With
# `whole` it is not said which answers are wrong, where there is little to choose
# from and one would find them by trying.
compare_answers() {
  awk -F '=' -v whole="${3:-}" '
    function trim(text) {
      gsub(/^[ \t]+|[ \t]+$/, "", text)
      return text
    }
    { sub(/#.*/, "") }
    NF < 2 { next }
    { question = trim($1); answer = trim($2) }
    FNR == NR { right[question] = answer; order[++n] = question; next }
    { given[question] = answer }
    END {
      for (i = 1; i <= n; i++) {
        question = order[i]
        if (given[question] == "")
          print "an answer for: " question
        else if (given[question] != right[question] && whole)
          wrong = 1
        else if (given[question] != right[question])
          print "the right answer for: " question " (it is not " \
            given[question] ")"
      }
      if (wrong)
        print "the right answers: at least one of yours is wrong"
    }' "$1" "$2" >"$scratch/wrong"
  all_missing "$scratch/wrong"
}

# --- Building ----------------------------------------------------------------

# compile FILE OBJECT [FLAG...]: as the Makefile does. The includes of a file
# that was copied out of its directory are found by the places after -I.
compile() {
  : >"$scratch/did"
  file=$1 object=$2
  shift 2
  # shellcheck disable=SC2086 # several words
  $CC $STRICT ${CFLAGS:-} "$@" -I "$mine" -I "$root/coroutine" \
    -I "$root/common" -c -o "$object" "$file" 2>"$scratch/words"
  set -- $?
  cat "$scratch/words"
  [ "$1" -eq 0 ] || missing "a program: ${file##*/} does not compile"
}

# compile_all [FLAG...]: makes the objects of a server in $scratch/obj: those of
# the project's common/ and of every file in $mine, which takes the place of the
# file with the same name.
compile_all() {
  rm -rf "$scratch/obj"
  mkdir -p "$scratch/obj"
  cp "$BUILD"/common/*.o "$scratch/obj/"
  for file in "$mine"/*.c; do
    object=${file##*/}
    object=${object%.c}.o
    # common/ has a server.c, too.
    [ "$object" != server.o ] || object=main.o
    compile "$file" "$scratch/obj/$object" "$@" || return
  done
}

# build PROGRAM [FLAG...]: builds the server as $place/PROGRAM and leaves it
# there. Programs are not built in $scratch: a directory for temporary files may
# be on a file system that is mounted noexec.
build() {
  program=$1
  shift
  compile_all "$@" && link "$program" "$scratch"/obj/*.o
}

# build_with FILE CALL PROGRAM [FLAG...]: builds the server once more, as
# $place/PROGRAM-FILE. Instead of CALL it calls FILE_CALL, a function of
# FILE.c in the exercise's directory.
build_with() {
  with=$1 call=$2 checked=$3-$1
  shift 3
  compile_all "-D$call=${with}_$call" "$@" &&
    compile "$here/$with.c" "$scratch/obj/$with.o" &&
    link "$checked" "$scratch"/obj/*.o
}

# link PROGRAM OBJECT...
link() {
  linked=$place/$1
  shift
  mkdir -p "$place" || return
  # shellcheck disable=SC2086 # several words
  $CC ${CFLAGS:-} ${LDFLAGS:-} -o "$linked" "$@" 2>"$scratch/words" && return
  cat "$scratch/words"
  missing 'a program: it does not link'
}

# uses WORD FILE: whether the code says it; comments do not count.
uses() {
  awk '
    {
      gsub(/\/\*([^*]|\*+[^*\/])*\*+\//, "")
      sub(/\/\/.*/, "")
      if (comment) {
        if (!index($0, "*/")) next
        sub(/^.*\*\//, "")
        comment = 0
      }
      if (index($0, "/*")) {
        sub(/\/\*.*/, "")
        comment = 1
      }
      print
    }' "$mine/$2" | grep -q "$1"
}

# --- Servers and clients -----------------------------------------------------

# wait_until COMMAND...: fails after LIMIT seconds.
wait_until() {
  looks=$((LIMIT * 50))
  until "$@"; do
    looks=$((looks - 1))
    [ "$looks" -gt 0 ] || return 1
    sleep 0.02
  done
}

# What is started in the background is started with exec: yash and ksh93 would
# else put a process of their own between, and end_all would kill that alone.

# serve PROGRAM [OPTION...]: starts it on a free port. Sets pid and port; its
# output goes to $scratch/out. Fails where it does not listen.
serve() {
  : >"$scratch/out"
  : >"$scratch/did"
  did "$@" --address "$HOST" --port 8888 '&'
  exec "$@" --address "$HOST" --port 0 >"$scratch/out" 2>"$scratch/err" \
    </dev/null 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- &
  pid=$!
  pids="$pids $pid"
  wait_until listens ||
    missing 'the line "Listening on: ...": the server has not printed it' ||
    return
  port=$(sed -n '1s/^Listening on: .*://p' "$scratch/out")
}

listens() {
  grep -q '^Listening on: .*:[0-9]' "$scratch/out" || ended "$pid"
}

ended() {
  ! kill -0 "$1" 2>/dev/null
}

# printed LINE [N]: whether the server has printed this line, N times.
printed() {
  [ "$(grep -cxF -- "$1" "$scratch/out")" -ge "${2:-1}" ]
}

# counted PATTERN N: whether N lines of its output match.
counted() {
  [ "$(grep -c -- "$1" "$scratch/out")" -ge "$2" ]
}

# client ACTION...: the client of tools/clients/client.c.
client() {
  did "$BUILD/tools/client" -a "$HOST" 8888 "$@"
  "$BUILD/tools/client" -t "$LIMIT" -a "$HOST" "$port" "$@" \
    >"$scratch/client.out" 2>"$scratch/client.err"
}

# hold ACTION...: the same in the background. Its action `line` waits for `go`.
# Sets holder, its process.
hold() {
  did "$BUILD/tools/client" -a "$HOST" 8888 "$@"
  rm -f "$scratch/held.in"
  mkfifo "$scratch/held.in"
  : >"$scratch/held"
  exec 9<>"$scratch/held.in"
  exec "$BUILD/tools/client" -t 60 -a "$HOST" "$port" "$@" \
    <"$scratch/held.in" >"$scratch/held" 2>&1 9>&- &
  holder=$!
  pids="$pids $holder"
}

go() {
  and_then "Enter in the client's terminal"
  echo >&9
}

# said WORD: whether the held client has said it.
said() {
  grep -qxF -- "$1" "$scratch/held"
}

# stop PID: has a server stop, and waits for it. Sets status.
stop() {
  did kill %1
  kill "$1" 2>/dev/null
  wait_until ended "$1" || {
    end "$1"
    status=hangs
    return 1
  }
  status=0
  wait "$1" || status=$?
}

# freeze, thaw: stops the server in its tracks and lets it go on, so that what
# clients do in between is there all at once.
freeze() {
  did kill -STOP %1
  kill -STOP "$pid"
  wait_until stands
}

stands() {
  case $(ps -o stat= -p "$pid" 2>/dev/null || cat "/proc/$pid/stat") in
  T* | *') T '*) ;;
  *) return 1 ;;
  esac
}

thaw() {
  did kill -CONT %1
  kill -CONT "$pid"
}

# stops_cleanly: whether the server obeys SIGTERM and says that all was well.
stops_cleanly() {
  if ! stop "$pid" || [ "$status" != 0 ]; then
    missing 'a clean stop by SIGTERM'
  fi
}

# serves_others PROGRAM: whether a client is served while another, whose bytes
# came first, has a thousand chunks to read.
serves_others() {
  serve "$1" --recv-size 1 || return
  hold connect:2 say:ready line use:1 "send:$(printf '%01000d' 0)" half-close \
    use:2 send:x say:sent line
  wait_until said ready
  wait_until counted '^Receiving from: ' 2
  freeze
  go
  wait_until said sent
  thaw
  wait_until printed 0 1000 ||
    missing 'every byte of a client that floods and leaves' || return
  wait_until printed x
  [ "$(grep -nx '[0x]' "$scratch/out" | sed -n '1001s/.*://p')" = 0 ] ||
    missing 'a client that is served while another floods'
  stop "$pid"
}

# end PID: kills it and waits for it. bash tells of a process that was killed, and
# may do so before the wait, so its words go nowhere from the kill on.
end() {
  { kill -KILL "$1" && wait "$1"; } 2>/dev/null || :
}

# Ends what a check has started, by its process id.
end_all() {
  for one in $pids; do end "$one"; done
  pids=
}

# --- The project's own suite -------------------------------------------------

# suite BACKEND SCENARIOS: runs those whose names match (or FILTER's) against the
# program in $place. Each that fails is something missing.
suite() {
  : >"$scratch/did"
  for one in bats bash; do
    command -v "$one" >/dev/null || cannot "$one is missing: make setup"
  done
  rm -rf "$scratch/build"
  mkdir "$scratch/build"
  for one in "$BUILD/tools" "$place"/*; do
    [ ! -e "$one" ] || ln -s "$one" "$scratch/build/"
  done
  BUILD=$scratch/build BACKENDS=$1 FILTER=${FILTER:-$2} LIMIT=$LIMIT \
    SERVER=${SERVER:-} bash "$root/tests/run.sh" >"$scratch/suite" 2>&1 && return
  [ "${V:-0}" = 0 ] || cat "$scratch/suite"
  grep '^not ok' "$scratch/suite" >"$scratch/not-ok" ||
    cat "$scratch/suite"
  sed 's/^not ok [0-9]* [^:]*: /the scenario: /' "$scratch/not-ok" \
    >"$scratch/wrong"
  all_missing "$scratch/wrong"
  [ "$absent" -gt 0 ] || missing 'a result of the suite: it did not run'
  what_the_suite_says
}

# what_the_suite_says: why the first scenario failed, as far as it fits a screen.
what_the_suite_says() {
  awk '/^(not )?ok/ { first = /^not/ && !seen++ } first && sub(/^# ?/, "")' \
    "$scratch/suite" >"$scratch/why"
  [ -s "$scratch/why" ] || return 0
  echo '  What the suite prints about the first one (V=1 shows all of it):'
  head -n 12 "$scratch/why" | quote
}
