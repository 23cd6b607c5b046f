/*
 * listener.h: the listening socket and how clients come out of it.
 */
#ifndef LISTENER_H
#define LISTENER_H

#include <stdbool.h>
#include <sys/time.h>
#include <time.h>

struct client;

/* Which calls wait when there is nothing: accept and recv, recv alone, or
 * neither; the others return at once with EAGAIN. */
enum blocking { BLOCKING, BLOCKING_RECV, NON_BLOCKING };

/* Opens the socket that `options` describe, listens on it, and writes its
 * address to `name`. Returns the socket, or -1 after a message on standard
 * error. See socket(7), ipv6(7), listen(2), getaddrinfo(3). */
int listen_on(enum blocking blocking, char *name);

/* Accepts one client, in four steps: accept(2) takes it from the backlog;
 * FD_CLOEXEC keeps its descriptor from programs that are started; O_NONBLOCK
 * is set where recv is not to sleep; and the client
 * gets its address as a name and a place in the table, which owns it.
 *
 * Returns NULL if there is no client now (EAGAIN), if the client was lost
 * before it was accepted, or if there is no descriptor or no memory for it. A
 * failed accept ends nothing: the next call may succeed. */
struct client *accept_client(int listener);

/* The last two of these steps, for a server that has the kernel accept: `fd` is
 * what accept has returned, -1: it failed with errno. */
struct client *accepted_client(int fd);

/* Returns whether the listener is to be left out of the next wait. When accept
 * finds no free descriptor, its client stays in the backlog and the listener
 * stays ready: a server that went on watching it would spin. So there is a
 * pause until a client leaves or a second has passed. */
bool accept_paused(void);

/* How long the next wait may last because of such a pause: in milliseconds for
 * poll(2) and epoll_wait(2), -1: forever; for select(2) and for kevent(2),
 * NULL: forever. */
int accept_timeout(void);
struct timeval *accept_timeval(void);
struct timespec *accept_timespec(void);

#endif
