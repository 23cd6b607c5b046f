#!/bin/sh
# selectors.sh COMPILER: prints the files of the selectors that this system can
# have, and the macros that tell loop.c about them.
here=$(dirname "$0")

echo "$here/selector_select.c $here/selector_poll.c"
if sh "$here/../tools/has-header.sh" "$1" sys/epoll.h; then
  echo "-DHAS_EPOLL $here/selector_epoll.c"
fi
if kqueue=$(sh "$here/../kqueue/flags.sh" "$1"); then
  echo "-DHAS_KQUEUE $here/selector_kqueue.c $kqueue"
fi
