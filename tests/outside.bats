#!/usr/bin/env bats
# outside.bats: what happens to the sockets and memory of a server from
# outside: a dead listener, a socket that another process has a copy of, a
# client whose machine has vanished, no more memory; and how much one round of
# the event loop takes. faults/sockets.c changes the sockets.
# shellcheck disable=SC2030,SC2031,SC2034,SC2153 # the variables of helpers

load helpers

setup_file() {
  NAME=$(server_name)
  export NAME
}

# who_serves: the processes that have the clients' sockets.
who_serves() {
  if [ "$BACKEND" = processes ]; then children; else echo "$PID"; fi
}

# still_serves: a new client is served.
still_serves() {
  say_to "$PORT" still-here
  wait_for still-here
}

# reach ACTION [PROCESS]: does something to the sockets of the server, or of
# one of its children; skips if the kernel does not allow it.
reach() {
  local status=0

  [ -x "$BUILD/tests/sockets" ] || skip "needs pidfd_getfd(2) of Linux"
  "$BUILD/tests/sockets" "${2:-$PID}" "$1" || status=$?
  [ "$status" -ne 3 ] || skip "pidfd_getfd(2) is not allowed here"
  return "$status"
}

@test "a dead listener: it says so once, sleeps, and serves the connected clients" {
  local clients=2

  only_ours
  not_under
  [ "$CONCURRENT" != no ] || clients=1
  start_server
  hold connect:"$clients" each:send:hello line use:1 send:still \
    each:half-close each:wait-eof
  wait_until printed "$clients" hello
  reach end-listener
  if [ "$CONCURRENT" = no ]; then
    # It calls accept again after the client has left.
    go
    wait_for still
  fi
  wait_until has "$NAME: cannot accept for now: " "$ERR"
  sleeps 1500
  same 1 "$(lines "$ERR")"
  if [ "$CONCURRENT" != no ]; then
    go
    wait_for still
    wait_until left 2
  fi
  wait_held
  stop_server
  same 0 "$STATUS"
  same "Stopped." "$(tail -n 1 "$LOG")"
}

@test "a listener that dies while there is no client" {
  only_ours
  not_under
  start_server
  wait_until idle
  reach end-listener
  wait_until has "$NAME: cannot accept for now: " "$ERR"
  sleeps 1500
  same 1 "$(lines "$ERR")"
  stop_server
  same 0 "$STATUS"
}

@test "another process has a copy of a client's socket: it sleeps, and serves" {
  only_ours
  not_under
  start_server
  # There is no socket yet. This only checks that it is allowed, or skips.
  reach keepalive || true
  hold connect send:hello line 'send:last-words' close
  wait_for hello
  "$BUILD/tests/sockets" "$(who_serves)" keep-clients >"$BATS_TEST_TMPDIR/kept" \
    3>&- 4>&- 9>&- &
  HELPERS="$HELPERS $!"
  wait_for "kept 1" "$BATS_TEST_TMPDIR/kept"
  go
  wait_held
  wait_for last-words
  wait_until left 1
  sleeps 600
  still_serves
  sleeps 600
  same "" "$(cat "$ERR")"
}

@test "each client's socket has SO_KEEPALIVE, with the contract's times" {
  local served=3 process

  only_ours
  not_under
  [ "$CONCURRENT" != no ] || served=1
  start_server
  hold connect:3 each:send:hello line
  wait_until printed "$served" hello
  for process in $(who_serves); do
    reach keepalive "$process"
  done >"$BATS_TEST_TMPDIR/times"
  same "$served" "$(lines "$BATS_TEST_TMPDIR/times")"
  same "1 60 10 6" "$(sort -u "$BATS_TEST_TMPDIR/times")"
  go
  wait_held
}

# inside PID COMMAND...: runs the command in the network of that process.
# in_background: does so in the background; its process is then $!.
inside() {
  local pid=$1

  shift
  nsenter -t "$pid" -U -n --preserve-credentials "$@"
}

