#!/bin/sh
# possible.sh COMPILER: whether ring.c can be compiled. It needs
# <linux/io_uring.h> of Linux 6.0 or newer; that of Ubuntu 22.04 is older.
$1 -fsyntax-only -x c - >/dev/null 2>&1 <<'END'
#include <linux/io_uring.h>
int needed[] = {IORING_RECV_MULTISHOT, IORING_REGISTER_PBUF_RING};
END
