#!/usr/bin/env bash
# grade.sh: what is my server still missing? `make grade` runs it:
#
#     make grade SERVER='python3 mine.py'
#     make grade SERVER=./mine ALL=1            all stages, not only to the first
#     make grade SERVER=./mine REPORT=junit     also build/grade/report.xml
#
# The stages follow one another as a server grows: it listens, prints one client,
# notices that it leaves, and so on (scenarios.bash). The first stage that is not
# met is the last that is tried. What fails is shown with what was done, as
# commands that can be typed, what the contract asks, what came instead, and a
# hint where the cause is often the same.
#
# The server needs --port and the first line of docs/contract.md. From outside:
# BUILD, SERVER, ALL, REPORT (junit or json), CONCURRENT (no: the server serves
# one client at a time, and is not asked for more), LIMIT (seconds to wait for
# something; 3).
#
# The status is 0 if all is met, 1 if not, 2 if it could not be judged.
set -u

here=$(cd "$(dirname "$0")" && pwd) || exit 2
root=${here%/*/*}
BUILD=$(cd "${BUILD:-build}" && pwd) || exit 2
SERVER=${SERVER:-}
ALL=${ALL:-}
REPORT=${REPORT:-}
CONCURRENT=${CONCURRENT:-yes}
LIMIT=${LIMIT:-3}
export LC_ALL=C
# A server must not be right here and wrong where this is not set.
unset PYTHONUNBUFFERED
# shellcheck source=tools/servers.sh
. "$root/tools/servers.sh"
# shellcheck source=tools/grade/scenarios.bash
. "$here/scenarios.bash"

cannot() {
  echo "grade: $*" >&4
  exit 2
}

# --- A scenario: what it does ---------------------------------------------------

# asks HEADING TEXT: what the contract asks, under which heading.
asks() {
  heading=$1
  contract=$2
}

# often HINT: shown if the scenario fails from here on. if_ended HINT: shown in its
# place if the server has ended.
often() {
  hint=$1
}

if_ended() {
  hint_ended=$1
}

# wants TEXT: what has to come, in words. It is not looked for in the output.
wants() {
  wanted=$1
  literal=
}

# did COMMAND: something that the reader can type, too.
did() {
  printf '    $ %s\n' "$*" >>"$work/did"
}

# and_then TEXT: something that is done in between.
and_then() {
  printf '      (%s)\n' "$*" >>"$work/did"
}

# start [LIMITS [PORT [READER]]]: starts the server and waits for its first line.
# READER, a function, is where its output goes in place of a file.
start() {
  local limits=${1:-} given=${2:-0} reader=${3:-} output=$work/out

  : >"$work/out"
  : >"$work/err"
  did "${limits:+($limits; }$SERVER --port ${shown_port:-8888}${limits:+)}$(
    [ -z "$reader" ] || echo " | $(title_of "$reader")"
  ) &"
  if [ -n "$reader" ]; then
    output=$work/pipe
    rm -f "$output"
    mkfifo "$output" || cannot "cannot make a FIFO"
    "$reader" <"$output" >"$work/out" &
    clients="$clients $!"
  fi
  # shellcheck disable=SC2086 # several words
  (
    [ -z "$limits" ] || $limits
    exec sh -c "exec $SERVER --port $given"
  ) >"$output" 2>"$work/err" </dev/null 4>&- &
  server=$!
  limit_wait has_started
  has_first_line || return 1
  port=$(sed -n '1s/.*://p' "$work/out")
}

has_first_line() {
  sed 1q "$work/out" | grep -q '^Listening on: .*:[1-9][0-9]*$'
}

has_started() {
  has_first_line || ! alive
}

alive() {
  kill -0 "$server" 2>/dev/null
}

# freeze, thaw: the server and what it has started stand still. What clients do
# until thaw is there all at once then.
freeze() {
  did 'kill -STOP %1'
  # shellcheck disable=SC2046 # several ids
  kill -STOP $(family "$server")
  limit_wait stands
}

stands() {
  case $(ps -o stat= -p "$server") in
  T*) ;;
  *) return 1 ;;
  esac
}

thaw() {
  did 'kill -CONT %1'
  # shellcheck disable=SC2046
  kill -CONT $(family "$server")
}

# limit_wait COMMAND...: looks every 20 ms, until it succeeds or the time is over.
# Once a scenario of a stage has run out of time, the others wait a second.
limit_wait() {
  local end=$((SECONDS + wait_limit))

  until "$@"; do
    if [ "$SECONDS" -gt "$end" ]; then
      wait_limit=1
      return 1
    fi
    nap
  done
}

# client NAME ACTION...: a client that does its actions one after the other; at
# `line` it waits for `next NAME`. Waits until it is at its first `line` or done.
client() {
  local name=$1 one words=

  shift
  for one in "$@"; do
    words="$words $(as_typed "$one")"
  done
  did "build/tools/client 8888$words line   # client $name; each in its own terminal"
  rm -f "$work/$name.in"
  mkfifo "$work/$name.in" || cannot "cannot make a FIFO"
  : >"$work/$name.out"
  set -- "$@" line
  local actions=() action
  for action in "$@"; do
    case $action in
    line) actions+=(say:waits line) ;;
    connect) actions+=(connect name) ;;
    *) actions+=("$action") ;;
    esac
  done
  "$BUILD/tools/client" -t "$((LIMIT + 2))" "$port" "${actions[@]}" \
    <>"$work/$name.in" >"$work/$name.out" 2>&1 &
  eval "pid_$name=$!"
  clients="$clients $!"
  eval "waits_$name=1"
  limit_wait at_line "$name"
}

# as_typed ACTION: as a shell takes it, and not longer than a line.
as_typed() {
  local zeros=${1//[!0]/}

  case ${#zeros}:$1 in
  [0-9][0-9][0-9]*:*)
    # shellcheck disable=SC2016 # it is to be typed
    printf '"send:$(printf %%0%dd 0)\\n"' "${#zeros}"
    ;;
  *[\\\ ]*) printf "'%s'" "$1" ;;
  *) printf '%s' "$1" ;;
  esac
}

# next NAME: the client goes on to its next `line`.
next() {
  and_then "Enter for client $1"
  echo 1<>"$work/$1.in"
  eval "waits_$1=\$((waits_$1 + 1))"
  limit_wait at_line "$1"
}

# at_line NAME: whether it waits as often as it should, or has failed.
at_line() {
  local wanted pid

  eval "wanted=\$waits_$1 pid=\$pid_$1"
  [ "$(grep -c '^waits$' "$work/$1.out")" -ge "$wanted" ] ||
    ! kill -0 "$pid" 2>/dev/null
}

# address NAME: as the server has to write it.
address() {
  sed -n '/:[0-9]*$/p' "$work/$1.out" | sed 1q
}

# client_ok NAME: whether the client has done all up to here, without an error.
client_ok() {
  at_line "$1" && ! grep -q '^client: ' "$work/$1.out"
}

# --- A scenario: what it wants ----------------------------------------------------

# line TEXT: waits until the server has printed this line. A newline too few or too
# many is remembered, and is no failure of this scenario.
line() {
  wanted=$1
  literal=yes
  unlike=0
  limit_wait line_is_clear "$1"
  if has_line "$1"; then return 0; fi
  nearly_has_line "$1" || return 1
  cosmetic="newlines: '$1' does not stand on a line of its own"
}

has_line() {
  grep -Fxq -- "$1" "$work/out"
}

# line_is_clear TEXT: whether it is there, or will not come any more; the newline
# behind it may come a little later.
line_is_clear() {
  if has_line "$1" || ! alive; then return 0; fi
  nearly_has_line "$1" && unlike=$((unlike + 1)) && [ "$unlike" -gt 10 ]
}

# nearly_has_line TEXT: whether a line begins or ends with it.
nearly_has_line() {
  WANTED=$1 awk '
    {
      at = index($0, ENVIRON["WANTED"])
      if (at == 1 || at && at + length(ENVIRON["WANTED"]) > length($0)) found = 1
    }
    END { exit !found }' "$work/out"
}

# text TEXT: the same for a long text that recv may cut anywhere.
text() {
  wanted=$1
  literal=yes
  limit_wait text_is_clear "$1"
  has_text "$1"
}

has_text() {
  tr -d '\n' <"$work/out" | grep -Fq -- "$1"
}

text_is_clear() {
  has_text "$1" || ! alive
}

# lives: whether the server has survived.
lives() {
  wants 'a server that goes on'
  alive
}

# ends_with SIGNAL...: sends it, or several, and waits for the end. Sets
# ended_status.
ends_with() {
  local signal typed=

  for signal in "$@"; do
    kill "-$signal" "$server"
    typed="${typed}kill -$signal %1; "
  done
  did "${typed}wait %1; echo \$?"
  ends
}

# ends: waits for the end of the server, which is meant to end.
ends() {
  wants 'the end of the program'
  may_end=yes
  limit_wait ended || return 1
  ended_status=0
  wait "$server" || ended_status=$?
}

ended() {
  case $(ps -o stat= -p "$server" 2>/dev/null) in
  '' | Z*) ;;
  *) return 1 ;;
  esac
}

# --- Running and telling -----------------------------------------------------------

# attempt FUNCTION: runs one scenario; sets passed.
attempt() {
  local one

  : >"$work/did"
  rm -f "$work"/*.out
  for one in hint hint_ended wanted literal cosmetic may_end shown_port clients \
    server ended_status passed; do
    eval "$one="
  done
  # What bash says of a process that was killed helps nobody.
  if "$1" 2>/dev/null; then passed=yes; fi
  # As it is now: what the end of the clients and the server adds is not meant.
  cp "$work/out" "$work/printed"
  exit_status=$ended_status
  if [ -z "$exit_status" ] && [ -n "$server" ] && ended; then
    exit_status=0
    wait "$server" 2>/dev/null || exit_status=$?
  fi
  last_status=0
  end_all 2>/dev/null
  is_sound || passed=
}

# is_sound: whether nothing has gone wrong that shows only at the end.
is_sound() {
  sanitizer=$(grep -Em 1 'Sanitizer|runtime error:' "$work/err")
  case $last_status in
  132 | 134 | 135 | 136 | 139) exit_status=$last_status ;;
  *) [ -z "$sanitizer" ] ;;
  esac
}

# end_all: ends what the scenario has started, by its process id. Sets last_status
# to that of a server that has not been waited for yet.
end_all() {
  local pid

  for pid in $clients $server; do
    end_family "$pid"
    last_status=0
    wait "$pid" || last_status=$?
  done
}

# visible: text with its invisible bytes shown.
visible() {
  od -An -v -tx1 | awk -f "$here/visible.awk"
}

# nearest: the printed line that begins most like the wanted one; of the first line,
# that line.
nearest() {
  awk -v length_of_wanted="${#wanted}" '
    NR == 1 && ENVIRON["WANTED"] ~ /^Listening/ { line = $0; exit }
    {
      for (n = 0; n < length_of_wanted &&
        substr($0, n + 1, 1) == substr(ENVIRON["WANTED"], n + 1, 1);)
        n++
      if (n > best) { best = n; line = $0 }
    }
    END { if (line != "") print line }' "$work/printed"
}

# paragraph TEXT: in lines that a narrow terminal shows whole.
paragraph() {
  printf '%s\n' "$1" | fold -s -w 72 | sed 's/ *$//; s/^/    /'
}

# quote: lines of the server, marked as such.
quote() {
  visible | sed 's/^/    | /'
}

# tell TITLE: what a failed scenario was about.
tell() {
  echo "  not met: $1"
  echo
  sed "s/:$port\\b/:8888/" "$work/did"
  echo
  paragraph "$contract"
  echo "    (docs/contract.md, \"$heading\")"
  echo
  tell_what_came
  tell_of_server
  choose_hint
  if [ -n "$hint" ]; then
    echo
    paragraph "often: $hint"
  fi
  echo
}

tell_what_came() {
  [ -z "$wanted" ] ||
    echo "    wanted  $(printf '%s\n' "$wanted" | visible)"
  if [ -n "$literal" ]; then
    export WANTED=$wanted
    nearest | visible | sed '1s/^/    came    /; 2s/^/            /'
    unset WANTED
  fi
  cat "$work"/*.out 2>/dev/null | sed -n 's/^client: /    A client failed: /p'
}

tell_of_server() {
  if [ -s "$work/printed" ]; then
    echo "    The server printed, at the end:"
    tail -n 6 "$work/printed" | quote
  else
    echo "    The server printed nothing."
  fi
  if [ -n "$sanitizer" ]; then
    echo "    On standard error:"
    grep -EA 6 'Sanitizer|runtime error:' "$work/err" | sed 6q | quote
  elif [ -s "$work/err" ]; then
    echo "    On standard error:"
    tail -n 5 "$work/err" | quote
  fi
  [ -z "$exit_status" ] || echo "    The server ended with status $exit_status."
}

# choose_hint: what the end of the program tells is better than what the scenario
# has to say.
choose_hint() {
  case ${exit_status:-0},$sanitizer in
  *,?*) hint='the sanitizer names the line of the mistake' ;;
  132,* | 134,* | 135,* | 136,* | 139,*)
    hint='a mistake with memory: build it with -g -fsanitize=address, and it names the line'
    ;;
  [1-9]* | 0,)
    if [ -n "$exit_status" ] && [ -z "$may_end" ]; then
      hint=${hint_ended:-the program has come to its end, or has failed: see what it says on standard error}
    fi
    ;;
  esac
}

# record STAGE TITLE RESULT SECONDS: one line for the reports.
record() {
  printf '%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4" >>"$work/results"
}

# grade: goes through the stages.
grade() {
  local number=0 name function title since met total=0 good=0 stop=

  : >"$work/results"
  while read -r name; do
    number=$((number + 1))
    [ -z "$stop" ] || break
    met=yes
    wait_limit=$LIMIT
    echo "Stage $number: $(title_of_stage "$name")"
    for function in $(scenarios_of "$name"); do
      title=$(title_of "$function")
      case $function in
      *_both) [ "$CONCURRENT" != no ] || continue ;;
      esac
      since=$SECONDS
      total=$((total + 1))
      attempt "$function"
      if [ -n "$passed" ]; then
        good=$((good + 1))
        echo "  met: $title"
        record "$name" "$title" met $((SECONDS - since))
        note_cosmetic
      else
        met=
        record "$name" "$title" 'not met' $((SECONDS - since))
        tell "$title"
        [ -n "$ALL" ] || break
      fi
    done
    if [ -z "$met" ] && [ -z "$ALL" ]; then stop=$number; fi
  done < <(stages)
  report
  [ "$good" -lt 2 ] || advise_sanitizer
  if [ -n "$stop" ]; then
    echo "Next: make \"$title\" true, then run make grade again."
  fi
  echo "$good of $total scenarios met${stop:+, up to stage $stop of $(stages | wc -l | tr -d ' ')}"
  [ "$good" -eq "$total" ]
}

# advise_sanitizer: a C program can do what is wrong and look right.
advise_sanitizer() {
  local program=${SERVER%% *}

  case $program:$(head -c 4 "$program" 2>/dev/null | visible) in
  */*:'<7f>ELF' | */*:'<cf><fa><ed><fe>') ;;
  *) return 0 ;;
  esac
  grep -q __asan_ "$program" ||
    echo 'note: build it with -g -fsanitize=address as well: many mistakes show only then'
}

# note_cosmetic: something small, said once.
note_cosmetic() {
  if [ -n "$cosmetic" ] && [ -z "${said_cosmetic:-}" ]; then
    echo "  note: $cosmetic"
    said_cosmetic=yes
  fi
}

# report: the file that REPORT asks for.
report() {
  [ -n "$REPORT" ] || return 0
  mkdir -p "$BUILD/grade"
  case $REPORT in
  junit) awk -f "$here/junit.awk" "$work/results" >"$BUILD/grade/report.xml" ;;
  json) awk -f "$here/json.awk" "$work/results" >"$BUILD/grade/report.json" ;;
  esac
}

main() {
  exec 4>&2
  [ -n "$SERVER" ] ||
    cannot "which server? for example: make grade SERVER='python3 mine.py'"
  case $REPORT in
  '' | junit | json) ;;
  *) cannot "REPORT is junit or json, not '$REPORT'" ;;
  esac
  [ -x "$BUILD/tools/client" ] || cannot "$BUILD/tools/client is missing: make"
  work=$(mktemp -d "${TMPDIR:-/tmp}/grade.XXXXXX") || exit 2
  trap 'trap "" INT TERM HUP; end_all 2>/dev/null; rm -rf "$work"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  clients=
  server=
  port=
  grade
}

main