in_background() {
  local pid=$1

  shift
  nsenter -t "$pid" -U -n --preserve-credentials "$@" 3>&- 4>&- 9>&- &
  HELPERS="$HELPERS $!"
}

# two_networks: connects the server's network, in which it is 10.9.0.1, with
# another one, that of the process FAR. The clients' address, 10.9.0.2, can be
# taken down. Skips if this is not allowed.
two_networks() {
  command -v nsenter >/dev/null || skip "needs nsenter"
  # busybox's ip cannot make a pair of networks or set a neighbour.
  case $(ip -V 2>&1) in
  *iproute2*) ;;
  *) skip "needs ip of iproute2" ;;
  esac
  inside "$PID" ip link add near type veth peer name far 2>/dev/null ||
    skip "no pair of networks is allowed here"
  in_background "$PID" unshare -n sleep 60
  FAR=$!
  wait_until in_other_network
  inside "$PID" ip link set far netns "$FAR"
  inside "$PID" ip address add 10.9.0.1/24 dev near
  inside "$PID" ip link set near up
  inside "$FAR" ip address add 10.9.0.2/24 dev far
  inside "$FAR" ip link set far up
  # The neighbour is set, so that a later lookup of 10.9.0.2 cannot fail.
  inside "$PID" ip neighbor replace 10.9.0.2 dev near nud permanent \
    lladdr "$(inside "$FAR" ip -o link show far |
      sed 's/.*ether \([^ ]*\).*/\1/')"
}

# in_other_network: whether FAR runs `sleep`, in a network of its own.
in_other_network() {
  [ "$(readlink "/proc/$FAR/ns/net")" != "$(readlink "/proc/$PID/ns/net")" ] &&
    [ "$(cat "/proc/$FAR/comm")" = sleep ]
}

@test "a client whose machine has vanished is closed, and the next is served" {
  local name client

  only_ours
  preload fast_keepalive
  needs_proc
  unshare -rn true 2>/dev/null || skip "no network of one's own is allowed here"
  UNDER="unshare -rn env LD_PRELOAD='$OBJECT'" LOOPBACK='' \
    start_server --address 0.0.0.0
  two_networks
  client=$BATS_TEST_TMPDIR/client
  in_background "$FAR" "$BUILD/tools/client" -t 60 -a 10.9.0.1 "$PORT" \
    connect name send:hello wait-closed >"$client" 2>&1
  wait_for hello
  name=$(cat "$client")
  inside "$FAR" ip link set far down
  wait_for "Connection closed: $name"
  case $(cat "$ERR") in
  # The texts of glibc and musl.
  "$NAME: cannot receive from $name: Connection timed out") ;;
  "$NAME: cannot receive from $name: Operation timed out") ;;
  *) same "$NAME: cannot receive from $name: timed out" "$(cat "$ERR")" ;;
  esac
  inside "$FAR" ip link set far up
  inside "$FAR" "$BUILD/tools/client" -t "$LIMIT" -a 10.9.0.1 "$PORT" \
    connect send:again half-close wait-eof
  wait_for again
}

# refused: how many clients got no memory, counted by the messages.
refused() {
  echo $(($(grep -Ec ': cannot (serve|receive from) ' "$ERR") + \
    $(lines "$LOG" 'Connection refused: ')))
}

# tried N: whether N clients were served or refused.
tried() {
  [ $(($(grep -cx x "$LOG") + $(refused))) -ge "$1" ]
}

@test "an allocation that fails costs one client, and a message says so" {
  local at client

  only_ours
  preload no_memory
  # Fails each allocation that four clients cause, with a new server each time.
  for ((at = 1; at <= 20; at++)); do
    PREPARE="$PRELOAD NO_MEMORY_AT=$at" start_server
    for client in 1 2 3 4; do
      # A client that is refused may be reset.
      client connect send:x half-close wait-closed || true
      wait_until tried "$client"
    done
    has "allocation $at fails" "$ERR" || break
    still_serves
    stop_server
    same 0 "$STATUS"
    same 1 "$(refused)"
    [ "$(lines "$ERR" "$NAME: ")" -le 2 ]
  done
  # There is at least one allocation for a client.
  [ "$at" -gt 4 ] || fail "only $((at - 1)) allocations failed"
  [ "$at" -le 20 ] || fail "there was no end of allocations"
}

