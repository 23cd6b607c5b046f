/*
 * diag.h: asks Linux about connections through a netlink socket, which is fast
 * however many sockets the machine has, and tells how long ago something came.
 */
#ifndef DIAG_H
#define DIAG_H

#include "queue.h"

/* Calls `use` with each connection to the TCP port. Returns false if there is
 * no such service here. */
bool ask_diag(int port, use_connection *use, void *context);

#endif
