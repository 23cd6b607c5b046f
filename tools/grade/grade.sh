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
# shellcheck source=tools/servers.sh
. "$root/tools/servers.sh"
# shellcheck source=tools/grade/scenarios.bash
. "$here/scenarios.bash"

cannot() {
  echo "grade: $*" >&2
  exit 2
}

# --- A scenario: what it does ---------------------------------------------------

# asks HEADING TEXT: what the contract asks, under which heading.
asks() {
  heading=$1
  contract=$2
}

# often HINT: shown if the scenario fails from here on.
often() {
  hint=$1
}

# did COMMAND: something that the reader can type, too.
did() {
  printf '    $ %s\n' "$*" >>"$work/did"
}

# start [LIMITS [PORT [head]]]: starts the server and waits for its first line. With
# `head` nobody reads more of its output than that.
start() {
  local limits=${1:-} given=${2:-0} output=$work/out

  : >"$work/out"
  : >"$work/err"
  did "${limits:+($limits; }$SERVER --port 8888${limits:+)}${3:+ | head -n 1} &"
  if [ -n "${3:-}" ]; then
    output=$work/pipe
    rm -f "$output"
    mkfifo "$output" || cannot "cannot make a FIFO"
    head -n 1 <"$output" >"$work/out" &
  fi
  # shellcheck disable=SC2086 # several words
  (
    [ -z "$limits" ] || $limits
    exec sh -c "exec $SERVER --port $given"
  ) >"$output" 2>"$work/err" </dev/null &
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
    case $one in
    *[\\\ ]*) words="$words '$one'" ;;
    *) words="$words $one" ;;
    esac
  done
  did "build/tools/client 8888$words line   # client $name, which stays until Enter"
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

# next NAME: the client goes on to its next `line`.
next() {
  did "(Enter for client $1)"
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

# ok NAME: whether the client has done all so far without an error.
client_ok() {
  ! grep -q '^client: ' "$work/$1.out"
}

# --- A scenario: what it wants ----------------------------------------------------

# line TEXT: waits until the server has printed this line. A missing newline, or
# one too many, is remembered and is no failure of this scenario.
line() {
  wanted=$1
  # shellcheck disable=SC2034 # finish shows it
  found_by=line
  if limit_wait has_line "$1"; then return 0; fi
  if tr -d '\n' <"$work/out" | grep -Fq -- "$1"; then
    cosmetic="newlines: '$1' does not stand on a line of its own"
    return 0
  fi
  return 1
}

has_line() {
  grep -Fxq -- "$1" "$work/out" || ! alive
  grep -Fxq -- "$1" "$work/out"
}

# text TEXT: the same for a long text that recv may cut anywhere.
text() {
  wanted=$1
  limit_wait has_text "$1"
}

has_text() {
  tr -d '\n' <"$work/out" | grep -Fq -- "$1"
}

# lives: whether the server has survived.
lives() {
  wanted='a server that goes on'
  alive
}

# ends_with SIGNAL: sends it and waits for the end, with status 0.
ends_with() {
  local status=0

  did "kill -$1 %1; wait %1; echo \$?"
  kill "-$1" "$server"
  wanted='the end of the program'
  limit_wait ended || return 1
  wait "$server" || status=$?
  ended_status=$status
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
  : >"$work/did"
  rm -f "$work"/*.out
  hint=
  wanted=
  clients=
  server=
  cosmetic=
  ended_status=
  passed=
  if "$1"; then passed=yes; fi
  # As it is now: what the end of the clients and the server adds is not meant.
  cp "$work/out" "$work/printed"
  exit_status=
  if [ -n "$server" ] && ended; then
    exit_status=0
    wait "$server" || exit_status=$?
  fi
  end_all
  sanitizer=$(grep -Em 1 'AddressSanitizer|runtime error:' "$work/err")
  [ -z "$sanitizer" ] || passed=
}

# end_all: ends what the scenario has started, by its process id.
end_all() {
  local pid

  for pid in $clients $server; do
    end_family "$pid"
    wait "$pid" 2>/dev/null
  done
}

# visible: text with its invisible bytes shown.
visible() {
  sed -n l | sed 's/\$$//' | awk '{ sub(/\\$/, ""); print }'
}

# came: what the server printed, of which the part that matters is the end.
came() {
  tail -n 6 "$work/printed" | visible | cut -c 1-100
}

# first_difference WANTED CAME: a mark under the first byte that differs.
first_difference() {
  local i=0

  while [ "$i" -lt "${#1}" ] && [ "${1:i:1}" = "${2:i:1}" ]; do
    i=$((i + 1))
  done
  printf '%*s^\n' "$i" ''
}

# nearest: the printed line that begins most like the wanted one.
nearest() {
  awk -v wanted="$wanted" '
    {
      for (n = 0; n < length(wanted) &&
        substr($0, n + 1, 1) == substr(wanted, n + 1, 1);)
        n++
      if (n > best) { best = n; line = $0 }
    }
    END { print line }' "$work/printed"
}

# tell TITLE: what a failed scenario was about.
tell() {
  local near

  echo "  not met: $1"
  echo
  sed "s/:$port\\b/:8888/" "$work/did"
  echo
  printf '%s\n' "$contract" | fold -s -w 72 | sed 's/^/    /'
  echo "    (docs/contract.md, \"$heading\")"
  echo
  near=$(nearest)
  if [ -n "$wanted" ]; then
    echo "    wanted  $wanted"
    if [ -n "$near" ]; then
      echo "    came    $(printf '%s\n' "$near" | visible | sed 1q)"
      echo "            $(first_difference "$wanted" "$near")"
    fi
  fi
  cat "$work"/*.out | sed -n 's/^client: /    A client failed: /p'
  if [ -s "$work/printed" ]; then
    echo "    The server printed, at the end:"
    came | sed 's/^/    | /'
  else
    echo "    The server printed nothing."
  fi
  if [ -s "$work/err" ]; then
    echo "    On standard error:"
    tail -n 5 "$work/err" | visible | sed 's/^/    | /'
  fi
  [ -z "$exit_status" ] || echo "    The server ended with status $exit_status."
  [ -z "$sanitizer" ] || hint='the sanitizer names the line of the mistake'
  if [ -z "$hint" ] && [ "${exit_status:-0}" -ge 128 ]; then
    hint='a signal ended it: build it with -g -fsanitize=address and try again'
  fi
  if [ -n "$hint" ]; then
    echo
    printf 'often: %s\n' "$hint" | fold -s -w 72 | sed 's/^/    /'
  fi
  echo
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
  if [ -n "$stop" ]; then
    echo "Next: make \"$title\" true, then run make grade again."
  fi
  echo "$good of $total scenarios met${stop:+, up to stage $stop of $(stages | wc -l | tr -d ' ')}"
  [ "$good" -eq "$total" ]
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