@test "the message about such a client stands below the clients before it" {
  local at above most=0

  only_concurrent
  only_ours
  preload no_memory
  for ((at = 1; at <= 20; at++)); do
    # One file for both outputs, as on a terminal.
    PREPARE="$PRELOAD NO_MEMORY_AT=$at; exec 2>&1" start_server
    freeze
    hold connect:4 each:send:x say:sent each:wait-closed
    wait_said sent
    thaw
    wait_until all_four
    stop_server
    wait_held
    has "allocation $at fails" "$LOG" || break
    above=$(awk '/ cannot serve / { exit } /^Connection from/ { n++ }
      END { print n + 0 }' "$LOG")
    [ "$above" -le "$most" ] || most=$above
  done
  # When the fourth one gets no memory, the others are announced above.
  [ "$most" -ge 3 ] || fail "at most $most were above it"
}

# all_four: whether four clients were announced, or all but one that was refused.
all_four() {
  [ "$(grep -Ec '^Connection (from|refused): | cannot serve one more ' \
    "$LOG")" -ge 4 ]
}

@test "no memory for the buffer of recv is a set-up error" {
  only_ours
  preload no_memory
  PREPARE="$PRELOAD NO_MEMORY_PAGES=yes" run_server --port 0
  same 1 "$STATUS"
  same "" "$OUT"
  case $WORDS in
  # The texts of glibc and musl.
  "$NAME: cannot allocate 1024 bytes: Cannot allocate memory") ;;
  "$NAME: cannot allocate 1024 bytes: Out of memory") ;;
  *) same "$NAME: cannot allocate 1024 bytes: no memory" "$WORDS" ;;
  esac
}

@test "an allocation that fails before the first client is a set-up error" {
  local at

  only_ours
  preload no_memory
  # Fails each allocation of the set-up, with a new server each time.
  for ((at = 1; at <= 20; at++)); do
    new_log
    PREPARE="$PRELOAD NO_MEMORY_START=yes NO_MEMORY_AT=$at" \
      launch "$LOG" "$ERR" --port 0
    PIDS="$PIDS $PID"
    wait_until listens_or_has_ended
    has "allocation $at fails" "$ERR" || break
    wait_end
    same 1 "$STATUS"
    same 1 "$(lines "$ERR" "$NAME: cannot ")"
  done
  stop_server
  # At least the buffer of recv is allocated.
  [ "$at" -gt 1 ] || fail "no allocation failed"
  [ "$at" -le 20 ] || fail "there was no end of allocations"
}

@test "a table of clients that cannot grow costs one client" {
  local at

  only_concurrent
  only_ours
  preload no_memory
  for at in 1 2 3 4; do
    PREPARE="$PRELOAD NO_MEMORY_REALLOC=yes NO_MEMORY_AT=$at" start_server
    hold connect:150 say:connected line each:wait-closed
    wait_said connected
    wait_until came_or_refused 150
    say_to "$PORT" x
    wait_until tried $(($(refused) + 1))
    stop_server
    same 0 "$STATUS"
    has "allocation $at fails" "$ERR" || break
    same 1 "$(refused)"
    # A client that cannot be watched is closed then, and not again at the
    # stop.
    same "" "$(sed -n 's/^Connection closed: //p' "$LOG" | sort | uniq -d)"
    go
    wait_held
  done
  [ "$at" -gt 1 ] || fail "no realloc failed"
}

# came_or_refused N: whether N clients were accepted, or refused with a
# message. A client that was dropped after its first line counts twice.
came_or_refused() {
  [ $(($(lines "$LOG" 'Connection from: ') + $(refused))) -ge "$1" ]
}

