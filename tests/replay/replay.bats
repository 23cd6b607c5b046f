#!/usr/bin/env bats
# replay.bats: what `make replay` records, and the page in a browser, which is
# Chromium without a window. drive.js presses the keys.
#
#     BUILD=build bats tests/replay/replay.bats
#
# Skipped by name where strace cannot trace, or not behind the calls of the C
# library (musl), or there is no browser. See tools/replay/replay.py.

setup_file() {
  export ROOT=${BATS_TEST_DIRNAME%/*/*}
  BUILD=$(cd "${BUILD:-$ROOT/build}" && pwd)
  export BUILD
  # shellcheck source=tools/servers.sh
  . "$ROOT/tools/servers.sh"
  for browser in chromium chromium-browser google-chrome; do
    if command -v "$browser" >/dev/null 2>&1; then
      export BROWSER=$browser
      break
    fi
  done
  can_record || return 0
  limit 200 make -s -C "$ROOT" all "$BUILD/replay/debug/tools/computes.so" \
    BUILD="$BUILD/replay/debug" CC=cc CFLAGS='-g -O0' >&2
}

setup() {
  # shellcheck source=tools/servers.sh
  . "$ROOT/tools/servers.sh"
}

# refuse COMMAND...: fails where it succeeds.
refuse() {
  if "$@"; then return 1; fi
}

can_record() {
  [ "$(uname)" = Linux ] && command -v addr2line >/dev/null &&
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 8))' 2>/dev/null && ! ldd "$(command -v sh)" 2>&1 | grep -q musl &&
    limit 10 strace -k -qq -o /dev/null true 2>/dev/null
}

# record SCENARIO SERVER...: writes PAGE and the directory RAW, once for all tests.
record() {
  can_record || skip "no python3 of 3.8, or strace cannot record stack traces"
  local scenario=$1 once
  once=$BATS_FILE_TMPDIR/$(printf '%s-' "$@" ${SERVER:+yours})
  shift
  PAGE=$once.html
  export RAW=$once.raw
  [ ! -f "$PAGE" ] || return 0
  BACKENDS=$* SCENARIO=$scenario OUTPUT=$PAGE limit 200 \
    python3 -B "$ROOT/tools/replay/replay.py" 2>"$once.said" || { cat "$once.said" && return 1; }
}

# drive SIZE: opens PAGE in a window of this size and prints what drive.js says.
drive() {
  [ -n "${BROWSER:-}" ] || skip "there is no Chromium here"
  {
    sed 's|<style>|<script>const problems = []; addEventListener("error", (e) => problems.push(e.message)); console.error = console.warn = (...all) => problems.push(all.join(" "));</script><style>|' "$PAGE"
    echo '<script>'
    cat "$BATS_TEST_DIRNAME/drive.js"
    echo '</script>'
  } >"$BATS_TEST_TMPDIR/driven.html"
  limit 120 "$BROWSER" --headless --no-sandbox --disable-gpu \
    --user-data-dir="$BATS_TEST_TMPDIR/profile" --window-size="$1" \
    --virtual-time-budget=20000 --dump-dom \
    "file://$BATS_TEST_TMPDIR/driven.html" 2>"$BATS_TEST_TMPDIR/browser" |
    sed -n '/<pre id="result">/,/<\/pre>/p' | grep '^\(not \)\?ok '
}

all_ok() {
  echo "$1"
  [ "$(echo "$1" | grep -c '^ok ')" -ge 25 ] && ! echo "$1" | grep '^not ok'
}

@test "blocking next to poll, in a window for a projector" {
  record four blocking poll
  all_ok "$(drive 1280,720)"
}

@test "blocking next to poll, on a whole screen" {
  record four blocking poll
  all_ok "$(drive 1920,1080)"
}

@test "threads next to epoll, on a phone" {
  record four threads epoll
  all_ok "$(drive 390,844)"
}

@test "what epoll saves is said where it waits, and poll's list is counted" {
  record four blocking poll epoll
  grep '"say":"epoll_wait sleeps.*No list is passed\..*10,000 idle clients' "$PAGE"
  grep '"say":"poll sleeps.*whole list in every call: 10 entries, 4 of them empty' "$PAGE"
}

@test "a late letter says how long it waited; an early one does not" {
  record four blocking poll
  sed -n '/^{"name":"blocking"/,/^{"name":"poll"/p' "$PAGE" |
    grep '"say":"recv returns 5 bytes from b: .*newline.*4 client steps ago'
  refuse grep -q '"who":"server","call":"recv.* from b: .*steps ago' <(
    sed -n '/^{"name":"poll"/,$p' "$PAGE")
}

@test "every call of the trace is on the page, shown or counted" {
  record four poll busy
  for name in poll busy; do
    # From the socket on; a call that another process interrupts has two lines.
    traced=$(sed -n '/ socket(/,$p' "$RAW/$name/trace" |
      grep -Ec '^[0-9]+ +[0-9.]+ [a-z0-9_]+\(.*\) += ')
    shown=$(page_calls "$name")
    echo "$name: $traced traced, $shown shown"
    [ "$traced" -eq "$shown" ]
  done
}

# page_calls NAME: the calls on the page: its steps of the server that are no
# sleep (whose return is a step of its own), and those that are counted with them.
page_calls() {
  sed -n "/^{\"name\":\"$1\"/,/^{\"name\":/p" "$PAGE" | awk '
    /"who":"server/ && /"call":"[^"]/ {
      call = $0
      sub(/.*"call":"/, "", call)
      sub(/","say.*/, "", call)
      if (call ~ /\) = /)
        n++
    }
    match($0, /"more":[0-9]+/) { n += substr($0, RSTART + 7, RLENGTH - 7) }
    END { print n }'
}

