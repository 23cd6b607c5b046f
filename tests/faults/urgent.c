/*
 * urgent.c: a client that sends some of its bytes as urgent data.
 *
 *     build/tests/urgent ADDRESS PORT TEXT...
 *
 * It sends each TEXT, one that starts with "!" with MSG_OOB, half-closes, and
 * waits until the server has closed. See send(2), tcp(7).
 */
#define _POSIX_C_SOURCE 200809L

#include "../../tools/clients/net.h"

#include <errno.h>
#include <string.h>

static void send_urgent(int fd, const char *text)
{
    ssize_t sent = send(fd, text, strlen(text), MSG_OOB | MSG_NOSIGNAL);

    if (sent != (ssize_t)strlen(text))
        fail("cannot send '%s': %s", text, strerror(errno));
}

int main(int argc, char **argv)
{
    struct endpoint server;
    int fd;

    start_program("urgent");
    if (argc < 4)
        fail_usage("usage: urgent ADDRESS PORT TEXT...");
    server = find_endpoint(argv[1], argv[2]);
    fd = open_connection(&server);
    for (int i = 3; i < argc; i++)
        if (argv[i][0] == '!')
            send_urgent(fd, argv[i]);
        else
            send_all(fd, argv[i], strlen(argv[i]));
    half_close(fd);
    return wait_until_closed(fd) == 0 ? 0 : 1;
}
