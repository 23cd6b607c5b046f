#!/bin/sh
# flags.sh COMPILER auto|libkqueue cflags|libs|name
#
# Prints how to build with kqueue(2) here: the system's own where <sys/event.h>
# is there, else kqueue/linux/ on epoll, or libkqueue through pkg-config where
# that is asked for. `cflags` and `libs` are for the compiler (kqueue/linux/ is
# linked as an object of ours); `name` is what the programs call it, and nothing
# where it cannot be had.
here=$(dirname "$0")

has() {
  sh "$here/../tests/has-header.sh" "$1" "$2"
}

if [ "$2" = libkqueue ]; then
  pkg-config --exists libkqueue 2>/dev/null || exit 0
  case $3 in
  name) echo 'kqueue (libkqueue)' ;;
  # A system header, so that warnings are about our own code alone.
  cflags) pkg-config --cflags libkqueue | sed 's/-I/-isystem /g' ;;
  # It starts threads of its own.
  libs) echo "$(pkg-config --libs libkqueue) -lpthread" ;;
  esac
elif has "$1" sys/event.h; then
  if [ "$3" = name ]; then echo kqueue; fi
elif has "$1" sys/epoll.h; then
  case $3 in
  name) echo 'kqueue (on epoll)' ;;
  cflags) echo "-I$here/linux" ;;
  esac
fi
