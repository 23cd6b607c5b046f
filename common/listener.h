/*
 * listener.h: the listening socket and how clients come out of it.
 */
#ifndef LISTENER_H
#define LISTENER_H

#include <stdbool.h>

struct client;

/* At most so many clients come in before the others have their turn. */
enum { ACCEPTS_PER_TURN = 64 };

/* Whether accept and recv wait, or return at once when there is nothing. */
enum blocking { BLOCKING, NON_BLOCKING };

/* Opens the socket that `options` describe and listens on it. Returns it; ends
 * the program with a message where that fails. See socket(7), ipv6(7),
 * listen(2), getaddrinfo(3). */
int listen_on(enum blocking blocking);

/* Returns whether the listener, and so each client, is a blocking one. */
bool listener_blocks(void);

/* Accepts one client. Returns it (it is in the table, which owns it), or NULL
 * when there is none now, or when this turn has brought in enough: a wait that
 * is level-triggered reports the others in the next. A blocking listener waits
 * and returns NULL only when the server is to stop. A failed accept ends
 * nothing: what concerns one client is passed over, and when descriptors or
 * memory run out the listener pauses. See accept(2). */
struct client *accept_client(int listener);

/* When accept fails for want of a descriptor, its client stays in the backlog
 * and the listener stays ready: a server that goes on watching it would spin.
 * So the listener is left out of the wait until a client leaves or a second
 * has passed. Returns whether it is to be left out now. */
bool accept_paused(void);

/* The longest that the next wait may last, in milliseconds, because of such a
 * pause; -1: for ever. */
int accept_timeout(void);

/* Ends the pause: a client has left. */
void resume_accepting(void);

#endif
