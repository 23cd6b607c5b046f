#!/usr/bin/env bats
# processes.bats: a process for each client: a child that ends, is killed or
# cannot be started, and the children whose parent is killed.
# shellcheck disable=SC2030,SC2031,SC2034,SC2153 # the variables of helpers

load helpers

setup() {
  only_server processes
  prepare_test
}

# new_child: sets CHILD to the one process that was not in the list CHILDREN,
# and adds it to the list.
new_child() {
  local child

  for child in $(children); do
    case " ${CHILDREN:-} " in
    *" $child "*) ;;
    *) CHILD=$child CHILDREN="${CHILDREN:-} $child" ;;
    esac
  done
}

@test "a child that has ended is reaped, without any other event" {
  start_server
  hold connect:3 each:send:x line use:1 close line use:2 close use:3 close
  wait_until printed 3 x
  has_children 3
  go
  # A child that has ended but was not reaped still counts.
  wait_until has_children 2
  go
  wait_until has_children 0
  wait_held
}

@test "a child that ends right before the wait is reaped" {
  preload early_signal
  PREPARE="$PRELOAD EARLY_SIGNAL=child" start_server
  client connect send:x half-close wait-eof
  wait_until has_children 0
}

@test "a child that is killed takes one client with it, and that is said" {
  local first second

  start_server
  hold connect name send:one line connect name send:two line use:1 wait-closed \
    say:ended use:2 send:three half-close wait-eof
  wait_for one
  new_child
  go
  wait_for two
  first=$(sed -n 1p "$HELD")
  second=$(sed -n 2p "$HELD")
  kill -KILL "$CHILD"
  wait_for "Connection closed: $first"
  same "processes: the process of $first was killed by signal 9" "$(cat "$ERR")"
  # The parent has no copy of the socket; otherwise the client would not see
  # its end.
  go
  wait_said ended
  wait_held
  wait_for three
  wait_for "Connection closed: $second"
  wait_until has_children 0
  stop_server
  same 0 "$STATUS"
  same 1 "$(lines "$LOG" "Connection closed: $first")"
}

@test "SIGTERM for a child ends its client, and nothing else" {
  start_server
  hold connect send:one line connect send:two line use:1 wait-closed say:ended \
    line use:2 send:three half-close wait-eof
  wait_for one
  new_child
  go
  wait_for two
  kill -TERM "$CHILD"
  go
  wait_said ended
  wait_until left 1
  wait_until has_children 1
  sleeps 400
  go
  wait_held
  wait_for three
  wait_until left 2
  same "" "$(cat "$ERR")"
  has_no Stopped. "$LOG"
}

@test "the parent is killed: its port is free, and the children serve on" {
  local old_log

  start_server
  hold connect:2 each:name each:send:x line each:send:y each:half-close \
    each:wait-eof
  wait_until printed 2 x
  kill -KILL "$PID"
  wait_end
  same 137 "$STATUS"
  old_log=$LOG
  # No child has the listener.
  WANTED_PORT=$PORT start_server
  say_to "$PORT" new
  wait_for new
  go
  wait_held
  LOG=$old_log
  wait_until printed 2 y
  wait_until left 2
  same "" "$(cat "${LOG/out/err}")"
}

@test "a fork that fails costs one client, and that is said" {
  local dropped

  fail_call fork 1 EAGAIN
  PREPARE=$PRELOAD start_server
  hold connect send:one line send:two half-close wait-eof
  wait_for one
  dropped=$(client connect name wait-closed)
  wait_for "Connection closed: $dropped"
  case $(cat "$ERR") in
  "processes: cannot serve $dropped: Resource temporarily unavailable") ;;
  *) same "processes: cannot serve $dropped: unavailable" "$(cat "$ERR")" ;;
  esac
  go
  wait_held
  wait_for two
  say_to "$PORT" three
  wait_for three
  wait_until has_children 0
}

@test "a child that is killed while it has the output gives it free" {
  local all=$BATS_TEST_TMPDIR/all first

  to_pipe
  hold connect name line connect line use:1 send:one say:sent line use:2 \
    send:two say:sent-two line
  wait_until saw accept 1
  new_child
  first=$(cat "$HELD")
  go
  wait_until saw accept 2
  wait_until asleep
  fill_pipe
  # The first child is stuck in its write, and has the lock; the other waits.
  go
  wait_said sent
  wait_until_quiet
  go
  wait_said sent-two
  wait_until_quiet
  kill -KILL "$CHILD"
  cat <&8 >"$all" 3>&- 4>&- &
  HELPERS="$HELPERS $!"
  wait_for two "$all"
  wait_for "Connection closed: $first" "$all"
  has "the process of $first was killed by signal 9" "$ERR"
}

