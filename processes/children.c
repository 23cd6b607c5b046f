/*
 * children.c: the list of child processes; see children.h.
 */
#define _POSIX_C_SOURCE 200809L

#include "children.h"

#include "../common/stop.h"

#include <signal.h>
#include <stdlib.h>

struct child {
    pid_t pid;
    struct client *client;
    struct child *_Atomic next;
};

static struct child *_Atomic first;
static struct child *reserved;

int reserve_child(void)
{
    if (reserved == NULL)
        reserved = malloc(sizeof *reserved);
    return reserved == NULL ? -1 : 0;
}

void add_child(pid_t pid, struct client *client)
{
    *reserved = (struct child){pid, client, first};
    first = reserved;
    reserved = NULL;
}

struct client *remove_child(pid_t pid)
{
    struct child *child;

    for (struct child *_Atomic *link = &first; (child = *link) != NULL;
         link = &child->next) {
        struct client *client = child->client;

        if (child->pid != pid)
            continue;
        *link = child->next;
        free(child);
        return client;
    }
    return NULL;
}

bool has_children(void)
{
    return first != NULL;
}

void stop_children(void)
{
    for (struct child *child = first; child != NULL; child = child->next)
        kill(child->pid, STOP_CHILD);
}
