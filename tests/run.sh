#!/usr/bin/env bash
# run.sh: runs every scenario against every server, and counts.
#
#     make test
#     make test BACKENDS="poll epoll" FILTER="reset"
#     make test SERVER='python3 my_server.py' CONCURRENT=no
#
# Each tests/*.bats runs once per server, two of these runs at a time; so do the
# other tests that report in the Test Anything Protocol, as bats does. The last
# line is "N passed, N failed, N skipped"; the status is 0 only when something
# ran and nothing failed.
#
# From outside: BUILD (where the programs are), BACKENDS, FILTER (a regular
# expression for the names of the scenarios), SERVER and CONCURRENT, NC (a
# netcat), LIMIT (seconds that a test waits for something), RUN_LIMIT (seconds
# that a run may take, 60 times as many), UNDER (a command to run each server
# under), JOBS (runs at a time).
#
# The tests look for English words of diff, dd and others, and for a decimal
# point, so all of it runs in the locale C.
#
# See bats(1).
set -u

here=$(cd "$(dirname "$0")" && pwd) || exit 1
BUILD=$(cd "${BUILD:-build}" 2>/dev/null && pwd) || BUILD=${BUILD:-build}
BACKENDS=${BACKENDS:-}
FILTER=${FILTER:-}
SERVER=${SERVER:-}
CONCURRENT=${CONCURRENT:-yes}
JOBS=${JOBS:-2}
LIMIT=${LIMIT:-10}
RUN_LIMIT=${RUN_LIMIT:-$((LIMIT * 60))}
export LC_ALL=C
# shellcheck source=tools/servers.sh
. "$here/../tools/servers.sh"

die() {
  echo "tests: $*" >&2
  exit 1
}

# Names a netcat: NC if it is given, otherwise the first one found.
find_netcat() {
  local one

  for one in "${NC:-nc}" ncat netcat nc.openbsd nc.traditional; do
    if command -v "${one%% *}" >/dev/null 2>&1; then
      echo "$one"
      return
    fi
    [ -z "${NC:-}" ] || return 1
  done
  return 1
}

# Fails if bats is older than 1.4, the first version with the directory
# BATS_TEST_TMPDIR, which the scenarios need.
check_bats() {
  local version

  version=$(limit 10 bats --version) || exit 1
  case ${version#Bats } in
  0.* | 1.[0-3] | 1.[0-3].*)
    die "this is bats ${version#Bats }, but 1.4 or newer is needed;" \
      "make setup says how to get it"
    ;;
  esac
}

# Fails if FILTER is not a regular expression, because bats prints nothing
# then, or if no scenario has such a name.
check_filter() {
  local status=0

  [[ '' =~ $FILTER ]] || status=$?
  [ "$status" -ne 2 ] || die "FILTER is not a regular expression: '$FILTER'"
  [ "$(scenarios "$here"/*.bats)" -gt 0 ] ||
    die "no scenario matches FILTER='$FILTER'"
}

# scenarios FILE...: how many scenarios of these files match FILTER.
scenarios() {
  limit 60 bats --count ${FILTER:+--filter "$FILTER"} "$@" || echo 0
}

check_tools() {
  local missing=

  command -v bats >/dev/null 2>&1 || missing=bats
  NC=$(find_netcat) || missing="${missing:+$missing, }netcat"
  [ -z "$missing" ] || die "missing: $missing; make setup installs it"
  [ -x "$BUILD/tools/client" ] || die "$BUILD/tools/client is missing: make"
  check_bats
  [ -z "$FILTER" ] || check_filter
}

# Every server by name, one per line; those of coroutine/ as coroutine/poll.
all_servers() {
  local program selector list

  for program in $programs; do
    if [ "$program" = coroutine ] && [ -x "$BUILD/coroutine" ]; then
      list=$(selectors) || exit 1
      for selector in $list; do echo "coroutine/$selector"; done
    else
      echo "$program"
    fi
  done
}

