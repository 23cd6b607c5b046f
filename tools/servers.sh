# shellcheck shell=sh
# servers.sh: which servers there are, and how to run a program that might not
# end. To be read with ".", not run.
#
# It needs BUILD, the directory of the programs.
#
# See sh(1), ps(1), and proc(5) for /proc/PID/stat.

programs='blocking-nested blocking busy processes threads select poll signals
epoll kqueue uring coroutine'

# All names that BACKENDS may have: also coroutine with one of its selectors.
server_names="$programs coroutine/select coroutine/poll coroutine/epoll
coroutine/kqueue"

# Sleeps briefly, also if sleep accepts only whole seconds.
nap() {
  sleep 0.02 2>/dev/null || sleep 1
}

# family PID: the process and all processes that it has started, one id per
# line.
family() {
  if [ -r /proc/self/stat ]; then
    cat /proc/[0-9]*/stat 2>/dev/null | sed 's/ (.*) [A-Za-z] / /'
  else
    ps -A -o pid= -o ppid=
  fi | awk -v root="$1" '
    { parent[$1] = $2 }
    END {
      for (pid in parent) {
        for (at = pid; at != root && at in parent; at = parent[at])
          continue
        if (at == root)
          print pid
      }
    }'
}

# living PID...: prints those that have not ended. One that nobody has waited for
# yet (a zombie) has.
living() {
  for pid in "$@"; do
    kill -0 "$pid" 2>/dev/null || continue
    stat=
    { read -r stat </proc/"$pid"/stat; } 2>/dev/null
    case $stat in
    *') Z '*) ;;
    *) echo "$pid" ;;
    esac
  done
}

# end_family PID: ends a process and all processes that it has started. Those
# that are still there two seconds after SIGTERM are killed.
# shellcheck disable=SC2046,SC2086 # lists
end_family() {
  relatives=$(family "$1")
  looks=100
  kill $relatives 2>/dev/null
  while [ "$looks" -gt 0 ] && [ -n "$(living $relatives)" ]; do
    looks=$((looks - 1))
    nap
  done
  for pid in $(living $relatives); do
    kill -KILL $(family "$pid") 2>/dev/null
  done
}

# limit SECONDS COMMAND [ARGUMENT...]: runs a program, with nothing to read,
# and returns its status. If it has not ended by then, it is killed, a message
# says so on standard error, and the status is 124. (Not every system has
# timeout(1).)
#
# A subshell, so that the program is also killed if this script is.
limit() (
  seconds=$1
  shift
  trap 'kill -KILL $! 2>/dev/null; exit 143' HUP INT TERM
  exec "$@" </dev/null &
  looks=$((seconds * 50))
  while kill -0 $! 2>/dev/null; do
    if [ "$looks" -eq 0 ]; then
      echo "${0##*/}: '$*' did not end in $seconds s" >&2
      end_family "$!"
      exit 124
    fi
    looks=$((looks - 1))
    nap
  done
  wait $!
)

# runs_here PROGRAM: whether it is built, and can wait here. If the kernel or a
# container forbids io_uring, uring says so at the start; the script then names
# it and leaves it out.
runs_here() {
  [ -x "$BUILD/${1%%/*}" ] || return
  [ "$1" = uring ] || return 0
  # It tries io_uring first, and cannot write events to a directory.
  case $(limit 10 "$BUILD/uring" --port 0 --events / 2>&1) in
  *io_uring*) echo 'uring: left out, io_uring is forbidden or too old' >&2 ;;
  *) return 0 ;;
  esac
  return 1
}

# The ways of waiting that the coroutine server has here, from its --help.
# Fails if they are not there.
selectors() {
  selectors=$(limit 10 "$BUILD/coroutine" --help) || return
  selectors=$(printf '%s\n' "$selectors" |
    sed -n 's/.*how to wait: \(.*\);.*/\1/p' | tr -d ',')
  if [ -z "$selectors" ]; then
    echo "${0##*/}: $BUILD/coroutine --help does not say how it can wait" >&2
    return 1
  fi
  echo "$selectors"
}

# check_backends SPEAKER [NAME...]: fails, with a message that starts with
# SPEAKER, if BACKENDS contains a name that is neither a server nor one of
# these NAMEs.
check_backends() {
  speaker=$1
  shift
  # shellcheck disable=SC2116,SC2086 # in one line
  valid=$(echo $server_names "$@")
  for name in ${BACKENDS:-}; do
    case " $valid " in
    *" $name "*) ;;
    *)
      echo "$speaker: there is no server '$name'; there are: $valid" >&2
      return 1
      ;;
    esac
  done
}

# host_of LINE: the address for clients of the server that has printed this
# line, "Listening on: ADDRESS:PORT".
host_of() {
  host=${1#*: }
  host=${host%:*}
  case $host in
  '[::]') host=::1 ;;
  0.0.0.0 | '') host=127.0.0.1 ;;
  '['*) host=${host#?} host=${host%?} ;;
  esac
  echo "$host"
}

# The servers of BACKENDS, or all, as far as they run here: one name per line,
# those of coroutine/ as coroutine/poll. Fails if selectors does.
servers() {
  for program in ${BACKENDS:-$programs}; do
    runs_here "$program" || continue
    if [ "$program" = coroutine ]; then
      selectors=$(selectors) || return
      for selector in $selectors; do
        echo "coroutine/$selector"
      done
    else
      echo "$program"
    fi
  done
}
