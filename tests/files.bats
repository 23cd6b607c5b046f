#!/usr/bin/env bats
# files.bats: what is written to standard output and the events file, whatever
# kind of file they are and however much it is; and that an option changes
# nothing else.
# shellcheck disable=SC2030,SC2031,SC2034,SC2153 # the variables of helpers

load helpers

setup_file() {
  NAME=$(server_name)
  export NAME
}

# refuses_events FILE: --events FILE is wrong usage, and standard output does
# not change.
refuses_events() {
  run_server --port 0 --events "$1"
  same 2 "$STATUS"
  has "$NAME: --events $1 is standard output itself" "$ERR"
  same "" "$OUT"
}

@test "--events with standard output by another name is wrong usage" {
  local link=$BATS_TEST_TMPDIR/link pipe=$BATS_TEST_TMPDIR/pipe

  only_ours
  PREPARE="ln \"\$LOG\" '$link'" refuses_events "$link"
  [ -e /dev/stdout ] || skip "there is no /dev/stdout"
  refuses_events /dev/stdout
  mkfifo "$pipe"
  exec 8<>"$pipe"
  PREPARE="exec >'$pipe'" refuses_events "$pipe"
  PREPARE="exec >'$pipe'" refuses_events /dev/stdout
}

@test "two servers on one port: the first one's events are left alone" {
  local first events

  only_ours
  start_server --events "$EVENTS"
  client connect send:hello half-close wait-eof
  wait_until saw close 1
  events=$(cat "$EVENTS")
  first=$PID
  run_server --address "$LOOPBACK" --port "$PORT" --events "$EVENTS"
  same 1 "$STATUS"
  same "$events" "$(cat "$EVENTS")"
  PID=$first
  client connect send:again half-close wait-eof
  wait_until saw close 2
  same "$events" "$(sed 4q "$EVENTS")"
}

@test "--events empties a file, also a longer one" {
  only_ours
  numbered 1000 "$EVENTS"
  LISTENING_IN=$EVENTS start_server --events "$EVENTS"
  stop_server
  same "listening stop" "$(cut -f 2 "$EVENTS" | xargs)"
}

# seconds: the time of day, with nine decimals.
seconds() {
  date +%s.%N
}

# happened EVENT FROM TO: whether the last event of this kind was between these
# times.
happened() {
  awk -v event="$1" -v from="$2" -v to="$3" '
    $2 == event { seconds = $1 }
    # The seconds and their decimals separately: one number cannot hold so many
    # digits.
    function later(a, b, one, two) {
      split(a, one, "."); split(b, two, ".")
      return one[1] > two[1] || (one[1] == two[1] &&
        substr(one[2] "000000", 1, 6) > substr(two[2] "000000", 1, 6))
    }
    END { exit later(from, seconds) || later(seconds, to) }' "$EVENTS" ||
    fail "$1 was not between $2 and $3: $(cat "$EVENTS")"
}

@test "the time of each event is when it happened" {
  local at recvs

  only_ours
  case $(seconds) in
  *N*) skip "date here knows no part of a second" ;;
  esac
  at=$(seconds)
  start_server --events "$EVENTS"
  happened listening "$at" "$(seconds)"
  # There is a pause before each event, so that the time of another event would
  # be wrong.
  sleep 0.2 && at=$(seconds)
  hold connect say:there line send:hello line send:again line half-close \
    wait-eof
  wait_until saw accept 1
  happened accept "$at" "$(seconds)"
  for recvs in 1 2; do
    sleep 0.2 && at=$(seconds)
    go
    wait_until saw recv "$recvs"
    happened recv "$at" "$(seconds)"
  done
  sleep 0.2 && at=$(seconds)
  go
  wait_until saw close 1
  happened close "$at" "$(seconds)"
  wait_held
  sleep 0.2 && at=$(seconds)
  client connect reset
  wait_until saw reset 1
  happened accept "$at" "$(seconds)"
  happened reset "$at" "$(seconds)"
  sleep 0.2 && at=$(seconds)
  stop_server
  happened stop "$at" "$(seconds)"
}

# takes SIZES OPTION...: with these options, 2500 bytes that have all arrived
# are received in chunks of these sizes.
takes() {
  local sizes=$1

  shift
  start_server --events "$EVENTS" "$@"
  freeze
  client connect fill:2500 half-close
  thaw
  wait_until saw close 1
  stop_server
  same "$sizes" "$(awk '$2 == "recv" { print $4 }' "$EVENTS" | xargs)"
}

@test "no other option changes how much one recv takes" {
  only_ours
  takes "1024 1024 452"
  takes "1024 1024 452" --backlog 5
  takes "1024 1024 452" --backlog 0
  takes "1024 1024 452" --label
  takes "1000 1000 500" --recv-size 1000 --backlog 5
  takes "1000 1000 500" --backlog 5 --recv-size 1000
}

# backlog_is N OPTION...: whether so many clients may queue, with these options.
backlog_is() {
  local wanted=$1

  shift
  start_server "$@"
  same "$wanted" "$(ss -Hltn "sport = :$PORT" | awk '{ print $3 }')"
  stop_server
}

