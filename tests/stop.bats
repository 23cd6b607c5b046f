#!/usr/bin/env bats
# stop.bats: the clean stop by SIGINT, SIGTERM and SIGHUP, whatever the server
# is doing, and the start on the same port right after.
# shellcheck disable=SC2030,SC2031,SC2034,SC2153 # the variables of helpers

load helpers

setup_file() {
  NAME=$(server_name)
  export NAME
}

# stops_with SIGNAL CLIENTS: stops a server that has so many clients and checks
# its last lines: one for each client that was being served, and "Stopped.".
stops_with() {
  local served=$2 last

  start_server
  if [ "$2" -gt 0 ]; then
    hold connect:"$2" each:send:hello say:sent line each:wait-closed
    wait_said sent
    [ "$CONCURRENT" != no ] || served=1
    wait_until printed "$served" hello
  fi
  stop_server "$1"
  same 0 "$STATUS"
  same "" "$(cat "$ERR")"
  # Each announced client was closed, once.
  same "$(sed -n 's/^Connection from: //p' "$LOG" | sort)" \
    "$(sed -n 's/^Connection closed: //p' "$LOG" | sort)"
  same "$served" "$(lines "$LOG" 'Connection closed: ')"
  last=$(tail -n $((served + 1)) "$LOG" | sed 's/: .*//' | xargs)
  same "$(awk -v n="$served" 'BEGIN {
    for (i = 1; i <= n; i++) printf "Connection closed "
    print "Stopped." }')" "$last"
  if [ "$2" -gt 0 ]; then
    go
    wait_held
  fi
}

@test "a stop without a client" {
  only_ours "the words of our own servers"
  stops_with INT 0
  stops_with TERM 0
  stops_with HUP 0
}

@test "a stop with a client closes it" {
  only_ours "the words of our own servers"
  stops_with INT 1
  stops_with TERM 1
  stops_with HUP 1
}

@test "a stop with three clients closes them, also those in the backlog" {
  only_ours "the words of our own servers"
  stops_with INT 3
  stops_with TERM 3
  stops_with HUP 3
}

@test "SIGTERM closes each client, says so, and ends with status 0" {
  local name

  start_server
  hold connect name send:hello line wait-eof
  wait_for hello
  name=$(cat "$HELD")
  stop_server TERM
  same 0 "$STATUS"
  has_line "Connection closed: $name" "$LOG" || fail "it is not closed: $name"
  same "Stopped." "$(tail -n 1 "$LOG")"
  go
  wait_held
}

@test "SIGTERM ends it, with or without a client" {
  start_server
  stop_server TERM
  start_server
  hold connect send:hello line wait-closed
  wait_for hello
  stop_server TERM
  go
  wait_held
}

@test "INT and TERM stop it even if the parent had them ignored" {
  local signal

  only_ours
  for signal in INT TERM; do
    PREPARE='trap "" INT TERM' start_server
    stop_server "$signal"
    same 0 "$STATUS"
    same "Stopped." "$(tail -n 1 "$LOG")"
  done
}

@test "a HUP that the parent had ignored stays ignored, as nohup wants it" {
  only_ours
  PREPARE='trap "" HUP' start_server
  kill -HUP "$PID"
  client connect send:still half-close wait-eof
  wait_for still
  PREPARE='trap "" INT' start_server
  stop_server HUP
  same 0 "$STATUS"
}

@test "a stop signal to a server that SIGSTOP has stopped is not lost" {
  start_server
  freeze
  kill -TERM "$PID"
  thaw
  wait_end
  [ -n "$SERVER" ] || same 0 "$STATUS"
}

@test "data that was not received is dropped at the stop, without an error" {
  only_ours
  start_server
  hold connect send:first line fill:100000 wait-closed
  wait_for first
  freeze
  go
  kill -TERM "$PID"
  thaw
  wait_end
  same 0 "$STATUS"
  same "Stopped." "$(tail -n 1 "$LOG")"
  wait_until ended "$HELD_PID"
}

