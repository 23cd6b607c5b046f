/*
 * coroutine_test.c: what the event loop of coroutine/ promises, tried on each
 * selector that is there.
 *
 *     build/tests/coroutine-test
 *
 * It prints TAP: "ok N - what" or "not ok N - what" for each promise, and fails
 * if one is broken. Each runs in a process of its own, since a loop that was
 * stopped stays stopped. See coroutine/loop.h and coroutine/task.h.
 */
#define _POSIX_C_SOURCE 200809L
#define _DARWIN_C_SOURCE /* for ru_maxrss, which POSIX does not have */

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

/* Seconds after which a promise is broken. valgrind makes all slow. */
enum { PATIENCE = 120 };

/* AddressSanitizer keeps freed memory for a while; here not for long, since
 * what these tests watch is how the memory in use grows. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "quarantine_size_mb=1:thread_local_quarantine_size_kb=64";
}

static int listener;

/* What tasks note, in the order in which they do. */
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

/* Connects to the listener from this same process: the backlog takes it. */
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
    /* The client is there already, so the starter need not wait for it. */
    CHECK(strcmp(notes, "adbc") == 0);
    close(fd);
    return true;
}

/* The same, where the client comes only after the others have run. */
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
        if (round > 0)
            open_event_loop(options.selector);
        run_forever();
        CHECK(counter == MANY);
        getrusage(RUSAGE_SELF, &usage);
        if (round == 0)
            first = usage.ru_maxrss;
        /* One round's tasks are more than a twentieth of what it uses: rounds
         * that left theirs behind would double it. */
        CHECK(usage.ru_maxrss < first + first / 2);
    }
    return true;
}

/* Accepts clients one by one, each with a task that receives. A single byte may
 * stop the loop. */
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
    /* Half of them end at once; the loop goes on until a last one does. */
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
    /* All that waited came to their end, for a client or for what it sends, and
     * closed their clients. */
    CHECK(accepting_ended);
    CHECK(done == CLIENTS);
    for (int i = 0; i < CLIENTS; i++)
        CHECK(recv(fds[i], &byte, 1, 0) == 0);
    return true;
}

/* A client that has sent more than a turn's worth must not keep another's
 * single byte waiting until it is through. */
static bool a_flood_starves_nobody(void)
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
    /* 16 chunks of the flood are one turn. In the second the other is accepted
     * and has its byte heard, and then comes the rest of the 40. */
    CHECK(strspn(notes, "f") == 32 && notes[32] == 'o');
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
    {"a flood starves nobody", a_flood_starves_nobody},
};

/* The child that tries a promise, and what ends it when it hangs: alarm(2)
 * would not do in the child, where common/stop.c handles SIGALRM. */
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
        standard_error.fd = -1; /* the messages are not what is tried here */
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
