/*
 * coroutine/loop.c: the event loop; loop.h says what it offers.
 *
 * It is a queue of tasks that can run, and a table of those that wait, by the
 * descriptor they wait for. It runs the queue until it is empty, prints, and
 * lets the selector sleep; what becomes ready is moved from the table to the
 * queue. "Trampoline between the running tasks" is the article's word for it.
 */
#define _POSIX_C_SOURCE 200809L

#include "loop.h"

#include "../common/client.h"
#include "../common/error.h"
#include "../common/listener.h"
#include "../common/options.h"
#include "../common/output.h"
#include "../common/stop.h"
#include "selector.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Those that this system has, the best one first; selectors.sh knows. */
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

struct queue {
    struct task *first, *last;
};

/* Tasks that can run, and those that had their turn and can run after the
 * selector was asked what else is ready. */
static struct queue ready, spent;
static size_t task_count;

/* The task that runs, and how many chunks it may still receive. */
static struct task *current;
static int recvs_left;

/* By descriptor: the task that waits for it; `nobody` where it is watched and
 * no task waits; NULL where it is not watched. A descriptor is watched from the
 * first wait on: what is there already costs no wait. */
static struct task **waiting;
static size_t waiting_room;
static struct task nobody;

/* The listener once somebody accepts from it, and whether it is watched. */
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

/* Makes sure that the table of waiting tasks reaches to `fd`. Returns 0, or -1
 * and errno. */
static int make_room(int fd)
{
    size_t needed = (size_t)fd + 1;
    struct task **larger;

    if (needed <= waiting_room)
        return 0;
    larger = realloc(waiting, 2 * needed * sizeof(struct task *));
    if (larger == NULL)
        return -1;
    memset(larger + waiting_room, 0,
           (2 * needed - waiting_room) * sizeof(struct task *));
    waiting = larger;
    waiting_room = 2 * needed;
    return 0;
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
    if (selector->open() == -1 || selector->watch(stop_descriptor()) == -1)
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

/* Has the current task wait until the descriptor is ready. Returns false, with
 * errno, where it cannot be watched. */
static bool wait_for(int fd)
{
    if (waiting[fd] == NULL && selector->watch(fd) == -1)
        return false;
    waiting[fd] = current;
    current->state = TASK_WAITS;
    return true;
}

struct client *sock_accept(int fd)
{
    struct client *client;

    if (make_room(fd) == -1)
        die_errno("cannot wait for clients");
    /* The loop itself watches the listener, which has to pause at times. */
    if (listener == -1)
        waiting[fd] = &nobody;
    listener = fd;
    while ((client = accept_client(fd)) != NULL) {
        if (client->fd >= selector->limit)
            refuse_client(client, " (its descriptor does not fit FD_SETSIZE)");
        else if (make_room(client->fd) == -1)
            refuse_client(client, " (no memory to wait for it)");
        else
            return client;
    }
    if (!stop_requested())
        wait_for(fd);
    return NULL;
}

ssize_t sock_recv(struct client *client)
{
    ssize_t size;

    if (stop_requested())
        return 0;
    if (recvs_left == 0) {
        current->state = TASK_WAITS;
        append(&spent, current);
        return -1;
    }
    recvs_left--;
    size = recv_chunk(client);
    if (size == -1 && !wait_for(client->fd)) {
        client->error = errno;
        return 0;
    }
    return size;
}

void sock_close(struct client *client)
{
    if (waiting[client->fd] != NULL)
        selector->forget(client->fd);
    waiting[client->fd] = NULL;
    close_client(client);
}

/* Moves the task that waits for this descriptor to those that can run. */
static void wake(int fd)
{
    struct task *task = (size_t)fd < waiting_room ? waiting[fd] : NULL;

    if (task == NULL || task == &nobody)
        return;
    waiting[fd] = &nobody;
    append(&ready, task);
}

/* Runs tasks, also those that they start, until all wait or have had their
 * turn. */
static void run_tasks(void)
{
    while (ready.first != NULL) {
        current = take(&ready);
        current->state = TASK_RUNS;
        recvs_left = RECVS_PER_TURN;
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
            selector->forget(listener);
        else if (selector->watch(listener) == -1)
            die_errno("cannot watch the listener");
    }
    flush_outputs();
    selector->wait(spent.first != NULL ? 0 : accept_timeout(), wake);
}

void run_forever(void)
{
    while (task_count > 0) {
        run_tasks();
        if (stop_requested())
            for (size_t fd = 0; fd < waiting_room; fd++)
                wake((int)fd);
        else if (task_count > 0)
            wait_for_events();
        /* Behind those that became ready, so that nobody is passed over. */
        while (spent.first != NULL)
            append(&ready, take(&spent));
    }
    selector->close();
    free(waiting);
    waiting = NULL;
    waiting_room = 0;
    listener = -1;
    listening = false;
}

void stop_loop(void)
{
    stop_request();
}
