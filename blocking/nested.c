/*
 * blocking/nested.c: the server as most people first write it: two loops, one
 * inside the other. It waits in accept(2) and in recv(2).
 *
 *     build/blocking-nested --port 8888        and elsewhere: nc localhost 8888
 *
 * The outer loop accepts a client, the inner loop receives from this client
 * until the client closes its side. While the program waits in recv, it cannot
 * accept. The kernel does connect a second client, but that client waits in the
 * backlog, the queue for accept, until the first one disconnects.
 *
 * may_wait_for does not wait. It writes the output, and returns false once
 * Ctrl+C was pressed, so that the server can stop cleanly.
 *
 * Read on in blocking/server.c, where the two loops become two functions.
 */
#include "../common/server.h"

int main(int argc, char **argv)
{
    int listener = start_server("blocking-nested", argc, argv, BLOCKING);

    while (may_wait_for(listener)) {
        struct client *client = accept_client(listener);

        if (client == NULL)
            continue; /* a signal came, or the client is already lost */
        print_connection(client);
        for (;;) {
            ssize_t size;

            print_receiving(client);
            if (!may_wait_for(client->fd))
                break;
            size = recv(client->fd, chunk, options.recv_size, 0);
            if (size == -1 && (errno == EINTR || errno == EAGAIN))
                continue; /* interrupted by a signal: no data yet */
            if (size == -1)
                client->error = errno; /* the connection is lost */
            if (size <= 0)
                break; /* 0: the client has closed its side */
            print_chunk(client, chunk, size);
        }
        close_client(client);
        if (!stop_requested())
            print_next();
    }
    return stop_server(listener);
}
