/*
 * queue.h: what the kernel says about the connections of a server: who is not
 * accepted yet, and how many bytes wait for the server to receive them.
 */
#ifndef QUEUE_H
#define QUEUE_H

#include <stdbool.h>

enum { ADDRESS_SIZE = 64 };

struct connection {
    char address[ADDRESS_SIZE]; /* the client's, as a server shows it, but
                                   without the scope of a link-local one */
    long bytes;                 /* sent by the client and not received yet */
    bool finished;              /* the client has closed its side */
    bool accepted;              /* if the view is ACCEPTS */
    double connected;           /* so many seconds ago, or -1: unknown */
    double received;            /* likewise the last bytes */
};

typedef void use_connection(const struct connection *connection, void *context);

/* What can be seen on this system. */
enum view {
    NOTHING,
    BYTES,  /* what waits, and not who is accepted */
    ACCEPTS /* both */
};

/* Calls `use` with each connection to the TCP port. */
enum view each_connection(int port, use_connection *use, void *context);

/* Writes an address as the servers do, given its bytes: 16 if `six`, else 4. */
void show_address(bool six, const void *bytes, unsigned port,
                  char text[ADDRESS_SIZE]);

#endif
