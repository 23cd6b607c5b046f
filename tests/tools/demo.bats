#!/usr/bin/env bats
# demo.bats: what `make demo` shows. In most scenarios the chart draws a record
# that this file makes up, so that every time in it is known. Some run in a
# terminal of a certain size, which tmux provides. The locale is C, so that it
# draws with ASCII.
#
#     BUILD=build bats tests/tools/demo.bats
#
# See tools/demo/ and tmux(1).

setup() {
  ROOT=${BATS_TEST_DIRNAME%/*/*}
  BUILD=$(cd "${BUILD:-$ROOT/build}" && pwd)
  # shellcheck source=tools/servers.sh
  . "$ROOT/tools/servers.sh"
  # shellcheck source=tests/tools/terminal.bash
  . "$ROOT/tests/tools/terminal.bash"
  unset SERVER BACKENDS COLUMNS
  RECORD=$BATS_TEST_TMPDIR/record
  mkdir "$RECORD"
  clients=4
  rounds=2
  began=4
  now=$(date +%s) # once, so that all records begin at the same time
}

teardown() {
  end_screen
}

# told TEXT: whether the output contains it; line breaks and indents do not
# count.
told() {
  local flat
  flat=$(tr -s ' \n' '  ' <"$BATS_TEST_TMPDIR/out")
  case $flat in
  *"$1"*) ;;
  *) cat "$BATS_TEST_TMPDIR/out" && return 1 ;;
  esac
}

# recorded N KIND: makes up the record of the server with this number, with two
# letters of each client. KIND is `all` at once, `one` after the other, `open`:
# as all, but no client disconnects; or `pool`: two at once.
recorded() {
  echo "$now" | awk -v at="$RECORD/$1" -v kind="$2" -v clients="$clients" \
    -v began="$began" '
    function event(time, what, client, bytes) {
      printf "%.6f\t%s\t127.0.0.1:%d\t%d\n", start + time, what, 1000 + client,
        bytes >(at ".events")
    }
    {
      start = $1 - began
      printf "%.6f\n", start >(at ".start")
      printf "" >(at ".events")
      for (c = 0; c < clients; c++) {
        letter = substr("abcdefghijklmnopqrstuvwxyz", c + 1, 1)
        printf "%.6f\tbegin\t%s\n", start - 0.9 + c / 100, letter >(at ".sent")
        printf "127.0.0.1:%d| %s\n", 1000 + c, letter >(at ".out")
        for (round = 1; round <= 2; round++)
          printf "%.6f\tsend\t%s\n", start + round + c / 100, letter \
            >(at ".sent")
      }
      late = kind == "one" ? 1 : kind == "pool" ? 2 : clients
      for (c = 0; c < clients; c++)
        if (c < late) {
          event(-0.5, "accept", c, 0)
          event(1.002 + c / 100, "recv", c, 2)
          event(2.002 + c / 100, "recv", c, 2)
        }
      for (c = 0; c < clients; c++) {
        if (c >= late) {
          event(2.1 + c / 1000, "accept", c, 0)
          event(2.1 + c / 1000, "recv", c, 4)
        }
        if (kind != "open" && (kind != "pool" || c > 0))
          event(2.1 + c / 1000, "close", c, 0)
        if (kind == "pool" && c == 1)
          event(2.1, "close", 0, 0)
      }
    }'
  mv "$RECORD/$1.start" "$RECORD/start"
}

# chart LABEL...: draws the record, as it does without a terminal.
chart() {
  LC_ALL=C limit 20 "$BUILD/tools/chart" "$RECORD" "$clients" "$rounds" 1 nc \
    "$BATS_TEST_TMPDIR/picture.svg" "$@" >"$BATS_TEST_TMPDIR/out"
}

# on_screen COLUMNS ROWS LABEL...: the chart in such a terminal.
on_screen() {
  local size=("$1" "$2")
  shift 2
  screen "${size[@]}" "$BUILD/tools/chart" "$RECORD" "$clients" "$rounds" 1 nc \
    picture.svg "$@"
}

# has_rows LETTER...: each has two rows, one for each way of waiting.
has_rows() {
  local letter
  for letter in "$@"; do
    [ "$(grep -c "^ $letter [-.o*]" "$BATS_TEST_TMPDIR/out")" -eq 2 ] ||
      { cat "$BATS_TEST_TMPDIR/out" && return 1; }
  done
}

# twelve KIND: a record of two servers that serve one client after the other,
# and ten that serve all (or KIND).
twelve() {
  local number
  for number in 0 1; do recorded "$number" one; done
  for number in 2 3 4 5 6 7 8 9 10 11; do recorded "$number" "${1:-all}"; done
}

names=(blocking-nested blocking busy processes threads select poll signals epoll
  'kqueue (on epoll)' uring coroutine)

@test "the conclusions follow from the record, not from the names" {
  recorded 0 all
  recorded 1 one
  recorded 2 pool
  chart blocking poll epoll
  told 'blocking: 4 at once, no client waited over 2.0 ms.'
  told 'poll: one at a time, so b, c, d waited up to 1.1 s.'
  told 'epoll: 2 at once, so c, d waited up to 1.1 s.'
}

@test "one client: nothing is said of how many are served at once" {
  clients=1
  recorded 0 all
  recorded 1 one
  chart blocking poll
  told 'one client alone, which waited up to 2.0 ms.'
  refuse grep -E 'at a time|at once' "$BATS_TEST_TMPDIR/out" \
    "$BATS_TEST_TMPDIR/picture.svg"
}

@test "twelve clients: each has its row, or its letter in one" {
  clients=12
  recorded 0 one
  recorded 1 all
  chart blocking poll
  local letter
  for letter in a b c d e f g h i j k l; do
    grep "^.* $letter [-.]" "$BATS_TEST_TMPDIR/out"
  done
  told 'blocking: one at a time, so b to l waited up to 1.1 s.'
  on_screen 80 24 blocking poll
  seen ended
  grep '^ b-l [.]' "$BATS_TEST_TMPDIR/out"
  grep '^ a-l -' "$BATS_TEST_TMPDIR/out"
}

@test "80x24: twelve servers share rows, with the letters a to d" {
  twelve
  on_screen 80 24 "${names[@]}"
  seen ended
  has_rows a b c d
  told 'blocking-nested, blocking: the same, one at a time, so b, c, d waited'
  told 'poll, signals, epoll, kqueue (on epoll), uring, coroutine: the same, 4'
  sed -n 1p "$BATS_TEST_TMPDIR/out" | grep '^Clients a to d'
  [ "$(grep -c . "$BATS_TEST_TMPDIR/out")" -le 23 ]
}

@test "50x20 and 60x20: the same in large letters" {
  twelve
  local size
  for size in 50 60; do
    on_screen "$size" 20 "${names[@]}"
    seen ended
    has_rows a b c d
    sed -n 1p "$BATS_TEST_TMPDIR/out" | grep '^Clients a to d'
    tmux -S "$SOCKET" kill-server
  done
}

@test "200x50: where there is room, each of two servers has its rows" {
  recorded 0 one
  recorded 1 all
  on_screen 200 50 blocking poll
  seen ended
  grep '^blocking *a -' "$BATS_TEST_TMPDIR/out"
  grep '^4 at once *b -' "$BATS_TEST_TMPDIR/out"
}

@test "a terminal that is resized shows whole frames of its new size" {
  rounds=20
  twelve open
  on_screen 80 24 "${names[@]}"
  seen 'Ctrl+C ends this.'
  local size
  for size in 50x20 60x20 100x30; do
    resize "${size%x*}" "${size#*x}"
    seen_whole "${size%x*}"
  done
}

# seen_whole COLUMNS: waits for a frame with an axis of this width.
seen_whole() {
  local end=$((SECONDS + 20))
  until seen 'Ctrl+C ends this.' && sed -n 1p "$BATS_TEST_TMPDIR/out" |
    grep -q '^Clients a to d' && [ "$(sed -n '/ waited$/{p;q;}' \
      "$BATS_TEST_TMPDIR/out" | awk '{ print length($0) }')" -eq $(($1 - 1)) ]
  do
    [ "$SECONDS" -le "$end" ] || { cat "$BATS_TEST_TMPDIR/out" && return 1; }
    sleep 0.02
  done
  has_rows a b c d
}

@test "a window that is too small says so, and draws again when it is not" {
  rounds=20
  twelve open
  on_screen 80 24 "${names[@]}"
  seen 'Ctrl+C ends this.'
  resize 20 6
  seen 'too small'
  resize 80 24
  seen 'Ctrl+C ends this.'
}

@test "the picture is a slide, also with twelve servers" {
  twelve
  chart "${names[@]}"
  local high
  high=$(sed -n 's/.*viewBox="0 0 1280 \([0-9]*\)".*/\1/p' \
    "$BATS_TEST_TMPDIR/picture.svg")
  [ "$high" -le 720 ]
  [ "$(grep -c 'class="letter"' "$BATS_TEST_TMPDIR/picture.svg")" -eq 8 ]
}

# own LINE...: the output of a server of your own, "SECONDS TEXT".
own() {
  local start
  read -r start <"$RECORD/start"
  rm -f "$RECORD/1.out" "$RECORD/1.events"
  printf '%s\n' "$@" | awk -v start="$start" '{
    time = $1
    sub(/^[^ ]* /, "")
    printf "%.6f\t%s\n", start + time, $0
  }' >"$RECORD/1.lines"
}

