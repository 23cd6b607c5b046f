/*
 * coroutine/server.c: all clients at once, with the two functions of
 * blocking/server.c. It waits wherever AWAIT is written.
 *
 *     build/coroutine --port 8888              and elsewhere: nc localhost 8888
 *     build/coroutine --selector poll
 *
 * The two functions are tasks now. Where blocking/server.c has a call that
 * blocks, the task has AWAIT: it stops there, other tasks run, and it continues
 * when its client has sent something. And accept_connections does not call
 * recv_all but starts it. Everything between the waits is the same. task.h
 * explains how a function can stop in the middle; loop.c calls it again.
 *
 * Compare blocking/server.c, line by line.
 */
#include "../common/server.h"
#include "loop.h"

/* What each task keeps while it waits. */
struct recv_all {
    struct task task;
    struct client *client;
};

struct accept_connections {
    struct task task;
    int listener;
};

/* Receives from one client until it is finished. */
static void recv_all(struct task *task)
{
    struct client *client = ((struct recv_all *)task)->client;

    TASK_BEGIN(task);
    print_receiving(client);
    for (;;) {
        ssize_t size;

        AWAIT(size = sock_recv(client));
        if (size == 0)
            break;
        print_chunk(client, chunk, size);
    }
    sock_close(client);
    TASK_END(task);
}

/* Accepts one client after the other until the server is to stop. */
static void accept_connections(struct task *task)
{
    int listener = ((struct accept_connections *)task)->listener;

    TASK_BEGIN(task);
    for (;;) {
        struct client *client;

        AWAIT(client = sock_accept(listener));
        if (client == NULL)
            break;
        print_connection(client);
        if (!start(recv_all, client))
            drop_client(client);
        print_next();
    }
    TASK_END(task);
}

int main(int argc, char **argv)
{
    int listener;

    options.selectors = selector_names();
    listener = start_server("coroutine", argc, argv, NON_BLOCKING);
    open_event_loop(options.selector);
    if (!start(accept_connections, listener))
        die_errno("cannot start accepting");
    run_forever();
    return stop_server(listener);
}