@test "--backlog alone changes the backlog" {
  local most

  only_ours
  [ -r /proc/sys/net/core/somaxconn ] && ss -H >/dev/null 2>&1 ||
    skip "needs ss of Linux"
  most=$(cat /proc/sys/net/core/somaxconn)
  backlog_is "$most"
  backlog_is 5 --backlog 5
  backlog_is 0 --backlog 0
  backlog_is "$most" --backlog 2147483647
  backlog_is "$most" --recv-size 5
  backlog_is "$most" --label
}

@test "one socket serves both families, at least on Linux" {
  only_ours
  [ "$(uname)" = Linux ] || skip "not everywhere"
  LOOPBACK='' start_server
  same "" "$(cat "$ERR")"
  case $(head -n 1 "$LOG") in
  'Listening on: [::]:'*) HOST=127.0.0.1 client connect send:v4 half-close ;;
  *) skip "this host has no IPv6" ;;
  esac
  wait_for v4
}

@test "more in one round than the output's buffer holds: all is printed" {
  local sent=$BATS_TEST_TMPDIR/sent size

  only_ours
  numbered 3000 "$sent"
  for size in 4096 65536 1048576; do
    start_server --recv-size "$size"
    freeze
    hold connect send-file:"$sent" half-close say:sent wait-eof
    wait_said sent
    thaw
    wait_held
    wait_until left 1
    printed_is "$sent" || fail "not with --recv-size $size"
    stop_server
  done
}

@test "text that grows past the output's buffer is printed, all of it" {
  local sent=$BATS_TEST_TMPDIR/sent

  only_ours
  awk 'BEGIN { for (i = 0; i < 4000; i++) printf "%09d\001", i }' >"$sent"
  start_server --recv-size 1048576
  freeze
  client connect send-file:"$sent" half-close
  thaw
  wait_until left 1
  same "$(awk 'BEGIN { for (i = 0; i < 4000; i++) printf "%09d\\x01", i }')" \
    "$(printed_text)"
}

@test "short writes into a non-blocking pipe lose nothing" {
  local all=$BATS_TEST_TMPDIR/all sent=$BATS_TEST_TMPDIR/sent

  only_ours
  needs_nonblock
  to_pipe "$NONBLOCK" --recv-size 1048576
  # More than a pipe holds, and less than the pipe and the sockets together.
  numbered 9000 "$sent"
  hold connect line send-file:"$sent" half-close say:sent wait-eof
  wait_until saw accept 1
  freeze
  go
  wait_said sent
  thaw
  # It sleeps when the pipe is full, although there is more to receive.
  wait_until asleep
  read_pipe "$all"
  wait_held
  stop_server
  wait_for Stopped. "$all"
  LOG=$all
  printed_is "$sent"
}

@test "a standard output that is stuck costs no event" {
  only_ours
  to_pipe
  hold connect line send:hello say:sent line wait-closed
  wait_until saw accept 1
  fill_pipe
  freeze
  go
  wait_said sent
  thaw
  # Since there is more to receive, it can only sleep in the write.
  wait_until asleep
  stop_server
  same 1 "$STATUS"
  has "$NAME: stopped, but standard output is stuck" "$ERR"
  same "listening accept recv close stop" "$(cut -f 2 "$EVENTS" | xargs)"
  go
  wait_held
}

@test "two that talk in large chunks never tear each other's lines" {
  local all=$BATS_TEST_TMPDIR/all letter names

  only_ours
  for letter in a b; do
    awk -v letter="$letter" 'BEGIN {
      line = sprintf("%62s", ""); gsub(" ", letter, line)
      for (i = 0; i < 30000; i++) print line }' >"$BATS_TEST_TMPDIR/$letter"
  done
  to_pipe "" --recv-size 65536 --label
  cat <&8 >"$all" 3>&- 4>&- &
  HELPERS="$HELPERS $!"
  "$BUILD/tools/client" -a "$HOST" "$PORT" connect name \
    send-file:"$BATS_TEST_TMPDIR/b" half-close wait-eof \
    >"$BATS_TEST_TMPDIR/second" 3>&- 4>&- &
  HELPERS="$HELPERS $!"
  client connect name send-file:"$BATS_TEST_TMPDIR/a" half-close wait-eof \
    >"$BATS_TEST_TMPDIR/first"
  wait "${HELPERS##* }"
  wait_until saw close 2
  stop_server
  wait_for Stopped. "$all"
  names="$(cat "$BATS_TEST_TMPDIR/first") $(cat "$BATS_TEST_TMPDIR/second")"
  # A line is split where a chunk ends; the second part then has its own label.
  same "" "$(awk -v names="$names" '
    BEGIN { split(names, name, " ") }
    /^(Listening on|Connection|Next connection|Receiving from|Stopped)/ { next }
    {
      letter = $1 == name[1] "|" ? "a" : $1 == name[2] "|" ? "b" : "z"
      n[letter] += gsub(letter, "", $2)
      if (NF != 2 || $2 != "") print NR ": " $0
    }
    END { if (n["a"] != 1860000 || n["b"] != 1860000) print n["a"], n["b"] }' \
    "$all" | head -n 5)"
}
