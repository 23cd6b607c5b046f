#!/usr/bin/env bats
# text.bats: only safe text is printed. Valid UTF-8, newline and tab are
# printed unchanged; control characters and bytes that are not UTF-8 are
# written as \xNN; a character that is split between two chunks is printed
# whole.
# shellcheck disable=SC2030,SC2031,SC2034,SC2153 # the variables of helpers

load helpers

# prints SENT PRINTED: sends one chunk to a new client and waits for its line.
prints() {
  client connect "send:$1" half-close wait-eof || return 1
  wait_for "$2"
}

@test "text, tabs and UTF-8 pass unchanged" {
  start_server
  prints 'plain \x09 text ~!"#%' 'plain 	 text ~!"#%'
  prints 'h\xc3\xa9llo' 'héllo'
  prints '\xe2\x82\xac \xf0\x9f\x90\xa7 \xe2\x80\x8d' '€ 🐧 '$'\xe2\x80\x8d'
}

@test "the first and the last character of each length pass" {
  start_server
  prints '[ ~]' '[ ~]'
  prints '[\xc2\xa0\xdf\xbf]' $'[\xc2\xa0\xdf\xbf]'
  prints '[\xe0\xa0\x80\xef\xbf\xbf]' $'[\xe0\xa0\x80\xef\xbf\xbf]'
  prints '[\xf0\x90\x80\x80\xf4\x8f\xbf\xbf]' \
    $'[\xf0\x90\x80\x80\xf4\x8f\xbf\xbf]'
  prints '[\xed\x9f\xbf\xee\x80\x80]' $'[\xed\x9f\xbf\xee\x80\x80]'
}

@test "control characters are escaped" {
  start_server
  prints 'bell\x07 return\r delete\x7f' 'bell\x07 return\x0d delete\x7f'
  prints '\x01\x08\x0b\x0c\x0e\x1f' '\x01\x08\x0b\x0c\x0e\x1f'
}

@test "the sequences that drive a terminal are escaped" {
  start_server
  prints '\x1b[31mred\x1b]0;title\x07' '\x1b[31mred\x1b]0;title\x07'
  # CSI as a C1 character, in UTF-8 and as a single byte.
  prints 'c1 \xc2\x9b31m \x9b31m \xc2\x80 \xc2\x9f' \
    'c1 \xc2\x9b31m \x9b31m \xc2\x80 \xc2\x9f'
}

@test "characters that reorder or hide text are escaped" {
  only_ours
  start_server
  # U+202E, which reverses the text, U+200B, U+FEFF and a tag.
  prints 'a\xe2\x80\xaeb' 'a\xe2\x80\xaeb'
  prints '\xe2\x80\x8b\xef\xbb\xbf\xf3\xa0\x81\x81.' \
    '\xe2\x80\x8b\xef\xbb\xbf\xf3\xa0\x81\x81.'
  prints '\xe2\x80\x8c \xe2\x80\x8d' $'\xe2\x80\x8c \xe2\x80\x8d'
}

@test "CR LF is a newline, also where it is cut in two" {
  only_ours
  start_server
  prints 'one\r\ntwo\r\n' one
  wait_for two
  hold connect 'send:three\r' line 'send:\nfour' half-close wait-eof
  wait_for three
  go
  wait_held
  wait_for four
  has_no '\x0d' "$LOG"
  # But not if no newline follows.
  prints 'five\rsix\r' 'five\x0dsix'
  wait_for '\x0d'
}

