/*
 * server.h: how every server begins, closes a client, and ends.
 */
#ifndef SERVER_H
#define SERVER_H

#include "client.h"
#include "error.h"
#include "listener.h"
#include "messages.h"
#include "options.h"
#include "output.h"
#include "stop.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

/* Where recv(2) puts a chunk: options.recv_size bytes. There is one for all
 * clients, so print what is in it before the next recv. */
extern char *chunk;

/* Reads the command line, prepares the process, and listens. `name` is what the
 * program calls itself in messages. Returns the listening socket; ends the
 * program with a message if any of it fails. */
int start_server(const char *name, int argc, char **argv,
                 enum blocking blocking);

/* The two halves of it, for a server that must not say that it listens before
 * it knows whether it can wait: the first reads the command line, the second
 * listens. */
void prepare_server(const char *name, int argc, char **argv);
int open_server(enum blocking blocking);

/* Call it before each wait: writes out what was printed so far, and returns
 * whether to wait; false: the server is to stop. */
bool may_wait(void);

/* Watches the listener, or not while accept is paused (listener.h): calls one
 * of the server's own functions when that changes. Ends the program with a
 * message if it cannot be watched. */
void watch_unless_paused(int listener, bool (*watch)(int fd),
                         void (*unwatch)(int fd));

/* The same as may_wait, before a call that blocks on `fd` alone, accept or
 * recv: a signal that stops the server then makes this call return. */
bool may_wait_for(int fd);

/* Closes the client and prints that it is closed; client->error says why. */
void close_client(struct client *client);

/* Closes a client that cannot be served and prints why, instead of the line
 * "Connection from". */
void refuse_client(struct client *client, const char *reason);

/* Closes a client that was announced and cannot be waited for (errno), and
 * prints that on standard error, too. */
void drop_client(struct client *client);

/* Stops listening, closes every client, and prints what is left to say. Returns
 * the status to exit with. */
int stop_server(int listener);

#endif