@test "your server: what it does not print is unknown, not guessed" {
  recorded 0 all
  recorded 1 all
  own '-1 Listening on: 127.0.0.1:1' '1.01 a' '1.02 b' '1.03 c' '1.04 d' \
    '2.01 a' '2.02 b' '2.03 c' '2.04 d'
  chart poll yours
  grep '^? at once' "$BATS_TEST_TMPDIR/out"
  grep '^yours  *a  *[*]  *[*]' "$BATS_TEST_TMPDIR/out"
  told 'yours: unknown how many at once, no client waited over 10 ms.'
}

@test "your server: its lines tell who is accepted" {
  recorded 0 all
  recorded 1 all
  own '-1 Listening on: 127.0.0.1:1' '-0.899 Connection from: x:1' '1.01 a' \
    '2.01 a' '2.1 Connection closed: x:1' '2.1 Connection from: x:2' '2.11 b' \
    '2.11 b' '2.2 Connection closed: x:2' '2.2 Connection from: x:3' '2.21 c' \
    '2.21 c' '2.3 Connection closed: x:3' '2.3 Connection from: x:4' '2.31 d' \
    '2.31 d' '2.4 Connection closed: x:4'
  chart poll yours
  told 'yours: one at a time, so b, c, d waited up to 1.3 s.'
  grep '^ *d [.][.]*o' "$BATS_TEST_TMPDIR/out"
}

