/*
 * blocking/server.c: one client at a time, as two functions. It waits in
 * accept(2) and in recv(2).
 *
 *     build/blocking --port 8888               and elsewhere: nc localhost 8888
 *
 * The two loops of blocking/nested.c do two independent things: one accepts
 * clients, the other receives from one client. Now each has its own function.
 * The program still waits in the same way: accept_connections calls recv_all,
 * so it cannot accept the next client until recv_all returns.
 *
 * Read on in select/server.c, which waits for all clients in one place, or in
 * coroutine/server.c, which keeps these two functions and serves all clients.
 */
#include "../common/server.h"

/* Receives from one client until it is finished. */
static void recv_all(struct client *client)
{
    print_receiving(client);
    while (may_wait_for(client->fd)) {
        ssize_t size = recv(client->fd, chunk, options.recv_size, 0);

        if (size == -1 && (errno == EINTR || errno == EAGAIN))
            continue; /* interrupted by a signal: no data yet */
        if (size == -1)
            client->error = errno; /* the connection is lost */
        if (size <= 0)
            break; /* 0: the client has closed its side */
        print_chunk(client, chunk, size);
    }
    close_client(client);
}

/* Accepts one client after the other until the server is to stop. */
static void accept_connections(int listener)
{
    while (may_wait_for(listener)) {
        struct client *client = accept_client(listener);

        if (client == NULL)
            continue; /* a signal came, or the client is already lost */
        print_connection(client);
        recv_all(client);
        if (!stop_requested())
            print_next();
    }
}

int main(int argc, char **argv)
{
    int listener = start_server("blocking", argc, argv, BLOCKING);

    accept_connections(listener);
    return stop_server(listener);
}
