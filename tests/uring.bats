#!/usr/bin/env bats
# uring.bats: what only uring/ has: no free buffers, a full queue of
# completions, requests that fail or are cancelled, a kernel that forbids
# io_uring. faults/completions.c changes what requests have done, and reports
# each.
# shellcheck disable=SC2030,SC2031,SC2034,SC2153 # the variables of helpers

load helpers

setup() {
  only_server uring
  prepare_test
}

# with_object [FAULT]: loads the object into the next server. The completions
# go to the file TRACE.
with_object() {
  needs_program uring-faults
  PROGRAM=$BUILD/tests/uring-faults
  TRACE=$BATS_TEST_TMPDIR/trace
  export URING_TRACE=$TRACE
  [ $# -eq 0 ] || export URING_FAULT=$1
}

# traced PATTERN: how many completions match it: "recv 5 more", "recv -105
# over".
traced() {
  grep -Ec "^[0-9.]+ $1\$" "$TRACE"
}

@test "buffers that run out lose nothing" {
  local sent=$BATS_TEST_TMPDIR/sent

  with_object
  # So large that there are only two.
  start_server --recv-size 1048576
  hold connect:20 line each:'send:x\n' say:sent line use:1 send-file:"$sent" \
    each:half-close each:wait-eof
  wait_until came 20
  freeze
  numbered 55000 "$sent"
  go
  wait_said sent
  thaw
  go
  wait_held
  wait_until left 20
  [ "$(traced 'recv -[0-9]+ over')" -gt 0 ] || fail "there were enough buffers"
  same 20 "$(grep -cx x "$LOG")"
  grep -vx x "$LOG" >"$LOG.rest"
  LOG=$LOG.rest
  printed_is "$sent"
}

@test "what is being printed is not written over" {
  local sent=$BATS_TEST_TMPDIR/sent

  # There are two buffers. So large a chunk is printed directly from its
  # buffer.
  to_pipe '' --raw --recv-size 1048576
  numbered 2200 "$sent.1"
  tr ln LN <"$sent.1" >"$sent.2"
  tr ei EI <"$sent.1" >"$sent.3"
  hold connect line send-file:"$sent.1" say:1 line send-file:"$sent.2" say:2 \
    line send-file:"$sent.3" say:3 half-close wait-eof
  wait_until has 'Receiving from: ' "$ERR"
  fill_pipe
  freeze
  go
  wait_said 1
  thaw
  # The kernel continues to receive while the server sleeps in the write.
  wait_until asleep
  go
  wait_said 2
  wait_until asleep
  go
  wait_said 3
  wait_until asleep
  read_pipe "$sent.printed"
  wait_held
  stop_server
  cat "$sent.1" "$sent.2" "$sent.3" >"$sent.all"
  wait_until printed_raw
}

# printed_raw: whether the pipe contains all of it, after the bytes that filled
# the pipe.
printed_raw() {
  tr -d '\000' <"$sent.printed" | cmp -s - "$sent.all"
}

@test "a full queue of completions loses no client and no data" {
  with_object
  start_server
  freeze
  hold connect:600 each:send:hello each:half-close say:sent each:wait-eof
  wait_said sent
  thaw
  wait_held
  wait_until left 600
  same 600 "$(grep -cx hello "$LOG")"
  # The last accept that fitted into the queue has ended the request.
  [ "$(traced 'accept [0-9]+ over')" -gt 0 ] || fail "the queue was not full"
  same 600 "$(traced 'accept [0-9]+ (more|over)')"
}

@test "the kernel has one request to accept, and no second one" {
  with_object
  start_server
  # This interrupts the wait, and the server asks again for what it has not.
  freeze
  thaw
  say_to "$PORT" one
  wait_for one
  stop_server
  # Each request has a last completion, at the latest when it is cancelled.
  same 1 "$(traced 'accept -[0-9]+ over')"
}

@test "a round takes 256 completions and no more" {
  with_object
  inject io_uring_enter,getpeername delay_enter=1
  start_server
  freeze
  hold connect:600 say:connected line each:half-close
  wait_said connected
  thaw
  wait_until came 600
  go
  wait_held
  wait_until left 600
  # One call gets each new client's address. The third argument of the other
  # call is the number of completions that it waits for.
  same 256 "$(awk '/io_uring_enter\([0-9]+, [0-9]+, 1,/ { n = 0 } /getpeername/ && ++n > most {
    most = n } END { print most }' "$TRACE")"
}

