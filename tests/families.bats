#!/usr/bin/env bats
# families.bats: the addresses where a server listens, and the names of its
# clients: IPv6 and IPv4 on one socket, one of them alone, or the address of a
# name.
# shellcheck disable=SC2030,SC2031,SC2034,SC2153 # the variables of helpers

load helpers

# served_over ADDRESS NAME: a client that connects to ADDRESS is served, and its
# address starts with NAME.
served_over() {
  local name

  HOST=$1
  name=$(client connect name send:over-"$1" half-close wait-eof)
  case $name in
  "$2":[0-9]*) ;;
  *) fail "the client's name is $name" ;;
  esac
  wait_for "over-$1"
  has_line "Connection from: $name" "$LOG"
  wait_for "Connection closed: $name"
}

# has_ipv6: skips if there is no ::1.
has_ipv6() {
  "$BUILD/tools/client" -a ::1 1 connect 2>"$BATS_TEST_TMPDIR/words" || true
  has refused "$BATS_TEST_TMPDIR/words" || skip "this host has no IPv6"
}

@test "both families are served on one socket" {
  has_ipv6
  LOOPBACK='' start_server
  case $(head -n 1 "$LOG") in
  'Listening on: [::]:'*) ;;
  *) skip "this host has no IPv6" ;;
  esac
  if has 'serving only IPv6' "$ERR"; then
    skip "here one socket cannot serve both"
  fi
  served_over ::1 '[::1]'
  served_over 127.0.0.1 127.0.0.1
}

@test "--address 127.0.0.1 is IPv4" {
  only_ours
  start_server --address 127.0.0.1
  same "Listening on: 127.0.0.1:$PORT" "$(cat "$LOG")"
  served_over 127.0.0.1 127.0.0.1
}

@test "--address 0.0.0.0 is every address, of IPv4 alone" {
  only_ours
  start_server --address 0.0.0.0
  same "Listening on: 0.0.0.0:$PORT" "$(cat "$LOG")"
  served_over 127.0.0.1 127.0.0.1
}

@test "--address ::1 is IPv6, in brackets" {
  only_ours
  has_ipv6
  start_server --address ::1
  same "Listening on: [::1]:$PORT" "$(cat "$LOG")"
  served_over ::1 '[::1]'
}

# reset_early ADDRESS: a client is reset before the server looks at it.
reset_early() {
  local name

  only_ours
  [ "$(uname)" = Linux ] || skip "here such a client is not accepted"
  start_server --address "$1"
  freeze
  name=$(client connect name reset)
  thaw
  wait_for "Connection from: $name"
}

@test "a client that is reset before it is served has its address, of IPv4" {
  reset_early 127.0.0.1
}

@test "a client that is reset before it is served has its address, of IPv6" {
  has_ipv6
  reset_early ::1
}

@test "--address takes a name" {
  only_ours
  start_server --address localhost
  case $(cat "$LOG") in
  "Listening on: [::1]:$PORT") served_over ::1 '[::1]' ;;
  *) served_over 127.0.0.1 127.0.0.1 ;;
  esac
}

@test "a host without IPv6 is served over IPv4, unless it was asked for" {
  local error

  only_ours
  # OpenBSD without IPv6, and a FreeBSD jail, fail with the second error.
  for error in EAFNOSUPPORT EPROTONOSUPPORT; do
    inject socket "error=$error:when=1"
    LOOPBACK='' start_server
    same "Listening on: 0.0.0.0:$PORT" "$(cat "$LOG")"
    served_over 127.0.0.1 127.0.0.1
  done
  run_server --address :: --port 0
  same 1 "$STATUS"
  has "cannot listen on [::]:0: " "$ERR"
}

@test "where one socket cannot serve both, it serves IPv6 and says so" {
  only_ours
  has_ipv6
  # The first option of the socket is IPV6_V6ONLY; OpenBSD's kernel refuses it.
  inject setsockopt error=ENOPROTOOPT:when=1
  LOOPBACK='' start_server
  has_line "Listening on: [::]:$PORT" "$LOG" || skip "this host has no IPv6"
  same 1 "$(lines "$ERR")"
  has "$(server_name): serving only IPv6; for IPv4 use --address 0.0.0.0: " "$ERR"
  served_over ::1 '[::1]'
}

@test "an option of the listener that cannot be set is a set-up error" {
  local option

  only_ours
  for ((option = 1; option <= 12; option++)); do
    inject setsockopt "error=ENOPROTOOPT:when=$option"
    new_log
    launch "$LOG" "$ERR" --address 127.0.0.1 --port 0
    PIDS="$PIDS $PID"
    wait_until listens_or_has_ended
    if ! ended "$PID"; then
      stop_server
      break # there is no such option
    fi
    wait_end
    same 1 "$STATUS"
    same 1 "$(lines "$ERR" "$(server_name): cannot ")"
  done
  [ "$option" -gt 4 ] || fail "only $((option - 1)) options are set"
  [ "$option" -le 12 ] || fail "there was no end of options"
}

# two_addresses: sets HOST to a name with the addresses ::1 and 127.0.0.1. If
# localhost has only one of them, the server gets its own /etc/hosts.
two_addresses() {
  local hosts=$BATS_TEST_TMPDIR/hosts

  HOST=localhost
  if grep -Eq '^::1[[:blank:]].*localhost' /etc/hosts &&
    grep -Eq '^127\.0\.0\.1[[:blank:]].*localhost' /etc/hosts; then
    return
  fi
  printf '::1 two.test\n127.0.0.1 two.test\n' >"$hosts"
  # shellcheck disable=SC2016 # for the inner shell
  printf 'mount --bind %s /etc/hosts && exec "$@"\n' "'$hosts'" >"$hosts.sh"
  UNDER="unshare -rm sh '$hosts.sh' ${UNDER:-}"
  eval "$UNDER true" 2>/dev/null || skip "localhost has one address only"
  HOST=two.test
}

@test "the first address of a name is not there: the second one is taken" {
  local binds

  only_ours
  not_under
  has_ipv6
  # No fault: it only shows the calls. The last is that of the first address;
  # getaddrinfo may have made some before.
  inject bind delay_enter=1
  two_addresses
  start_server --address "$HOST"
  stop_server
  grep -q ' bind(.*"::1"' "$TRACE" || skip "127.0.0.1 comes first here"
  same "Listening on: [::1]:$PORT" "$(head -n 1 "$LOG")"
  binds=$(grep -c ' bind(' "$TRACE")
  UNDER=
  inject bind "error=EADDRNOTAVAIL:when=$binds"
  two_addresses
  start_server --address "$HOST"
  same "Listening on: 127.0.0.1:$PORT" "$(cat "$LOG")"
  served_over 127.0.0.1 127.0.0.1
  # Any other error ends the server.
  UNDER=
  inject bind "error=EACCES:when=$binds"
  two_addresses
  run_server --address "$HOST" --port 0
  same 1 "$STATUS"
  same "" "$OUT"
  same "$(server_name): cannot listen on [::1]:0: Permission denied" "$WORDS"
}

@test "a port in use on one address of a name is an error" {
  local name address

  only_ours
  not_under
  has_ipv6
  name=$(server_name)
  two_addresses
  start_server --address "$HOST"
  address=$(sed 's/^Listening on: //' "$LOG")
  two_addresses
  run_server --address "$HOST" --port "$PORT"
  same 1 "$STATUS"
  same "" "$OUT"
  case $WORDS in
  "$name: cannot listen on $address: Address "*"in use") ;;
  *) same "$name: cannot listen on $address: Address in use" "$WORDS" ;;
  esac
}
