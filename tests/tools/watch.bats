#!/usr/bin/env bats
# watch.bats: what `make watch` shows of real clients on the loopback address,
# mostly in a terminal, which is tmux's.
#
#     BUILD=build bats tests/tools/watch.bats
#
# See tools/watch/ and tmux(1).

setup() {
  ROOT=${BATS_TEST_DIRNAME%/*/*}
  BUILD=$(cd "${BUILD:-$ROOT/build}" && pwd)
  # shellcheck source=tools/servers.sh
  . "$ROOT/tools/servers.sh"
  # shellcheck source=tests/tools/terminal.bash
  . "$ROOT/tests/tools/terminal.bash"
  unset SERVER BACKENDS COLUMNS ADDRESS PORT
  cd "$BATS_TEST_TMPDIR" || return
  clients=
  plain_pid=
}

teardown() {
  end_screen
  # shellcheck disable=SC2086 # a list
  kill $clients $plain_pid 2>/dev/null || true
  wait
}

# servers_of NAME...: the arguments of watch for these servers.
servers_of() {
  arguments=()
  local name
  for name in "$@"; do
    arguments+=("$name" "'$BUILD/$name' --label")
  done
}

# watch COLUMNS ROWS NAME...: in a terminal of this size. Sets port.
watch() {
  local size=("$1" "$2")
  shift 2
  servers_of "$@"
  watch_it "${size[@]}" "${arguments[@]}"
}

# watch_it COLUMNS ROWS LABEL COMMAND...
watch_it() {
  local size=("$1" "$2")
  shift 2
  screen "${size[@]}" "$BUILD/tools/watch" -a 127.0.0.1 0 \
    "$BATS_TEST_TMPDIR" "$@"
  seen 'nobody is connected yet'
  port=$(sed -n 's|.*/dev/tcp/127.0.0.1/||p' out)
  [ -n "$port" ]
}

# watch_plain LABEL COMMAND...: without a terminal; its lines are in out, and it
# reads keys from descriptor 9. Sets port.
watch_plain() {
  mkfifo keys
  exec 9<>keys
  "$BUILD/tools/watch" -a 127.0.0.1 0 "$BATS_TEST_TMPDIR" "$@" \
    <keys >out 2>&1 3>&- 9>&- &
  plain_pid=$!
  said 'listens on port'
  port=$(sed -n 's/.* listens on port \([0-9]*\)[.]$/\1/p' out)
}

# end_plain: ends it, and removes the fifo of its keys.
end_plain() {
  kill "$plain_pid"
  wait "$plain_pid" || true
  rm keys
}

# within: a short pause of a loop that waits, which may not wait forever.
within() {
  deadline=${deadline:-$((SECONDS + 20))}
  [ "$SECONDS" -le "$deadline" ] || { cat out && return 1; }
  sleep 0.02
}

# said TEXT: waits until a line has it.
said() {
  local end=$((SECONDS + 20))
  until grep -qF -e "$1" out; do
    [ "$SECONDS" -le "$end" ] || { echo "never said: $1" && cat out && return 1; }
    sleep 0.02
  done
}

# keys KEY...: types them.
keys() {
  tmux -S "$SOCKET" send-keys "$@"
}

# client ACTION...: connects, does these actions, and stays. Sets client to its
# process, and from to its port.
client() {
  mkfifo "wait.$((++count))"
  exec 8<>"wait.$count" # inherited by the client, which so waits until its end
  "$BUILD/tools/client" -a 127.0.0.1 "$port" connect name "$@" line \
    <"wait.$count" >"client.$count" 3>&- 9>&- &
  client=$!
  clients="$clients $client"
  until [ -s "client.$count" ]; do within; done
  from=$(sed 's/.*://' "client.$count")
}

# leaves PID: ends a client.
leaves() {
  kill "$1" 2>/dev/null || true
  wait "$1" 2>/dev/null || true
}

# ended: waits until watch has given the terminal back, all of it.
ended() {
  seen ended
  [ "$(tmux -S "$SOCKET" display -p '#{alternate_on} #{cursor_flag}')" = '0 1' ]
  # What is typed is shown, and comes in lines.
  keys back Enter
  until [ "$(grep -c 'back$' out)" -eq 2 ]; do
    seen back
    within
  done
}

@test "blocking: who is not accepted is a port, with what waits, then a name" {
  watch 80 24 blocking poll
  client 'send:anna\n'
  anna=$client
  seen 'anna  '
  client
  seen "port $from  "
  grep "^port $from  *[.][.]*  *[0-9. m]*s$" out
  client 'send:bob\n' 'send:and more\n'
  seen '13 B'
  grep "^port $from .*[o=].* 13 B " out
  seen 'blocking: 3 people, waiting now 2,'
  refuse grep '^bob' out
  client 'send:zed\n' line reset
  seen "port $from"
  echo >&8
  seen 'blocking: 4 people, waiting now 2,'
  grep "^port $from .*x" out
  client 'send:eve\n' half-close
  seen 'blocking: 5 people, waiting now 3,'
  until seen "port $from" && grep "^port $from .*[|].* 4 B " out; do
    within
  done
  leaves "$anna"
  seen 'blocking: 5 people, waiting now 2,'
  grep '^anna .*|' out
  refuse grep '^bob' out
}

@test "n: the next server on the same port; q: a sentence, a picture, events" {
  watch 80 24 blocking poll
  client 'send:anna\n'
  seen 'anna  '
  client 'send:bob\n'
  bob=$client
  until seen 'waiting now 1,' && grep 'wait [2-9][0-9][0-9] ms\|wait [0-9.]* s' out; do
    within
  done
  keys n
  seen 'poll: everybody was disconnected, so connect again'
  grep "^nc 127.0.0.1 $port$" out
  grep '^p: pause   q: end$' out
  leaves "$bob"
  client 'send:anna\n'
  client 'send:bob\n'
  seen 'bob  '
  seen 'poll: 2 people, waiting now 0,'
  keys q
  ended
  # On a machine that is very busy a client that is accepted at once, and even one
  # of poll, waits noticeably.
  tr -d ' \n' <out | grep '2people;withblocking,[a-z]*waitedupto.*totheend;'
  tr -d ' \n' <out | grep ';withpoll[a-z,]*waited\(over\|upto\)'
  grep '<text class="name".*>blocking<' timeline.svg
  [ "$(grep -c '<text class="person".*>anna<' timeline.svg)" -eq 2 ]
  awk -F '\t' '$2 == "poll" && $3 == "name" { print $5 }' events.tsv |
    sort | tr '\n' ' ' | grep '^anna bob $'
}

@test "a name is cut, safe, and as wide as it looks" {
  LOCALE=C.UTF-8
  locale -a | grep -qi '^C.utf-\?8$' || skip 'there is no locale C.UTF-8'
  watch 80 24 poll
  client 'send:\x1b[2Jx\n'
  seen '\x1b[2Jx'
  client 'send:\xe2\x80\xaeevil\n'
  seen '\xe2\x80\xae  '
  client 'send:\xe6\x9d\x8e\xe5\xb0\x8f\xe9\xbe\x99\xe5\xbe\x88\xe9\x95\xbf\xe7\x9a\x84\xe5\x90\x8d\n'
  seen '李小龙很长的  '
  printf '%01000000d' 7 >large
  client send-file:large
  seen '000000000000  '
  client 'send:\n' 'send:<b>&\n'
  seen '<b>&'
  client 'send:no newline'
  seen 'no newline'
  keys q
  ended
  grep '>&lt;b>&amp;</text>' timeline.svg
  refuse grep "$(printf '\033')" timeline.svg events.tsv
}

# bounded: whether watch has less than 30 MB, where one can see that. (With a
# sanitizer it has more.)
bounded() {
  local pid rss

  [ -r /proc/self/status ] || return 0
  refuse grep -q __asan_init "$BUILD/tools/watch" || return 0
  for pid in $(family "$(tmux -S "$SOCKET" display -p '#{pane_pid}')"); do
    case $(tr '\0' ' ' <"/proc/$pid/cmdline") in
    */tools/watch*) rss=$(sed -n 's/^VmRSS:[[:blank:]]*\([0-9]*\) kB/\1/p' "/proc/$pid/status") ;;
    esac
  done
  echo "$rss kB"
  [ "$rss" -lt 30000 ]
}