@test "clients that wait in the backlog at the stop are reset, unannounced" {
  only_ours
  start_server
  freeze
  hold connect:3 each:send:hello say:connected each:wait-reset
  wait_said connected
  kill -TERM "$PID"
  thaw
  wait_end
  wait_held
  same 0 "$STATUS"
  same "Listening on: $HOST:$PORT
Stopped." "$(cat "$LOG")"
}

# crowded_server: starts a server with 200 clients. Sets SERVED to the number
# of clients that it serves.
crowded_server() {
  SERVED=200
  [ "$CONCURRENT" != no ] || SERVED=1
  start_server
  hold connect:200 each:send:hello say:sent line
  wait_said sent
  wait_until printed "$SERVED" hello
}

# stopped_whole: waits until the server has ended; fails if a line is missing
# at the end of its log.
stopped_whole() {
  wait_end
  same 0 "$STATUS"
  same "" "$(cat "$ERR")"
  same "$SERVED" "$(lines "$LOG" 'Connection closed: ')"
  same "Stopped." "$(tail -n 1 "$LOG")"
  go
  wait_held
}

@test "two signals at once are one stop, and nothing is lost" {
  only_ours
  crowded_server
  # Both signals are pending, and the server handles one right after the other.
  freeze
  kill -TERM "$PID"
  kill -INT "$PID"
  thaw
  stopped_whole
}

@test "timeout(1), which sends each signal twice, loses nothing" {
  local signal

  only_ours
  not_under
  command -v timeout >/dev/null || skip "there is no timeout(1)"
  # timeout(1) sends SIGCONT, too. LeakSanitizer, which stops the program at its
  # end, would wait for it forever.
  export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
  for signal in TERM INT; do
    UNDER='timeout 60' crowded_server
    kill -"$signal" "$PID"
    stopped_whole
  done
}

@test "when it says Stopped. each client has seen the end, and none can connect" {
  only_ours
  preload last_words
  # Only the last lines are compared.
  PREPARE=$PRELOAD start_server
  hold connect send:hello line connect say:waiting use:1 wait-closed \
    use:2 wait-closed say:closed line
  wait_for hello
  freeze
  go
  wait_said waiting
  kill -TERM "$PID"
  thaw
  # The second client was in the backlog, or accepted only by the kernel.
  wait_said closed
  wait_until stand "$PID"
  ! client connect 2>/dev/null || fail "it still accepts"
  has_no Stopped. "$LOG"
  thaw
  wait_end
  same 0 "$STATUS"
  same Stopped. "$(tail -n 1 "$LOG")"
  go
  wait_held
}

# stuck_server: starts a server with a client, and fills the pipe that is its
# standard output, so that the next write will block. PREPARED is run before.
stuck_server() {
  to_pipe "${PREPARED:-}"
  hold connect line send:hello say:sent line wait-closed
  wait_until saw accept 1
  fill_pipe
  go
  wait_said sent
}

@test "a stop while standard output is stuck ends with status 1 and a reason" {
  only_ours
  stuck_server
  stop_server TERM
  same 1 "$STATUS"
  # Once, but each process that has something to print says so for itself.
  same "$NAME: stopped, but standard output is stuck: some of it is lost" \
    "$(if [ "$BACKEND" = processes ]; then sort -u "$ERR"; else cat "$ERR"; fi)"
  go
  wait_held
}

