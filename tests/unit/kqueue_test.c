/*
 * kqueue_test.c: tests what kqueue(2) promises, one promise at a time.
 *
 *     build/tests/kqueue-test
 *
 * It is made for kqueue/linux/ and compiles unchanged with the <sys/event.h> of
 * BSD and macOS, where it must pass as well. What only kqueue/linux/ does is
 * skipped there. To compile it by hand on Linux:
 *
 *     cc -std=c11 -Ikqueue/linux -o build/tests/kqueue-test \
 *         tests/unit/kqueue_test.c kqueue/linux/kqueue.c
 *
 * On BSD and macOS this file alone is enough, without -I. Each test prints a
 * line of the Test Anything Protocol, "ok 1 - ..." or "not ok 1 - ...", the
 * latter after the line of code that failed. The exit status is 0 if all
 * passed.
 *
 * See kqueue(2), sigaction(2).
 */
#define _DEFAULT_SOURCE
#define _DARWIN_C_SOURCE
#define _NETBSD_SOURCE

#include <sys/types.h>

#include <sys/event.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Ends the test that uses it if the condition does not hold, and prints it. */
#define EXPECT(condition)                                               \
    do {                                                                \
        if (!(condition)) {                                             \
            printf("# line %d: %s (errno: %s)\n", __LINE__, #condition, \
                   strerror(errno));                                    \
            return false;                                               \
        }                                                               \
    } while (0)

/* After this many seconds a call that hangs ends the whole run. */
enum { PATIENCE = 10 };

static const struct timespec zero;

/* Helpers: one change, one look, and descriptors to watch. */

static int change(int kq, int ident, int filter, int flags)
{
    struct kevent one;

    EV_SET(&one, (uintptr_t)ident, filter, flags, 0, 0, 0);
    return kevent(kq, &one, 1, NULL, 0, NULL);
}

static int watch(int kq, int fd)
{
    return change(kq, fd, EVFILT_READ, EV_ADD);
}

/* Returns whether a call failed with this error. */
static bool fails(int result, int error)
{
    return result == -1 && errno == error;
}

/* Returns how many events there are now, without waiting. BSDs count them in
 * int or in size_t; an unsigned short converts to both without a warning. */
static int look(int kq, struct kevent *events, unsigned short nevents)
{
    return kevent(kq, NULL, 0, events, nevents, &zero);
}

static void pause_ms(int ms)
{
    const struct timespec time = {.tv_nsec = ms * 1000000L};

    nanosleep(&time, NULL);
}

static bool silent(int kq)
{
    struct kevent event;

    return look(kq, &event, 1) == 0;
}

/* The `data` of an EVFILT_READ event: how many bytes or clients wait. On Linux
 * it is 0. */
static int waiting(int number)
{
#ifdef KQUEUE_ON_EPOLL
    number = 0;
#endif
    return number;
}

/* Returns whether there is one event, which is exactly this. */
static bool reports(int kq, int ident, int filter, int data)
{
    struct kevent events[4];

    if (filter == EVFILT_READ)
        data = waiting(data);
    return look(kq, events, 4) == 1 && (int)events[0].ident == ident &&
           (int)events[0].filter == filter && events[0].data == data &&
           !(events[0].flags & (EV_EOF | EV_ERROR)) && events[0].udata == 0;
}

/* Bytes and clients take a while through TCP. Looks every 20 ms, for 4 s at
 * most, and returns whether so many have arrived, with or without EV_EOF. */
static bool arrives(int kq, int fd, int data, int eof)
{
    struct kevent event;

    for (int tries = 0; tries < 200; tries++) {
        if (look(kq, &event, 1) == 1 && (int)event.ident == fd &&
            event.data == waiting(data) && (event.flags & EV_EOF) == eof)
            return true;
        pause_ms(20);
    }
    return false;
}

static bool put(int fd, const char *text)
{
    return write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

/* Returns whether it has read exactly this many bytes. */
static bool take(int fd, size_t bytes)
{
    char buffer[64];

    return read(fd, buffer, bytes) == (ssize_t)bytes;
}

static bool at_end(int fd)
{
    char byte;

    return read(fd, &byte, 1) == 0;
}

static bool close_all(int a, int b, int c)
{
    return close(a) == 0 && close(b) == 0 && close(c) == 0;
}

static int listen_somewhere(struct sockaddr_in *address)
{
    socklen_t size = sizeof *address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    memset(address, 0, sizeof *address);
    address->sin_family = AF_INET;
    address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, (struct sockaddr *)address, size) != 0 ||
        getsockname(fd, (struct sockaddr *)address, &size) != 0 ||
        listen(fd, 8) != 0)
        return -1;
    return fd;
}

static int connect_to(const struct sockaddr_in *address)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd < 0 ||
        connect(fd, (const struct sockaddr *)address, sizeof *address) != 0)
        return -1;
    return fd;
}

/* Makes a TCP connection. Returns false if that fails. */
static bool tcp_pair(int ends[2])
{
    struct sockaddr_in address;
    int listener = listen_somewhere(&address);

    ends[1] = listener < 0 ? -1 : connect_to(&address);
    ends[0] = ends[1] < 0 ? -1 : accept(listener, NULL, NULL);
    return ends[0] >= 0 && close(listener) == 0;
}

/* Descriptors. */

/* On macOS a kqueue is close-on-exec from the start. */
#ifdef __APPLE__
enum { FLAGS_AT_START = FD_CLOEXEC };
#else
enum { FLAGS_AT_START = 0 };
#endif

