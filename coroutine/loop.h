/*
 * loop.h: the event loop, which runs tasks and sleeps when none can run.
 *
 * It is a small version of the loop of Python's asyncio, and has the same
 * names. A program has one loop.
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
 * Ends the program with a message if the system refuses. */
void open_event_loop(const char *selector);

/* Starts a task and returns at once, as asyncio.async() did: the new task runs
 * when the task that started it waits. start(f, x, y) runs the function f with
 * a struct f in which x and y follow the member `struct task task`. Returns
 * false, with errno, if out of memory. The loop frees a task that is done. */
#define start(function, ...)                                   \
    start_task(function, &(struct function){{0}, __VA_ARGS__}, \
               sizeof(struct function))
bool start_task(void (*run)(struct task *task), const void *locals,
                size_t size);

/* Awaited: accepts a client, like accept_client. Returns NULL if the loop
 * stops. See accept(2). */
struct client *sock_accept(int listener);

/* Awaited: receives one chunk into `chunk`, like recv(2). Returns its size in
 * bytes; 0: the client has closed its side, or is lost (client->error), or the
 * loop stops. */
ssize_t sock_recv(struct client *client);

/* Closes a client that came from sock_accept, like close_client. */
void sock_close(struct client *client);

/* Runs the tasks until the last one is done. */
void run_forever(void);

/* Stops the loop. A task may call it; a signal does the same. Every awaited
 * call then returns, so each task comes to its end. */
void stop_loop(void);

#endif
