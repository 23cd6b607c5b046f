/*
 * blocking/nested.c: the server as one first writes it, two loops, one inside
 * the other. It waits in accept(2) and in recv(2).
 *
 *     build/blocking-nested --port 8888        and elsewhere: nc localhost 8888
 *
 * The outer loop accepts a client, the inner one receives from it until it
 * closes its side. While the program sleeps in recv it cannot be in accept: the
 * kernel connects a second client, and it waits in the backlog until the first
 * one leaves.
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
            continue; /* a signal, or a client that is lost already */
        print_connection(client);
        for (;;) {
            ssize_t size;

            print_receiving(client);
            if (!may_wait_for(client->fd))
                break;
            size = recv(client->fd, chunk, options.recv_size, 0);
            if (size == -1 && (errno == EINTR || errno == EAGAIN))
                continue; /* a signal, and no data yet */
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