@test "a stop whose last word alone is stuck ends with status 1, too" {
  local last

  only_ours
  to_pipe
  hold connect name line wait-closed
  wait_until saw accept 1
  fill_pipe
  # The pipe has room for one line, and not for the next.
  last="Connection closed: $(cat "$HELD")"
  dd bs=4096 count=1 <&8 >"$BATS_TEST_TMPDIR/taken" 2>/dev/null
  head -c $((4096 - ${#last} - 1)) /dev/zero >&8
  stop_server TERM
  same 1 "$STATUS"
  same "$NAME: stopped, but standard output is stuck: some of it is lost" \
    "$(cat "$ERR")"
  go
  wait_held
}

@test "a stuck output ends it even if the parent had all signals blocked" {
  only_ours
  not_under
  needs_program inherit
  UNDER="'$BUILD/tests/inherit' block" stuck_server
  stop_server TERM
  same 1 "$STATUS"
  has "$NAME: stopped, but standard output is stuck" "$ERR"
  go
  wait_held
}

@test "a stop while the events file is stuck ends with status 1 and a reason" {
  only_ours
  mkfifo "$BATS_TEST_TMPDIR/pipe"
  exec 8<>"$BATS_TEST_TMPDIR/pipe"
  start_server --events "$BATS_TEST_TMPDIR/pipe"
  fill_pipe
  stop_server TERM
  same 1 "$STATUS"
  same "$NAME: stopped, but $BATS_TEST_TMPDIR/pipe is stuck: some of it is lost" \
    "$(cat "$ERR")"
  same "Stopped." "$(tail -n 1 "$LOG")"
}

@test "a stop while the output is stuck, with twenty clients that talk" {
  only_concurrent
  only_ours
  to_pipe
  hold connect:20 line each:send:hello say:sent line each:wait-closed
  wait_until saw accept 20
  wait_until idle
  fill_pipe
  go
  wait_said sent
  # With a thread or a process for each client one is stuck, and the others
  # wait for it.
  stop_server TERM
  same 1 "$STATUS"
  has "$NAME: stopped, but standard output is stuck" "$ERR"
  go
  wait_held
}

@test "a second signal ends it at once, if it is not of the same stop" {
  only_ours
  ! is_sanitized tsan || skip "ThreadSanitizer holds back signals"
  stuck_server
  kill -TERM "$PID"
  # The 0.3 seconds of the contract. After a whole second the server gives up
  # by itself.
  sleep 0.4
  kill -INT "$PID"
  wait_end
  # The second signal, which is a different one, has ended it.
  same 130 "$STATUS"
  same "" "$(cat "$ERR")"
}

@test "a clock that is set back changes neither 0.3 seconds nor a second" {
  only_ours
  preload back_clock
  PREPARED=$PRELOAD
  stuck_server
  stop_server TERM
  same 1 "$STATUS"
  go
  wait_held
  rm "$BATS_TEST_TMPDIR/pipe" "$EVENTS"
  stuck_server
  kill -TERM "$PID"
  sleep 0.4
  kill -INT "$PID"
  wait_end
  same 130 "$STATUS"
}

@test "an output that is stuck for half a second after a stop loses nothing" {
  local all=$BATS_TEST_TMPDIR/all

  only_ours
  not_under
  needs_proc
  to_pipe
  fill_pipe
  # The second is counted from the stop request. By then nothing had been
  # written for longer.
  sleep 1.1
  kill -INT "$PID"
  # The signal that arrives each second and interrupts a write.
  wait_until catches_alarm
  wait_until asleep
  kill -ALRM "$PID"
  sleep 0.3
  ! ended "$PID" || fail "it has given up"
  read_pipe "$all"
  wait_end
  same 0 "$STATUS"
  same "" "$(cat "$ERR")"
  wait_until has Stopped. "$all"
}

# catches_alarm: whether the server has a handler for SIGALRM, which it has
# only after a stop request.
catches_alarm() {
  local caught

  caught=$(sed -n 's/^SigCgt:[^0-9a-f]*//p' "/proc/$PID/status")
  [ $((0x$caught & 1 << 13)) -ne 0 ]
}

@test "a slow reader gets all of it after a stop" {
  local all=$BATS_TEST_TMPDIR/all reads=0

  only_concurrent
  only_ours
  to_pipe
  read_pipe "$all"
  hold connect:600 say:sent line
  wait_said sent
  wait_until saw accept 600
  wait_until has_lines "$all" 'Receiving from: ' 600
  end_reader
  fill_pipe
  # 22 KB to print, and 4 KB every 0.3 s: it takes longer than a second.
  kill -TERM "$PID"
  until ended "$PID" || [ "$reads" -ge 20 ]; do
    sleep 0.3
    reads=$((reads + 1))
    dd bs=4096 count=1 <&8 2>/dev/null
  done >"$all"
  wait_end
  same 0 "$STATUS"
  same "" "$(cat "$ERR")"
  read_pipe "$all"
  wait_for Stopped. "$all"
  tr -d '\000' <"$all" >"$all.text"
  same 600 "$(lines "$all.text" 'Connection closed: ')"
  go
  wait_held
}

@test "a reader that goes away after the stop signal is no failure" {
  local all=$BATS_TEST_TMPDIR/all

  only_ours
  to_reader "$all"
  hold connect send:hello line
  wait_for hello "$all"
  freeze
  kill -TERM "$PID"
  end_reader
  thaw
  wait_end
  same 0 "$STATUS"
  same "" "$(cat "$ERR")"
  saw close 1
  saw stop 1
  go
  wait_held
}

@test "SIGTERM at any moment stops it" {
  local seed=${SEED:-$$} command

  only_ours "a hundred starts"
  command=("$BUILD/${BACKEND%%/*}" --address 127.0.0.1 --port 0)
  case $BACKEND in
  */*) command+=(--selector "${BACKEND#*/}") ;;
  esac
  echo "SEED=$seed repeats this"
  bash "${BATS_TEST_DIRNAME}/faults/any-moment.sh" "${ROUNDS:-100}" "$seed" \
    "$BUILD/tools/client" "${command[@]}" 3>&- 4>&-
}

@test "a port in use is an error, and the first server goes on" {
  local first

  start_server
  first=$PID
  say_to "$PORT" before
  if [ -n "$SERVER" ]; then
    run_server --port "$PORT"
    [ "$STATUS" -ne 0 ]
  else
    run_server --address "$LOOPBACK" --port "$PORT"
    same 1 "$STATUS"
    same "" "$OUT"
    case $WORDS in
    "$NAME: cannot listen on $HOST:$PORT: Address "*"in use") ;;
    *) same "$NAME: cannot listen on $HOST:$PORT: Address in use" "$WORDS" ;;
    esac
  fi
  PID=$first
  LOG=$BATS_TEST_TMPDIR/out.1
  say_to "$PORT" after
  wait_for after
}

