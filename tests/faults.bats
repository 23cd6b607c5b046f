#!/usr/bin/env bats
# faults.bats: faults that have ended other servers. Each scenario is about a
# bug that servers written for teaching have had. `freeze` and `thaw` (SIGSTOP
# and SIGCONT) make sure that everything that the clients do has happened when
# the server looks.
# shellcheck disable=SC2030,SC2031,SC2034,SC2153 # the variables of helpers

load helpers

setup_file() {
  NAME=$(server_name)
  export NAME
}

# still_serves: a new client is served.
still_serves() {
  say_to "$PORT" still-here
  wait_for still-here
}

@test "a reset ends one client and nobody else" {
  local name

  start_server
  hold connect name send:hello line reset
  wait_for hello
  name=$(cat "$HELD")
  go
  wait_held
  wait_for "Connection reset: $name"
  has_no "Connection closed: $name" "$LOG"
  still_serves
}

@test "the others never notice a reset" {
  only_concurrent
  start_server
  hold connect:2 use:1 send:one use:2 send:two line use:1 reset use:2 \
    send:three half-close wait-eof
  wait_for one
  wait_for two
  go
  wait_held
  wait_for three
}

@test "the events tell a reset from a close" {
  local name

  only_ours
  start_server --events "$EVENTS"
  hold connect name send:hello line reset
  wait_until saw recv 1
  go
  wait_held
  wait_until saw reset 1
  saw close 0
}

@test "a reset right behind the data" {
  start_server
  client connect:5 each:send:hello each:reset
  still_serves
}

@test "a reset that comes together with data is not missed" {
  only_ours
  # More chunks than uring has buffers.
  start_server --recv-size 1
  hold connect send:first line fill:1000 reset
  wait_until printed 1 t
  freeze
  go
  wait_held
  thaw
  wait_until left 1
  still_serves_bytes
}

# still_serves_bytes: a new client is served by a server whose chunks are bytes.
still_serves_bytes() {
  say_to "$PORT" Z
  wait_for Z
}

@test "clients that were reset before they were accepted" {
  start_server
  freeze
  client connect:3 each:reset connect send:good half-close
  thaw
  wait_for good
  still_serves
}

@test "reset clients between good ones, all before accept" {
  start_server
  freeze
  client connect:5 use:2 reset use:4 reset use:1 send:one half-close use:3 \
    send:three half-close use:5 send:five half-close
  thaw
  wait_for one
  wait_for three
  wait_for five
  still_serves
}

@test "ten that connect and close without a word" {
  start_server
  client connect:10 each:close
  still_serves
  wait_until left 11
}

@test "ten probes, all at once" {
  start_server
  freeze
  client connect:10 each:close
  thaw
  still_serves
  wait_until left 11
}

@test "forty clients at once" {
  start_server
  hold connect:40 each:send:x say:sent line each:half-close each:wait-eof
  wait_said sent
  if [ "$CONCURRENT" = no ]; then
    wait_until came 1
  else
    wait_until printed 40 x
  fi
  go
  wait_held
  wait_until printed 40 x
  still_serves
}

@test "fifty that connect at once are all accepted" {
  start_server
  freeze
  client connect:50 each:send:x each:half-close
  thaw
  wait_until printed 50 x
  wait_until left 50
}

@test "1100 clients: all are served, or refused with a reason" {
  local refused

  only_concurrent
  only_ours
  [ "$(ulimit -Hn)" = unlimited ] || [ "$(ulimit -Hn)" -ge 1200 ] ||
    skip "the limit on descriptors is $(ulimit -Hn)"
  start_server --events "$EVENTS"
  hold connect:1100 each:send:x say:sent line each:wait-closed
  wait_said sent
  wait_until xs_and_refused 1100
  refused=$(lines "$LOG" 'Connection refused: ')
  case $BACKEND in
  *select)
    # FD_SETSIZE is 1024 almost everywhere, 256 on old NetBSD.
    [ "$refused" -gt 0 ] || fail "no client is refused"
    same "$refused" "$(grep -Ec '^Connection refused: [^ ]+:[0-9]+ '\
'\(its descriptor does not fit FD_SETSIZE\)$' "$LOG")"
    [ "$(grep -cx x "$LOG")" -ge 1000 ] || fail "too many are refused: $refused"
    ;;
  *) same 0 "$refused" ;;
  esac
  same "$((1100 - refused))" "$(lines "$LOG" 'Connection from: ')"
  saw refuse "$refused"
  same "" "$(cat "$ERR")"
  stop_server
  same 0 "$STATUS"
  same "$((1100 - refused))" "$(lines "$LOG" 'Connection closed: ')"
  saw refuse "$refused"
  go
  wait_held
}

