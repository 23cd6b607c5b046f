/*
 * client.h: one connected client, and the table of all of them.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include "text.h"

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

/* How many chunks one client may send before the others have their turn. */
enum { RECVS_PER_TURN = 16 };

/* A client costs no more than this while it idles. */
struct client {
    int fd;
    int error;        /* errno that ended it; 0: it closed its side */
    struct text text; /* the character that its last chunk cut in two */
    char name[];      /* its address: "[::1]:40312" or "127.0.0.1:40312" */
};

/* Makes a client of a connected socket and puts it into the table, which owns
 * it from then on. Returns NULL, with errno, where memory lacks: the socket is
 * then still the caller's. */
struct client *add_client(int fd, const struct sockaddr_storage *address,
                          socklen_t size);

/* Returns how many clients there are. */
unsigned client_count(void);

/* Returns how many chunks were received since the last call. */
unsigned chunks_received(void);

/* Returns the client with this descriptor, NULL where it is no client's. */
struct client *client_at(int fd);

/* Receives one chunk, at most --recv-size bytes, into the one buffer that all
 * share: print_chunk it before the next. Returns its size in bytes; 0 when the
 * client is finished, be it by closing, by a reset or by a stop of the server;
 * -1 when there is nothing now. Of a blocking listener's clients it waits for
 * a chunk and never returns -1. See recv(2). */
ssize_t recv_chunk(struct client *client);

/* Prints the chunk of `size` bytes that recv_chunk has just received. */
void print_chunk(struct client *client, ssize_t size);

/* Receives and prints what a client that is ready has sent, but only so many
 * chunks: one that floods must not starve the others. Returns false when the
 * client is finished. */
bool recv_chunks(struct client *client);

/* Closes the client, says so, and frees it. */
void close_client(struct client *client);

/* Closes a client that cannot be served and says why, in place of the line
 * "Connection from". */
void refuse_client(struct client *client, const char *reason);

/* Closes a client that was announced and cannot be waited for (errno), and says
 * so also on standard error. */
void drop_client(struct client *client);

/* Closes every client in the table. */
void close_clients(void);

#endif
