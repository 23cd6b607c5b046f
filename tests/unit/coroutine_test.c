/*
 * coroutine_test.c: tests what the event loop of coroutine/ promises, with each
 * selector of this system.
 *
 *     build/tests/coroutine-test
 *
 * For each promise it prints a line of the Test Anything Protocol, "ok N - ..."
 * or "not ok N - ...", and it fails if one is broken. Each promise is tested in
 * its own process, since a loop that was stopped stays stopped.
 *
 * See coroutine/loop.h, coroutine/task.h.
 */
#define _POSIX_C_SOURCE 200809L
#define _DARWIN_C_SOURCE /* for ru_maxrss, which POSIX does not have */

#include "../../common/output.h"
#include "../../common/server.h"
#include "../../coroutine/loop.h"

#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MANY = 10000, ROUNDS = 20, CLIENTS = 50 };

/* Seconds after which a promise is broken: many, since valgrind is slow. */
enum { PATIENCE = 120 };

/* AddressSanitizer keeps freed memory for a while. These options keep the while
 * short, since a test measures how the memory in use grows. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "quarantine_size_mb=1:thread_local_quarantine_size_kb=64";
}

static int listener;

/* The letters that tasks have noted, in order; and how many tasks are done. */
static char notes[64];
static int done;

static void note(char letter)
{
    size_t length = strlen(notes);

    if (length < sizeof notes - 1)
        notes[length] = letter;
}

#define CHECK(condition)                                             \
    do {                                                             \
        if (!(condition)) {                                          \
            printf("# line %d: not so: %s\n", __LINE__, #condition); \
            return false;                                            \
        }                                                            \
    } while (0)

/* Connects to the listener from this same process. The kernel puts the client
 * into the backlog, so connect(2) does not wait for accept(2). */
static int connect_client(void)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd == -1 ||
        getsockname(listener, (struct sockaddr *)&address, &size) == -1 ||
        connect(fd, (struct sockaddr *)&address, size) == -1)
        die_errno("cannot connect");
    return fd;
}

static void send_text(int fd, const char *text)
{
    if (send(fd, text, strlen(text), 0) != (ssize_t)strlen(text))
        die_errno("cannot send");
}

/* A task that never waits. */
struct count {
    struct task task;
    int *counter;
};

static void count(struct task *task)
{
    int *counter = ((struct count *)task)->counter;

    TASK_BEGIN(task);
    ++*counter;
    TASK_END(task);
}

/* A task that starts two others and then waits for a client. */
struct letter {
    struct task task;
    char letter;
};

static void letter(struct task *task)
{
    TASK_BEGIN(task);
    note(((struct letter *)task)->letter);
    TASK_END(task);
}

struct starter {
    struct task task;
    int listener;
};

static void starter(struct task *task)
{
    int fd = ((struct starter *)task)->listener;

    TASK_BEGIN(task);
    start(letter, 'b');
    start(letter, 'c');
    note('a');
    AWAIT(sock_accept(fd));
    note('d');
    TASK_END(task);
}

static bool started_tasks_run_when_the_starter_waits(void)
{
    int fd;

    CHECK(start(starter, listener));
    CHECK(notes[0] == '\0');
    fd = connect_client();
    run_forever();
    /* The client is connected already, so the starter does not wait for it. */
    CHECK(strcmp(notes, "adbc") == 0);
    close(fd);
    return true;
}

/* A task that connects a client, for which another task already waits. */
struct connector {
    struct task task;
    int *fd;
};

static void connector(struct task *task)
{
    int *fd = ((struct connector *)task)->fd;

    TASK_BEGIN(task);
    note('x');
    *fd = connect_client();
    TASK_END(task);
}

static bool others_run_while_one_waits(void)
{
    int fd = -1;

    CHECK(start(starter, listener));
    CHECK(start(connector, &fd));
    run_forever();
    CHECK(strcmp(notes, "axbcd") == 0);
    close(fd);
    return true;
}

static bool ten_thousand_tasks_leave_nothing(void)
{
    long first = 0;

    for (int round = 0; round < ROUNDS; round++) {
        struct rusage usage;
        int counter = 0;

        for (int i = 0; i < MANY; i++)
            CHECK(start(count, &counter));
        run_forever();
        CHECK(counter == MANY);
        getrusage(RUSAGE_SELF, &usage);
        if (round == 0)
            first = usage.ru_maxrss;
        /* The tasks of one round are more than a twentieth of the memory. If
         * every round leaked them, the memory would double. */
        CHECK(usage.ru_maxrss < first + first / 2);
    }
    return true;
}

/* A task that receives from a client, and one that accepts clients and starts
 * such a task for each. With `stop_on_byte` a single byte stops the loop. */
static bool stop_on_byte, accepting_ended;

struct receive_all {
    struct task task;
    struct client *client;
};

static void receive_all(struct task *task)
{
    struct client *client = ((struct receive_all *)task)->client;

    TASK_BEGIN(task);
    for (;;) {
        ssize_t size;

        AWAIT(size = sock_recv(client));
        if (size == 0)
            break;
        note(size == 1 ? 'o' : 'f');
        if (size == 1 && stop_on_byte)
            stop_loop();
    }
    sock_close(client);
    done++;
    TASK_END(task);
}

