#!/usr/bin/env bats
# output.bats: where the output goes and in which form: --raw, --label,
# --events; and what happens if it cannot be written.
# shellcheck disable=SC2030,SC2031,SC2034,SC2153 # the variables of helpers

load helpers

setup_file() {
  NAME=$(server_name)
  export NAME
}

@test "--raw gives back the bytes as they came, and the messages apart" {
  local bytes=$BATS_TEST_TMPDIR/bytes

  only_ours
  dd if=/dev/urandom of="$bytes" bs=1024 count=1024 2>/dev/null
  start_server --raw
  client connect "send-file:$bytes" half-close wait-eof
  wait_until has 'Connection closed' "$ERR"
  cmp "$bytes" "$LOG"
  stop_server
  cmp "$bytes" "$LOG"
  same "Stopped." "$(tail -n 1 "$ERR")"
}

@test "--raw adds nothing and escapes nothing" {
  local name

  only_ours
  start_server --raw
  client connect 'send:\x1b[1m\0\xff\xc3' half-close wait-eof
  wait_until has 'Connection closed' "$ERR"
  printf '\033[1m\000\377\303' | cmp - "$LOG"
  name=$(LOG=$ERR client_number 1)
  same "Listening on: $HOST:$PORT
$(served "$name" raw | sed '/^raw$/d')" "$(cat "$ERR")"
}

@test "--label puts the address before each line" {
  local name

  only_ours
  start_server --label
  hold connect name 'send:one\n\ntwo' line 'send:three\x1b\n' half-close \
    wait-eof
  wait_until has two "$LOG"
  go
  wait_held
  name=$(cat "$HELD")
  log_becomes "$(head -n 1 "$LOG")
$(served "$name" "$name| one
$name| 
$name| two" "$name| three\\x1b")"
}

@test "--label also marks the rest of a character" {
  local name

  only_ours
  start_server --label
  name=$(client connect name 'send:\xe2\x82' half-close wait-eof)
  wait_for "$name| \\xe2\\x82"
}

@test "--events has four columns, in order, with every byte counted" {
  local first second

  only_ours
  echo "an old line" >"$EVENTS"
  start_server --events "$EVENTS"
  first=$(client connect name fill:5000 half-close wait-eof)
  second=$(client connect name send:hello half-close wait-eof)
  stop_server
  # Seconds with six decimals, the event, the address, the bytes.
  same "" "$(awk -F '\t' 'NF != 4 || $1 !~ /^[0-9]+\.[0-9]+$/ ||
    length($1) - index($1, ".") != 6 || $4 !~ /^[0-9]+$/' "$EVENTS")"
  same "ordered" "$(awk '$1 < last { exit 1 } { last = $1 }
    END { print "ordered" }' "$EVENTS")"
  same "listening $HOST:$PORT 0
accept $first 0
recv $first 5000
close $first 0
accept $second 0
recv $second 5
close $second 0
stop - 0" "$(awk '{
      if ($2 == "recv" && $3 == from) { bytes += $4; next }
      if (bytes) print "recv", from, bytes
      bytes = 0; from = ""
      if ($2 == "recv") { from = $3; bytes = $4; next }
      print $2, $3, $4 }' "$EVENTS")"
}

@test "a new events file has the mode that the umask leaves" {
  only_ours
  PREPARE='umask 027' start_server --events "$EVENTS"
  PREPARE='umask 0' start_server --events "$EVENTS.all"
  case $(ls -l "$EVENTS") in
  -rw-r-----*) ;;
  *) fail "$(ls -l "$EVENTS")" ;;
  esac
  case $(ls -l "$EVENTS.all") in
  -rw-rw-rw-*) ;;
  *) fail "$(ls -l "$EVENTS.all")" ;;
  esac
}

@test "the time of an event is the wall clock's" {
  local before after

  only_ours
  before=$(date +%s)
  start_server --events "$EVENTS"
  client connect half-close wait-eof
  stop_server
  after=$(date +%s)
  same "" "$(awk -v from="$before" -v to="$((after + 1))" \
    '$1 + 0 < from || $1 + 0 > to' "$EVENTS")"
}

@test "--events FILE does not change the text" {
  only_ours
  start_server --events "$EVENTS"
  client connect send:hello half-close wait-eof
  wait_until saw close 1
  log_becomes "Listening on: $HOST:$PORT
$(served "$(client_number 1)" hello)"
}

@test "--events - takes the place of the text" {
  local name

  only_ours
  start_server --events -
  name=$(client connect name send:hello half-close wait-eof)
  stop_server
  same "listening $HOST:$PORT 0
accept $name 0
recv $name 5
close $name 0
stop - 0" "$(cut -f 2- "$LOG" | tr '\t' ' ')"
}

