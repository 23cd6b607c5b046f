/*
 * task.h: coroutines in standard C, on a switch.
 *
 * A task is a function that can wait in the middle and go on there later, while
 * other tasks run. Python's `yield from` of 2014 does that with a generator;
 * here it is a plain function that is called again and again:
 *
 *  - TASK_BEGIN opens a switch on the line that the task had reached;
 *  - AWAIT notes its own line, puts a case label there, and makes the call. If
 *    the call has to wait, the function simply returns. The loop calls it again
 *    when there is hope: the switch jumps to the label, into the middle of all
 *    loops and ifs around it, and makes the call again;
 *  - TASK_END closes the switch: the task is done.
 *
 * C has allowed a case label inside a nested statement since its first days;
 * Tom Duff used it in 1983 (Duff's device), Simon Tatham for coroutines
 * ("Coroutines in C", 2000), and Adam Dunkels for the protothreads of small
 * machines (2006). The price of having no stack of its own:
 *
 *  - A local variable does not survive AWAIT: the function returns. What must
 *    survive stands in the task's own struct, whose first member is
 *    `struct task task`, and is fetched from it above TASK_BEGIN.
 *  - No AWAIT inside a switch of one's own: its label would belong to that one.
 *  - No two AWAITs on one line: the compiler refuses the second label.
 *  - AWAIT stands in the task's function itself, not in one that it calls.
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

/* What the loop knows about a task. It belongs to the loop. */
struct task {
    void (*run)(struct task *task);
    struct task *next; /* in the queue of those that can run */
    int line;          /* where to go on; 0: at the beginning */
    enum task_state state;
};

#define TASK_BEGIN(task)    \
    switch ((task)->line) { \
    case 0:

#define TASK_END(task) \
    }                  \
    (task)->state = TASK_DONE

/* Makes `call`, one of those that loop.h marks as awaited, as often as it takes
 * until it need not wait. The function's parameter must be called `task`. Only
 * the switch enters the `if (0)`, so that no statement falls into a label. */
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