@test "a flood and 300 clients: the page goes on, in bounded memory" {
  watch 120 40 poll threads
  "$BUILD/tools/client" -a 127.0.0.1 "$port" connect 'send:flood\n' \
    fill:2000000000 2>/dev/null 3>&- 9>&- &
  clients=$!
  seen 'flood  '
  client connect:299 each:'send:crowd\n'
  until seen 'of whom wait: ' && [ "$(grep -c '^crowd' out)" -ge 30 ]; do
    within
  done
  keys p
  seen '(paused)'
  bounded
  keys p n
  seen 'threads: '
  keys q
  ended
  [ "$(wc -l <events.tsv)" -le 100001 ]
  [ "$(grep -c '<text class="person".*>crowd<' timeline.svg)" -ge 30 ]
}

@test "resized while it runs: whole pages of the new size" {
  watch 60 20 blocking
  client 'send:anna\n'
  client connect:12
  seen 'blocking: 14 people'
  for size in 250x70 60x20 100x30; do
    resize "${size%x*}" "${size#*x}"
    until seen 'q: end' && [ "$(sed -n '/waited$/{p;q;}' out |
      awk '{ print length($0) }')" -eq $((${size%x*} - 1)) ]; do
      within
    done
    [ "$(sed -n '$=' out)" -le "${size#*x}" ]
  done
  resize 60 16
  seen 'of whom wait: '
  resize 20 6
  seen 'too small'
}