@test "each scenario can be recorded, and the queues are those of the kernel" {
  can_record || skip "no python3 of 3.8, or strace cannot record stack traces"
  for scenario in "$ROOT"/tools/replay/scenarios/*.txt; do
    scenario=${scenario##*/}
    record "${scenario%.txt}" blocking poll
    [ -s "$PAGE" ]
  done
}

@test "a server that works for a client makes no call meanwhile" {
  record computes blocking poll
  grep '"say":"poll makes no system call: its own code is running' "$PAGE"
}

@test "a recording whose queues are not those of the kernel is refused" {
  record four poll
  raw=$RAW/poll
  # In the copy the kernel has a byte of b, where nothing was unread.
  b=$(sed -n 's/.*"acts", 2, \([0-9]*\)\]/\1/p' "$raw/script")
  sed "s/\[\"01\", 0, $b\]/[\"01\", 1, $b]/" "$raw/script" >"$raw/changed"
  refuse cmp -s "$raw/changed" "$raw/script"
  joined "$raw" >"$BATS_TEST_TMPDIR/json"
  mv "$raw/changed" "$raw/script"
  refuse joined "$raw" >"$BATS_TEST_TMPDIR/json" 2>"$BATS_TEST_TMPDIR/said"
  grep 'b has unread: 0 from the calls, 1 in the kernel' "$BATS_TEST_TMPDIR/said"
}

# joined RAW: the recording again, from what RAW has of it.
joined() {
  python3 -B "$ROOT/tools/replay/steps.py" \
    "$ROOT/tools/replay/scenarios/four.txt" "$1" "$BUILD/replay/debug/${1##*/}"
}

@test "a server of your own, built with -g, has its source on the page" {
  can_record || skip "no python3 of 3.8, or strace cannot record stack traces"
  cc -g -O0 -o "$BATS_TEST_TMPDIR/my own" "$BATS_TEST_DIRNAME/mine.c"
  SERVER="'$BATS_TEST_TMPDIR/my own'" record four
  grep -q '"name":"yours"' "$PAGE"
  # It sleeps in recv for a while b, c and d wait, and its line says so.
  line=$(grep -n 'recv(client' "$BATS_TEST_DIRNAME/mine.c" | cut -d : -f 1)
  grep '"at":"d-sent"' "$PAGE" | grep '"queue":\["b","c","d"\]' |
    grep "\"recv\",\[\"main\",\"[^\"]*mine.c:$line\"\]"
  all_ok "$(drive 1280,720)"
}

@test "a server that ends in the middle is named, with its status" {
  can_record || skip "no python3 of 3.8, or strace cannot record stack traces"
  sed 's/^ *close(client);/return 3;/' "$BATS_TEST_DIRNAME/mine.c" \
    >"$BATS_TEST_TMPDIR/ends.c"
  cc -g -O0 -o "$BATS_TEST_TMPDIR/ends" "$BATS_TEST_TMPDIR/ends.c"
  SERVER=$BATS_TEST_TMPDIR/ends OUTPUT=$BATS_TEST_TMPDIR/page.html refuse \
    limit 100 python3 -B "$ROOT/tools/replay/replay.py" 2>"$BATS_TEST_TMPDIR/said"
  grep 'yours has ended, at a-leaves, with status 3' "$BATS_TEST_TMPDIR/said"
}

@test "the page asks nothing of any network, and is small" {
  record four blocking poll
  refuse grep -E '(src|href)="?(https?:)?//|@import|fetch\(|XMLHttpRequest|import\(' "$PAGE"
  [ "$(wc -c <"$PAGE")" -le 307200 ]
}

@test "an unknown scenario or server gets one clear line" {
  can_record || skip "no python3 of 3.8, or strace cannot record stack traces"
  refuse env SCENARIO=nosuch BACKENDS=poll python3 -B "$ROOT/tools/replay/replay.py" \
    2>"$BATS_TEST_TMPDIR/said"
  grep "there is no scenario 'nosuch'; there are: .*four" "$BATS_TEST_TMPDIR/said"
  refuse env BACKENDS=nosuch python3 -B "$ROOT/tools/replay/replay.py" \
    2>"$BATS_TEST_TMPDIR/said"
  grep nosuch "$BATS_TEST_TMPDIR/said"
}
