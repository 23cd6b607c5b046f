/*
 * children.h: the list of child processes, each with the client that it serves.
 */
#ifndef CHILDREN_H
#define CHILDREN_H

#include <stdbool.h>
#include <sys/types.h>

struct client;

/* Makes room for one more child, so that add_child cannot fail. Returns 0, or
 * -1 and errno. */
int reserve_child(void);

/* Adds a child to the list. The parent has already closed the descriptor of
 * `client`; it needs only its name. */
void add_child(pid_t pid, struct client *client);

/* Removes a child from the list. Returns its client, which the caller frees, or
 * NULL if the child is not on the list. */
struct client *remove_child(pid_t pid);

/* Returns whether there is a child on the list. */
bool has_children(void);

/* Asks each child to stop. A signal handler may call it. See kill(2). */
void stop_children(void);

#endif