@test "the terminal is restored after Ctrl+C, a signal, and Ctrl+Z" {
  watch 80 24 poll
  keys C-c
  ended
  end_screen
  for signal in TERM HUP ABRT; do
    watch_it 80 24 poll "sh -c 'echo \$PPID >parent; exec $BUILD/poll --label \"\$@\"' sh"
    kill -"$signal" "$(cat parent)"
    ended
    end_screen
  done
  screen 80 24 bash --norc -i
  keys "PS1='ready '; '$BUILD/tools/watch' -a 127.0.0.1 0 . poll '$BUILD/poll'" Enter
  seen 'nobody is connected yet'
  keys C-z
  seen Stopped
  [ "$(tmux -S "$SOCKET" display -p '#{alternate_on} #{cursor_flag}')" = '0 1' ]
  keys fg Enter
  seen 'nobody is connected yet'
  keys q
  seen 'with poll nobody connected.'
}

@test "a server that ends: the page says how, and n goes on" {
  mkfifo end
  watch_it 80 24 mine "sh -c 'read line <\"\$0\"; echo a fault >&2; exit 3' \
    $BATS_TEST_TMPDIR/end" poll "$BUILD/poll --label"
  echo >end
  seen 'mine has ended: exit status 3: a fault'
  keys n
  seen 'poll: '
  client 'send:anna\n'
  seen 'anna  '
}

@test "your server: whose words it prints is unknown, if it does not say" {
  watch_it 80 24 yours "$BUILD/poll"
  client 'send:anna\n'
  seen 'anna  ' # it is the only one, so it is known
  client 'send:bob\n'
  seen 'Lines printed of which yours does not say whose they are: 1'
  seen "port $from"
  refuse grep '^bob' out
}

