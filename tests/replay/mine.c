/*
 * mine.c: a server as a student might begin, for the test of
 * `make replay SERVER=./mine`: one client at a time, and no address asked for.
 *
 *     cc -g -o mine tests/replay/mine.c && ./mine --port 8888
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_port = htons((in_port_t)atoi(argc == 3 ? argv[2] : "0"));
    if (bind(listener, (struct sockaddr *)&address, size) == -1)
        return 1;
    listen(listener, 5);
    getsockname(listener, (struct sockaddr *)&address, &size);
    printf("Listening on: 0.0.0.0:%d\n", ntohs(address.sin_port));
    fflush(stdout);
    for (;;) {
        int client = accept(listener, NULL, NULL);
        char chunk[256];
        ssize_t got;

        while ((got = recv(client, chunk, sizeof chunk, 0)) > 0) {
            fwrite(chunk, 1, (size_t)got, stdout);
            fflush(stdout);
        }
        close(client);
    }
}
