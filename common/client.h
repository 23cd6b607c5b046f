/*
 * client.h: one connected client, and the table of all of them.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include "text.h"

#include <sys/socket.h>

/* An idle client costs this and its entry in the table, nothing more. */
struct client {
    int fd;
    int error;              /* errno that ended it; 0: it closed its side */
    struct text text;       /* the character that its last chunk cut in two */
    unsigned char requests; /* uring/ alone: how many the kernel works on */
    char name[]; /* its address: "[::1]:40312" or "127.0.0.1:40312" */
};

/* Makes a client of a connected socket and puts it into the table, which owns
 * it from then on. Returns NULL, with errno, if out of memory: the socket is
 * then still the caller's. */
struct client *add_client(int fd, const struct sockaddr_storage *address,
                          socklen_t size);

/* Returns how many clients there are. */
unsigned client_count(void);

/* Returns the client with this descriptor, NULL if there is none. */
struct client *client_at(int fd);

/* Takes the client out of the table and closes its socket; the caller frees
 * what is left of it. See close(2). */
void release_client(struct client *client);

/* The same, and frees it. */
void remove_client(struct client *client);

#endif