@test "your server: who of two is accepted later is not guessed" {
  recorded 0 all
  recorded 1 all
  own '-1 Listening on: 127.0.0.1:1' '0.1 Connection from: x:1' \
    '0.2 Connection from: x:2' '1.01 a' '1.02 b' '2.01 a' '2.02 b' '2.03 c' \
    '2.03 c' '2.04 d' '2.04 d' '2.1 Connection closed: x:1' \
    '2.1 Connection closed: x:2' '2.2 Connection from: x:3' \
    '2.2 Connection from: x:4' '2.3 Connection closed: x:3' \
    '2.3 Connection closed: x:4'
  chart poll yours
  told 'yours: 2 at once, so c, d waited up to 1.0 s.'
  grep '^yours  *a  *[*]  *[*]' "$BATS_TEST_TMPDIR/out"
  grep '^  *d  *o=' "$BATS_TEST_TMPDIR/out"
}

@test "your server never shares its rows" {
  twelve
  own '-1 Listening on: 127.0.0.1:1' '-0.899 Connection from: x:1' '1.01 a' \
    '2.01 a' '2.1 Connection closed: x:1' '2.1 Connection from: x:2' '2.101 b' \
    '2.101 b' '2.105 Connection closed: x:2' '2.105 Connection from: x:3' '2.106 c' \
    '2.106 c' '2.11 Connection closed: x:3' '2.11 Connection from: x:4' '2.111 d' \
    '2.111 d' '2.12 Connection closed: x:4'
  names[1]=yours
  on_screen 80 24 "${names[@]}"
  seen ended
  grep '^yours: one at a time' "$BATS_TEST_TMPDIR/out"
  grep '^blocking-nested: one at a time' "$BATS_TEST_TMPDIR/out"
}