@test "it starts again on its port while old connections are in TIME_WAIT" {
  local try

  # By chance another program may take the port between the two.
  for try in 1 2 3; do
    start_server
    hold connect send:hello say:sent wait-closed
    wait_for hello
    # The side that closes first keeps the port.
    stop_server
    wait_held
    start_on_old_port
    ! ended "$PID" || continue
    PIDS="$PIDS $PID"
    say_to "$PORT" again
    wait_for again
    return
  done
  fail "it does not start: $(cat "$ERR")"
}

# start_on_old_port: starts a server on PORT and waits until it listens or has
# given up.
start_on_old_port() {
  set -- --port "$PORT"
  [ -n "$SERVER" ] || set -- --address "$LOOPBACK" "$@"
  new_log
  launch "$LOG" "$ERR" "$@"
  wait_until settled
}

settled() {
  has 'Listening on: ' "$LOG" || ended "$PID"
}

@test "the next server on the same port can start as soon as one has ended" {
  local first=$BATS_TEST_TMPDIR/first try

  only_ours
  not_under
  start_server
  stop_server
  # One shell starts both, so there is no time between them.
  cat >"$first.sh" <<END
sh -c 'echo \$\$ >"\$0"; exec "\$@"' '$first' "\$@" >'$first.out' 2>&1
exec "\$@"
END
  # By chance another program may take the port in between.
  for try in 1 2 3; do
    new_log
    UNDER="sh '$first.sh'" launch "$LOG" "$ERR" \
      --address "$LOOPBACK" --port "$PORT"
    PIDS="$PIDS $PID"
    wait_until has 'Listening on: ' "$first.out"
    hold connect send:hello say:sent wait-closed
    wait_for hello "$first.out"
    kill -TERM "$(cat "$first")"
    wait_held
    wait_until settled
    if ! ended "$PID"; then
      say_to "$PORT" again
      wait_for again
      return
    fi
  done
  fail "the port is not free: $(cat "$ERR")"
}