# xs_and_refused N: whether N clients were served or refused.
xs_and_refused() {
  [ "$(grep -Ecx 'x|Connection refused: .*' "$LOG")" -eq "$1" ]
}

@test "too few descriptors: it waits, without spinning, and serves all" {
  only_ours
  not_under
  PREPARE='ulimit -n 16' start_server
  hold connect:20 each:send:x say:sent line each:half-close each:wait-eof
  wait_said sent
  if [ "$BACKEND" = processes ]; then
    # The parent keeps no client's descriptor, and a child has only one
    # client's.
    wait_until printed 20 x
    sleeps 400
    same "" "$(cat "$ERR")"
  elif [ "$CONCURRENT" != no ]; then
    wait_until has 'cannot accept for now: ' "$ERR"
    sleeps 1500
    # It prints the message once, and not every second.
    same 1 "$(lines "$ERR")"
    same 0 "$(lines "$LOG" 'Connection closed')"
    [ "$(grep -cx x "$LOG")" -ge 5 ] || fail "it serves too few"
  fi
  go
  wait_held
  wait_until printed 20 x
  wait_until left 20
  [ "$(lines "$ERR")" -le 1 ]
  has_no 'Connection refused' "$LOG"
  still_serves
}

@test "a client that leaves ends a shortage, and a new shortage is reported again" {
  local start inside

  only_ours
  only_concurrent
  not_under
  [ "$BACKEND" != processes ] || skip "each client has descriptors of its own"
  PREPARE='ulimit -n 16' start_server
  # shellcheck disable=SC2046 # many words
  hold connect:20 each:send:x line \
    $(printf 'use:%d close line ' 1 2 3 4) each:half-close each:wait-eof \
    each:close line connect:20 each:send:y line
  wait_until has 'cannot accept for now: ' "$ERR"
  inside=$(lines "$LOG" 'Connection from: ')
  # When a client leaves, one that waits takes its place. With the pause alone
  # each would take a second; nothing wakes the thread that accepts.
  start=$SECONDS
  for _ in 1 2 3 4; do
    inside=$((inside + 1))
    go
    wait_until came "$inside"
  done
  [ $((SECONDS - start)) -le 2 ] || [ "$BACKEND" = threads ] ||
    fail "it has waited for its clock"
  same 1 "$(lines "$ERR")"
  go
  wait_until left 20
  # After this client accept finds the backlog empty: the shortage is over.
  still_serves
  go
  wait_until has_lines "$ERR" "$NAME: cannot accept for now: " 2
  same 2 "$(lines "$ERR")"
  go
  wait_held
  wait_until left 41
}

@test "the soft limit on descriptors is raised to the hard one" {
  only_ours
  not_under
  needs_proc
  PREPARE='ulimit -Sn 50; ulimit -Hn 200' start_server
  same "200 200" "$(awk '/^Max open files/ { print $4, $5 }' "/proc/$PID/limits")"
}

