/*
 * loop.h: the event loop, which runs tasks and sleeps when none can run.
 *
 * The names are those of Python's asyncio, whose loop this is in small. There
 * is one loop in a program.
 */
#ifndef LOOP_H
#define LOOP_H

#include "task.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct client;

/* Returns the names of the selectors that this system has, the best one first,
 * ended by NULL. */
const char *const *selector_names(void);

/* Prepares the loop to wait with the selector of this name, one of the above.
 * Ends the program with a message where the system refuses. */
void open_event_loop(const char *selector);

/* Starts a task and returns at once, as asyncio.async() did: the task first
 * runs when its starter waits. start(f, x, y) runs the function f, whose
 * struct f holds x and y behind its `struct task task`. Returns false, with
 * errno, where memory lacks. A task that is done is freed by the loop. */
#define start(function, ...)                                   \
    start_task(function, &(struct function){{0}, __VA_ARGS__}, \
               sizeof(struct function))
bool start_task(void (*run)(struct task *task), const void *locals,
                size_t size);

/* Awaited: accepts a client, as accept_client does. Returns NULL if the loop
 * stops. See accept(2). */
struct client *sock_accept(int listener);

/* Awaited: receives one chunk into `chunk`, as recv(2) does. Returns its size
 * in bytes; 0: the client has closed its side, or is lost (client->error), or
 * the loop stops. */
ssize_t sock_recv(struct client *client);

/* Closes a client of sock_accept's, as close_client does. */
void sock_close(struct client *client);

/* Runs the tasks until the last one is done. */
void run_forever(void);

/* Stops the loop from any task, as a signal does from outside: every call that
 * is awaited returns, and so each task comes to its end. */
void stop_loop(void);

#endif
