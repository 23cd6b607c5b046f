/*
 * coroutine/loop.c: the event loop; loop.h says what it offers.
 *
 * The loop has a queue of tasks that can run, and a table of tasks that wait,
 * indexed by the descriptor that they wait for. It runs the tasks in the queue
 * until the queue is empty, writes the output, and calls the selector, which
 * sleeps. When a descriptor becomes ready, its task is moved from the table to
 * the queue. The article calls this a "trampoline between the running tasks".
 */
#define _POSIX_C_SOURCE 200809L

#include "loop.h"

#include "../common/server.h"
#include "selector.h"

#include <stdlib.h>
#include <string.h>

/* The selectors that this system has, the best one first;
 * selectors.sh finds out. */
static const struct selector *const selectors[] = {
#ifdef HAS_EPOLL
    &selector_epoll,
#endif
#ifdef HAS_KQUEUE
    &selector_kqueue,
#endif
    &selector_poll,
    &selector_select,
};
enum { SELECTOR_COUNT = sizeof selectors / sizeof *selectors };

static const struct selector *selector;

/* Limits for one task in one round of the loop: clients to accept, and chunks
 * to receive. Otherwise a crowd of new clients or a client that floods would
 * keep the others waiting. */
enum { CLIENTS_PER_ROUND = 64, CHUNKS_PER_ROUND = 16 };

struct queue {
    struct task *first, *last;
};

/* Tasks that can run, and tasks that have reached their limit in this round.
 * These run again after the loop has asked the selector which other descriptors
 * are ready. */
static struct queue ready, yielded;
static size_t task_count;

/* The task that runs, and how many clients or chunks it has taken so far in
 * this round. */
static struct task *current;
static int taken;

/* The descriptor from which recv got less than it asked for: it is empty. */
static int drained;

/* By descriptor: the task that waits for it; `watched_idle` if it is watched
 * and no task waits; NULL if it is not watched. A descriptor is watched from
 * its first EAGAIN on, so a client that has already sent everything and left is
 * never watched. */
static struct task **waiting;
static size_t capacity;
static struct task watched_idle;

/* The listener, or -1 before a task accepts from it, and whether
 * it is watched. */
static int listener = -1;
static bool listening;

static void append(struct queue *queue, struct task *task)
{
    task->next = NULL;
    if (queue->first == NULL)
        queue->first = task;
    else
        queue->last->next = task;
    queue->last = task;
}

static struct task *take(struct queue *queue)
{
    struct task *task = queue->first;

    queue->first = task->next;
    return task;
}

/* Makes the table of waiting tasks large enough for `fd`. Returns false, with
 * errno, if out of memory. */
static bool reserve(int fd)
{
    size_t wanted = 2 * ((size_t)fd + 1);
    struct task **larger;

    if ((size_t)fd < capacity)
        return true;
    larger = realloc(waiting, wanted * sizeof(struct task *));
    if (larger == NULL)
        return false;
    memset(larger + capacity, 0, (wanted - capacity) * sizeof(struct task *));
    waiting = larger;
    capacity = wanted;
    return true;
}

const char *const *selector_names(void)
{
    static const char *names[SELECTOR_COUNT + 1];

    for (int i = 0; i < SELECTOR_COUNT; i++)
        names[i] = selectors[i]->name;
    return names;
}

void open_event_loop(const char *name)
{
    for (int i = 0; i < SELECTOR_COUNT; i++)
        if (strcmp(selectors[i]->name, name) == 0)
            selector = selectors[i];
    if (stop_descriptor() >= selector->limit)
        die("cannot wait with %s: a descriptor does not fit FD_SETSIZE", name);
    if (!selector->open() || !selector->watch(stop_descriptor()))
        die_errno("cannot wait with %s", name);
}

bool start_task(void (*run)(struct task *task), const void *locals, size_t size)
{
    struct task *task = malloc(size);

    if (task == NULL)
        return false;
    memcpy(task, locals, size);
    task->run = run;
    append(&ready, task);
    task_count++;
    return true;
}

