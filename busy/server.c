/*
 * busy/server.c: all clients at once, without waiting: it asks all the time.
 *
 *     build/busy --port 8888                   and elsewhere: nc localhost 8888
 *
 * The sockets are non-blocking: if accept or recv would have to wait, it
 * returns -1 at once and errno is EAGAIN. So no client can hold up the others.
 * In each round of its loop the program asks the listener and every client. It
 * is correct and the simplest server for many clients, but it keeps one
 * processor busy from start to end, even while no client sends anything.
 *
 * may_wait does not wait. It writes the output, and returns false once Ctrl+C
 * was pressed.
 *
 * Compare select/server.c: one call asks about all sockets, and sleeps until
 * one of them is ready.
 */
#include "../common/server.h"

/* Limits for one round of the loop: clients to accept, and chunks to receive
 * from each client. Otherwise a crowd of new clients or a client that floods
 * would keep the others waiting. */
enum { CLIENTS_PER_ROUND = 64, CHUNKS_PER_ROUND = 16 };

/* Receives what a client has sent, at most CHUNKS_PER_ROUND chunks. Returns
 * false once the client is finished. */
static bool receive(struct client *client)
{
    for (int i = 0; i < CHUNKS_PER_ROUND; i++) {
        ssize_t size = recv(client->fd, chunk, options.recv_size, 0);

        if (size == -1 && (errno == EAGAIN || errno == EINTR))
            return true; /* nothing for now, the most frequent answer */
        if (size == -1)
            client->error = errno; /* the connection is lost */
        if (size <= 0)
            return false; /* 0: the client has closed its side */
        print_chunk(client, chunk, size);
        if ((size_t)size < options.recv_size)
            return true; /* that was all: now the next client */
    }
    return true; /* enough for this round: the next round asks again */
}

/* Accepts the clients that wait in the backlog, CLIENTS_PER_ROUND at most. */
static void accept_connections(int listener)
{
    for (int i = 0; i < CLIENTS_PER_ROUND; i++) {
        struct client *client = accept_client(listener);

        if (client == NULL)
            return; /* the backlog is empty, or no descriptor is free */
        print_connection(client);
        print_next();
        print_receiving(client);
    }
}

static void serve(struct client *client)
{
    if (!receive(client))
        close_client(client);
}

int main(int argc, char **argv)
{
    int listener = start_server("busy", argc, argv, NON_BLOCKING);

    while (may_wait()) {
        unsigned left = client_count();

        for (int fd = 0; left > 0; fd++) {
            if (client_at(fd) == NULL)
                continue;
            left--;
            serve(client_at(fd));
        }
        if (!accept_paused())
            accept_connections(listener);
    }
    return stop_server(listener);
}