@test "an unsafe byte is found wherever it is in a long chunk" {
  local at line

  only_ours
  start_server --recv-size 4096
  printf -v line '%3000s' ''
  line=${line// /x}
  # The check goes through blocks, by quarters, and then the rest.
  for at in 0 255 256 511 512 767 768 1023 1024 1500 2047 2048 2400 2999; do
    prints "${line:0:at}\\x1b${line:at+1}" "${line:0:at}\\x1b${line:at+1}"
  done
}

@test "NUL and 0xFF end nothing" {
  start_server
  prints 'before\0after' 'before\x00after'
  prints '\0\0\xff\xfe.' '\x00\x00\xff\xfe.'
}

@test "invalid UTF-8 is escaped, and the text after it is not" {
  start_server
  prints 'alone \x80 \xbf.' 'alone \x80 \xbf.'
  prints 'cut \xe2\x82. \xc3( \xf0\x9f\x90a' 'cut \xe2\x82. \xc3( \xf0\x9f\x90a'
  prints 'restart \xe2\x82\xc3\xa9' 'restart \xe2\x82é'
  prints 'never \xc0\xaf \xf5\x80\x80\x80 \xfe' \
    'never \xc0\xaf \xf5\x80\x80\x80 \xfe'
}

@test "overlong forms, surrogates and code points above U+10FFFF are escaped" {
  start_server
  prints '\xc1\xbf \xe0\x80\xaf \xe0\x9f\xbf' '\xc1\xbf \xe0\x80\xaf \xe0\x9f\xbf'
  prints '\xf0\x80\x80\xaf \xf0\x8f\xbf\xbf' '\xf0\x80\x80\xaf \xf0\x8f\xbf\xbf'
  prints '\xed\xa0\x80 \xed\xbf\xbf' '\xed\xa0\x80 \xed\xbf\xbf'
  prints '\xf4\x90\x80\x80' '\xf4\x90\x80\x80'
}

@test "a character split between two chunks is printed whole" {
  start_server
  hold connect 'send:a\xc3' line 'send:\xa9\n' half-close wait-eof
  wait_for a
  go
  wait_held
  wait_for é
  has_no '\x' "$LOG"
}

@test "a character that comes in four chunks is printed whole" {
  start_server
  hold connect 'send:a\xf0' line 'send:\x9f' say:two line 'send:\x90' say:three \
    line 'send:\xa7!\n' half-close wait-eof
  wait_for a
  go
  wait_said two
  go
  wait_said three
  go
  wait_held
  wait_for '🐧!'
}

@test "a chunk that holds only part of a character prints nothing yet" {
  only_ours
  start_server --events "$EVENTS"
  hold connect 'send:\xe2' line 'send:\x82' line 'send:\xac' line \
    half-close wait-eof
  wait_until saw recv 1
  same "" "$(printed_text)"
  go
  wait_until saw recv 2
  same "" "$(printed_text)"
  go
  wait_for €
  go
  wait_held
}

@test "the rest of a character is escaped when its client is closed" {
  start_server
  prints '\xf0\x9f\x90' '\xf0\x9f\x90'
  prints 'end\xc3' '\xc3'
}

@test "two clients' halves are not put together" {
  only_concurrent
  start_server
  hold connect 'send:a\xc3' line half-close wait-eof
  wait_for a
  client connect 'send:\xa9!' half-close wait-eof
  wait_for '\xa9!'
  go
  wait_held
  wait_for '\xc3'
}

@test "with --recv-size 1 a character is still printed whole" {
  only_ours
  start_server --recv-size 1
  client connect 'send:h\xc3\xa9 \xf0\x9f\x90\xa7' half-close wait-eof
  wait_for é
  wait_for 🐧
  has_no '\x' "$LOG"
}

@test "the text is the same in one piece and in many" {
  local bytes one many

  only_ours
  bytes='a\x1b\xc2\x9b\xe2\x82\xac\xf0\x9f\xff\xed\xa0\x80\xc3\xa9\xe2\x82'
  start_server --recv-size 1
  client connect "send:$bytes" half-close wait-eof
  wait_until has 'Connection closed' "$LOG"
  many=$(printed_text)
  stop_server
  start_server
  client connect "send:$bytes" half-close wait-eof
  wait_until has 'Connection closed' "$LOG"
  one=$(printed_text)
  same 'a\x1b\xc2\x9b€\xf0\x9f\xff\xed\xa0\x80é\xe2\x82' "$one"
  same "$one" "$many"
}