@test "a thousand descriptors passed on by the parent" {
  only_ours
  not_under
  [ "$(ulimit -Hn)" = unlimited ] || [ "$(ulimit -Hn)" -ge 1200 ] ||
    skip "the limit on descriptors is $(ulimit -Hn)"
  # The server gets its own shell, since this one uses descriptors above 10
  # itself.
  cat >"$BATS_TEST_TMPDIR/parent" <<'END'
exec bash -c 'ulimit -n 1200
  for ((fd = 3; fd < 1100; fd++)); do eval "exec $fd</dev/null"; done
  exec "$@"' parent "$@"
END
  UNDER="bash '$BATS_TEST_TMPDIR/parent'"
  case $BACKEND in
  *select | processes)
    run_server --port 0
    same 1 "$STATUS"
    same 1 "$(lines "$ERR")"
    has "$NAME: cannot wa" "$ERR"
    ;;
  *)
    start_server
    still_serves
    ;;
  esac
}

# hasty_accepts: how many calls of accept in the trace came less than a second,
# or nearly a second, after the one before.
hasty_accepts() {
  awk '/ accept/ { hasty += last > 0 && $1 - last < 0.9; last = $1 }
    END { print hasty + 0 }' "$TRACE"
}

@test "accept is forbidden: it says so once, and does not spin" {
  only_ours
  # accept(2): "Firewall rules forbid connection."
  inject accept,accept4 error=EPERM:when=1+
  start_server
  hold connect say:connected line
  wait_said connected
  wait_until has "$NAME: cannot accept for now: Operation not permitted" "$ERR"
  sleeps 1500
  same 1 "$(lines "$ERR")"
  same 0 "$(hasty_accepts)"
  stop_server
  same 0 "$STATUS"
  go
  wait_held
}

@test "a hundred lost clients in a row: it pauses, and goes on" {
  only_ours
  # BSD reports this error for each client that was reset in the backlog.
  inject accept,accept4 error=ECONNABORTED:when=1..100
  start_server
  say_to "$PORT" hello
  wait_for hello
  stop_server
  same 0 "$STATUS"
  same 1 "$(lines "$ERR" "$NAME: cannot accept for now: ")"
  same 1 "$(lines "$ERR")"
  # There is a pause of a second after the first 64, and none before.
  same 65 "$(awk '/ accept/ { n++; if (n > 1 && $1 - last > 0.8) print n
    last = $1 }' "$TRACE")"
}

@test "a hundred lost clients, with others between them: it does not pause" {
  only_ours
  case $BACKEND in
  busy | uring) skip "calls accept often, or not at all" ;;
  esac
  inject accept,accept4 error=ECONNABORTED:when=2+2
  start_server
  client connect:100 each:send:x each:half-close each:wait-eof
  stop_server
  same 0 "$STATUS"
  same "" "$(cat "$ERR")"
  [ "$(grep -c 'ECONNABORTED.*INJECTED' "$TRACE")" -gt 64 ] ||
    fail "not enough were lost"
}

@test "the reason that recv gave is the one that is printed" {
  local name

  only_ours
  fail_recv ETIMEDOUT
  PREPARE=$PRELOAD start_server
  name=$(client connect name send:hello wait-closed)
  wait_for "Connection closed: $name"
  case $(cat "$ERR") in
  # The texts of glibc and musl.
  "$NAME: cannot receive from $name: Connection timed out") ;;
  "$NAME: cannot receive from $name: Operation timed out") ;;
  *) same "$NAME: cannot receive from $name: timed out" "$(cat "$ERR")" ;;
  esac
  still_serves
}

@test "an error stands below what caused it" {
  local name

  only_ours
  fail_recv ETIMEDOUT
  # One file for both outputs, as on a terminal.
  PREPARE="$PRELOAD; exec 2>&1" start_server
  name=$(client connect name send:hello wait-closed)
  wait_for "Connection closed: $name"
  stop_server
  same "Listening on: $HOST:$PORT
$(served "$name" | sed "/^Connection closed/{ h
s/.*/$NAME: cannot receive from $name: timed out/p
g
}")
Stopped." "$(sed 's/: [A-Z][a-z]* timed out$/: timed out/' "$LOG")"
  # uring asks the kernel once, for all clients.
  [ "$BACKEND" != uring ] || return 0
  # The call after the one for the first client. coroutine makes one call
  # before the first client, and busy makes an unknown number.
  UNDER='' PRELOAD=true
  case $BACKEND in
  busy | signals | threads | processes) fail_call accept 1 EMFILE ;;
  coroutine*) inject accept,accept4 "error=EMFILE:when=3" ;;
  *) inject accept,accept4 "error=EMFILE:when=2" ;;
  esac
  PREPARE="$PRELOAD; exec 2>&1" start_server
  name=$(client connect name send:hello half-close wait-eof)
  wait_until has "$NAME: cannot accept for now: " "$LOG"
  same "Connection from: $name" \
    "$(sed -n '/^Connection from/p; /cannot accept/q' "$LOG")"
}

