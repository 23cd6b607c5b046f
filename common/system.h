/*
 * system.h: what POSIX.1-2008 does not have, and what differs between systems.
 *
 * Only common/ and kqueue/ test which system it is.
 */
#ifndef SYSTEM_H
#define SYSTEM_H

#include <stdbool.h>
#include <sys/socket.h>
#include <time.h>

/* Sets FD_CLOEXEC, and sets or clears O_NONBLOCK. Returns 0, or -1 and errno.
 * See fcntl(2). */
int set_descriptor_flags(int fd, bool nonblocking);

/* Like pipe(2), with FD_CLOEXEC and O_NONBLOCK on both ends. */
int pipe_cloexec_nonblock(int ends[2]);

/* Like accept(2), with FD_CLOEXEC, and with O_NONBLOCK if asked for. */
int accept_cloexec(int listener, struct sockaddr *address, socklen_t *size,
                   bool nonblocking);

/* Writes the address of the client of an accepted socket, as accept(2) does.
 * Returns 0, or -1 and errno. If the client has already left, only Linux still
 * knows its address. See getpeername(2). */
int peer_address(int fd, struct sockaddr_storage *address, socklen_t *size);

/* Sets options on a listening socket for its clients' sockets, which inherit
 * them on every system that we know. SO_OOBINLINE: urgent data is received like
 * other data. SO_KEEPALIVE: if a client's machine disappears without closing
 * the connection, recv fails with ETIMEDOUT after KEEPALIVE_IDLE +
 * KEEPALIVE_PROBES * KEEPALIVE_INTERVAL seconds (on OpenBSD, which has no times
 * per socket, after about two hours). Returns 0, or -1 and errno. See
 * socket(7), tcp(7). */
enum { KEEPALIVE_IDLE = 60, KEEPALIVE_INTERVAL = 10, KEEPALIVE_PROBES = 6 };
int prepare_for_clients(int listener);

/* Returns the milliseconds since a time of CLOCK_MONOTONIC. A signal handler
 * may call it. See clock_gettime(2). */
long elapsed_ms(const struct timespec *since);

/* Raises the soft limit on open descriptors to the hard limit, as far
 * as the system allows. Otherwise a server could open only 1024 or
 * 256. See setrlimit(2). */
void raise_descriptor_limit(void);

/* Makes sure that no descriptor opened later becomes 0, 1 or 2, because a
 * client would then receive what is meant for the terminal. Returns 0, or -1
 * and errno if standard output is closed or /dev/null cannot be opened. */
int hold_standard_descriptors(void);

#endif
