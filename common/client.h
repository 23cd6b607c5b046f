/*
 * client.h: one connected client, and the table of all of them.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include "text.h"

#include <sys/socket.h>

/* An idle client takes this much memory and an entry in the table, no more. */
struct client {
    int fd;
    int error;              /* the errno that ended it, or 0 */
    struct text text;       /* the character that its last chunk cut in two */
    unsigned char requests; /* only in uring/: how many are not over */
    char name[]; /* its address: "[::1]:40312" or "127.0.0.1:40312" */
};

/* Adds a client with this connected socket to the table, which owns the socket
 * from then on. Returns NULL, with errno, if out of memory; then the caller
 * still owns the socket. */
struct client *add_client(int fd, const struct sockaddr_storage *address,
                          socklen_t size);

/* Returns how many clients there are. */
unsigned client_count(void);

/* Returns the client with this descriptor, or NULL. */
struct client *client_at(int fd);

/* Removes the client from the table and closes its socket. The struct remains
 * for the caller, who frees it. See close(2). */
void release_client(struct client *client);

/* Does the same, and frees the struct. */
void remove_client(struct client *client);

#endif