@test "a client whose address has no name is served" {
  # That of the listener is named twice.
  fail_call getnameinfo 2 EAGAIN
  PREPARE=$PRELOAD start_server
  say_to "$PORT" one
  log_becomes "$(head -n 1 "$LOG")
$(served "(unknown)" one)"
  say_to "$PORT" two
  wait_for two
}

@test "idle clients cost no processor time" {
  only_ours
  not_under
  start_server
  hold connect:10 each:send:x line use:1 half-close use:2 reset say:ended line \
    use:3 half-close
  [ "$CONCURRENT" != no ] || wait_until printed 1 x
  [ "$CONCURRENT" = no ] || wait_until printed 10 x
  go
  wait_said ended
  wait_until has 'Connection closed: ' "$LOG"
  [ "$CONCURRENT" = no ] || wait_until left 2
  sleeps 400
  go
  wait_held
}

@test "stopped and continued, it goes on" {
  start_server
  hold connect send:before line send:after half-close wait-eof
  wait_for before
  freeze
  thaw
  freeze
  thaw
  go
  wait_held
  wait_for after
  still_serves
}

@test "each byte is attributed to who sent it" {
  local names

  only_ours
  start_server --label
  hold connect:4 each:name line \
    use:1 send:11111 use:2 send:22222 use:3 send:33333 use:4 send:44444 \
    say:sent line each:half-close each:wait-eof
  wait_until came 1
  [ "$CONCURRENT" = no ] || wait_until came 4
  freeze
  go
  wait_said sent
  thaw
  names=$(sed '/^sent$/d' "$HELD")
  go
  wait_held
  wait_until left 4
  same "$(echo "$names" | awk '{ print $0 "| " NR NR NR NR NR }')" \
    "$(grep '| ' "$LOG" | sort -t ' ' -k 2)"
}

# sockets_of PROCESS...: for each of their sockets a line that says whether it
# is non-blocking; fails if another program would inherit one.
sockets_of() {
  local process socket flags

  for process in "$@"; do
    for socket in "/proc/$process/fd"/*; do
      case $(readlink "$socket") in
      socket:*) ;;
      *) continue ;;
      esac
      flags=$(sed -n 's/^flags:[^0-9]*//p' \
        "/proc/$process/fdinfo/${socket##*/}")
      [ $((flags & 02000000)) -ne 0 ] || echo "no FD_CLOEXEC"
      [ $((flags & 04000)) -eq 0 ] && echo "blocking" || echo "non-blocking"
    done
  done
}

@test "the sockets are close-on-exec, and non-blocking where one loop serves all" {
  local wanted process

  only_ours
  needs_proc
  start_server
  hold connect:2 each:send:x say:sent line
  wait_said sent
  wait_until has_line x "$LOG"
  [ "$CONCURRENT" = no ] || wait_until printed 2 x
  case $BACKEND in
  blocking*) wanted="2 blocking" ;;
  # The listener, and a client for each thread or process, which waits in recv.
  threads | processes) wanted="2 blocking 1 non-blocking" ;;
  *) wanted="3 non-blocking" ;;
  esac
  # shellcheck disable=SC2046 # several
  same "$wanted" "$(sockets_of $(its_processes) | sort | uniq -c | xargs)"
  [ "$BACKEND" != processes ] || for process in $(its_processes); do
    same 1 "$(sockets_of "$process" | wc -l | tr -d ' ')"
  done
  go
  wait_held
}

