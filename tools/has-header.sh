#!/bin/sh
# has-header.sh COMPILER HEADER: whether the compiler finds <HEADER>. The
# Makefile uses it instead of naming systems: a system with epoll has
# <sys/epoll.h>.
printf '\043include <%s>\n' "$2" | $1 -E -x c - >/dev/null 2>&1
