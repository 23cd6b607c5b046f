#!/usr/bin/env bats
# characters.bats: special cases of text.bats: half a character before plain
# text, the bounds of what is escaped, and urgent data.
# shellcheck disable=SC2030,SC2031,SC2034,SC2153 # the variables of helpers

load helpers

# prints SENT PRINTED: sends one chunk to a new client and waits for its line.
prints() {
  client connect "send:$1" half-close wait-eof || return 1
  wait_for "$2"
}

@test "half a character, and plain text: the half is escaped before it" {
  only_ours
  start_server --events "$EVENTS"
  hold connect 'send:a\xc3' line 'send:b\n' line 'send:\xa9\n' half-close \
    wait-eof
  wait_until saw recv 1
  go
  wait_until saw recv 2
  go
  wait_held
  wait_until left 1
  log_becomes "Listening on: $HOST:$PORT
$(served "$(client_number 1)" a '\xc3b' '\xa9')"
}

@test "a CR and plain text: it is escaped before it" {
  only_ours
  start_server --events "$EVENTS"
  hold connect 'send:a\r' line 'send:b\n' half-close wait-eof
  wait_until saw recv 1
  go
  wait_held
  wait_until left 1
  log_becomes "Listening on: $HOST:$PORT
$(served "$(client_number 1)" a '\x0db')"
}

@test "the upper bounds of a character's second byte pass" {
  start_server
  prints '[\xc2\xbf]' $'[\xc2\xbf]'
  prints '[\xe0\xbf\xbf]' $'[\xe0\xbf\xbf]'
  prints '[\xf0\xbf\xbf\xbf]' $'[\xf0\xbf\xbf\xbf]'
  prints '[\xe1\x80\x80\xec\xbf\xbf]' $'[\xe1\x80\x80\xec\xbf\xbf]'
  prints '[\xf1\x80\x80\x80\xf3\xbf\xbf\xbf]' \
    $'[\xf1\x80\x80\x80\xf3\xbf\xbf\xbf]'
}

# hides BYTES: the character is escaped. shows BYTES: it is printed unchanged.
hides() {
  prints "<$1>" "<$1>"
}

shows() {
  # shellcheck disable=SC2059 # the escapes of printf are meant
  prints "($1)" "$(printf "($1)")"
}

@test "characters that reorder or hide text are escaped, their neighbours are not" {
  only_ours
  start_server
  # U+061B to U+061D.
  shows '\xd8\x9b'
  hides '\xd8\x9c'
  shows '\xd8\x9d'
  # U+200A to U+2010: joiners are between the spaces and the marks.
  shows '\xe2\x80\x8a'
  hides '\xe2\x80\x8b'
  shows '\xe2\x80\x8c\xe2\x80\x8d'
  hides '\xe2\x80\x8e\xe2\x80\x8f'
  shows '\xe2\x80\x90'
  # U+2027 to U+202F, U+205F to U+206A.
  shows '\xe2\x80\xa7'
  hides '\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa\xe2\x80\xae'
  shows '\xe2\x80\xaf'
  shows '\xe2\x81\x9f'
  hides '\xe2\x81\xa0\xe2\x81\xa6\xe2\x81\xa9'
  # U+FEFE to U+FF01, U+DFFFF to U+E0080, which are the tags.
  shows '\xef\xbb\xbe'
  hides '\xef\xbb\xbf'
  shows '\xef\xbc\x81'
  shows '\xf3\x9f\xbf\xbf'
  hides '\xf3\xa0\x80\x80\xf3\xa0\x81\xbf'
  shows '\xf3\xa0\x82\x80'
}

@test "of two CR before a newline one is escaped" {
  only_ours
  start_server
  prints 'twice\r\r\nend' 'twice\x0d'
  wait_for end
}

@test "urgent data is data, in its place" {
  local bytes=$BATS_TEST_TMPDIR/bytes

  only_ours
  needs_program urgent
  start_server
  "$BUILD/tests/urgent" "$HOST" "$PORT" before '!' after '!' 'end' 3>&- 4>&-
  wait_until left 1
  same 'before!after!end' "$(printed_text)"
  stop_server
  start_server --raw
  "$BUILD/tests/urgent" "$HOST" "$PORT" before '!' after '!!' 3>&- 4>&-
  wait_until has 'Connection closed' "$ERR"
  same 'before!after!!' "$(cat "$LOG")"
}