@test "data, FIN and hang-up that arrive together: the data is printed" {
  start_server
  freeze
  client connect send:last-words close
  thaw
  wait_for last-words
  wait_until left 1
}

@test "data, FIN and hang-up of one that was waited for: the data is printed" {
  start_server
  hold connect send:first line send:last-words close
  wait_for first
  freeze
  go
  wait_held
  thaw
  wait_for last-words
  wait_until left 1
}

@test "50,000 bytes and a FIN of one that was waited for: all is printed" {
  local sent=$BATS_TEST_TMPDIR/sent

  # Three times what one round takes, and so little that all of it has arrived.
  awk 'BEGIN { for (i = 1; i <= 1000; i++) printf "%049d\n", i }' >"$sent"
  start_server
  hold connect 'send:first\n' line send-file:"$sent" half-close say:sent wait-eof
  wait_for first
  freeze
  go
  wait_said sent
  thaw
  wait_held
  wait_until left 1
  { echo first && cat "$sent"; } >"$sent.all"
  printed_is "$sent.all"
}

@test "a megabyte and a FIN in one go: all of it is printed" {
  local sent=$BATS_TEST_TMPDIR/sent

  numbered 55000 "$sent"
  start_server
  freeze
  hold connect send-file:"$sent" half-close wait-eof
  thaw
  wait_held
  wait_until left 1
  printed_is "$sent"
}

@test "a descriptor that comes back at once is not taken for the old client" {
  local old new

  only_concurrent
  start_server
  hold connect name send:old line close connect name send:new say:sent line \
    send:newer half-close wait-eof
  wait_for old
  freeze
  go
  wait_said sent
  thaw
  wait_for new
  go
  wait_held
  old=$(sed -n 1p "$HELD")
  new=$(sed -n 2p "$HELD")
  wait_for "Connection closed: $new"
  # Both were served from their first line to their last; other lines may be
  # between.
  same 2 "$(lines "$LOG" 'Connection from: ')"
  same "1 1" "$(lines "$LOG" "Connection closed: $old")\
 $(lines "$LOG" "Connection closed: $new")"
  same "Receiving from: $new
new
newer
Connection closed: $new" "$(grep -vx "Connection closed: $old" "$LOG" |
    tail -n 4)"
}

@test "many leave and come in one batch" {
  only_concurrent
  start_server
  hold connect:20 each:send:x line each:close connect:20 \
    each:send:y say:sent line each:half-close each:wait-eof
  wait_until printed 20 x
  freeze
  go
  wait_said sent
  thaw
  wait_until printed 20 y
  go
  wait_held
  wait_until left 40
  still_serves
}

@test "one that floods does not starve the others" {
  only_concurrent
  start_server
  # The flood is in lines of 64 bytes. When its client says that it is queued,
  # much more than one round of it is in the kernel.
  hold connect:3 each:send:hello line use:1 send:me-too use:3 send:me-too \
    use:2 fill:50000 say:queued fill:1000000 each:half-close each:wait-eof
  wait_until printed 3 hello
  freeze
  go
  wait_said queued
  thaw
  wait_held
  wait_until left 3
  printed 2 me-too
  case $BACKEND in
  # There the kernel says who may run, for some milliseconds each.
  threads | processes) return ;;
  esac
  [ "$(awk '/^me-too$/ { before = n } length($0) == 63 { n++ }
    END { print before + 0 }' "$LOG")" -lt 600 ] ||
    fail "they had to wait for the flood"
}

