/*
 * server.h: what all servers do to start, to close a client, and to stop.
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

/* The buffer for recv(2), of options.recv_size bytes. All clients share it, so
 * print its contents before the next recv. */
extern char *chunk;

/* Reads the command line, prepares the process, and listens. `name` is what the
 * program calls itself in messages. Returns the listening socket; ends the
 * program with a message if anything fails. */
int start_server(const char *name, int argc, char **argv,
                 enum blocking blocking);

/* The two halves of start_server: the first reads the command line, the second
 * listens. A server calls them itself if it must first find out whether it can
 * wait, before it prints that it listens. */
void prepare_server(const char *name, int argc, char **argv);
int open_server(enum blocking blocking);

/* Call it before each wait. Writes the buffered output, and returns whether the
 * server should wait; false: it should stop. */
bool may_wait(void);

/* Watches the listener, but not while accepting is paused (listener.h): when
 * that changes, it calls one of the server's own functions. Ends the program
 * with a message if the listener cannot be watched. */
void watch_unless_paused(int listener, bool (*watch)(int fd),
                         void (*unwatch)(int fd));

/* Does the same as may_wait. Call it before accept or recv blocks on `fd`: a
 * stop signal then makes that call return. */
bool may_wait_for(int fd);

/* Closes the client and prints that it is closed; client->error says why. */
void close_client(struct client *client);

/* Closes a client that cannot be served and prints why, instead of the line
 * "Connection from". */
void refuse_client(struct client *client, const char *reason);

/* Closes a client that was announced but cannot be waited for (errno), and
 * prints this error on standard error, too. */
void drop_client(struct client *client);

/* Stops listening, closes every client, and prints the last messages. Returns
 * the exit status. */
int stop_server(int listener);

#endif
