#!/usr/bin/env bats
# messages.bats: what a server prints, word for word and in which order, and
# when it serves which client. These scenarios can test any server.
# shellcheck disable=SC2030,SC2031,SC2034,SC2153 # the variables of helpers

load helpers

# log_is_served NAME CHUNK...: waits until the log is the first line and the
# lines of `served` for one client.
log_is_served() {
  wait_for "Connection closed: $1"
  log_becomes "$(head -n 1 "$LOG")
$(served "$@")"
}

# before LINE LATER: whether LINE is before LATER in the log.
before() {
  awk -v one="$1" -v other="$2" '
    $0 == one && !seen { early = 1 }
    $0 == other { seen = 1 }
    END { exit !(early && seen) }' "$LOG" || fail "'$1' is not before '$2'"
}

@test "the first line says where it listens" {
  start_server
  [ "$PORT" -gt 0 ]
  [ "$(lines "$LOG")" -eq 1 ]
}

@test "one client is announced, printed and let go, in that order" {
  start_server
  say_to "$PORT" hello
  wait_until came 1
  log_is_served "$(client_number 1)" hello
}

@test "the address that is shown is the client's" {
  start_server
  hold connect name send:hello line
  wait_for hello
  same "$(cat "$HELD")" "$(client_number 1)"
  go
  wait_held
}

@test "clients that come one after the other are served alike" {
  local first second

  start_server
  client connect send:one half-close wait-eof
  client connect send:two half-close wait-eof
  wait_until came 2
  first=$(client_number 1)
  second=$(client_number 2)
  wait_for "Connection closed: $second"
  log_becomes "$(head -n 1 "$LOG")
$(served "$first" one)
$(served "$second" two)"
}

@test "a client that says nothing" {
  start_server
  client connect half-close wait-eof
  wait_until came 1
  log_is_served "$(client_number 1)"
}

@test "each chunk is printed at once, while the client is still there" {
  start_server
  hold connect send:one line send:two line half-close wait-eof
  wait_for one
  go
  wait_for two
  go
  wait_held
  log_is_served "$(client_number 1)" one two
}

@test "a newline is added where a chunk has none at its end, none is removed" {
  start_server
  hold connect 'send:one\n' line send:two line 'send:\n' line \
    'send:three\n\nfour\n\n' half-close wait-eof
  wait_for one
  go
  wait_for two
  go
  wait_until grep -q '^$' "$LOG"
  go
  wait_held
  log_is_served "$(client_number 1)" one two '' "three

four
"
}

@test "many lines in one go come out as they are" {
  local sent=$BATS_TEST_TMPDIR/sent

  numbered 9999 "$sent"
  start_server
  client connect "send-file:$sent" half-close wait-eof
  wait_until came 1
  wait_for "Connection closed: $(client_number 1)"
  printed_is "$sent"
}

@test "an idle client and one that talks" {
  start_server
  hold connect line half-close wait-eof
  if [ "$CONCURRENT" = no ]; then
    # The second is connected, by the kernel, and waits for the first to leave.
    wait_until came 1
    client connect send:talk half-close &
    wait $!
    go
  else
    client connect send:talk half-close wait-eof
    has_line talk "$LOG"
    go
  fi
  wait_held
  wait_for talk
  wait_until came 2
  wait_for "Connection closed: $(client_number 2)"
  if [ "$CONCURRENT" = no ]; then
    before "Connection closed: $(client_number 1)" \
      "Connection from: $(client_number 2)"
  fi
}

@test "a new client is announced between two chunks of another" {
  only_concurrent
  start_server
  hold connect send:one line send:three half-close wait-eof
  wait_for one
  say_to "$PORT" two
  go
  wait_held
  wait_for "Connection closed: $(client_number 1)"
  first=$(client_number 1)
  second=$(client_number 2)
  log_becomes "$(head -n 1 "$LOG")
Connection from: $first
Next connection...
Receiving from: $first
one
Connection from: $second
Next connection...
Receiving from: $second
two
Connection closed: $second
three
Connection closed: $first"
}

@test "four clients at once: one is served, or all four" {
  local number

  start_server
  hold connect:4 use:1 send:a use:2 send:b use:3 send:c use:4 send:d say:sent \
    line each:half-close each:wait-eof
  wait_said sent
  wait_for a
  if [ "$CONCURRENT" = no ]; then
    go
    wait_held
    wait_for d
    for number in 1 2 3; do
      before "Connection closed: $(client_number $number)" \
        "Connection from: $(client_number $((number + 1)))"
    done
  else
    # All four are served, and none has left.
    wait_for b
    wait_for c
    wait_for d
    has_no 'Connection closed' "$LOG"
    go
    wait_held
  fi
}

@test "four clients at once, as the events tell it" {
  local order

  only_ours
  start_server --events "$EVENTS"
  hold connect:4 use:1 send:a use:2 send:b use:3 send:c use:4 send:d say:sent \
    line each:half-close each:wait-eof
  wait_said sent
  [ "$CONCURRENT" = no ] || wait_until saw recv 4
  [ "$CONCURRENT" != no ] || wait_until saw recv 1
  go
  wait_held
  wait_until saw close 4
  order=$(awk '{ print $2 }' "$EVENTS" | xargs)
  if [ "$CONCURRENT" = no ]; then
    same "listening accept recv close accept recv close accept recv close\
 accept recv close" "$order"
  else
    same "close close close close" "${order##*recv }"
    # A client that was accepted is received from, whatever the others do.
    same "4 4" "$(echo "$order" | awk '{
      for (i = 1; i <= NF; i++) n[$i]++
      print n["accept"], n["recv"] }')"
  fi
}

@test "a client may half-close and is still let go in order" {
  start_server
  client connect send:bye half-close wait-eof
  wait_for bye
}

@test "a hundred clients, one after the other" {
  start_server
  # shellcheck disable=SC2046 # many actions
  client $(awk 'BEGIN {
    for (i = 1; i <= 100; i++)
      print "connect", "send:number-" i "\\n", "half-close", "wait-eof" }')
  wait_until came 100
  wait_for "Connection closed: $(client_number 100)"
  same "$(awk 'BEGIN { for (i = 1; i <= 100; i++) print "number-" i }')" \
    "$(grep '^number' "$LOG")"
  [ "$(lines "$LOG" 'Connection closed: ')" -eq 100 ]
}