@test "one that floods, with a slow reader of the output, does not starve others" {
  local all=$BATS_TEST_TMPDIR/all reads before most=800

  only_concurrent
  only_ours "the length of its rounds"
  to_pipe
  hold connect:3 each:send:hello line use:2 fill:50000 say:queued line \
    use:1 send:me-too use:3 send:me-too say:sent use:2 fill:1000000
  wait_until saw recv 3
  fill_pipe
  go
  wait_said queued
  # The flooding client has the output now, and its server is stuck in write.
  wait_until_quiet
  go
  wait_said sent
  wait_until_quiet
  # Each 4 KB contain 64 lines of the flood. In between the other clients must
  # be served.
  for ((reads = 0; reads < 60; reads++)); do
    dd bs=4096 count=1 <&8 2>/dev/null
    wait_until asleep
  done >"$all"
  tr -d '\000' <"$all" >"$all.text"
  same 2 "$(grep -cx me-too "$all.text")"
  # A round is 16 chunks of 16 lines. A thread or a process waits for the
  # output behind those that already wait. With uring the kernel receives up to
  # 32 chunks in a row: in the round that is stuck, and in the next.
  case $BACKEND in
  threads | processes) most=100 ;;
  uring) most=1200 ;;
  esac
  before=$(awk '/^me-too$/ { before = n } length($0) == 63 { n++ }
    END { print before + 0 }' "$all.text")
  [ "$before" -lt "$most" ] ||
    fail "they had to wait for $before lines of the flood"
  cat <&8 >"$all" 3>&- 4>&- &
  HELPERS="$HELPERS $!"
}

@test "a crowd at the door does not starve who is inside" {
  local name

  only_concurrent
  only_ours "the length of its rounds"
  start_server
  hold connect name send:hello line fill:20000 say:queued line half-close \
    wait-eof
  wait_for hello
  name=$(cat "$HELD")
  freeze
  go
  wait_said queued
  wait_until arrived "$name" 20000
  client connect:200 each:send:x each:close
  thaw
  wait_until left 200
  go
  wait_held
  case $BACKEND in
  # There the kernel says who may run, for some milliseconds each.
  threads | processes) return ;;
  esac
  [ "$(awk '/^Connection from: / { came++ } length($0) == 63 { before = came }
    END { print before + 0 }' "$LOG")" -lt 201 ] ||
    fail "it had to wait for the crowd"
}

@test "a descriptor of its own that does not fit FD_SETSIZE is a set-up error" {
  local first

  only_ours
  not_under
  needs_program inherit
  [ "$(uname)" = Linux ] || skip "FD_SETSIZE may be another number here"
  case $BACKEND in
  select | coroutine/select) first=1023 ;; # the listener; 1024 is the stop pipe
  processes) first=1022 ;;                 # the file of the lock, the listener
  *) skip "uses no set of descriptors" ;;
  esac
  ulimit -n 1100 2>/dev/null || skip "so many descriptors are not allowed here"
  UNDER="'$BUILD/tests/inherit' descriptors:$((first - 1))" start_server
  stop_server
  same 0 "$STATUS"
  UNDER="'$BUILD/tests/inherit' descriptors:$first" run_server --port 0
  same 1 "$STATUS"
  same 1 "$(grep -c "^$NAME: cannot wa.* does not fit FD_SETSIZE\$" "$ERR")"
}

@test "a listener that cannot be watched is a set-up error" {
  only_server epoll
  inject epoll_ctl error=ENOMEM:when=2 # the stop pipe is the first
  run_server --port 0
  same 1 "$STATUS"
  same 1 "$(lines "$ERR" "epoll: cannot watch the listener: ")"
}

@test "500 clients leave no descriptor behind" {
  local before

  needs_proc
  start_server
  client connect send:x half-close wait-eof
  wait_until left 1
  before=$(descriptors)
  if [ "$CONCURRENT" = no ]; then
    freeze
    client connect:100 each:send:x each:half-close
    thaw
    wait_until left 101
  else
    client connect:100 each:send:x each:half-close each:wait-eof \
      connect:100 each:reset connect:100 each:close \
      connect:200 each:send:x each:half-close each:wait-eof
  fi
  still_serves
  # On BSD accept never returns a client that was reset early enough.
  wait_until all_are_closed
  wait_until same_count "$before"
}

# all_are_closed: whether every announced client was closed.
all_are_closed() {
  left "$(lines "$LOG" 'Connection from: ')"
}

# descriptors: how many the server has open.
descriptors() {
  find "/proc/$PID/fd" -mindepth 1 | wc -l | tr -d ' '
}

same_count() {
  [ "$(descriptors)" -eq "$1" ]
}