# The servers that BACKENDS asks for, all if it is empty.
chosen_servers() {
  local wanted there found all

  all=$(all_servers) || exit 1
  for wanted in ${BACKENDS:-$all}; do
    found=
    for there in $all; do
      case $there in
      "$wanted" | "$wanted"/*) echo "$there" && found=yes ;;
      esac
    done
    [ -n "$found" ] ||
      die "there is no server '$wanted'; there are: $(echo "$all" | xargs)"
  done
}

# absent_servers: those of $servers that are not built or cannot wait here.
absent_servers() {
  local server

  for server in $servers; do
    case "$server ${UNDER:-}" in
    SERVER\ *) ;;
    # Under valgrind 3.19 no signal arrives while io_uring_enter waits.
    uring\ *valgrind*) echo "$server" ;;
    *) runs_here "$server" 2>/dev/null || echo "$server" ;;
    esac
  done
}

# Lists the runs to make, "SERVER WHAT" one per line: all servers with one file,
# then all with the next, so that two runs at a time are runs of two servers.
list_runs() {
  local server what

  for what in broken exercises grade docs replay tools "$here"/*.bats kevent tasks pause \
    matrix fuzz; do
    has_scenarios "$what" || continue
    for server in $servers; do
      case " $absent " in *" $server "*) continue ;; esac
      concerns "$what" "$server" && echo "$server $what"
    done
  done
}

# has_scenarios WHAT: fails if no scenario of the file matches FILTER, since
# bats 1.14 calls it an error to run such a file.
has_scenarios() {
  case $FILTER,$1 in
  ,*) ;;
  *.bats) [ "$(scenarios "$1")" -gt 0 ] ;;
  esac
}

# concerns WHAT SERVER: whether there is such a run of this server. Tests that
# report in TAP themselves know only our servers and no FILTER; some of them
# run only once. A file with the name of a server is only about that server.
concerns() {
  local name=${1##*/}

  case $name in
  busy.bats | processes.bats | threads.bats | signals.bats | uring.bats)
    [ "$name" = "$2.bats" ] || return
    ;;
  esac
  case $1 in
  *.bats) return ;;
  esac
  [ -z "$FILTER$SERVER" ] || return
  case $1,$2 in
  kevent,kqueue) [ -x "$BUILD/tests/kqueue-test" ] ;;
  tasks,"$first_coroutine") [ -x "$BUILD/tests/coroutine-test" ] ;;
  pause,"${servers%% *}") [ -x "$BUILD/tests/pause-test" ] ;;
  matrix,*) [ -f "$here/faults/matrix.sh" ] ;;
  fuzz,"${servers%% *}") [ -x "$BUILD/tests/fuzz-server" ] ;;
  broken,"${servers%% *}" | exercises,"${servers%% *}" | \
    grade,"${servers%% *}" | docs,"${servers%% *}" | replay,"${servers%% *}" | tools,"${servers%% *}")
    [ -z "$BACKENDS" ]
    ;;
  *) false ;;
  esac
}

# one_run SERVER WHAT OUTPUT: makes one run, and ends it if it takes too long.
one_run() {
  local end=$((SECONDS + RUN_LIMIT)) run

  make_run "$1" "$2" >"$3" 2>&1 </dev/null &
  run=$!
  while kill -0 "$run" 2>/dev/null; do
    if [ "$SECONDS" -gt "$end" ]; then
      end_family "$run"
      wait "$run" 2>/dev/null
      printf '\nended with status none\n'
      return
    fi
    sleep 0.05
  done >>"$3"
  wait "$run"
  echo "ended with status $?" >>"$3"
}

