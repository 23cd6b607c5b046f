/*
 * recv.c: recv(2) for a server whose clients ask for work.
 *
 *     cc -pthread -Drecv=working_recv -o working-poll poll/server.c \
 *         docs/computing/recv.c docs/computing/factor.c build/common.a
 *
 * A server that is compiled with -Drecv=working_recv calls this function. When
 * a client has sent "factor 91", the function computes before it returns, and
 * the answer takes the place of the chunk. So every server.c can be tried with
 * clients that need long, and none has to be changed for it.
 */
#undef recv /* in this file it is the system's */
#define _POSIX_C_SOURCE 200809L

#include "factor.h"

#include <string.h>
#include <sys/socket.h>

ssize_t working_recv(int fd, void *buffer, size_t size, int flags);

ssize_t working_recv(int fd, void *buffer, size_t size, int flags)
{
    ssize_t received = recv(fd, buffer, size, flags);
    unsigned long long number;
    char answer[ANSWER_SIZE];
    size_t length;

    if (received <= 0 || !asks_for_factors(buffer, (size_t)received, &number))
        return received;
    factor(number, answer);
    length = strlen(answer);
    memcpy(buffer, answer, length < size ? length : size);
    return (ssize_t)(length < size ? length : size);
}
