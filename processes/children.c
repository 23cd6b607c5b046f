/*
 * children.c: the list of child processes; children.h says what for.
 */
#define _POSIX_C_SOURCE 200809L

#include "children.h"

#include "../common/stop.h"

#include <signal.h>
#include <stdlib.h>

static struct child {
    pid_t pid;
    struct client *client;
} * children;

static size_t count, capacity;

/* The handler of a stop signal goes through the list (stop_children): it must
 * not find it half changed. */
static sigset_t hold_signals(void)
{
    sigset_t all, before;

    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &before);
    return before;
}

static void release_signals(sigset_t before)
{
    sigprocmask(SIG_SETMASK, &before, NULL);
}

int reserve_child(void)
{
    size_t wanted = 2 * capacity + 64;
    struct child *larger;
    sigset_t before;

    if (count < capacity)
        return 0;
    before = hold_signals();
    larger = realloc(children, wanted * sizeof *children);
    if (larger != NULL) {
        children = larger;
        capacity = wanted;
    }
    release_signals(before);
    return larger != NULL ? 0 : -1;
}

void add_child(pid_t pid, struct client *client)
{
    sigset_t before = hold_signals();

    children[count++] = (struct child){pid, client};
    release_signals(before);
}

struct client *remove_child(pid_t pid)
{
    sigset_t before = hold_signals();
    struct client *client = NULL;

    for (size_t i = 0; i < count && client == NULL; i++) {
        if (children[i].pid != pid)
            continue;
        client = children[i].client;
        children[i] = children[--count];
    }
    release_signals(before);
    return client;
}

size_t child_count(void)
{
    return count;
}

void stop_children(void)
{
    for (size_t i = 0; i < count; i++)
        kill(children[i].pid, STOP_CHILD);
}