@test "nothing is read or written past the end of a table" {
  local client actions=''

  only_ours
  preload fenced_memory
  # They connect one after the other, so that there is a wait with each number
  # of clients: with some numbers a table is full.
  for client in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    actions="$actions connect send:$client line"
  done
  PREPARE=$PRELOAD start_server
  # shellcheck disable=SC2086 # several actions
  hold $actions each:half-close each:wait-eof
  for client in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    [ "$CONCURRENT" = no ] || wait_for "$client"
    go
  done
  wait_held
  wait_until left 20
  still_serves
  stop_server
  same 0 "$STATUS"
}

# received: the result of each recv in the trace, as in "5 EAGAIN 5 0".
received() {
  sed -n 's/.* = -1 \([A-Z]*\) .*/\1/p; s/.*) *= \([0-9]*\).*/\1/p' "$TRACE" |
    xargs
}

@test "a new client is asked for all it has, one that is known only once" {
  local try

  only_ours
  case $BACKEND in
  select | poll | epoll | kqueue | coroutine/*) ;;
  *) skip "does not learn from a wait who is ready" ;;
  esac
  # No fault: it only shows the calls.
  inject recvfrom delay_enter=1
  for try in 1 2 3 4 5; do
    ask_twice
    case $(received) in
    EAGAIN*) ;; # its first chunk came late, so it was known already
    *) break ;;
    esac
  done
  same "5 EAGAIN 5 0" "$(received)"
}

# ask_twice: starts a server and sends it two chunks, the first before accept.
ask_twice() {
  start_server
  # Under strace it also stops at each call, until it sleeps in the wait.
  wait_until asleep
  freeze
  hold connect send:hello say:sent line send:again line half-close wait-eof
  wait_said sent
  thaw
  wait_for hello
  go
  wait_for again
  go
  wait_held
  wait_until left 1
  stop_server
}

# first_run EVENT ADDRESS...: how many events of this kind and of these clients
# follow one another in EVENTS, before the first of another kind; only "accept"
# and the "recv" of the address count.
first_run() {
  awk -v wanted="$1" -v name="$2" '
    $2 != "accept" && !($2 == "recv" && $3 == name) { next }
    ++seen <= 2 { next }
    $2 == wanted { n++; next }
    n { exit }
    END { print n + 0 }' "$EVENTS"
}

# most_accepts: the largest number of clients accepted between two waits,
# according to the trace of `inject` with both calls.
most_accepts() {
  awk '/ (p?poll|pselect6)(_time64)?\(/ { n = 0 }
    / accept4?\(.* = [0-9]/ && ++n > most { most = n }
    END { print most + 0 }' "$TRACE"
}

# Each client has a thread or a process there, which receives all it can.
@test "a round takes 64 new clients, where one client is one thread or process" {
  only_ours
  case $BACKEND in
  threads | processes) ;;
  *) skip "one loop serves all: the next scenario" ;;
  esac
  # No fault: it only shows the calls.
  inject accept,accept4,poll,ppoll,pselect6 delay_enter=1
  start_server
  freeze
  hold connect:200 each:send:x say:connected line each:close
  wait_said connected
  thaw
  wait_until printed 200 x
  same 64 "$(most_accepts)"
  go
  wait_held
}

@test "a round takes 64 new clients and 16 chunks of one, and no more" {
  local name

  only_concurrent
  only_ours
  case $BACKEND in
  threads | processes) skip "the scenario before" ;;
  uring) skip "has bounds of its own, see uring.bats" ;;
  esac
  start_server --events "$EVENTS"
  hold connect name send:hello line fill:30000 say:queued line half-close \
    wait-eof
  wait_until saw recv 1
  name=$(cat "$HELD")
  freeze
  go
  wait_said queued
  wait_until arrived "$name" 30000
  client connect:200 each:send:x each:close
  thaw
  wait_until saw accept 201
  go
  wait_held
  same "64 accept, 16 recv" \
    "$(first_run accept "$name") accept, $(first_run recv "$name") recv"
}
