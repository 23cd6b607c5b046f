#!/bin/sh
# flags.sh COMPILER: prints what a program with kqueue(2) is compiled with here:
# nothing but its name where <sys/event.h> is the system's own, else kqueue/linux/,
# which stands on epoll and whose header has another name. Fails where there is
# neither.
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