@test "without a terminal: lines, and the same keys" {
  servers_of blocking poll
  watch_plain "${arguments[@]}"
  said "nc 127.0.0.1 $port"
  client 'send:anna\n'
  said "blocking: anna at 127.0.0.1:$from: this is its name"
  client 'send:bob\n'
  said "blocking: 127.0.0.1:$from: has sent something, bytes that wait: 4"
  printf n >&9
  said 'poll listens on port'
  kill -INT "$plain_pid"
  wait "$plain_pid"
  cat out
  # A line for each server if the sentence is longer than 80 columns.
  grep '^with blocking (2 people).* waited ' out
  grep '\(^\|; \)with poll nobody connected' out
  refuse grep '^with .\{80\}' out
  refuse grep "$(printf '\033')" out
}

@test "a port in use: the next free one, and it says so" {
  watch 80 24 poll
  first=$port
  "$BUILD/tools/watch" -a 127.0.0.1 "$first" . poll "$BUILD/poll" \
    </dev/null >second 2>&1 3>&- &
  clients=$!
  until grep 'is in use, so this is port' second; do within; done
  grep "^Port $first is in use, so this is port [0-9]*\.$" second
  refuse grep "^nc 127.0.0.1 $first$" second
}

# fake_list TEXT: what the system says of connections, in place of all else.
fake_list() {
  mkdir -p bin proc
  printf '#!/bin/sh\ncat "%s/netstat"\n' "$BATS_TEST_TMPDIR" >bin/netstat
  chmod +x bin/netstat
  export WATCH_PROC=$BATS_TEST_TMPDIR/proc PATH=$BATS_TEST_TMPDIR/bin:$PATH
}

@test "without netlink /proc/net tells who waits, elsewhere netstat" {
  [ -r /proc/net/tcp ] || skip 'there is no /proc/net here'
  WATCH_PROC=/proc/net watch_plain blocking "'$BUILD/blocking' --label"
  client 'send:anna\n'
  said 'anna at'
  client 'send:bob\n'
  said "127.0.0.1:$from: has sent something, bytes that wait: 4"
  end_plain
  fake_list
  echo 'Proto Recv-Q Send-Q  Local Address  Foreign Address  (state)' >netstat
  watch_plain blocking "'$BUILD/blocking' --label"
  printf '%s\n' "tcp4 0 0 127.0.0.1.$port 127.0.0.1.1001 ESTABLISHED" \
    "tcp4 7 0 127.0.0.1.$port 127.0.0.1.1002 CLOSE_WAIT" \
    "tcp4 0 0 *.$port *.* LISTEN" >>netstat
  said 'blocking: 127.0.0.1:1001: connects'
  said 'blocking: 127.0.0.1:1002: has sent something, bytes that wait: 7'
  said 'blocking: 127.0.0.1:1002: closes its side'
}

@test "where nobody tells who waits, the page says so" {
  fake_list
  rm bin/netstat
  printf '#!/bin/sh\nexit 1\n' >bin/netstat
  chmod +x bin/netstat
  watch 80 24 blocking
  seen 'This system does not show who is not accepted yet'
}

@test "make watch: each way of waiting, one after the other, by name" {
  mkdir -p build
  ln -s "$BUILD"/* build/
  rm build/watch 2>/dev/null || true
  mkfifo keys
  exec 9<>keys
  export BUILD=$BATS_TEST_TMPDIR/build
  BACKENDS=$programs ADDRESS=127.0.0.1 PORT=0 \
    sh "$ROOT/tools/watch/watch.sh" <keys >out 2>&1 3>&- 9>&- &
  plain_pid=$!
  for name in $programs; do
    runs_here "$name" || continue
    [ -z "${port:-}" ] || printf n >&9
    until label=$(sed -n "s/^\($name\)\( (.*)\)\{0,1\} listens on.*/\1\2/p" out) &&
      [ -n "$label" ]; do
      within
    done
    port=$(sed -n '/.* listens on port \([0-9]*\)[.]$/{ s//\1/p; q; }' out)
    client 'send:anna\n'
    said "$label: anna at 127.0.0.1:$from: this is its name"
  done
  printf q >&9
  wait "$plain_pid"
  ! runs_here uring || said 'with uring '
  [ -s build/watch/timeline.svg ]
}
