/*
 * children.c: the list of child processes; children.h says what for.
 */
#define _POSIX_C_SOURCE 200809L

#include "children.h"

#include <signal.h>
#include <stdlib.h>

static struct child {
    pid_t pid;
    struct client *client;
} * children;

static size_t count, capacity;

int reserve_child(void)
{
    size_t wanted = 2 * capacity + 64;
    struct child *larger;

    if (count < capacity)
        return 0;
    larger = realloc(children, wanted * sizeof *children);
    if (larger == NULL)
        return -1;
    children = larger;
    capacity = wanted;
    return 0;
}

void add_child(pid_t pid, struct client *client)
{
    children[count++] = (struct child){pid, client};
}

struct client *remove_child(pid_t pid)
{
    for (size_t i = 0; i < count; i++) {
        struct client *client = children[i].client;

        if (children[i].pid != pid)
            continue;
        children[i] = children[--count];
        return client;
    }
    return NULL;
}

void signal_children(int number)
{
    for (size_t i = 0; i < count; i++)
        kill(children[i].pid, number);
}
