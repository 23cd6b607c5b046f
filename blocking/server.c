/*
 * blocking/server.c: one client at a time, as two functions. It waits in
 * accept(2) and in recv(2).
 *
 *     build/blocking --port 8888               and elsewhere: nc localhost 8888
 *
 * The two loops of blocking/nested.c are two independent things, taking clients
 * and receiving from one, and each has its function now. Nothing else changes:
 * accept_connections calls recv_all and is stuck until that client leaves.
 *
 * Read on in select/server.c, which waits for all clients in one place, or in
 * coroutine/server.c, which keeps these two functions and serves everybody.
 */
#include "../common/server.h"

/* Receives from one client until it is finished. */
static void recv_all(struct client *client)
{
    print_receiving(client);
    for (;;) {
        ssize_t size = recv_chunk(client);

        if (size == 0)
            break;
        print_chunk(client, size);
    }
    close_client(client);
}

/* Takes one client after the other until the server is to stop. */
static void accept_connections(int listener)
{
    for (;;) {
        struct client *client = accept_client(listener);

        if (client == NULL)
            break;
        print_connection(client);
        recv_all(client);
        if (stop_requested())
            break;
        print_next();
    }
}

int main(int argc, char **argv)
{
    int listener = start_server("blocking", argc, argv, BLOCKING);

    accept_connections(listener);
    return stop_server(listener);
}