@test "a pipe sees each line as it comes" {
  local line

  only_ours
  to_pipe
  read -r -t "$LIMIT" -u 8 line
  same "Listening on: $HOST:$PORT" "$line"
  hold connect send:hello line half-close wait-eof
  while [ "$line" != hello ]; do read -r -t "$LIMIT" -u 8 line; done
  go
  while [ "$line" != "Connection closed: ${line##* }" ]; do
    read -r -t "$LIMIT" -u 8 line
  done
  wait_held
}

@test "a reader that comes late gets everything" {
  local all=$BATS_TEST_TMPDIR/all sent=$BATS_TEST_TMPDIR/sent

  only_ours
  numbered 7000 "$sent"
  to_pipe
  hold_until_stuck "$sent"
  read_pipe "$all"
  wait_held
  stop_server
  wait_until has_line Stopped. "$all"
  LOG=$all
  printed_is "$sent"
}

# hold_until_stuck FILE: sends the file, which must be larger than a pipe and
# smaller than the pipe and the sockets together, and waits until the server
# has filled the pipe and sleeps. Since everything has been sent, it cannot be
# waiting for anything else.
hold_until_stuck() {
  hold connect line send-file:"$1" half-close say:sent wait-eof
  wait_until saw accept 1
  go
  wait_said sent
  wait_until_quiet
}

@test "an output that would block is waited for" {
  local all=$BATS_TEST_TMPDIR/all sent=$BATS_TEST_TMPDIR/sent

  only_ours
  needs_nonblock
  to_pipe "$NONBLOCK"
  numbered 7000 "$sent"
  hold_until_stuck "$sent"
  read_pipe "$all"
  wait_held
  stop_server
  wait_until has_line Stopped. "$all"
  LOG=$all
  printed_is "$sent"
}

@test "a closed standard output is an error" {
  only_ours
  PREPARE='exec >&-' run_server --port 0
  same 1 "$STATUS"
  case $WORDS in
  "$NAME: cannot write to standard output: "*) ;;
  *) same "$NAME: cannot write to standard output: ..." "$WORDS" ;;
  esac
}

@test "a full disk is an error" {
  only_ours
  [ -c /dev/full ] || skip "there is no /dev/full"
  PREPARE='exec >/dev/full' run_server --port 0
  same 1 "$STATUS"
  has "$NAME: cannot write to standard output: " "$ERR"
  PREPARE='exec >/dev/full' run_server --port 0 --events "$EVENTS"
  same 1 "$STATUS"
  saw listening 1
  saw stop 1
  run_server --port 0 --events /dev/full
  same 1 "$STATUS"
  has "$NAME: cannot write to /dev/full: " "$ERR"
}

@test "an output that has failed is not tried again" {
  local served=3

  only_ours
  [ "$CONCURRENT" != no ] || served=1
  [ -c /dev/full ] || skip "there is no /dev/full"
  [ "$BACKEND" != processes ] || skip "each process finds out by itself"
  # Each chunk is larger than the server's buffer, so it is written at once.
  PREPARE='exec >/dev/full' start_server --raw --recv-size 65536
  hold connect:3 line each:fill:40000 say:sent each:wait-closed
  wait_until has_lines "$ERR" 'Receiving from: ' "$served"
  freeze
  go
  wait_said sent
  thaw
  wait_end
  same 1 "$STATUS"
  same 1 "$(grep -c 'cannot write' "$ERR")"
  wait_held
}

@test "a reader that goes away is an error, and no signal kills" {
  local served=3

  only_ours
  [ "$CONCURRENT" != no ] || served=1
  to_reader "$BATS_TEST_TMPDIR/all"
  hold connect:3 say:connected line use:1 send:lost each:wait-closed
  wait_said connected
  wait_until saw accept "$served"
  end_reader
  go
  wait_end
  same 1 "$STATUS"
  same 1 "$(lines "$ERR")"
  has "$NAME: cannot write to standard output: " "$ERR"
  # Its other output is not lost.
  saw close "$served"
  saw stop 1
  wait_held
}

@test "an events file whose reader goes away is an error" {
  only_ours
  mkfifo "$EVENTS"
  cat "$EVENTS" >"$BATS_TEST_TMPDIR/all" 3>&- 4>&- &
  READER=$!
  HELPERS="$HELPERS $READER"
  start_server --events "$EVENTS"
  end_reader
  client connect wait-closed
  wait_end
  same 1 "$STATUS"
  same "$NAME: cannot write to $EVENTS: Broken pipe" "$(cat "$ERR")"
  same "Stopped." "$(tail -n 1 "$LOG")"
}

@test "a file that becomes larger than it may is an error, and no signal kills" {
  only_ours
  not_under
  # In kilobytes, or in halves of them.
  PREPARE='ulimit -f 10' start_server --events "$EVENTS"
  client connect fill:30000 wait-closed
  wait_end
  same 1 "$STATUS"
  one_error
  has "$NAME: cannot write to standard output: " "$ERR"
  saw close 1
  saw stop 1
}