/* Makes the current task wait until the descriptor is ready. Returns false,
 * with errno, if the descriptor cannot be watched. */
static bool wait_for(int fd)
{
    if (waiting[fd] == NULL && !selector->watch(fd))
        return false;
    waiting[fd] = current;
    current->state = TASK_WAITS;
    return true;
}

/* Lets the other tasks run. The current task continues in the next round,
 * although it could do more now. */
static void yield(void)
{
    current->state = TASK_WAITS;
    append(&yielded, current);
}

struct client *sock_accept(int fd)
{
    struct client *client;

    if (!reserve(fd))
        die_errno("cannot wait for clients");
    /* The loop itself watches the listener, because of the pauses of accept. */
    if (listener == -1)
        waiting[fd] = &watched_idle;
    listener = fd;
    if (stop_requested())
        return NULL;
    while (taken++ < CLIENTS_PER_ROUND) {
        client = accept_client(fd);
        if (client == NULL) {
            wait_for(fd);
            return NULL;
        }
        if (client->fd >= selector->limit)
            refuse_client(client, " (its descriptor does not fit FD_SETSIZE)");
        else if (!reserve(client->fd))
            refuse_client(client, " (no memory to wait for it)");
        else
            return client;
    }
    yield();
    return NULL;
}

/* Makes the task wait for its client, which has sent nothing new. Returns what
 * sock_recv must return: -1, or 0 if the client cannot be watched. */
static ssize_t wait_for_chunk(struct client *client)
{
    if (wait_for(client->fd))
        return -1;
    client->error = errno;
    return 0;
}

ssize_t sock_recv(struct client *client)
{
    ssize_t size;

    if (stop_requested())
        return 0;
    if (client->fd == drained && waiting[client->fd] != NULL)
        return wait_for_chunk(client);
    if (taken++ == CHUNKS_PER_ROUND) {
        yield();
        return -1;
    }
    size = recv(client->fd, chunk, options.recv_size, 0);
    if (size == -1 && (errno == EAGAIN || errno == EINTR))
        return wait_for_chunk(client);
    if (size == -1) {
        client->error = errno; /* the connection is lost */
        return 0;
    }
    if ((size_t)size < options.recv_size)
        drained = client->fd;
    return size;
}

void sock_close(struct client *client)
{
    if (waiting[client->fd] != NULL)
        selector->unwatch(client->fd);
    waiting[client->fd] = NULL;
    close_client(client);
}

/* Moves the task that waits for this descriptor to the queue. */
static void wake(int fd)
{
    struct task *task = (size_t)fd < capacity ? waiting[fd] : NULL;

    if (task == NULL || task == &watched_idle)
        return;
    waiting[fd] = &watched_idle;
    append(&ready, task);
}

/* Runs the tasks in the queue, and those that they start, until all of them
 * wait, are done, or have reached their limit in this round. */
static void run_tasks(void)
{
    while (ready.first != NULL) {
        current = take(&ready);
        current->state = TASK_RUNS;
        taken = 0;
        drained = -1;
        current->run(current);
        if (current->state == TASK_DONE) {
            free(current);
            task_count--;
        }
    }
}

/* Sleeps until a task can run, unless one can already. */
static void wait_for_events(void)
{
    if (listener != -1 && listening == accept_paused()) {
        listening = !listening;
        if (!listening)
            selector->unwatch(listener);
        else if (!selector->watch(listener))
            die_errno("cannot watch the listener");
    }
    if (may_wait() &&
        !selector->wait(yielded.first ? 0 : accept_timeout(), wake))
        die_errno("%s failed", selector->name);
}

void run_forever(void)
{
    while (task_count > 0) {
        run_tasks();
        if (stop_requested())
            for (size_t fd = 0; fd < capacity; fd++)
                wake((int)fd);
        else if (task_count > 0)
            wait_for_events();
        /* After the tasks that became ready, so that these come first. */
        while (yielded.first != NULL)
            append(&ready, take(&yielded));
    }
}

void stop_loop(void)
{
    stop_request();
}
