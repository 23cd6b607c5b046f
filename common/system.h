/*
 * system.h: what POSIX.1-2008 lacks or systems do differently, once.
 *
 * Nothing outside common/ and kqueue/ asks which system it is on.
 */
#ifndef SYSTEM_H
#define SYSTEM_H

#include <stdbool.h>
#include <sys/socket.h>

/* Sets FD_CLOEXEC, and O_NONBLOCK to `nonblocking`. Returns 0, or -1 and errno.
 * See fcntl(2). */
int set_descriptor_flags(int fd, bool nonblocking);

/* pipe(2) with both flags on both ends. */
int pipe_cloexec_nonblock(int ends[2]);

/* accept(2) with FD_CLOEXEC, and O_NONBLOCK as `nonblocking` says. */
int accept_cloexec(int listener, struct sockaddr *address, socklen_t *size,
                   bool nonblocking);

/* Raises the soft limit on open descriptors to the hard one, as far as the
 * system lets it: without, a server ends at 1024 or 256. See setrlimit(2). */
void raise_descriptor_limit(void);

/* Makes sure that no descriptor that is opened later becomes 0, 1 or 2, since
 * what is meant for the terminal would then go to a client. Ends the program
 * where standard output is closed. */
void hold_standard_descriptors(void);

#endif
