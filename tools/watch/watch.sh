#!/bin/sh
# watch.sh: a server for everybody in the room, and a chart of who waits.
# `make watch` runs it when all is built:
#
#     make watch                              blocking, then poll
#     make watch BACKENDS="blocking threads epoll" PORT=9000
#     make watch SERVER='python3 mine.py'     one of your own as well, "yours"
#     make watch ADDRESS=127.0.0.1            for this machine alone
#
# Each server is started in turn on the same port, which everybody on the network
# can reach: `n` goes on to the next one. watch.c does all of it; this chooses the
# servers. SERVER has to take --port, and --address where ADDRESS is given.
#
# From outside: BUILD, BACKENDS, SERVER, PORT (8888), ADDRESS (all of them).
set -u

here=$(cd "$(dirname "$0")" && pwd) || exit 1
BUILD=${BUILD:-build}
# shellcheck source=tools/servers.sh
. "$here/../servers.sh"
SERVER=${SERVER:-}
BACKENDS=${BACKENDS:-}
[ -n "$BACKENDS$SERVER" ] || BACKENDS='blocking poll'
PORT=${PORT:-8888}
ADDRESS=${ADDRESS:-}

# Wrong usage.
refuse() {
  printf 'watch: %s\n' "$*" >&2
  exit 2
}

case $PORT in
*[!0-9]* | ??????*) PORT=65536 ;;
esac
[ "$PORT" -le 65535 ] || refuse 'PORT must be a number from 0 to 65535'
case $ADDRESS in
*[!A-Za-z0-9.:%_-]*) refuse 'ADDRESS must be an address or a name' ;;
esac
check_backends watch || exit 2

# The arguments of watch.c: a label and a command for each server.
set --
for name in $BACKENDS; do
  if ! runs_here "$name"; then
    [ -x "$BUILD/${name%%/*}" ] ||
      printf 'watch: %s: left out, it is not built here\n' "$name" >&2
    continue
  fi
  label=$name
  case $name in
  */*) command="--selector ${name#*/}" ;;
  *) command= ;;
  esac
  # "kqueue (on epoll)" where it is not the system's own.
  said=$(limit 10 "$BUILD/${name%%/*}" --version) || exit 1
  case $said in
  "$name ("*) label=${said%%" (ways-to-wait)"*} ;;
  esac
  set -- "$@" "$label" "'$BUILD/${name%%/*}' $command --label"
done
[ -z "$SERVER" ] || set -- "$@" yours "$SERVER"
[ $# -gt 0 ] || refuse "there are no servers in $BUILD"
mkdir -p "$BUILD/watch" || exit 1
exec "$BUILD/tools/watch" ${ADDRESS:+-a "$ADDRESS"} "$PORT" "$BUILD/watch" "$@"