# make_run SERVER WHAT
make_run() {
  local prefix=$1

  # A server of your own is named by its command line.
  [ "$1" != SERVER ] || prefix=$SERVER
  case $2 in
  kevent) "$BUILD/tests/kqueue-test" ;;
  tasks) "$BUILD/tests/coroutine-test" ;;
  pause) "$BUILD/tests/pause-test" ;;
  matrix) BACKENDS=$1 JOBS=1 bash "$here/faults/matrix.sh" core ;;
  fuzz) BACKENDS=$BACKENDS bash "$here/fuzz/fuzz.sh" ;;
  broken) bash "$here/broken/run.sh" core ;;
  exercises) bash "$here/../docs/exercises/test.sh" core ;;
  grade) JOBS=1 bash "$here/grade/run.sh" core ;;
  docs) bash "$here/docs/run.sh" ;;
  replay) bats --tap "$here/replay/replay.bats" ;;
  tools) bats --tap "$here"/tools/*.bats ;;
  *)
    BACKEND=$1 BATS_TEST_NAME_PREFIX="$prefix: " \
      bats --tap ${FILTER:+--filter "$FILTER"} "$2"
    ;;
  esac
}

# worker: makes every run that no other worker has started, and prints its name
# when it is done.
worker() {
  local number=0 server what

  while read -r server what; do
    number=$((number + 1))
    mkdir "$work/$number" 2>/dev/null || continue
    one_run "$server" "$what" "$work/$number/tap"
    echo "$number $server $what"
  done <"$work/runs"
}

workers() {
  local number=0

  while [ "$number" -lt "$JOBS" ]; do
    worker &
    number=$((number + 1))
  done
  wait
}

# count_tap FILE: prints "passed failed skipped broken" of a report. The report
# is broken if the plan that it announces, or its exit status, does not agree
# with its tests.
count_tap() {
  awk '
    /^1\.\.0.*# *[Ss][Kk][Ii][Pp]/ { plans++; planned++; skipped++; next }
    /^1\.\.[0-9]+/ { plans++; planned += substr($1, 4) }
    /^ok .*# *[Ss][Kk][Ii][Pp]/ { skipped++; next }
    /^ok / { passed++ }
    /^not ok / { failed++ }
    /^ended with status / { status = $4 == "none" ? 1 : $4 }
    END {
      ran = passed + failed + skipped
      broken = plans != 1 || planned != ran || (failed > 0) != (status != 0)
      print passed + 0, failed + 0, skipped + 0, broken + 0
    }' "$1"
}

# failures FILE: each failed test with all that it printed.
failures() {
  awk '/^not ok / { show = 1 } /^ok / || /^ended with / { show = 0 } show' "$1"
}

# add TITLE WHAT TAP: counts one report and prints its line and its failures.
add() {
  local p f s broken

  read -r p f s broken <<<"$(count_tap "$3")"
  if grep -q '^ended with status none' "$3"; then
    f=$((f + 1))
    printf '%s: %s did not end in %d s:\n' "$1" "$2" "$RUN_LIMIT"
    sed '/^ended with/d' "$3"
  elif [ "$broken" -ne 0 ] && [ "$f" -eq 0 ]; then
    f=1
    printf '%s: %s did not run to its end:\n' "$1" "$2"
    cat "$3"
  fi
  passed=$((passed + p))
  failed=$((failed + f))
  skipped=$((skipped + s))
  [ $((p + f + s)) -gt 0 ] || return 0
  printf '%-18s %-10s %3d passed' "$1" "$2" "$p"
  [ "$f" -eq 0 ] || printf ', %d FAILED' "$f"
  [ "$s" -eq 0 ] || printf ', %d skipped' "$s"
  echo
  failures "$3"
}

# Counts as skipped what a server that does not run here would have run.
skip_absent() {
  local server file count why

  for server in $absent; do
    count=0
    for file in "$here"/*.bats; do
      ! concerns "$file" "$server" || count=$((count + $(scenarios "$file")))
    done
    why='not built here'
    [ ! -x "$BUILD/${server%%/*}" ] || why='cannot wait here'
    printf '%-18s %s: %d skipped\n' "$server" "$why" "$count"
    skipped=$((skipped + count))
  done
}

# report: reads the names of the runs as they are done, prints and counts them.
report() {
  local number server what passed=0 failed=0 skipped=0 done=0 wanted

  wanted=$(awk 'END { print NR }' "$work/runs")
  while read -r number server what; do
    done=$((done + 1))
    [ "$server" != SERVER ] || server='your server'
    what=${what##*/}
    case $what in
    broken | exercises | grade | docs | replay | tools | fuzz) server=all ;;
    esac
    add "$server" "${what%.bats}" "$work/$number/tap"
  done
  skip_absent
  if [ "$done" -ne "$wanted" ]; then
    echo "interrupted: $done of $wanted runs were made"
    failed=$((failed + 1))
  elif [ $((passed + failed)) -eq 0 ]; then
    echo "nothing ran"
    done=0
  fi
  echo "$passed passed, $failed failed, $skipped skipped"
  [ "$failed" -eq 0 ] && [ "$done" -gt 0 ]
}

