#!/usr/bin/env bats
# inherited.bats: what a server inherits from its parent and shares with it:
# limits, an alarm, blocked signals, the terminal; and signals at bad moments,
# which a parent cannot time. Objects for LD_PRELOAD (faults/preload/) make
# these happen.
# shellcheck disable=SC2030,SC2031,SC2034,SC2153 # the variables of helpers

load helpers

setup_file() {
  NAME=$(server_name)
  export NAME
}

@test "an events file that becomes larger than it may is an error" {
  only_ours
  not_under
  # Each client takes more than 60 bytes, and the limit is 2 KB or half of that.
  PREPARE='ulimit -f 2; exec >/dev/null' LISTENING_IN=$EVENTS \
    start_server --events "$EVENTS"
  hold connect:60 each:close
  wait_end
  wait_until ended "$HELD_PID"
  same 1 "$STATUS"
  one_error
  has "$NAME: cannot write to $EVENTS: " "$ERR"
}

@test "an alarm that the parent has set ends it, as the parent wants" {
  only_ours
  needs_program inherit
  not_under
  UNDER="'$BUILD/tests/inherit' alarm:300" run_server --port 0
  same 142 "$STATUS"
  has_no "Stopped." "$LOG"
}

@test "signals that the parent has blocked still stop it" {
  local signal

  only_ours
  needs_program inherit
  not_under
  for signal in INT TERM HUP; do
    UNDER="'$BUILD/tests/inherit' block" start_server
    client connect send:"before-$signal" half-close wait-eof
    stop_server "$signal"
    same 0 "$STATUS"
    same "Stopped." "$(tail -n 1 "$LOG")"
  done
}

@test "Ctrl+C ends it at once while it looks up a name" {
  local signal status

  only_ours
  needs_program inherit
  preload slow_names
  for signal in INT:130 TERM:143 HUP:129; do
    status=${signal#*:}
    new_log
    UNDER="'$BUILD/tests/inherit' default" PREPARE=$PRELOAD \
      launch "$LOG" "$ERR" --address localhost --port 0
    PIDS="$PIDS $PID"
    wait_until has_line "looking up" "$ERR"
    # The lookup takes longer than wait_end waits.
    stop_server "${signal%:*}"
    same "$status" "$STATUS"
    same "" "$(cat "$LOG")"
    same "looking up" "$(cat "$ERR")"
  done
}

@test "the terminal is closed: the events are complete, and it is no failure" {
  local clients=3

  only_ours
  preload lost_terminal
  [ "$CONCURRENT" != no ] || clients=1
  PREPARE="$PRELOAD LOST_TERMINAL='$BATS_TEST_TMPDIR/lost'" \
    start_server --events "$EVENTS"
  hold connect:3 each:send:hello line each:wait-closed
  wait_until printed "$clients" hello
  wait_until saw recv "$clients"
  touch "$BATS_TEST_TMPDIR/lost"
  stop_server HUP
  same 0 "$STATUS"
  same "" "$(cat "$ERR")"
  saw close "$clients"
  saw stop 1
  has_no "Connection closed" "$LOG"
  go
  wait_held
}

@test "a terminal that is closed without a signal is an error" {
  only_ours
  preload lost_terminal
  PREPARE="$PRELOAD LOST_TERMINAL='$BATS_TEST_TMPDIR/lost'" \
    start_server --events "$EVENTS"
  touch "$BATS_TEST_TMPDIR/lost"
  client connect send:hello wait-closed
  wait_end
  same 1 "$STATUS"
  has "$NAME: cannot write to standard output: " "$ERR"
  saw stop 1
}

# The object also removes the alarm, so a server that misses the signal never
# ends.
@test "SIGTERM right before accept stops it" {
  only_ours
  [ "$BACKEND" != uring ] || skip "calls no accept"
  preload early_signal
  [ "$(uname)" = Linux ] || skip "a listener cannot be shut down here"
  new_log
  PREPARE="$PRELOAD EARLY_SIGNAL=accept" \
    launch "$LOG" "$ERR" --address 127.0.0.1 --port 0
  PIDS="$PIDS $PID"
  # Most servers call accept only when there is a client.
  wait_until listens_or_has_ended
  HOST=127.0.0.1 PORT=$(sed -n 's/^Listening on: .*://p' "$LOG")
  [ "$CONCURRENT" = no ] || client connect wait-closed || ended "$PID"
  wait_end
  same 0 "$STATUS"
  same "" "$(cat "$ERR")"
  # The client that it accepts nevertheless is closed, unannounced.
  same "Listening on: 127.0.0.1:$PORT
Stopped." "$(cat "$LOG")"
}

@test "SIGTERM right before recv stops it" {
  only_ours
  [ "$BACKEND" != uring ] || skip "calls no recv"
  preload early_signal
  PREPARE="$PRELOAD EARLY_SIGNAL=recv" start_server
  hold connect line wait-closed
  if [ "$BACKEND" = processes ]; then
    # The signal was sent to the child, and only the child ends.
    wait_until left 1
    wait_until has_children 0
    has_no Stopped. "$LOG"
    kill -TERM "$PID"
  fi
  wait_end
  same 0 "$STATUS"
  same "" "$(cat "$ERR")"
  same "Stopped." "$(tail -n 1 "$LOG")"
  same 1 "$(lines "$LOG" 'Connection closed: ')"
  go
  wait_held
}

@test "a signal right before the wait stops it, whichever it is" {
  local signal

  only_ours
  preload early_signal
  case $BACKEND in
  blocking* | busy | signals) skip "waits in another call" ;;
  esac
  [ "$(uname)" = Linux ] || [ "${BACKEND#*kqueue}" = "$BACKEND" ] ||
    skip "the C library waits in kevent itself"
  # INT, TERM, HUP.
  for signal in 2 15 1; do
    new_log
    PREPARE="$PRELOAD EARLY_SIGNAL=wait EARLY_NUMBER=$signal" \
      launch "$LOG" "$ERR" --address 127.0.0.1 --port 0
    PIDS="$PIDS $PID"
    wait_end
    same 0 "$STATUS"
    same "" "$(cat "$ERR")"
    same "Stopped." "$(tail -n 1 "$LOG")"
  done
}