struct accept_some {
    struct task task;
    int listener;
    int left;
};

static void accept_some(struct task *task)
{
    struct accept_some *my = (struct accept_some *)task;

    TASK_BEGIN(task);
    while (my->left > 0) {
        struct client *client;

        AWAIT(client = sock_accept(my->listener));
        if (client == NULL)
            break;
        my->left--;
        if (!start(receive_all, client))
            drop_client(client);
    }
    accepting_ended = true;
    TASK_END(task);
}

static bool tasks_wait_while_others_end(void)
{
    int fds[CLIENTS];

    for (int i = 0; i < CLIENTS; i++)
        fds[i] = connect_client();
    CHECK(start(accept_some, listener, CLIENTS));
    /* Every second client, and the last one, half-closes before the others. */
    for (int i = 0; i < CLIENTS; i++) {
        send_text(fds[i], "x");
        if (i % 2 == 0 || i == CLIENTS - 1)
            shutdown(fds[i], SHUT_WR);
    }
    for (int i = 1; i < CLIENTS - 1; i += 2)
        shutdown(fds[i], SHUT_WR);
    run_forever();
    CHECK(done == CLIENTS && accepting_ended);
    return true;
}

static bool a_task_stops_the_loop(void)
{
    char byte;
    int fds[CLIENTS];

    for (int i = 0; i < CLIENTS; i++)
        fds[i] = connect_client();
    send_text(fds[CLIENTS - 1], "x");
    stop_on_byte = true;
    CHECK(start(accept_some, listener, CLIENTS + 1));
    run_forever();
    /* All tasks that waited, for a client or for what it sends, came to their
     * end and closed their clients. */
    CHECK(accepting_ended);
    CHECK(done == CLIENTS);
    for (int i = 0; i < CLIENTS; i++)
        CHECK(recv(fds[i], &byte, 1, 0) == 0);
    return true;
}

/* The single byte of one client must not wait until all that another client has
 * sent is received. */
static bool a_flood_starves_no_client(void)
{
    static char flood[40 * 1024];
    int flooder = connect_client();
    int other = connect_client();

    memset(flood, 'f', sizeof flood);
    CHECK(send(flooder, flood, sizeof flood, 0) == (ssize_t)sizeof flood);
    send_text(other, "x");
    shutdown(other, SHUT_WR);
    shutdown(flooder, SHUT_WR);
    CHECK(start(accept_some, listener, 2));
    run_forever();
    CHECK(done == 2);
    /* The flood has 40 chunks, of which one round receives 16. Then comes the
     * byte of the other client; the rest of the flood follows. */
    CHECK(strspn(notes, "f") == 16 && notes[16] == 'o');
    CHECK(strlen(notes) == 41);
    return true;
}

static const struct {
    const char *name;
    bool (*holds)(void);
} promises[] = {
    {"a started task first runs when its starter waits",
     started_tasks_run_when_the_starter_waits},
    {"other tasks run while one waits", others_run_while_one_waits},
    {"200,000 tasks leave nothing allocated", ten_thousand_tasks_leave_nothing},
    {"tasks wait while others end", tasks_wait_while_others_end},
    {"a task stops the loop, and each task comes to its end",
     a_task_stops_the_loop},
    {"a flood starves no other client", a_flood_starves_no_client},
};

/* The child that tries a promise. The parent kills it if it hangs, since the
 * child itself cannot rely on SIGALRM, which common/stop.c may handle. */
static pid_t child;

static void give_up(int number)
{
    (void)number;
    if (child > 0)
        kill(child, SIGKILL);
}

/* Tries one promise with one selector in a child. Returns whether it holds. */
static bool try_promise(bool (*holds)(void), const char *selector)
{
    char *arguments[] = {"coroutine-test", "--raw", "-p0", "-a127.0.0.1", NULL};
    pid_t ended;
    int status;

    fflush(stdout);
    child = fork();
    if (child == 0) {
        bool held;

        listener = start_server("coroutine-test", 4, arguments, NON_BLOCKING);
        standard_error.fd = -1; /* the messages are not tested */
        options.selector = selector;
        open_event_loop(selector);
        held = holds();
        fflush(stdout);
        stop_server(listener);
        exit(held ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    if (child == -1)
        return false;
    alarm(PATIENCE);
    ended = waitpid(child, &status, 0);
    alarm(0);
    return ended == child && status == 0;
}

int main(void)
{
    const char *const *selectors = selector_names();
    struct sigaction action = {.sa_handler = give_up, .sa_flags = SA_RESTART};
    int number = 0, failed = 0;

    sigaction(SIGALRM, &action, NULL);
    for (int s = 0; selectors[s] != NULL; s++)
        for (size_t p = 0; p < sizeof promises / sizeof *promises; p++) {
            bool held = try_promise(promises[p].holds, selectors[s]);

            failed += !held;
            printf("%s %d - coroutine/%s: %s\n", held ? "ok" : "not ok",
                   ++number, selectors[s], promises[p].name);
        }
    printf("1..%d\n", number);
    return failed > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
