/*
 * task.h: coroutines in standard C, built from a switch.
 *
 * A task is a function that can stop in the middle, let other tasks run, and go
 * on at the same place later. In 2014 Python did this with a generator and
 * `yield from`. In C it is a plain function that is called again and again:
 *
 *  - TASK_BEGIN opens a switch on the line that the task has reached;
 *  - AWAIT stores its own line number, puts a case label there, and makes the
 *    call. If the call has to wait, the function returns. The loop calls the
 *    function again when the call may succeed: the switch jumps to the label,
 *    into the middle of all loops and ifs around it, and AWAIT makes the call
 *    again;
 *  - TASK_END closes the switch: the task is done.
 *
 * C has always allowed a case label inside a nested statement. Tom Duff used it
 * in 1983 (Duff's device), Simon Tatham for coroutines ("Coroutines in C",
 * 2000), and Adam Dunkels for the protothreads of small machines (2006). Since
 * a task has no stack of its own, there are four rules:
 *
 *  - A local variable loses its value at AWAIT, because the function returns.
 *    A value that is needed afterwards must be in the task's own struct, whose
 *    first member is `struct task task`, and is read from it above TASK_BEGIN.
 *  - No AWAIT inside another switch: its label would belong to that switch.
 *  - No two AWAITs on one line: the compiler refuses the second label.
 *  - AWAIT must be in the task's function itself, not in one that it calls.
 *
 *     struct greet {
 *         struct task task;
 *         struct client *client;
 *     };
 *
 *     static void greet(struct task *task)
 *     {
 *         struct client *client = ((struct greet *)task)->client;
 *
 *         TASK_BEGIN(task);
 *         AWAIT(sock_recv(client));
 *         ...
 *         TASK_END(task);
 *     }
 *
 * See ISO C11, 6.8.1 and 6.8.4.2.
 */
#ifndef TASK_H
#define TASK_H

enum task_state { TASK_RUNS, TASK_WAITS, TASK_DONE };

/* What the loop and the macros below store about a task. */
struct task {
    void (*run)(struct task *task);
    struct task *next; /* in the queue of tasks */
    int line;          /* where to continue; 0: at the start */
    enum task_state state;
};

#define TASK_BEGIN(task)    \
    switch ((task)->line) { \
    case 0:

#define TASK_END(task) \
    }                  \
    (task)->state = TASK_DONE

/* Makes `call`, which loop.h marks as awaited, again and again until it
 * need not wait. The parameter of the function must be called `task`.
 * Only the switch jumps into the `if (0)`, so no statement falls through
 * into a label. */
#define AWAIT(call)                    \
    do {                               \
        task->line = __LINE__;         \
        if (0) {                       \
        case __LINE__:;                \
        }                              \
        (call);                        \
        if (task->state == TASK_WAITS) \
            return;                    \
    } while (0)

#endif