@test "a second signal within the handler of the first is the same stop" {
  local pair

  only_ours
  preload early_signal
  for pair in 'TERM 2' 'INT 15' 'TERM 1' 'HUP 2'; do
    PREPARE="$PRELOAD EARLY_SIGNAL=clock_gettime EARLY_NUMBER=${pair#* }" \
      start_server
    stop_server "${pair% *}"
    same 0 "$STATUS"
    same "Stopped." "$(tail -n 1 "$LOG")"
  done
}

@test "a standard input at its end does not keep it awake" {
  only_ours
  [ "$BACKEND" != busy ] || skip "never sleeps"
  PREPARE='exec < <(:)' start_server # the end of a pipe is an event, too
  client connect send:hello half-close wait-eof
  wait_for hello
  wait_until_quiet
}

@test "one that has no descriptor for any client waits, without spinning" {
  only_ours
  not_under
  only_one_at_a_time
  # 0, 1, 2, the listener, and the pipe of the signals.
  PREPARE='ulimit -n 6' start_server
  hold connect line
  wait_until has "$NAME: cannot accept for now: " "$ERR"
  sleeps 1500
  same 1 "$(lines "$ERR")"
  stop_server
  same 0 "$STATUS"
  go
  wait_held
}

@test "no descriptor is free at the start: it says why, or waits for one" {
  only_ours
  not_under
  # 0, 1, 2, the listener, and the pipe of the signals. Some servers need no
  # other descriptor until there is a client; others need one to wait with.
  # LeakSanitizer would need one, too.
  export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
  new_log
  PREPARE='ulimit -n 6' launch "$LOG" "$ERR" --address 127.0.0.1 --port 0
  PIDS="$PIDS $PID"
  wait_until listens_or_has_ended
  HOST=127.0.0.1 PORT=$(sed -n 's/^Listening on: .*://p' "$LOG")
  hold connect line
  wait_until has "$NAME: cannot " "$ERR"
  says_too_many
  if has 'cannot accept for now' "$ERR"; then return; fi
  wait_end
  same 1 "$STATUS"
}

# says_too_many: whether it prints one message, which says that there are too
# many open files.
says_too_many() {
  same 1 "$(lines "$ERR")"
  case $(cat "$ERR") in
  # The texts of glibc and musl.
  *": Too many open files" | *": No file descriptors available") ;;
  *) same "$NAME: cannot ...: Too many open files" "$(cat "$ERR")" ;;
  esac
}

@test "no pair of descriptors is free at the start: that is a set-up error" {
  only_ours
  not_under
  # 0, 1, 2, the listener, and one more, which is not enough for a pipe. Nor could
  # LeakSanitizer open what it needs.
  export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
  PREPARE='ulimit -n 5' run_server --address 127.0.0.1 --port 0
  same 1 "$STATUS"
  same "" "$OUT"
  says_too_many
}

@test "coroutine without --selector takes the first that --help lists" {
  local first

  only_ours
  case $BACKEND in
  coroutine/*) ;;
  *) skip "has no --selector" ;;
  esac
  first=$(limit 10 "$BUILD/coroutine" --help |
    sed -n 's/.*how to wait: \([a-z]*\).*/\1/p')
  [ -n "$first" ] || fail "--help lists none"
  BACKEND=coroutine start_server
  say_to "$PORT" "hello"
  wait_for hello
  needs_proc
  case $first,$(ls -l "/proc/$PID/fd") in
  epoll,*eventpoll* | kqueue,* | poll,* | select,*) ;;
  *) fail "it does not wait with $first" ;;
  esac
}
