/*
 * blocking/nested.c: the server as one first writes it, two loops, one inside
 * the other. It waits in accept(2) and in recv(2).
 *
 *     build/blocking-nested --port 8888        and elsewhere: nc localhost 8888
 *
 * The outer loop takes a client, the inner one receives from it until it closes
 * its side. While the program sleeps in recv it cannot be in accept: the second
 * client is connected, by the kernel, and waits in the backlog for the first to
 * leave.
 *
 * Read on in blocking/server.c, where the two loops become two functions.
 */
#include "../common/server.h"

int main(int argc, char **argv)
{
    int listener = start_server("blocking-nested", argc, argv, BLOCKING);

    for (;;) {
        struct client *client = accept_client(listener);

        if (client == NULL)
            break;
        print_connection(client);
        for (;;) {
            ssize_t size;

            print_receiving(client);
            size = recv_chunk(client);
            if (size == 0)
                break;
            print_chunk(client, size);
        }
        close_client(client);
        if (stop_requested())
            break;
        print_next();
    }
    return stop_server(listener);
}