@test "a server that cannot listen leaves the events file alone" {
  only_ours
  echo "an old line" >"$EVENTS"
  start_server
  run_server --address "$LOOPBACK" --port "$PORT" --events "$EVENTS"
  same 1 "$STATUS"
  same "an old line" "$(cat "$EVENTS")"
}

@test "an events file that is emptied meanwhile has no hole" {
  only_ours
  start_server --events "$EVENTS"
  client connect send:hello half-close wait-eof
  wait_until saw close 1
  : >"$EVENTS"
  stop_server
  # There is no hole where the old lines were; the shell would not see it.
  same "$(wc -c <"$EVENTS")" "$(tr -d '\000' <"$EVENTS" | wc -c)"
  same "stop - 0" "$(cut -f 2- "$EVENTS" | tr '\t' ' ')"
}

@test "--events with the file of standard output is wrong usage" {
  only_ours
  run_server --port 0 --events "$BATS_TEST_TMPDIR/out.1"
  same 2 "$STATUS"
  has "$NAME: --events $BATS_TEST_TMPDIR/out.1 is standard output" "$ERR"
  same "" "$OUT"
}

@test "--raw: in one file, data and messages stand in order" {
  local name

  only_ours
  PREPARE='exec >&2' start_server --raw
  name=$(client connect name 'send:hello\n' half-close wait-eof)
  wait_until has_line "Connection closed: $name" "$ERR"
  stop_server
  LOG=$ERR
  same "Listening on: $HOST:$PORT
$(served "$name" hello)
Stopped." "$(cat "$ERR")"
}

@test "a closed standard input or standard error hinders nothing" {
  only_ours
  not_under
  PREPARE='exec <&-' start_server
  say_to "$PORT" without-input
  wait_for without-input
  stop_server
  same 0 "$STATUS"
  PREPARE='exec 2>&-' start_server
  say_to "$PORT" without-error
  wait_for without-error
  stop_server
  same 0 "$STATUS"
  PREPARE='exec <&- 2>&-' start_server
  say_to "$PORT" without-both
  wait_for without-both
}

@test "a descriptor that was closed at the start never becomes a socket" {
  local fd

  only_ours
  not_under
  needs_proc
  PREPARE='exec <&- 2>&-' start_server
  hold connect send:hello line
  wait_for hello
  for fd in 0 2; do
    case $(readlink "/proc/$PID/fd/$fd") in
    /dev/null) ;;
    *) fail "descriptor $fd is $(readlink "/proc/$PID/fd/$fd")" ;;
    esac
  done
  go
  wait_held
}

@test "what comes while the output is stuck is printed, under the right name" {
  local all=$BATS_TEST_TMPDIR/all first second third

  only_ours
  only_concurrent
  to_pipe '' --label
  hold connect:3 each:name say:named line use:1 send:11111 say:sent line \
    use:2 send:22222 use:3 send:33333 say:sent-too line each:half-close \
    each:wait-eof
  wait_said named
  { read -r first && read -r second && read -r third; } <"$HELD"
  wait_until saw accept 3
  fill_pipe
  # The first chunk is being printed. Meanwhile the server may receive from the
  # others (a thread or a process can), but must not print.
  go
  wait_said sent
  wait_until_quiet
  go
  wait_said sent-too
  wait_until_quiet
  read_pipe "$all"
  wait_until has "$first| 11111" "$all"
  wait_for "$second| 22222" "$all"
  wait_for "$third| 33333" "$all"
  go
  wait_held
}

# only_letters FILE: the lines that have nothing but a to d.
only_letters() {
  LC_ALL=C grep -x '[abcd]*' "$1"
}

@test "of several that send a lot at once no line is torn" {
  local all=$BATS_TEST_TMPDIR/all letter actions=() number=0

  only_ours
  only_concurrent
  for letter in a b c d; do
    number=$((number + 1))
    head -c 100000 /dev/zero | tr '\000' "$letter" >"$BATS_TEST_TMPDIR/$letter"
    actions+=(use:"$number" send-file:"$BATS_TEST_TMPDIR/$letter")
  done
  to_pipe '' --recv-size 1048576
  hold connect:4 line "${actions[@]}" each:half-close each:wait-eof
  wait_until saw accept 4
  go
  # The pipe is full, and the server waits until it can write more.
  wait_until_quiet
  read_pipe "$all"
  wait_held
  stop_server
  wait_for Stopped. "$all"
  same "" "$(only_letters "$all" | grep -Evx '(a+|b+|c+|d+)' | cut -c 1-99)"
  same 400000 "$(only_letters "$all" | tr -d '\n' | wc -c | tr -d ' ')"
}
