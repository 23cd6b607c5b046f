#!/usr/bin/env bats
# variables.bats: make does not silently ignore a variable. Nothing is built.
#
#     bats tests/tools/variables.bats
#
# See tools/variables.sh.

setup() {
  ROOT=${BATS_TEST_DIRNAME%/*/*}
  # shellcheck source=tools/servers.sh
  . "$ROOT/tools/servers.sh"
  unset BACKENDS BACKEND CLIENT SERVER MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL
  NEW=$BATS_TEST_TMPDIR/build
}

# refused ARGUMENT...: whether make refuses this with one line, which is in LINE,
# and builds nothing.
refused() {
  local make
  for make in make bmake; do
    command -v "$make" >/dev/null || continue
    if limit 20 "$make" -C "$ROOT" BUILD="$NEW" "$@" >"$NEW.out" 2>&1; then
      cat "$NEW.out" && return 1
    fi
    LINE=$(grep '^make [a-z]' "$NEW.out") || { cat "$NEW.out" && return 1; }
    [ "$(grep -c '^make [a-z]' "$NEW.out")" -eq 1 ]
    [ ! -e "$NEW" ]
  done
  echo "$LINE"
}

@test "BACKEND and CLIENT: every target says what it takes" {
  local target
  for target in demo trace replay diff exercise test compare fuzz check-all; do
    refused "$target" BACKEND=poll
    [ "${LINE#"make $target: BACKEND is not used; it takes "}" != "$LINE" ]
    CLIENT=3 refused "$target"
    [ "${LINE#"make $target: CLIENT is not used; it takes "}" != "$LINE" ]
  done
}

@test "SERVER where none is used" {
  local target
  for target in exercise fuzz check-all; do
    SERVER=mine refused "$target"
    [ "${LINE#*SERVER is not used}" != "$LINE" ]
  done
}

@test "a variable of another target" {
  refused trace CLIENTS=3
  refused demo FILTER=x
  refused setup test ROUNDS=3
}

@test "an unknown server: every target lists those there are" {
  local target
  for target in demo trace replay diff test compare fuzz check-all; do
    refused "$target" BACKENDS='poll pol'
    case $LINE in
    "make $target: there is no server 'pol'; there are: blocking-nested "*) ;;
    *) return 1 ;;
    esac
  done
}

@test "words with blanks, quotes and equals signs are values" {
  GOALS=test \
    MAKEFLAGS='sk -- CFLAGS=-g\ -DX=1 SERVER=python3\ a.py\ --b=c FILTER=a\|b' \
    sh "$ROOT/tools/variables.sh"
  GOALS='test setup' BACKENDS=poll \
    MAKEFLAGS=' .MAKE.LEVEL.ENV=MAKELEVEL BACKENDS=poll CC=cc' \
    sh "$ROOT/tools/variables.sh"
}

# In place of the tools a script says which SERVER they would get. The compiler
# that builds them is the one that does nothing.
@test "a quote in SERVER reaches every tool" {
  local name make target mine="sh -c 'exec \"mine\"' it's"
  mkdir "$BATS_TEST_TMPDIR/bin"
  for name in sh bash python3; do
    cat >"$BATS_TEST_TMPDIR/bin/$name" <<END
#!/bin/sh
case \$1 in
*/demo.sh | */trace.sh | */watch.sh | */grade.sh | */compare.sh | */run.sh)
  echo "got \$SERVER" ;;
-B) echo "got \$SERVER" ;; # python3 -B tools/replay/replay.py
*) exec $(command -v "$name") "\$@" ;;
esac
END
    chmod +x "$BATS_TEST_TMPDIR/bin/$name"
  done
  for make in make bmake; do
    command -v "$make" >/dev/null || continue
    for target in demo trace watch grade compare replay test; do
      PATH=$BATS_TEST_TMPDIR/bin:$PATH limit 60 "$make" -s -C "$ROOT" \
        BUILD="$NEW" CC=: AR=: "$target" SERVER="$mine" >"$NEW.out" 2>&1 ||
        { cat "$NEW.out" && return 1; }
      grep -Fx "got $mine" "$NEW.out" || { cat "$NEW.out" && return 1; }
    done
  done
}

@test "compare knows its peers, and coroutine its selectors" {
  GOALS=compare BACKENDS='yardstick asyncio coroutine/poll' \
    sh "$ROOT/tools/variables.sh"
  refuse=$(GOALS=demo BACKENDS=yardstick sh "$ROOT/tools/variables.sh" 2>&1) &&
    return 1
  echo "$refuse" | grep "no server 'yardstick'"
}

@test "grade.sh says why it cannot grade" {
  local build=$BATS_TEST_TMPDIR
  run env -u SERVER BUILD="$build" bash "$ROOT/tools/grade/grade.sh"
  [ "$status" -eq 2 ]
  [ "${output#'grade: which server?'}" != "$output" ]
  run env SERVER=mine REPORT=xml BUILD="$build" bash "$ROOT/tools/grade/grade.sh"
  [ "$status" -eq 2 ]
  [ "$output" = "grade: REPORT is junit or json, not 'xml'" ]
}