static bool test_kqueue(void)
{
    int kq = kqueue();

    EXPECT(kq >= 0);
    EXPECT(fcntl(kq, F_GETFD) == FLAGS_AT_START);
    EXPECT(fcntl(kq, F_SETFD, FD_CLOEXEC) == 0);
    EXPECT(silent(kq));
    EXPECT(close(kq) == 0);
    return true;
}

static bool test_bytes(void)
{
    int kq = kqueue(), ends[2];
    struct kevent event;

    EXPECT(pipe(ends) == 0);
    EXPECT(watch(kq, ends[0]) == 0);
    EXPECT(silent(kq));
    EXPECT(put(ends[1], "abc"));
    EXPECT(look(kq, &event, 1) == 1);
    EXPECT((int)event.ident == ends[0] && event.filter == EVFILT_READ);
    EXPECT(event.data == waiting(3) && event.fflags == 0 && event.udata == 0);
    EXPECT(!(event.flags & (EV_EOF | EV_ERROR)));
    EXPECT(put(ends[1], "defg"));
    EXPECT(reports(kq, ends[0], EVFILT_READ, 7));
    return close_all(kq, ends[0], ends[1]);
}

static bool test_level_triggered(void)
{
    int kq = kqueue(), ends[2];

    EXPECT(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    EXPECT(watch(kq, ends[0]) == 0);
    EXPECT(put(ends[1], "hello"));
    EXPECT(reports(kq, ends[0], EVFILT_READ, 5));
    EXPECT(reports(kq, ends[0], EVFILT_READ, 5));
    EXPECT(take(ends[0], 2));
    EXPECT(reports(kq, ends[0], EVFILT_READ, 3));
    EXPECT(take(ends[0], 3));
    EXPECT(silent(kq));
    return close_all(kq, ends[0], ends[1]);
}

static bool test_change_and_event(void)
{
    int kq = kqueue(), ends[2];
    struct kevent one;

    EXPECT(pipe(ends) == 0 && put(ends[1], "abc"));
    EV_SET(&one, (uintptr_t)ends[0], EVFILT_READ, EV_ADD, 0, 0, 0);
    EXPECT(kevent(kq, &one, 1, &one, 1, NULL) == 1);
    EXPECT((int)one.ident == ends[0] && one.data == waiting(3));
    EV_SET(&one, (uintptr_t)ends[0], EVFILT_READ, EV_DELETE, 0, 0, 0);
    EXPECT(kevent(kq, &one, 1, &one, 1, &zero) == 0);
    return close_all(kq, ends[0], ends[1]);
}

static bool test_changes_only(void)
{
    int kq = kqueue(), ends[2];

    EXPECT(pipe(ends) == 0);
    /* No timeout, nothing to read, and yet it returns. */
    EXPECT(watch(kq, ends[0]) == 0);
    EXPECT(kevent(kq, NULL, 0, NULL, 0, NULL) == 0);
    EXPECT(put(ends[1], "abc"));
    EXPECT(reports(kq, ends[0], EVFILT_READ, 3));
    EXPECT(change(kq, ends[0], EVFILT_READ, EV_DELETE) == 0);
    EXPECT(silent(kq));
    return close_all(kq, ends[0], ends[1]);
}

static bool test_add_again(void)
{
    int kq = kqueue(), ends[2];

    EXPECT(pipe(ends) == 0 && put(ends[1], "abc"));
    EXPECT(watch(kq, ends[0]) == 0);
    EXPECT(watch(kq, ends[0]) == 0);
    EXPECT(change(kq, ends[0], EVFILT_READ, EV_ADD | EV_ENABLE) == 0);
    EXPECT(reports(kq, ends[0], EVFILT_READ, 3));
    EXPECT(change(kq, ends[0], EVFILT_READ, EV_DELETE) == 0);
    EXPECT(silent(kq));
    EXPECT(watch(kq, ends[0]) == 0);
    EXPECT(reports(kq, ends[0], EVFILT_READ, 3));
    return close_all(kq, ends[0], ends[1]);
}

static bool test_pipe_end(void)
{
    int kq = kqueue(), ends[2];
    struct kevent event;

    EXPECT(pipe(ends) == 0 && put(ends[1], "abc"));
    EXPECT(watch(kq, ends[0]) == 0);
    EXPECT(close(ends[1]) == 0);
    EXPECT(look(kq, &event, 1) == 1);
    EXPECT(event.flags & EV_EOF && event.data == waiting(3));
    EXPECT(take(ends[0], 3));
    EXPECT(look(kq, &event, 1) == 1);
    EXPECT(event.flags & EV_EOF && event.data == 0);
    EXPECT(at_end(ends[0]));
    EXPECT(close(ends[0]) == 0 && silent(kq));
    return close(kq) == 0;
}

static bool test_socket_end(void)
{
    int kq = kqueue(), ends[2];

    EXPECT(tcp_pair(ends));
    EXPECT(watch(kq, ends[0]) == 0);
    EXPECT(put(ends[1], "hello"));
    EXPECT(arrives(kq, ends[0], 5, 0));
    EXPECT(shutdown(ends[1], SHUT_WR) == 0);
    EXPECT(arrives(kq, ends[0], 5, EV_EOF));
    EXPECT(take(ends[0], 5));
    EXPECT(arrives(kq, ends[0], 0, EV_EOF));
    EXPECT(at_end(ends[0]));
    return close_all(kq, ends[0], ends[1]);
}

static bool test_reset(void)
{
    const struct linger drop = {.l_onoff = 1, .l_linger = 0};
    int kq = kqueue(), ends[2];
    char byte;

    EXPECT(tcp_pair(ends));
    EXPECT(watch(kq, ends[0]) == 0);
    EXPECT(setsockopt(ends[1], SOL_SOCKET, SO_LINGER, &drop, sizeof drop) == 0);
    EXPECT(close(ends[1]) == 0);
    EXPECT(arrives(kq, ends[0], 0, EV_EOF));
    EXPECT(fails((int)recv(ends[0], &byte, 1, 0), ECONNRESET));
    return close(ends[0]) == 0 && close(kq) == 0;
}

static bool test_listener(void)
{
    struct sockaddr_in address;
    int listener = listen_somewhere(&address), kq = kqueue(), clients[3];

    EXPECT(listener >= 0 && watch(kq, listener) == 0);
    EXPECT(silent(kq));
    for (int i = 0; i < 3; i++) {
        clients[i] = connect_to(&address);
        EXPECT(clients[i] >= 0);
    }
    for (int left = 3; left > 0; left--) {
        int fd;

        EXPECT(arrives(kq, listener, left, 0));
        fd = accept(listener, NULL, NULL);
        EXPECT(fd >= 0 && close(fd) == 0);
    }
    EXPECT(silent(kq));
    EXPECT(close(listener) == 0 && close(kq) == 0);
    return close_all(clients[0], clients[1], clients[2]);
}

static bool test_close_forgets(void)
{
    int kq = kqueue(), ends[2], again[2];

    EXPECT(pipe(ends) == 0 && put(ends[1], "abc"));
    EXPECT(watch(kq, ends[0]) == 0 && close(ends[0]) == 0);
    EXPECT(silent(kq));
    EXPECT(fails(change(kq, ends[0], EVFILT_READ, EV_DELETE), EBADF));
    EXPECT(close(ends[1]) == 0);
    /* The new pipe has the same number, and the kqueue must not watch it. */
    EXPECT(pipe(again) == 0 && again[0] == ends[0] && put(again[1], "abc"));
    EXPECT(silent(kq));
    EXPECT(fails(change(kq, again[0], EVFILT_READ, EV_DELETE), ENOENT));
    EXPECT(watch(kq, again[0]) == 0);
    EXPECT(reports(kq, again[0], EVFILT_READ, 3));
    return close_all(kq, again[0], again[1]);
}

static bool test_room(void)
{
    static struct kevent events[1000];
    int kq = kqueue(), pipes[5][2], seen = 0;

    for (int i = 0; i < 5; i++) {
        EXPECT(pipe(pipes[i]) == 0 && put(pipes[i][1], "x"));
        EXPECT(watch(kq, pipes[i][0]) == 0);
    }
    EXPECT(look(kq, events, 1000) == 5);
    while (seen < 5) {
        int found = look(kq, events, 2);

        EXPECT(found == (seen < 4 ? 2 : 1));
        for (int i = 0; i < found; i++)
            EXPECT(take((int)events[i].ident, 1));
        seen += found;
    }
    EXPECT(silent(kq));
    for (int i = 0; i < 5; i++)
        EXPECT(close(pipes[i][0]) == 0 && close(pipes[i][1]) == 0);
    return close(kq) == 0;
}

static bool test_many(void)
{
    static struct kevent events[1000];
    int kq = kqueue(), ends[2], copies[300], count = 0, found;

    EXPECT(pipe(ends) == 0 && put(ends[1], "x"));
    /* The copies are as many as this system allows, at most 300. */
    while (count < 300 && (copies[count] = dup(ends[0])) != -1)
        EXPECT(watch(kq, copies[count++]) == 0);
    /* It may report fewer than are ready, but not more, and not none. */
    found = look(kq, events, 1000);
    EXPECT(found > 0 && found <= count);
    for (int i = 0; i < found; i++)
        EXPECT(events[i].filter == EVFILT_READ && events[i].data == waiting(1));
    while (count-- > 0) {
        EXPECT(change(kq, copies[count], EVFILT_READ, EV_DELETE) == 0);
        EXPECT(close(copies[count]) == 0);
    }
    EXPECT(silent(kq));
    return close_all(kq, ends[0], ends[1]);
}

/* Errors. */

static bool test_error_without_room(void)
{
    int kq = kqueue(), ends[2];

    EXPECT(pipe(ends) == 0);
    EXPECT(fails(watch(kq, 999), EBADF));
    EXPECT(fails(watch(kq, -1), EBADF));
    EXPECT(fails(change(kq, 999, EVFILT_READ, EV_DELETE), EBADF));
    EXPECT(fails(change(kq, ends[0], EVFILT_READ, EV_DELETE), ENOENT));
    return close_all(kq, ends[0], ends[1]);
}

static bool test_error_events(void)
{
    int kq = kqueue(), ends[2];
    struct kevent list[4];

    EXPECT(pipe(ends) == 0 && put(ends[1], "abc"));
    EV_SET(&list[0], 999, EVFILT_READ, EV_ADD, 0, 0, 0);
    EV_SET(&list[1], (uintptr_t)ends[0], EVFILT_READ, EV_ADD, 0, 0, 0);
    EV_SET(&list[2], (uintptr_t)ends[1], EVFILT_READ, EV_DELETE, 0, 0, 0);
    /* Changes and events are in one array. The bytes that wait are not reported
     * in the same call as the errors. */
    EXPECT(kevent(kq, list, 3, list, 4, NULL) == 2);
    EXPECT(list[0].flags & EV_ERROR && list[0].ident == 999);
    EXPECT(list[0].data == EBADF && list[0].filter == EVFILT_READ);
    EXPECT(list[1].flags & EV_ERROR && (int)list[1].ident == ends[1]);
    EXPECT(list[1].data == ENOENT);
    EXPECT(reports(kq, ends[0], EVFILT_READ, 3));
    return close_all(kq, ends[0], ends[1]);
}

static bool test_error_with_too_little_room(void)
{
    int kq = kqueue(), ends[2];
    struct kevent list[3], event;

    EXPECT(pipe(ends) == 0 && put(ends[1], "abc"));
    EV_SET(&list[0], 998, EVFILT_READ, EV_ADD, 0, 0, 0);
    EV_SET(&list[1], 999, EVFILT_READ, EV_ADD, 0, 0, 0);
    EV_SET(&list[2], (uintptr_t)ends[0], EVFILT_READ, EV_ADD, 0, 0, 0);
    EXPECT(fails(kevent(kq, list, 3, &event, 1, NULL), EBADF));
    EXPECT(silent(kq));
    return close_all(kq, ends[0], ends[1]);
}

static bool test_bad_kqueue(void)
{
    int ends[2];
    struct kevent one;

    EXPECT(pipe(ends) == 0);
    EXPECT(fails(look(-1, &one, 1), EBADF));
    EXPECT(fails(look(ends[0], &one, 1), EBADF));
    EXPECT(fails(watch(-1, ends[0]), EBADF));
    EV_SET(&one, (uintptr_t)ends[0], EVFILT_READ, EV_ADD, 0, 0, 0);
    EXPECT(fails(kevent(ends[0], &one, 1, &one, 1, NULL), EBADF));
    return close(ends[0]) == 0 && close(ends[1]) == 0;
}

/* Time. */

static double now(void)
{
    struct timespec time;

    if (clock_gettime(CLOCK_MONOTONIC, &time) != 0)
        return -1;
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Returns whether kevent waits at least that long when there is no event. */
static bool waits(int kq, int seconds, long nanoseconds)
{
    const struct timespec timeout = {.tv_sec = seconds, .tv_nsec = nanoseconds};
    struct kevent event;
    double start = now();

    return kevent(kq, NULL, 0, &event, 1, &timeout) == 0 &&
           now() - start >= seconds + (double)nanoseconds / 1e9;
}

static bool test_timeout(void)
{
    const struct timespec wrong = {.tv_nsec = 1000000000};
    const struct timespec negative = {.tv_sec = -1};
    const struct timespec below = {.tv_nsec = -1};
    struct kevent event;
    int kq = kqueue();

#ifndef __OpenBSD__ /* OpenBSD 5.1 hangs at less than its tick */
    EXPECT(waits(kq, 0, 1));
#endif
    EXPECT(waits(kq, 0, 900000));
    EXPECT(waits(kq, 0, 20500001));
    EXPECT(waits(kq, 1, 999999999));
    EXPECT(fails(kevent(kq, NULL, 0, &event, 1, &wrong), EINVAL));
    EXPECT(fails(kevent(kq, NULL, 0, &event, 1, &negative), EINVAL));
    EXPECT(fails(kevent(kq, NULL, 0, &event, 1, &below), EINVAL));
    return close(kq) == 0;
}

static bool test_no_timeout(void)
{
    int kq = kqueue(), ends[2], status;
    struct kevent event;
    pid_t child;

    EXPECT(pipe(ends) == 0 && watch(kq, ends[0]) == 0);
    child = fork();
    if (child == 0) {
        pause_ms(50);
        _exit(put(ends[1], "abc") ? 0 : 1);
    }
    EXPECT(child > 0);
    EXPECT(kevent(kq, NULL, 0, &event, 1, NULL) == 1 &&
           event.data == waiting(3));
    EXPECT(waitpid(child, &status, 0) == child && status == 0);
    return close_all(kq, ends[0], ends[1]);
}

/* Signals. */

static volatile sig_atomic_t handled;

static void handler(int sig)
{
    (void)sig;
    handled++;
}

/* Sets a handler, or SIG_IGN, and starts to count its calls from 0. */
static bool handle(int sig, void (*function)(int), int flags)
{
    struct sigaction action;

    memset(&action, 0, sizeof action);
    action.sa_handler = function;
    action.sa_flags = flags;
    sigemptyset(&action.sa_mask);
    handled = 0;
    return sigaction(sig, &action, NULL) == 0;
}

/* Sends a signal to this process. It is delivered when kill(2) returns. */
static bool deliver(int sig, int times)
{
    for (int i = 0; i < times; i++)
        if (kill(getpid(), sig) != 0)
            return false;
    return true;
}

/* Starts a child that sends us a signal every 10 ms, so that one comes during
 * any call that waits. After three of them it writes a byte to `fd`, unless -1,
 * which ends a read that the signals have not ended. Returns its pid. */
static pid_t start_ticks(int sig, int fd)
{
    pid_t parent = getpid(), child = fork();

    if (child != 0)
        return child;
    for (int i = 0; getppid() == parent && kill(parent, sig) == 0; i++) {
        if (i == 3 && fd >= 0 && !put(fd, "x"))
            _exit(1);
        pause_ms(10);
    }
    _exit(0);
}

static bool stop_ticks(pid_t child)
{
    pid_t ended;

    if (child <= 0 || kill(child, SIGKILL) != 0)
        return false;
    do
        ended = waitpid(child, NULL, 0);
    while (ended == -1 && errno == EINTR);
    return ended == child;
}

/* Runs a part of a test in a child. Returns its status, as waitpid(2) does. */
static int in_child(bool (*part)(void))
{
    int status = -1;
    pid_t child = fork();

    if (child == 0) {
        alarm(PATIENCE);
        _exit(part() ? 0 : 1);
    }
    if (child < 0 || waitpid(child, &status, 0) != child)
        return -1;
    return status;
}

static bool test_interrupted(void)
{
    struct kevent event;
    int kq = kqueue();
    pid_t ticks;

    /* No kqueue watches this signal. */
    EXPECT(handle(SIGUSR1, handler, SA_RESTART));
    ticks = start_ticks(SIGUSR1, -1);
    EXPECT(fails(kevent(kq, NULL, 0, &event, 1, NULL), EINTR));
    EXPECT(stop_ticks(ticks));
    return close(kq) == 0;
}

static bool test_signal(void)
{
    struct kevent event;
    int kq = kqueue();

    EXPECT(handle(SIGUSR1, handler, 0));
    EXPECT(change(kq, SIGUSR1, EVFILT_SIGNAL, EV_ADD) == 0);
    EXPECT(silent(kq));
    EXPECT(deliver(SIGUSR1, 3) && handled == 3);
    EXPECT(look(kq, &event, 1) == 1 && event.ident == SIGUSR1);
    EXPECT(event.filter == EVFILT_SIGNAL && event.data == 3);
    EXPECT(event.flags & EV_CLEAR && event.fflags == 0 && event.udata == 0);
    EXPECT(silent(kq));
    EXPECT(deliver(SIGUSR1, 1) && handled == 4);
    EXPECT(reports(kq, SIGUSR1, EVFILT_SIGNAL, 1));
    EXPECT(change(kq, SIGUSR1, EVFILT_SIGNAL, EV_DELETE) == 0);
    return close(kq) == 0;
}

static bool test_signal_ignored(void)
{
    struct kevent event;
    int kq = kqueue();
    pid_t ticks;

    EXPECT(handle(SIGUSR1, SIG_IGN, 0));
    EXPECT(change(kq, SIGUSR1, EVFILT_SIGNAL, EV_ADD) == 0);
    EXPECT(deliver(SIGUSR1, 2));
    EXPECT(reports(kq, SIGUSR1, EVFILT_SIGNAL, 2));
    /* A signal that is watched is an event and does not interrupt the wait. */
    ticks = start_ticks(SIGUSR1, -1);
    for (int i = 0; i < 5; i++) {
        EXPECT(kevent(kq, NULL, 0, &event, 1, NULL) == 1);
        EXPECT(event.ident == SIGUSR1 && event.data >= 1);
    }
    EXPECT(stop_ticks(ticks));
    EXPECT(change(kq, SIGUSR1, EVFILT_SIGNAL, EV_DELETE) == 0);
    return close(kq) == 0;
}

static bool test_signal_and_bytes(void)
{
    int kq = kqueue(), ends[2];
    struct kevent list[2];

    EXPECT(pipe(ends) == 0 && handle(SIGUSR1, handler, 0));
    EV_SET(&list[0], SIGUSR1, EVFILT_SIGNAL, EV_ADD, 0, 0, 0);
    EV_SET(&list[1], (uintptr_t)ends[0], EVFILT_READ, EV_ADD, 0, 0, 0);
    EXPECT(kevent(kq, list, 2, NULL, 0, NULL) == 0);
    EXPECT(deliver(SIGUSR1, 1) && put(ends[1], "abc"));
    EXPECT(look(kq, list, 2) == 2);
    EXPECT(list[0].filter != list[1].filter);
    EXPECT(list[0].data + list[1].data == waiting(3) + 1);
    EXPECT(reports(kq, ends[0], EVFILT_READ, 3));
    EXPECT(change(kq, SIGUSR1, EVFILT_SIGNAL, EV_DELETE) == 0);
    return close_all(kq, ends[0], ends[1]);
}

static bool test_signal_again(void)
{
    int kq = kqueue();

    EXPECT(handle(SIGUSR1, handler, 0));
    EXPECT(change(kq, SIGUSR1, EVFILT_SIGNAL, EV_ADD) == 0);
    EXPECT(deliver(SIGUSR1, 2));
    EXPECT(change(kq, SIGUSR1, EVFILT_SIGNAL, EV_ADD) == 0);
    EXPECT(deliver(SIGUSR1, 1) && handled == 3);
    EXPECT(reports(kq, SIGUSR1, EVFILT_SIGNAL, 3));
    EXPECT(change(kq, SIGUSR1, EVFILT_SIGNAL, EV_DELETE) == 0);
    EXPECT(silent(kq));
    return close(kq) == 0;
}

static bool test_signal_deleted(void)
{
    struct sigaction action;
    int kq = kqueue();

    EXPECT(handle(SIGUSR1, handler, SA_RESTART));
    EXPECT(fails(change(kq, SIGUSR1, EVFILT_SIGNAL, EV_DELETE), ENOENT));
    EXPECT(change(kq, SIGUSR1, EVFILT_SIGNAL, EV_ADD) == 0);
    EXPECT(change(kq, SIGUSR1, EVFILT_SIGNAL, EV_DELETE) == 0);
    EXPECT(sigaction(SIGUSR1, NULL, &action) == 0);
    EXPECT(action.sa_handler == handler);
    EXPECT((action.sa_flags & (SA_RESTART | SA_SIGINFO)) == SA_RESTART);
    EXPECT(deliver(SIGUSR1, 1) && handled == 1 && silent(kq));
    EXPECT(fails(change(kq, SIGUSR1, EVFILT_SIGNAL, EV_DELETE), ENOENT));
    /* A handler that is newer than EV_ADD stays. */
    EXPECT(change(kq, SIGUSR1, EVFILT_SIGNAL, EV_ADD) == 0);
    EXPECT(handle(SIGUSR1, SIG_IGN, 0));
    EXPECT(change(kq, SIGUSR1, EVFILT_SIGNAL, EV_DELETE) == 0);
    EXPECT(sigaction(SIGUSR1, NULL, &action) == 0);
    EXPECT(action.sa_handler == SIG_IGN);
    return close(kq) == 0;
}

static volatile sig_atomic_t sender, blocked_inside;

static void informed_handler(int sig, siginfo_t *info, void *context)
{
    sigset_t mask;

    (void)context;
#ifdef __OpenBSD__ /* OpenBSD 5.1 does not fill in si_pid */
    sender = (sig_atomic_t)getpid();
    (void)info;
#else
    sender = (sig_atomic_t)info->si_pid;
#endif
    blocked_inside = sigprocmask(SIG_BLOCK, NULL, &mask) == 0 &&
                     sigismember(&mask, sig) && sigismember(&mask, SIGUSR2) &&
                     !sigismember(&mask, SIGTERM);
}

static bool test_signal_mask(void)
{
    struct sigaction action;
    sigset_t mask;
    int kq = kqueue();

    memset(&action, 0, sizeof action);
    action.sa_sigaction = informed_handler;
    action.sa_flags = SA_SIGINFO;
    sigemptyset(&action.sa_mask);
    sigaddset(&action.sa_mask, SIGUSR2);
    EXPECT(sigaction(SIGUSR1, &action, NULL) == 0);
    EXPECT(change(kq, SIGUSR1, EVFILT_SIGNAL, EV_ADD) == 0);
    EXPECT(sigprocmask(SIG_BLOCK, NULL, &mask) == 0);
    EXPECT(sigismember(&mask, SIGUSR1) == 0);
    EXPECT(deliver(SIGUSR1, 1));
    EXPECT(sender == getpid() && blocked_inside);
    EXPECT(reports(kq, SIGUSR1, EVFILT_SIGNAL, 1));
    EXPECT(change(kq, SIGUSR1, EVFILT_SIGNAL, EV_DELETE) == 0);
    return close(kq) == 0;
}

/* Returns whether read(2) waits for a byte although signals come. */
static bool read_goes_on(int kq, int ends[2], void (*function)(int), int flags)
{
    pid_t ticks;

    EXPECT(handle(SIGUSR1, function, flags));
    EXPECT(change(kq, SIGUSR1, EVFILT_SIGNAL, EV_ADD) == 0);
    ticks = start_ticks(SIGUSR1, ends[1]);
    EXPECT(take(ends[0], 1));
    EXPECT(stop_ticks(ticks));
    EXPECT(change(kq, SIGUSR1, EVFILT_SIGNAL, EV_DELETE) == 0);
    return true;
}

static bool test_signal_restart(void)
{
    int kq = kqueue(), ends[2];
    pid_t ticks;

    EXPECT(pipe(ends) == 0);
    EXPECT(handle(SIGUSR1, handler, 0));
    EXPECT(change(kq, SIGUSR1, EVFILT_SIGNAL, EV_ADD) == 0);
    ticks = start_ticks(SIGUSR1, -1);
    EXPECT(!take(ends[0], 1) && errno == EINTR);
    EXPECT(stop_ticks(ticks));
    EXPECT(change(kq, SIGUSR1, EVFILT_SIGNAL, EV_DELETE) == 0);
    EXPECT(read_goes_on(kq, ends, handler, SA_RESTART));
    EXPECT(read_goes_on(kq, ends, SIG_IGN, 0));
    return close_all(kq, ends[0], ends[1]);
}

static bool die_of_the_second(void)
{
    int kq = kqueue();

    EXPECT(handle(SIGTERM, handler, (int)SA_RESETHAND));
    EXPECT(change(kq, SIGTERM, EVFILT_SIGNAL, EV_ADD) == 0);
    EXPECT(deliver(SIGTERM, 1) && handled == 1);
    EXPECT(reports(kq, SIGTERM, EVFILT_SIGNAL, 1));
    return deliver(SIGTERM, 1);
}

static bool test_signal_resethand(void)
{
    int status = in_child(die_of_the_second);

    EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    return true;
}

/* With all descriptors closed the counting fails. The program must not notice.
 */
static bool lose_all_descriptors(void)
{
    int kq = kqueue();

    EXPECT(handle(SIGUSR1, handler, 0));
    EXPECT(change(kq, SIGUSR1, EVFILT_SIGNAL, EV_ADD) == 0);
    for (int fd = 3; fd < 64; fd++)
        close(fd);
    errno = 0;
    EXPECT(deliver(SIGUSR1, 1) && handled == 1);
    EXPECT(errno == 0);
    return true;
}

static bool test_signal_errno(void)
{
    EXPECT(in_child(lose_all_descriptors) == 0);
    return true;
}

static bool get_one_signal(void)
{
    EXPECT(handled == 0 && deliver(SIGUSR1, 1) && handled == 1);
    return true;
}

static bool have_own_kqueue(void)
{
    int kq = kqueue();

    EXPECT(change(kq, SIGUSR1, EVFILT_SIGNAL, EV_ADD) == 0);
    EXPECT(deliver(SIGUSR1, 2) && handled == 2);
    EXPECT(reports(kq, SIGUSR1, EVFILT_SIGNAL, 2));
    return true;
}

static bool test_signal_in_child(void)
{
    int kq = kqueue();

    EXPECT(handle(SIGUSR1, handler, 0));
    EXPECT(change(kq, SIGUSR1, EVFILT_SIGNAL, EV_ADD) == 0);
    EXPECT(in_child(get_one_signal) == 0);
    EXPECT(in_child(have_own_kqueue) == 0);
    EXPECT(silent(kq));
    EXPECT(deliver(SIGUSR1, 1));
    EXPECT(reports(kq, SIGUSR1, EVFILT_SIGNAL, 1));
    EXPECT(change(kq, SIGUSR1, EVFILT_SIGNAL, EV_DELETE) == 0);
    return close(kq) == 0;
}

static bool test_signal_after_close(void)
{
    int kq = kqueue();

    EXPECT(handle(SIGUSR1, handler, 0));
    EXPECT(change(kq, SIGUSR1, EVFILT_SIGNAL, EV_ADD) == 0);
    EXPECT(close(kq) == 0);
    EXPECT(deliver(SIGUSR1, 1) && handled == 1);
    kq = kqueue();
    EXPECT(change(kq, SIGUSR1, EVFILT_SIGNAL, EV_ADD) == 0);
    EXPECT(silent(kq));
    EXPECT(deliver(SIGUSR1, 1) && handled == 2);
    EXPECT(reports(kq, SIGUSR1, EVFILT_SIGNAL, 1));
    EXPECT(change(kq, SIGUSR1, EVFILT_SIGNAL, EV_DELETE) == 0);
    return close(kq) == 0;
}

/* What only kqueue/linux/ does: it refuses what it does not support. */

#ifdef KQUEUE_ON_EPOLL
static bool refuses(int kq, uintptr_t ident, int filter, int flags)
{
    struct kevent event;

    EV_SET(&event, ident, filter, flags, 0, 0, NULL);
    return kevent(kq, &event, 1, &event, 1, &zero) == 1 &&
           event.flags & EV_ERROR && event.data == EINVAL;
}

static bool test_refused(void)
{
    int kq = kqueue(), ends[2], file = open("/dev/null", O_RDONLY);
    struct kevent one;
    uintptr_t fd;

    EXPECT(pipe(ends) == 0 && put(ends[1], "abc"));
    fd = (uintptr_t)ends[0];
    EXPECT(refuses(kq, fd, EVFILT_WRITE, EV_ADD));
    EXPECT(refuses(kq, 1, EVFILT_TIMER, EV_ADD));
    EXPECT(refuses(kq, fd, EVFILT_READ, 0));
    EXPECT(refuses(kq, fd, EVFILT_READ, EV_ADD | EV_DELETE));
    EXPECT(refuses(kq, fd, EVFILT_READ, EV_ADD | EV_CLEAR));
    EXPECT(refuses(kq, fd, EVFILT_READ, EV_ADD | EV_ONESHOT));
    EXPECT(refuses(kq, fd, EVFILT_READ, EV_ADD | EV_DISABLE));
    EXPECT(refuses(kq, (uintptr_t)kq, EVFILT_READ, EV_ADD));
    EXPECT(refuses(kq, (uintptr_t)file, EVFILT_READ, EV_ADD));
    EXPECT(refuses(kq, 0, EVFILT_SIGNAL, EV_ADD));
    EXPECT(refuses(kq, NSIG, EVFILT_SIGNAL, EV_ADD));
    EXPECT(refuses(kq, 0, EVFILT_SIGNAL, EV_DELETE));
    EXPECT(refuses(kq, NSIG, EVFILT_SIGNAL, EV_DELETE));
    EXPECT(refuses(kq, UINTPTR_MAX, EVFILT_SIGNAL, EV_ADD));
    EXPECT(refuses(kq, SIGKILL, EVFILT_SIGNAL, EV_ADD));
    EV_SET(&one, fd, EVFILT_READ, EV_ADD, 0, 0, &one);
    EXPECT(fails(kevent(kq, &one, 1, NULL, 0, NULL), EINVAL));
    EV_SET(&one, fd, EVFILT_READ, EV_ADD, 1, 0, NULL);
    EXPECT(fails(kevent(kq, &one, 1, NULL, 0, NULL), EINVAL));
    /* All of `ident` is the descriptor, not only its lower half. */
    EV_SET(&one, fd - UINT_MAX - 1, EVFILT_READ, EV_ADD, 0, 0, NULL);
    if (sizeof one.ident > sizeof(int))
        EXPECT(fails(kevent(kq, &one, 1, NULL, 0, NULL), EBADF));
    EXPECT(silent(kq));
    EXPECT(close(file) == 0);
    return close_all(kq, ends[0], ends[1]);
}

static bool test_refused_signals(void)
{
    int kq = kqueue(), other = kqueue(), counter;

    EXPECT(handle(SIGUSR1, SIG_DFL, 0));
    EXPECT(refuses(kq, SIGUSR1, EVFILT_SIGNAL, EV_ADD));
    EXPECT(handle(SIGUSR1, handler, 0));
    /* The kqueue counts in the next descriptor, which exec must close. */
    counter = dup(kq);
    EXPECT(counter >= 0 && close(counter) == 0);
    EXPECT(change(kq, SIGUSR1, EVFILT_SIGNAL, EV_ADD) == 0);
    EXPECT(fcntl(counter, F_GETFD) == FD_CLOEXEC);
    EXPECT(refuses(other, SIGUSR1, EVFILT_SIGNAL, EV_ADD));
    EXPECT(fails(change(other, SIGUSR1, EVFILT_SIGNAL, EV_DELETE), ENOENT));
    /* A later handler ends the counting, and EV_ADD restores it. */
    EXPECT(handle(SIGUSR1, SIG_IGN, 0) && deliver(SIGUSR1, 1) && silent(kq));
    EXPECT(change(kq, SIGUSR1, EVFILT_SIGNAL, EV_ADD) == 0);
    EXPECT(deliver(SIGUSR1, 2) && handled == 0);
    EXPECT(reports(kq, SIGUSR1, EVFILT_SIGNAL, 2));
    EXPECT(change(kq, SIGUSR1, EVFILT_SIGNAL, EV_DELETE) == 0);
    return close(kq) == 0 && close(other) == 0;
}
#else
#define test_refused NULL
#define test_refused_signals NULL
#endif

/* The run. */

static int open_at_start;

static int count_open(void)
{
    int count = 0;

    for (int fd = 0; fd < 400; fd++)
        count += fcntl(fd, F_GETFD) != -1;
    return count;
}

static bool test_nothing_left_open(void)
{
    EXPECT(count_open() == open_at_start);
    return true;
}

/* Ends the run if a call hangs. */
static void bail_out(int sig)
{
    (void)sig;
    _exit(put(STDOUT_FILENO, "Bail out! A call hangs.\n") ? 1 : 2);
}

static const struct test {
    const char *what;
    bool (*run)(void);
} tests[] = {
    {"kqueue() gives a descriptor with the system's own flags", test_kqueue},
    {"data is the number of bytes that wait", test_bytes},
    {"an event is reported until its bytes are read", test_level_triggered},
    {"changes and events fit in one call, and in one array",
     test_change_and_event},
    {"no room for events: the changes are made, nothing is waited for",
     test_changes_only},
    {"EV_ADD again is no error, and one event stays one", test_add_again},
    {"a pipe: EV_EOF comes with the unread bytes", test_pipe_end},
    {"a socket: EV_EOF comes with the unread bytes", test_socket_end},
    {"a reset is EV_EOF without bytes, and recv says ECONNRESET", test_reset},
    {"a listener: data is the number of clients that wait", test_listener},
    {"close() forgets a descriptor", test_close_forgets},
    {"no more events than there is room for, the rest next time", test_room},
    {"hundreds of events at once fit, or come with the next call", test_many},
    {"EBADF and ENOENT come back when there is no room",
     test_error_without_room},
    {"EV_ERROR events stand alone, the other changes are made",
     test_error_events},
    {"an error that has no room ends the call",
     test_error_with_too_little_room},
    {"what is not a kqueue is EBADF", test_bad_kqueue},
    {"a timeout is never short, an impossible one is EINVAL", test_timeout},
    {"without a timeout kevent waits", test_no_timeout},
    {"a signal that is not watched is EINTR, despite SA_RESTART",
     test_interrupted},
    {"a signal runs its handler and is counted, until it is reported",
     test_signal},
    {"an ignored signal is counted and interrupts nothing",
     test_signal_ignored},
    {"signals and bytes come in one call", test_signal_and_bytes},
    {"EV_ADD of a signal again keeps the count", test_signal_again},
    {"EV_DELETE of a signal gives the program's handler back",
     test_signal_deleted},
    {"a handler has its siginfo and its mask; the signal is not blocked",
     test_signal_mask},
    {"a call is restarted with SA_RESTART, and only then", test_signal_restart},
    {"SA_RESETHAND: the second signal ends the process", test_signal_resethand},
    {"counting leaves errno alone", test_signal_errno},
    {"what a child gets is not counted in its parent", test_signal_in_child},
    {"a kqueue that is closed gives its signals to the next",
     test_signal_after_close},
    {"what this kqueue does not know is EINVAL", test_refused},
    {"SIG_DFL and a second kqueue for one signal are EINVAL",
     test_refused_signals},
    {"no descriptor is left open", test_nothing_left_open},
};

int main(void)
{
    const int count = (int)(sizeof tests / sizeof tests[0]);
    int failed = 0;

    /* Each line must be written before a child is forked or a call hangs. */
    if (setvbuf(stdout, NULL, _IOLBF, 0) != 0 || !handle(SIGALRM, bail_out, 0))
        return 1;
    open_at_start = count_open();
    printf("1..%d\n", count);
    for (int i = 0; i < count; i++) {
        bool passed, skipped = tests[i].run == NULL;

        alarm(PATIENCE);
        passed = skipped || tests[i].run();
        printf("%s %d - %s%s\n", passed ? "ok" : "not ok", i + 1, tests[i].what,
               skipped ? " # SKIP kqueue/linux only" : "");
        failed += !passed;
    }
    return failed == 0 ? 0 : 1;
}
