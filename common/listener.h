/*
 * listener.h: opens the listening socket and accepts clients.
 */
#ifndef LISTENER_H
#define LISTENER_H

#include <stdbool.h>
#include <sys/time.h>
#include <time.h>

struct client;

/* Which calls block: accept and recv, only recv, or neither. A call that does
 * not block returns at once with EAGAIN if there is nothing. */
enum blocking { BLOCKING, BLOCKING_RECV, NON_BLOCKING };

/* Opens the socket that `options` describes, listens on it, and writes its
 * address to `name`. Returns the socket, or -1 after a message on standard
 * error. See socket(7), ipv6(7), listen(2), getaddrinfo(3). */
int listen_on(enum blocking blocking, char *name);

/* Accepts one client, in four steps: accept(2) takes it from the backlog;
 * FD_CLOEXEC makes sure that programs started with exec do not inherit its
 * descriptor; O_NONBLOCK is set in the mode NON_BLOCKING; and the client gets
 * its address as its name and an entry in the table, which owns it.
 *
 * Returns NULL if no client is waiting (EAGAIN), if the client was lost before
 * it was accepted, or if there is no free descriptor or no memory. The next
 * call may succeed. After a stop request it returns NULL, too, and a client
 * that has just been accepted is closed. */
struct client *accept_client(int listener);

/* Does only the last step, for a server that lets the kernel accept: `fd` is
 * the result of accept; -1: it failed (errno). */
struct client *accepted_client(int fd);

/* Returns whether the next wait must leave out the listener. If accept finds no
 * free descriptor, the client stays in the backlog and the listener stays
 * ready, so a server that still watched it would never sleep. Accepting is
 * therefore paused until a client leaves or a second has passed. */
bool accept_paused(void);

/* The timeout of the next wait, which must end when the pause does: in
 * milliseconds for poll(2) and epoll_wait(2), -1: no limit; as a struct for
 * select(2) and for kevent(2), NULL: no limit. */
int accept_timeout(void);
struct timeval *accept_timeval(void);
struct timespec *accept_timespec(void);

#endif