# listens PID FILE: whether the first line is there, or the process has ended.
listens() {
  has_listened "$2" || ! kill -0 "$1" 2>/dev/null
}

has_listened() {
  sed 1q "$1" | grep -q 'Listening on: .*:[1-9][0-9]*$'
}

# try_server: starts a server of your own once. If it does not start, the
# reason is printed once and not by each scenario.
try_server() {
  local end=$((SECONDS + LIMIT)) words

  sh -c "exec $SERVER --port 0" </dev/null >"$work/first" 2>"$work/words" &
  tried=$!
  until listens "$tried" "$work/first" || [ "$SECONDS" -gt "$end" ]; do
    sleep 0.02
  done
  end_family "$tried"
  wait "$tried" 2>/dev/null
  tried=
  has_listened "$work/first" && return
  words=$(sed '/^$/d' "$work/words" | tail -n 1)
  die "'$SERVER --port 0' does not print 'Listening on: ADDRESS:PORT'" \
    "as its first line${words:+; it says: $words}"
}

# In one function, so that bash has read all of it before it begins.
main() {
  check_tools
  # nohup has SIGHUP ignored, and the servers would inherit that.
  [ -z "$(trap -p HUP)" ] || [ ! -x "$BUILD/tests/inherit" ] ||
    exec "$BUILD/tests/inherit" default bash "$here/run.sh"
  servers=SERVER
  [ -n "$SERVER" ] || servers=$(chosen_servers) || exit 1
  servers=$(echo "$servers" | xargs)
  absent=$(absent_servers | xargs)
  first_coroutine=$(echo "$servers" | tr ' ' '\n' | sed -n '/^coroutine/{p;q;}')
  work=$(mktemp -d "${TMPDIR:-/tmp}/suite.XXXXXX") || exit 1
  tried=
  suite=
  trap 'trap "" INT TERM HUP; end_all; rm -rf "$work"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  [ -z "$SERVER" ] || try_server
  list_runs >"$work/runs"
  export BUILD SERVER CONCURRENT NC
  # shellcheck disable=SC2016 # it is the other bash that expands this
  NC_FLAGS=$(limit 10 bash -c '. "$1" && echo "$NC_FLAGS"' bash \
    "$here/helpers.bash") || exit 1
  # If a run is killed, what it has left behind is removed with the rest.
  mkdir "$work/tmp"
  export NC_FLAGS TMPDIR=$work/tmp
  # In the background, since bash runs a trap only after a pipe has ended.
  { workers | report; } &
  suite=$!
  wait "$suite"
  set -- $?
  suite=
  return "$1"
}

# Ends what was started, if it has not ended.
# shellcheck disable=SC2317 # the trap above calls it
end_all() {
  [ -z "$suite$tried" ] || end_family "${suite:-$tried}"
}

main
exit
