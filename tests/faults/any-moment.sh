#!/usr/bin/env bash
# any-moment.sh ROUNDS SEED CLIENT COMMAND...
#
# Starts the server COMMAND again and again, lets CLIENT
# (tools/clients/client.c) connect and disconnect, and stops the server at a
# random moment: in one round by SIGTERM for the server alone, in the next by
# SIGINT for its whole process group, as Ctrl+C does. A signal that is lost
# between a test of the server's flag and its wait leaves it running: then this
# test fails. It also fails if the server or a child of it does not end, if the
# server does not end with status 0 and "Stopped.", or if a client was
# announced and not closed. The same SEED gives the same moments, as far as the
# machine does.
#
# It is a separate program because bats inspects every command that a test
# runs, which makes short moments impossible.
set -u

rounds=$1
RANDOM=$2
client=$3
shift 3
directory=$(mktemp -d "${TMPDIR:-/tmp}/moment.XXXXXX") || exit 1
server=
trap 'rm -rf "$directory"' EXIT

fail() {
  echo "round $round: $*"
  [ -z "$server" ] || kill -KILL -- "-$server" 2>/dev/null
  exit 1
}

# come_and_go PORT: two clients at once and then a third.
come_and_go() {
  exec "$client" -t 5 -a 127.0.0.1 "$1" connect:2 use:1 send:a use:2 send:b \
    each:half-close connect send:c 8<&-
}

mkfifo "$directory/pipe" || exit 1
for ((round = 1; round <= rounds; round++)); do
  # Both ends are opened here: see listen_to in matrix.sh.
  exec 7<>"$directory/pipe"
  exec 8<"$directory/pipe"
  set -m # a process group of its own
  "$@" >&7 7>&- 8<&- &
  server=$!
  set +m
  exec 7>&-
  IFS= read -r -t 10 -u 8 line || fail "it does not listen"
  come_and_go "${line##*:}" >/dev/null 2>&1 &
  visitor=$!
  for ((i = RANDOM % 2000; i > 0; i--)); do :; done
  case $round in
  *[13579]) signal=TERM to=$server ;;
  *) signal=INT to=-$server ;;
  esac
  kill -"$signal" -- "$to"
  # The pipe ends when the server does, and all of its children.
  end=$((SECONDS + 10))
  inside=0
  while IFS= read -r -t 10 -u 8 line; do
    last=$line
    case $line in
    'Connection from: '*) inside=$((inside + 1)) ;;
    'Connection closed: '* | 'Connection reset: '*) inside=$((inside - 1)) ;;
    esac
  done
  [ "$SECONDS" -le "$end" ] || fail "SIG$signal was lost"
  exec 8<&-
  wait "$server"
  status=$?
  server=
  wait "$visitor"
  [ "$status $last" = '0 Stopped.' ] ||
    fail "it ended with status $status and '$last'"
  [ "$inside" -eq 0 ] || fail "it ended with $inside clients inside"
done
