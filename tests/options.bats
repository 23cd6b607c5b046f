#!/usr/bin/env bats
# options.bats: the command line, and the exit status and message for each
# mistake: wrong usage is status 2, something that cannot be set up is status
# 1.
# shellcheck disable=SC2030,SC2031,SC2034,SC2153 # the variables of helpers

load helpers

setup_file() {
  NAME=$(server_name)
  export NAME
}

# wrong TEXT OPTION...: these options are wrong usage, and the message says
# TEXT and points to --help.
wrong() {
  local text=$1
  shift

  run_server "$@"
  same 2 "$STATUS"
  same "" "$OUT"
  same "$NAME: $text
$NAME: --help lists the options" "$WORDS"
}

# impossible TEXT OPTION...: these options are well-formed, but the server
# cannot do what they ask.
impossible() {
  local text=$1
  shift

  run_server "$@"
  same 1 "$STATUS"
  same "" "$OUT"
  case $WORDS in
  *"
"*) fail "more than one line: $WORDS" ;;
  "$NAME: $text"*) ;;
  *) same "$NAME: $text..." "$WORDS" ;;
  esac
}

@test "a port that is not a port number is wrong usage" {
  only_ours
  wrong "port must be a number from 0 to 65535, not '99999'" --port 99999
  wrong "port must be a number from 0 to 65535, not '65536'" -p 65536
  wrong "port must be a number from 0 to 65535, not 'x'" --port x
  wrong "port must be a number from 0 to 65535, not '80x'" --port 80x
  wrong "port must be a number from 0 to 65535, not ''" --port ''
  wrong "port must be a number from 0 to 65535, not '-1'" --port -1
  wrong "port must be a number from 0 to 65535, not ' 1'" --port ' 1'
}

@test "a size or a backlog out of range is wrong usage" {
  only_ours
  wrong "recv-size must be a number from 1 to 1048576, not '0'" --recv-size 0
  wrong "recv-size must be a number from 1 to 1048576, not '1048577'" -r 1048577
  wrong "recv-size must be a number from 1 to 1048576, not '1k'" --recv-size 1k
  wrong "backlog must be a number from 0 to 2147483647, not '-1'" --backlog -1
  wrong "backlog must be a number from 0 to 2147483647, not\
 '99999999999999999999'" -b 99999999999999999999
  wrong "backlog must be a number from 0 to 2147483647, not '2147483648'" \
    -b 2147483648
}

@test "the ends of each range are allowed, and the port is 8888 without one" {
  only_ours
  # This host does not have this address, so the server does not listen.
  impossible "cannot listen on 192.0.2.1:65535: " -a 192.0.2.1 -p 65535
  impossible "cannot listen on 192.0.2.1:8888: " -a 192.0.2.1 -b 2147483647
  impossible "cannot listen on 192.0.2.1:8888: " -a 192.0.2.1 -b 0
  impossible "cannot listen on 192.0.2.1:8888: " -a 192.0.2.1 -r 1
  impossible "cannot listen on 192.0.2.1:8888: " -a 192.0.2.1 -r 1048576
}

@test "of an option that is given twice the last one counts" {
  local first=$BATS_TEST_TMPDIR/first

  only_ours
  # start_server adds --port 0 at the end.
  start_server --address 192.0.2.1 --address 127.0.0.1 --port 1 \
    --recv-size 1 --recv-size 4 --events "$first" --events "$EVENTS"
  [ "$PORT" -ne 1 ]
  client connect send:abcdef half-close wait-eof
  wait_until saw close 1
  same "4 2" "$(awk '$2 == "recv" { print $4 }' "$EVENTS" | xargs)"
  [ ! -e "$first" ]
}

@test "an unknown option is wrong usage" {
  only_ours
  wrong "unknown option '--frobnicate'" --frobnicate
  wrong "unknown option '-x'" -x
  wrong "unknown option '-x'" -lx
  wrong "option '--raw=yes' takes no value" --raw=yes
}

@test "a missing value and an extra argument are wrong usage" {
  only_ours
  wrong "option '--port' needs a value" --port
  wrong "option '-p' needs a value" -p
  wrong "option '-e' needs a value" -le
  wrong "unexpected argument '8888'" 8888
  wrong "unexpected argument 'more'" --port 0 more
  wrong "unexpected argument '-x'" -- -x
}

@test "options that exclude each other are wrong usage" {
  only_ours
  wrong "--raw and --label exclude each other" --raw --label
  wrong "--raw and --label exclude each other" -lR
  wrong "--raw and --events - exclude each other" --raw --events -
}

