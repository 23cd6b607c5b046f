/*
 * system.h: what POSIX.1-2008 does not have or systems do differently, once.
 *
 * Nothing outside common/ and kqueue/ asks which system it is on.
 */
#ifndef SYSTEM_H
#define SYSTEM_H

#include <stdbool.h>
#include <sys/socket.h>
#include <time.h>

/* Sets FD_CLOEXEC, and O_NONBLOCK to `nonblocking`. Returns 0, or -1 and errno.
 * See fcntl(2). */
int set_descriptor_flags(int fd, bool nonblocking);

/* pipe(2) with both flags on both ends. */
int pipe_cloexec_nonblock(int ends[2]);

/* accept(2) with FD_CLOEXEC, and O_NONBLOCK as `nonblocking` says. */
int accept_cloexec(int listener, struct sockaddr *address, socklen_t *size,
                   bool nonblocking);

/* Writes the address of the other side of an accepted socket, as accept(2) has
 * it. Returns 0, or -1 and errno: a client that has already gone has none, but
 * on Linux. See getpeername(2). */
int peer_address(int fd, struct sockaddr_storage *address, socklen_t *size);

/* Sets on a listening socket what each client's socket is to have, and inherits
 * on every system that we know. SO_OOBINLINE: urgent data is data.
 * SO_KEEPALIVE: if a client's machine vanishes without a word, recv fails with
 * ETIMEDOUT after KEEPALIVE_IDLE + KEEPALIVE_PROBES * KEEPALIVE_INTERVAL
 * seconds (OpenBSD has no times per socket: after about two hours). Returns 0,
 * or -1 and errno. See socket(7), tcp(7). */
enum { KEEPALIVE_IDLE = 60, KEEPALIVE_INTERVAL = 10, KEEPALIVE_PROBES = 6 };
int prepare_for_clients(int listener);

/* Returns the milliseconds since a time of CLOCK_MONOTONIC. A signal handler
 * may call it. See clock_gettime(2). */
long elapsed_ms(const struct timespec *since);

/* Raises the soft limit on open descriptors to the hard one, as far as the
 * system allows: without it a server serves 1024 or 256. See setrlimit(2). */
void raise_descriptor_limit(void);

/* Makes sure that no descriptor that is opened later becomes 0, 1 or 2, since
 * what is meant for the terminal would then go to a client. Returns 0, or -1
 * and errno if standard output is closed or /dev/null cannot be opened. */
int hold_standard_descriptors(void);

#endif