@test "letters that are never printed are told, and the status is 1" {
  recorded 0 all
  sed '$d' "$RECORD/0.events" | awk '!/recv.*1003/' >"$RECORD/events"
  mv "$RECORD/events" "$RECORD/0.events"
  refuse chart poll
  told 'poll: 4 at once, 2 letters were never printed.'
}

# --- All of it ---------------------------------------------------------------

# demo: runs it quickly; what it prints is in out and err.
demo() {
  ROUNDS=1 INTERVAL=0.2 limit 60 sh "$ROOT/tools/demo/demo.sh" \
    >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" ||
    { cat "$BATS_TEST_TMPDIR/err" && return 1; }
}

@test "a server that does not run here is left out by name" {
  mkdir "$BATS_TEST_TMPDIR/build"
  ln -s "$BUILD/poll" "$BUILD/blocking" "$BUILD/tools" "$BATS_TEST_TMPDIR/build"
  printf '#!/bin/sh\necho "uring: it is forbidden" >&2\nexit 1\n' \
    >"$BATS_TEST_TMPDIR/build/uring"
  chmod +x "$BATS_TEST_TMPDIR/build/uring"
  BUILD=$BATS_TEST_TMPDIR/build BACKENDS='uring blocking epoll poll' demo
  grep -x 'demo: uring: left out: uring: it is forbidden' "$BATS_TEST_TMPDIR/err"
  grep 'demo: epoll: left out, it is not built' "$BATS_TEST_TMPDIR/err"
  told 'poll: 4 at once'
  refuse grep -q uring "$BATS_TEST_TMPDIR/out"
}

@test "SERVER is one more row, and needs no option but --port" {
  command -v python3 >/dev/null || skip 'there is no python3 here'
  cat >"$BATS_TEST_TMPDIR/mine.py" <<'END'
import selectors, socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[2])))
print("Listening on: %s:%d" % listener.getsockname(), flush=True)
waiting = selectors.DefaultSelector()
waiting.register(listener, selectors.EVENT_READ)
while True:
    for key, _ in waiting.select():
        if key.fileobj is listener:
            client, _ = listener.accept()
            waiting.register(client, selectors.EVENT_READ)
            continue
        data = key.fileobj.recv(1024)
        print(data.decode(), end="", flush=True)
        if not data:
            waiting.unregister(key.fileobj)
            key.fileobj.close()
END
  SERVER="python3 $BATS_TEST_TMPDIR/mine.py" BACKENDS=poll demo
  told 'yours: unknown how many at once, no client waited'
}

@test "a first build: it says at once what takes so long" {
  # shellcheck disable=SC2016 # it is sh that expands this
  limit 60 env -u MAKEFLAGS -u MAKELEVEL sh -c 'make -s -C "$1" demo BUILD="$2" 2>&1 | sed 1q' sh "$ROOT" \
    "$BATS_TEST_TMPDIR/new" >"$BATS_TEST_TMPDIR/out"
  grep 'first the servers are built' "$BATS_TEST_TMPDIR/out"
}