@test "only coroutine has --selector, which accepts the selectors of this system" {
  local names

  only_ours
  case $BACKEND in
  coroutine/*)
    # run_server already names a selector; the last one counts.
    run_server --selector none
    same 2 "$STATUS"
    case $WORDS in
    "$NAME: unknown selector 'none'; this system has: "*poll*) ;;
    *) fail "$WORDS" ;;
    esac
    # The message and --help have the same list of names.
    names=$(sed -n '1s/.*this system has: //p' "$ERR")
    run_server --help
    same "$names" "$(sed -n 's/.*how to wait: \(.*\);$/\1/p' "$LOG")"
    echo "$names" | grep -Eqx '[a-z]+(, [a-z]+)*' || fail "$names"
    # The first one is the default.
    same "${names%%,*}" "$(sed -n 's/^ *default: //p' "$LOG" | tail -n 1)"
    ;;
  *) wrong "unknown option '--selector'" --selector poll ;;
  esac
}

@test "--help goes to standard output and names every option" {
  local option

  only_ours
  run_server --help
  same 0 "$STATUS"
  same "" "$WORDS"
  for option in -a,\ --address -p,\ --port -b,\ --backlog -r,\ --recv-size \
    -l,\ --label -R,\ --raw -e,\ --events -h,\ --help -V,\ --version; do
    has "  $option" "$LOG" || fail "--help does not name $option"
  done
  case $OUT in
  "Usage: "*"${BACKEND%%/*} [OPTION]..."*) ;;
  *) fail "it does not start with the usage: $OUT" ;;
  esac
  run_server -h
  same 0 "$STATUS"
}

@test "--version goes to standard output, in one line" {
  only_ours
  run_server --version
  same 0 "$STATUS"
  same "" "$WORDS"
  same 1 "$(lines "$LOG" "$NAME (ways-to-wait) ")"
  same 1 "$(lines "$LOG")"
  run_server -V
  same 0 "$STATUS"
  case $NAME,$(uname) in
  kqueue,Linux) fail "it does not say that this kqueue is not the system's" ;;
  esac
}

@test "--help and --version on a full disk are an error" {
  only_ours
  [ -c /dev/full ] || skip "there is no /dev/full"
  PREPARE='exec >/dev/full' run_server --help
  same 1 "$STATUS"
  has "$NAME: cannot write to standard output: " "$ERR"
  PREPARE='exec >/dev/full' run_server --version
  same 1 "$STATUS"
}

@test "an address that is not this host's, or is no name, is an error" {
  only_ours
  # No resolver needs to be asked about a name with an empty part.
  impossible "cannot find the address 'no..host': " --address no..host --port 0
  impossible "cannot listen on 192.0.2.1:8888: " --address 192.0.2.1
  # The address is printed as RFC 5952 says, however it was given.
  impossible "cannot listen on [2001:db8::1]:8888: " -a 2001:DB8:0:0:0:0:0:01
}

@test "an events file that cannot be opened ends it" {
  only_ours
  impossible "cannot open $BATS_TEST_TMPDIR/none/events: " \
    --events "$BATS_TEST_TMPDIR/none/events" --port 0
  impossible "cannot open $BATS_TEST_TMPDIR: " -e "$BATS_TEST_TMPDIR" -p 0
}

@test "every option has a long and a short form" {
  only_ours
  start_server --backlog 5 --recv-size 4 --label --events "$EVENTS"
  client connect name send:long half-close wait-eof >"$BATS_TEST_TMPDIR/name"
  wait_for "$(cat "$BATS_TEST_TMPDIR/name")| long"
  stop_server
  start_server -b 5 -r 4 -l -e "$EVENTS"
  client connect name send:short half-close wait-eof >"$BATS_TEST_TMPDIR/name"
  wait_for "$(cat "$BATS_TEST_TMPDIR/name")| shor"
  wait_until saw recv 2
}

@test "--recv-size is the most that one recv takes" {
  only_ours
  start_server --recv-size 4 --events "$EVENTS"
  client connect send:abcdefghij half-close wait-eof
  wait_until saw close 1
  same "4 4 2" "$(awk '$2 == "recv" { print $4 }' "$EVENTS" | xargs)"
  same "abcd efgh ij" "$(sed -n '/^[a-j]*$/p' "$LOG" | xargs)"
}

@test "--backlog is as long as it says" {
  only_ours
  [ "$(uname)" = Linux ] || skip "ss shows it on Linux alone"
  command -v ss >/dev/null || skip "there is no ss"
  start_server --backlog 7
  same 7 "$(ss -Hltn "sport = :$PORT" | awk '{ print $3 }')"
}
