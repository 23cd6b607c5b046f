#!/bin/sh
# flags.sh COMPILER: prints the flags and files to compile a program that uses
# kqueue(2): only its name if the system has its own <sys/event.h>; otherwise
# kqueue/linux/, which is built on epoll and defines another name. Fails if the
# system has neither.
here=$(dirname "$0")

has() {
  sh "$here/../tools/has-header.sh" "$1" "$2"
}

if has "$1" sys/event.h; then
  echo '-DKQUEUE_NAME="kqueue"'
elif has "$1" sys/epoll.h; then
  echo "-I$here/linux $here/linux/kqueue.c"
else
  exit 1
fi