@test "a completion after the client's end is not taken for the next client's" {
  local old new

  with_object 'recv-more error=ETIMEDOUT:when=1'
  start_server --label
  hold connect name send:lost line connect name send:new say:both line \
    use:1 send:ghost say:sent line use:2 send:newer half-close wait-eof
  wait_until has 'Connection closed: ' "$LOG"
  old=$(cat "$HELD")
  go
  wait_said both
  new=$(sed -n 2p "$HELD")
  wait_for "$new| new"
  go
  wait_said sent
  go
  wait_held
  wait_for "Connection closed: $new"
  has_no ghost "$LOG"
  has "uring: cannot receive from $old: " "$ERR"
  same "Receiving from: $new
$new| new
$new| newer
Connection closed: $new" "$(tail -n 4 "$LOG")"
}

@test "what the kernel has accepted is closed unannounced after a stop signal" {
  local last_words

  preload last_words
  last_words=$OBJECT
  preload early_signal
  # The signal comes when the server begins to handle the first of three.
  PREPARE="export LD_PRELOAD='$OBJECT:$last_words' EARLY_SIGNAL=getpeername" \
    start_server
  freeze
  hold connect:3 say:connected each:wait-closed say:closed
  wait_said connected
  thaw
  wait_said closed
  # It stands before it says so.
  wait_until stand "$PID"
  has_no Stopped. "$LOG"
  thaw
  wait_end
  wait_held
  same 0 "$STATUS"
  same "Listening on: $HOST:$PORT
Stopped." "$(cat "$LOG")"
}

@test "a client that is lost sees the end while the server lives" {
  with_object 'recv-more error=ETIMEDOUT:when=1'
  start_server
  client connect send:lost wait-closed
  wait_until left 1
}

@test "where io_uring is forbidden or too old: one line, and status 1" {
  local reason

  for reason in EPERM ENOSYS EINVAL; do
    inject io_uring_setup "error=$reason"
    run_server --port 0
    same 1 "$STATUS"
    same "" "$OUT"
    same 1 "$(lines "$ERR")"
    same "uring: cannot use io_uring: it is forbidden, or Linux is older than 6.0" \
      "${WORDS%: *}"
    run_server --version
    same 0 "$STATUS"
  done
}

@test "memory that cannot be mapped is a set-up error, whichever it is" {
  local before call

  inject mmap,io_uring_setup error=ENOMEM:when=9999 # never
  start_server
  stop_server
  before=$(awk '/io_uring_setup/ { exit } /mmap/ { n++ } END { print n }' "$TRACE")
  # The two queues, the ring of buffers, and the buffers.
  for call in 1 2 3 4; do
    inject mmap "error=ENOMEM:when=$((before + call))"
    run_server --port 0
    same 1 "$STATUS"
    same "" "$OUT"
    same 1 "$(lines "$ERR" "uring: cannot use io_uring: ")"
  done
}

@test "a kernel that knows no DEFER_TASKRUN is asked again, without it" {
  inject io_uring_setup error=EINVAL:when=1
  start_server
  say_to "$PORT" hello
  wait_for hello
  same 2 "$(grep -c "io_uring_setup(" "$TRACE")"
  # 0x2000; strace may not know its name.
  same 1 "$(grep -Ec 'DEFER_TASKRUN|flags=0x3000' "$TRACE")"
}
