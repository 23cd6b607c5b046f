#!/usr/bin/env bats
# signals.bats: the queue of signals: it overflows, a flood fills it, and other
# programs can send the same signals.
# shellcheck disable=SC2030,SC2031,SC2034,SC2153 # the variables of helpers

load helpers

setup() {
  only_server signals
  prepare_test
}

# queue_of N: starts a server for which the kernel queues at most N signals,
# and has forty clients send to it all at once, again and again.
queue_of() {
  PREPARE="ulimit -i $1" start_server
  freeze
  hold connect:40 each:send:a say:sent line each:send:b say:sent-b line \
    each:send:c each:half-close each:wait-eof
  wait_said sent
  thaw
  wait_until printed 40 a
  freeze
  go
  wait_said sent-b
  thaw
  wait_until printed 40 b
  go
  wait_held
  wait_until printed 40 c
  wait_until left 40
  say_to "$PORT" "after-$1"
  wait_for "after-$1"
  same "" "$(cat "$ERR")"
  sleeps 400
  stop_server
  same 0 "$STATUS"
}

@test "a queue that takes no signal at all loses nothing" {
  queue_of 0
}

@test "a queue of one or of ten signals overflows, and loses nothing" {
  queue_of 1
  queue_of 10
}

@test "a stop is not lost in a queue that is full" {
  PREPARE='ulimit -i 1' start_server
  hold connect:40 each:send:a say:sent line
  wait_said sent
  wait_until printed 40 a
  freeze
  kill -TERM "$PID"
  thaw
  wait_end
  same 0 "$STATUS"
  same Stopped. "$(tail -n 1 "$LOG")"
}

@test "a flood of small packets does not delay another client" {
  local sends=() i

  # Each is one chunk, and a round takes 16 of them.
  for ((i = 0; i < 2000; i++)); do sends+=(send:flood); done
  start_server --recv-size 5
  hold connect:2 each:send:hello line use:1 "${sends[@]}" use:2 send:me-too \
    say:sent line each:half-close each:wait-eof
  wait_until printed 2 hello
  freeze
  go
  wait_said sent
  thaw
  wait_until printed 2000 flood
  # It is received in two chunks.
  [ "$(awk '/^me-to$/ { print n + 0 } /^flood$/ { n++ }' "$LOG")" -le 64 ] ||
    fail "it had to wait for the flood"
  go
  wait_held
}

# queued_signal: the number of SIGRTMIN. musl reserves one more for itself than
# glibc, and its name is in the programs that it has made.
queued_signal() {
  if LC_ALL=C grep -q musl "$BUILD/signals"; then
    echo 35
  else
    kill -l SIGRTMIN
  fi
}

@test "it blocks the signals that it waits for, and no other" {
  inject rt_sigprocmask delay_enter=1
  start_server
  stop_server
  grep -Eq 'SIG_BLOCK, \[IO RT_[0-9]+\], ' "$TRACE"
}

@test "the same signals from another program do no harm" {
  local number i

  not_under
  start_server
  hold connect:2 each:send:hello line each:send:still each:half-close \
    each:wait-eof
  wait_until printed 2 hello
  number=$(queued_signal)
  for ((i = 0; i < 200; i++)); do
    kill -"$number" "$PID"
    kill -IO "$PID"
  done
  sleeps 400
  say_to "$PORT" new
  wait_for new
  go
  wait_held
  wait_until printed 2 still
  same "" "$(cat "$ERR")"
}