# ends_whole: waits until the server, which serves five clients, has ended;
# fails if a last line is missing or appears twice.
ends_whole() {
  wait_end
  same 0 "$STATUS"
  same "" "$(cat "$ERR")"
  same 5 "$(lines "$LOG" 'Connection closed: ')"
  same 1 "$(lines "$LOG" Stopped.)"
  same Stopped. "$(tail -n 1 "$LOG")"
  go
  wait_held
}

@test "Ctrl+C, which all processes of the group get, is a clean stop" {
  local round

  needs_program inherit
  for round in 1 2 3; do
    UNDER="'$BUILD/tests/inherit' group" start_server
    hold connect:5 each:send:x line
    wait_until printed 5 x
    kill -INT -- "-$PID"
    ends_whole
  done
}

@test "SIGTERM for the parent alone is a clean stop" {
  local round

  for round in 1 2 3; do
    start_server
    hold connect:5 each:send:x line
    wait_until printed 5 x
    kill -TERM "$PID"
    ends_whole
  done
}

@test "a child is stopped although its parent had all signals blocked" {
  needs_program inherit
  UNDER="'$BUILD/tests/inherit' block" start_server
  hold connect:5 each:send:x line
  wait_until printed 5 x
  kill -TERM "$PID"
  ends_whole
}

@test "a child blocks SIGCHLD, as its parent does between the waits, and no more" {
  needs_proc
  start_server
  wait_until blocks "$PID" 0000000000000000
  hold connect send:x line half-close wait-eof
  wait_for x
  wait_until blocks "$(children)" \
    "$(printf %016x $((1 << ($(kill -l CHLD) - 1))))"
  wait_until blocks "$PID" 0000000000000000
  go
  wait_held
}

# blocks PID SIGNALS: whether the process blocks these, a number in hexadecimal.
blocks() {
  grep -q "^SigBlk:[[:space:]]*$2\$" "/proc/$1/status"
}

@test "a wait that fails ends the children, too" {
  inject pselect6 error=EINVAL:when=3
  start_server
  hold connect send:one wait-closed
  wait_for one
  # Its child makes the parent wait once more, which fails.
  client connect close
  wait_held
  wait_end
  [ "$STATUS" -eq 1 ]
  has "processes: pselect failed: Invalid argument" "$ERR"
  same "Stopped." "$(tail -n 1 "$LOG")"
}

@test "a child from before exec is not waited for" {
  PREPARE='sleep 20 &' start_server
  hold connect send:x line
  wait_for x
  kill -TERM "$PID"
  wait_end
  same 0 "$STATUS"
  same Stopped. "$(tail -n 1 "$LOG")"
  go
  wait_held
}

@test "no line is torn at a stop, however slow the reader" {
  local all=$BATS_TEST_TMPDIR/all reads

  to_pipe '' --recv-size 262144
  hold connect:2 line use:1 fill:60000 say:sent line
  wait_until saw accept 2
  wait_until asleep
  fill_pipe
  go
  wait_said sent
  wait_until_quiet
  # One child is stuck in its write. The other has a last line to print.
  kill -TERM "$PID"
  # 4 KB every 0.3 s, for longer than three of the alarms after a stop request.
  for ((reads = 0; reads < 13; reads++)); do
    dd bs=4096 count=1 <&8 2>/dev/null
    sleep 0.3
  done >"$all"
  read_pipe "$all"
  wait_end
  same 0 "$STATUS"
  same "" "$(cat "$ERR")"
  wait_for Stopped. "$all"
  tr -d '\000' <"$all" >"$all.text"
  # Numbered lines, with no line of another process between them.
  same "" "$(awk '/^[0-9]+ *$/ {
      if (last && $1 != last + 1 || other) print other, $0
      last = $1
      next
    }
    last { other = other $0 }' "$all.text")"
  go
  wait_held
}

@test "a second signal for the parent alone leaves no child behind" {
  to_pipe
  hold connect:2 line use:1 fill:5000 say:sent line each:wait-closed
  wait_until saw accept 2
  wait_until asleep
  fill_pipe
  go
  wait_said sent
  wait_until_quiet
  # One child has the output and is stuck, so the parent waits to announce this:
  client connect close
  wait_until_quiet
  CHILDREN=$(children)
  kill -TERM "$PID"
  sleep 0.4
  kill -TERM "$PID"
  wait_end
  same 143 "$STATUS"
  wait_until none_runs "$CHILDREN"
  go
  wait_held
}

# none_runs PIDS: whether all of them are gone.
none_runs() {
  local pid

  for pid in $1; do
    ! kill -0 "$pid" 2>/dev/null || return 1
  done
}
