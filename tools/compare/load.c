/*
 * load.c: puts a load on a server of this machine and prints its cost.
 *
 *     build/tools/load flood       [--mib N]                       PORT
 *     build/tools/load connections [--count N]                     PORT
 *     build/tools/load messages    [--idle N,...] [--count M]
 *                                  [--output PATH]                 PORT
 *     build/tools/load active      [--active N,...] [--count M]
 *                                  [--output PATH]                 PORT
 *     build/tools/load idle        [--count N] [--output PATH]     PORT
 *     build/tools/load rest                                        PORT
 *     build/tools/load burst       [--count N]                     PORT
 *
 *     --pid PID      the server, to read its CPU time and its memory
 *     --address ADDR where it listens (::1)
 *     --seconds S    end a measurement that lasts longer, and print what was
 *                    done until then (30)
 *     --group N      in messages, active and idle, connect N clients before
 *                    waiting for their messages (256); fewer suit a short
 * backlog
 *     --no-header    leave out the line with the columns' names
 *
 * It prints lines of tab-separated columns: names, then values. "-" stands for
 * a value that is unknown. CPU and memory are the server's. If the server does
 * not listen yet, load waits for it.
 *
 * flood        one client sends N MiB (256) of text lines, one after another
 * connections  N clients (5,000), one after another: each sends a line, closes
 *              its half and waits until the server has closed the other
 * messages     a closed loop, while N idle clients (0) stay connected: one
 * client sends a message when its last one has been printed, M (10,000) in all;
 * each idle client has sent one at its start active       rounds, and no idle
 * clients: each of N clients (100) sends 64 bytes, and when all of that has
 * been printed, again, until M messages (10,000) or a few more have been sent.
 * With several N here, or in messages, there is a line for each; they rise, and
 *              end at the first N at which the server does not serve all
 * idle         N clients (1,000) that stay, and how many of them are served
 * rest         one client that sends a line and stays: what the server does in
 *              the second after that
 * burst        N clients (1,000) that connect all at once
 *
 * For messages, active and idle, load reads what the server prints, from
 * standard input or from --output. In a shell:
 *
 *     mkfifo out; build/epoll --port 0 >out & exec 3<out; read -r line <&3
 *     build/tools/load messages --idle 900 --pid $! "${line##*:}" <&3
 *
 * See connect(2), poll(2), and measure.h for where the figures come from.
 */
#define _POSIX_C_SOURCE 200809L

#include "../clients/net.h"
#include "measure.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    MILLISECOND = 1000000, /* in nanoseconds, as all times without a unit */
    SECOND = 1000000000,
    FLOOD_CHUNK = 65536,
    OWN_DESCRIPTORS = 16, /* what load and the server open, but for clients */
    LEVELS_MAX = 16,
    MESSAGE = 64,     /* bytes of an active client's message */
    PATIENCE = 1500,  /* ms: longer than the kernel's first retry */
    BURST_TIME = 900, /* ms: shorter than the kernel's first retry */
    QUIET = 200,      /* ms without output, after which no more is expected */
};

/* Numbers of clients, none smaller than the one before. */
struct levels {
    long clients[LEVELS_MAX];
    int count;
};

/* What the command line asks for; a count of 0 is the measurement's default. */
static struct {
    long pid;
    long mib;
    long count;
    struct levels idle, active;
    long group;
    long seconds;
    bool header;
} plan = {.mib = 256,
          .idle = {.clients = {0}, .count = 1},
          .active = {.clients = {100}, .count = 1},
          .group = 256,
          .seconds = 30,
          .header = true};

static struct endpoint server;
static long descriptor_limit;

/* A column of the result. A value below zero is unknown. */
struct column {
    const char *name;
    double value;
    int decimals;
};

static void print_result(const struct column *columns, size_t count)
{
    for (size_t i = 0; plan.header && i < count; i++)
        printf("%s%c", columns[i].name, i + 1 < count ? '\t' : '\n');
    for (size_t i = 0; i < count; i++) {
        if (columns[i].value < 0)
            printf("-");
        else
            printf("%.*f", columns[i].decimals, columns[i].value);
        putchar(i + 1 < count ? '\t' : '\n');
    }
    if (fflush(stdout) == EOF)
        fail("cannot write to standard output: %s", strerror(errno));
}

static double in_seconds(int64_t nanoseconds)
{
    return (double)nanoseconds / 1e9;
}

/* Returns total / count in the given unit, or UNKNOWN if one is missing. */
static double per(int64_t total, double count, double unit)
{
    if (total < 0 || count <= 0)
        return UNKNOWN;
    return (double)total / count / unit;
}

/* Returns what was used between two readings, or UNKNOWN if one of them is. */
static int64_t used(int64_t before, int64_t after)
{
    if (before == UNKNOWN || after == UNKNOWN)
        return UNKNOWN;
    return after > before ? after - before : 0;
}

/* Returns how many clients this process can open, at most `wanted`. */
static long allowed_clients(long wanted)
{
    long most = descriptor_limit - OWN_DESCRIPTORS;

    if (wanted <= most)
        return wanted;
    fprintf(stderr,
            "load: %ld clients instead of %ld: the limit on "
            "descriptors is %ld\n",
            most, wanted, descriptor_limit);
    return most;
}

/* Returns the time at which to end the measurement. */
static int64_t deadline_of_measurement(void)
{
    return deadline_in((int)plan.seconds * 1000);
}

/* Starts a client's connection. Returns its socket, or -1 after saying that
 * there can be no more than the `count` that are open. */
static int start_client(unsigned long count)
{
    int fd = start_connection(&server);

    if (fd == -1)
        fprintf(stderr, "load: no more than %lu clients here: %s\n", count,
                strerror(errno));
    return fd;
}

/* Waits until the server listens, since a script may just have started it. The
 * server sees a client that connects, sends nothing and disconnects. */
static void await_server(void)
{
    int64_t deadline = deadline_in(wait_limit);

    for (;;) {
        int fd = start_connection(&server);
        struct pollfd connected = {.fd = fd, .events = POLLOUT};
        bool reached = fd != -1 && poll(&connected, 1, wait_limit) == 1 &&
                       connection_error(fd) == 0;

        if (fd != -1)
            close(fd);
        if (reached)
            return;
        if (now() > deadline)
            fail("waited %g seconds for a server", wait_limit / 1000.0);
        poll(NULL, 0, 20);
    }
}

/* flood and connections: one client at a time. */

/* Sends text lines until `wanted` bytes are sent or the measurement's time is
 * over. Returns how many it has sent. */
static int64_t send_lines(int fd, int64_t wanted)
{
    static char lines[FLOOD_CHUNK];
    int64_t bytes = 0, deadline = deadline_of_measurement();

    for (size_t i = 0; i < sizeof lines; i++)
        lines[i] = i % 64 == 63 ? '\n' : "text"[i % 4];
    for (; bytes < wanted && now() < deadline; bytes += FLOOD_CHUNK)
        send_all(fd, lines, sizeof lines);
    return bytes;
}

static void print_flood(int64_t bytes, int64_t time, int64_t cpu)
{
    const struct column result[] = {
        {"bytes", (double)bytes, 0},
        {"seconds", in_seconds(time), 3},
        {"mb_per_s", (double)bytes / 1e6 / in_seconds(time), 1},
        {"cpu_s", per(cpu, 1, SECOND), 3},
        {"cpu_ms_per_gb", per(cpu, (double)bytes / 1e9, MILLISECOND), 1},
    };

    print_result(result, sizeof result / sizeof *result);
}

/* When the server closes it has printed all that the client sent. The kernel
 * holds megabytes for a slow server, so the waits are long. */
static void measure_flood(void)
{
    int64_t bytes, start, time, cpu = cpu_time(plan.pid);
    int fd;

    wait_limit = 60 * 1000;
    fd = open_connection(&server);
    start = now();
    bytes = send_lines(fd, (int64_t)plan.mib * 1024 * 1024);
    half_close(fd);
    if (wait_until_closed(fd) != 0)
        fail("the server reset the connection");
    time = now() - start;
    print_flood(bytes, time, used(cpu, cpu_time(plan.pid)));
}

static void print_connections(long count, int64_t time, int64_t cpu)
{
    const struct column result[] = {
        {"connections", (double)count, 0},
        {"seconds", in_seconds(time), 3},
        {"per_s", (double)count / in_seconds(time), 0},
        {"cpu_us_per_connection", per(cpu, (double)count, 1000), 2},
    };

    print_result(result, sizeof result / sizeof *result);
}

static void measure_connections(void)
{
    static const char line[] = "hello\n";
    long count = 0, wanted = plan.count != 0 ? plan.count : 5000;
    int64_t time, cpu = cpu_time(plan.pid);
    int64_t start = now(), deadline = deadline_of_measurement();

    for (; count < wanted && now() < deadline; count++) {
        int fd = open_connection(&server);

        send_all(fd, line, sizeof line - 1);
        half_close(fd);
        if (wait_until_closed(fd) != 0)
            fail("the server reset connection %ld", count + 1);
        close(fd);
    }
    time = now() - start;
    print_connections(count, time, used(cpu, cpu_time(plan.pid)));
}

/* messages and idle: many clients, and what the server prints. */

/* A client's message is "#CLIENT.NUMBER#" and a newline, so that it is found in
 * the output whatever the server prints around it. */
struct client {
    int fd;
    long number; /* of its last message */
    int64_t sent_at;
    bool waiting; /* until that message is printed */
};

static int output = STDIN_FILENO;
static struct client *clients;
static long client_count;
static long waiting_count;
static bool full_messages;   /* 64 bytes each, or no more than are needed */
static long unsent;          /* messages that the closed loop still has */
static int64_t *round_trips; /* NULL while none are recorded */
static long round_trip_count;

/* Sends a client's next message. A server that had no room for the client may
 * have closed it; this is not an error here. */
static void send_message(long index)
{
    char message[MESSAGE];
    struct client *client = &clients[index];
    int size = snprintf(message, sizeof message, "#%ld.%ld#\n", index,
                        ++client->number);

    if (full_messages) {
        memset(message + size - 1, '.', sizeof message - (size_t)size);
        message[MESSAGE - 1] = '\n';
        size = MESSAGE;
    }
    client->waiting = true;
    waiting_count++;
    client->sent_at = now();
    if (send(client->fd, message, (size_t)size, 0) == -1 && errno != EPIPE &&
        errno != ECONNRESET)
        fail("cannot send: %s", strerror(errno));
}

/* Notes that a message was printed. In the closed loop its client then sends
 * the next one. */
static void message_printed(long index, long number)
{
    if (index >= client_count || !clients[index].waiting ||
        clients[index].number != number)
        return;
    clients[index].waiting = false;
    waiting_count--;
    if (round_trips == NULL)
        return;
    round_trips[round_trip_count++] = now() - clients[index].sent_at;
    if (unsent > 0) {
        unsent--;
        send_message(index);
    }
}

/* Looks for messages byte by byte, since one may come in two pieces. `field` is
 * 0 outside of a message, 1 in the client's number, 2 in the message's. */
static void scan(const char *bytes, size_t size)
{
    static int field;
    static long numbers[3];

    for (size_t i = 0; i < size; i++) {
        char byte = bytes[i];

        if (field > 0 && byte >= '0' && byte <= '9' &&
            numbers[field] < LONG_MAX / 10 - 9) {
            numbers[field] = numbers[field] * 10 + (byte - '0');
        } else if (field == 1 && byte == '.') {
            field = 2;
        } else if (field == 2 && byte == '#') {
            field = 0;
            message_printed(numbers[1], numbers[2]);
        } else {
            field = byte == '#';
            numbers[1] = numbers[2] = 0;
        }
    }
}

/* Waits until the server prints something, or until `fd`, unless -1, is
 * connected, and takes what was printed. Returns false after `milliseconds`
 * without either. Every wait reads the output: a server whose output is full
 * would stop in the middle of its work. */
static bool take_output(int fd, int milliseconds)
{
    static char bytes[65536];
    struct pollfd wanted[] = {{.fd = output, .events = POLLIN},
                              {.fd = fd, .events = POLLOUT}};
    int ready = poll(wanted, 2, milliseconds);

    if (ready == -1 && errno != EINTR)
        fail("cannot poll: %s", strerror(errno));
    if (ready > 0 && wanted[0].revents != 0) {
        ssize_t size = read(output, bytes, sizeof bytes);

        if (size == 0)
            fail("the server's output has ended");
        if (size == -1 && !is_momentary(errno))
            fail("cannot read the server's output: %s", strerror(errno));
        scan(bytes, size > 0 ? (size_t)size : 0);
    }
    return ready != 0;
}

/* Returns a connected socket, or -1 if the server does not accept it. */
static int connect_client(void)
{
    int fd = start_client((unsigned long)client_count);
    struct pollfd connected = {.fd = fd, .events = POLLOUT};
    int64_t deadline = deadline_in(PATIENCE);

    if (fd == -1)
        return -1;
    while (poll(&connected, 1, 0) == 0 && now() < deadline)
        take_output(fd, PATIENCE);
    if (connected.revents != 0 && connection_error(fd) == 0)
        return fd;
    close(fd);
    return -1;
}

/* Returns true when all messages are printed, false when no more are. */
static bool wait_for_messages(void)
{
    int64_t deadline = deadline_in(wait_limit);

    while (waiting_count > 0) {
        long before = waiting_count;

        if (!take_output(-1, PATIENCE) || now() > deadline)
            return false;
        if (waiting_count < before)
            deadline = deadline_in(wait_limit);
    }
    return true;
}

/* Adds clients up to `wanted`, each with one message. They connect in groups
 * that fit into any backlog, the next group when the messages of this one have
 * been printed. Stops early when the server serves no more. Returns how many
 * are served. */
static long open_clients(long wanted)
{
    bool served = true;

    clients = resize(clients, (size_t)wanted * sizeof *clients);
    while (served && client_count < wanted) {
        int fd = connect_client();

        if (fd == -1)
            break;
        clients[client_count] = (struct client){.fd = fd};
        send_message(client_count++);
        if (client_count % plan.group == 0)
            served = wait_for_messages();
    }
    wait_for_messages();
    return client_count - waiting_count;
}

/* Returns how many clients the server has closed or reset. */
static long count_closed(void)
{
    char byte;
    long count = 0;

    for (long i = 0; i < client_count; i++)
        if (recv(clients[i].fd, &byte, 1, MSG_PEEK) != -1 || errno != EAGAIN)
            count++;
    return count;
}

/* Closes all clients and takes what the server prints about it. */
static void close_clients(void)
{
    int64_t deadline = deadline_in(wait_limit);

    for (long i = 0; i < client_count; i++)
        close(clients[i].fd);
    free(clients);
    clients = NULL;
    client_count = waiting_count = 0;
    while (take_output(-1, QUIET) && now() < deadline)
        ;
}

/* Returns the server's memory without clients, but after a first one: what the
 * server allocates once and keeps is not the cost of a client. */
static int64_t memory_before_clients(void)
{
    if (open_clients(1) != 1)
        fail("the server does not print what the first client sends");
    close_clients();
    cpu_time(plan.pid); /* waits until the server rests */
    return resident_memory(plan.pid);
}

static void print_idle(long wanted, long served, int64_t memory)
{
    const struct column result[] = {
        {"clients", (double)wanted, 0},
        {"connected", (double)client_count, 0},
        {"served", (double)served, 0},
        {"closed", (double)count_closed(), 0},
        {"bytes_per_client", per(memory, (double)served, 1), 0},
    };

    close_clients();
    print_result(result, sizeof result / sizeof *result);
}

static void measure_idle(void)
{
    long wanted = allowed_clients(plan.count != 0 ? plan.count : 1000);
    int64_t memory = memory_before_clients();
    long served = open_clients(wanted);

    cpu_time(plan.pid); /* waits until the server rests */
    print_idle(wanted, served, used(memory, resident_memory(plan.pid)));
}

static int compare_times(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left;
    int64_t b = *(const int64_t *)right;

    return (a > b) - (a < b);
}

/* Returns the microseconds that `percent` of the sorted round trips do not
 * exceed. */
static double percentile(int percent)
{
    long rank = (round_trip_count * percent + 99) / 100;

    if (round_trip_count == 0)
        return UNKNOWN;
    return (double)round_trips[rank - 1] / 1000;
}

/* Runs the closed loop with the last client. */
static void exchange_messages(long messages)
{
    int64_t deadline = deadline_of_measurement();

    round_trips = resize(NULL, (size_t)messages * sizeof *round_trips);
    unsent = messages - 1;
    send_message(client_count - 1);
    while (waiting_count > 0) {
        bool printing = take_output(-1, wait_limit);

        if (now() > deadline)
            unsent = 0;
        if (!printing || now() > deadline + (int64_t)wait_limit * MILLISECOND)
            fail("waited %g seconds for a message to be printed",
                 wait_limit / 1000.0);
    }
    qsort(round_trips, (size_t)round_trip_count, sizeof *round_trips,
          compare_times);
}

/* Prints the line of a level with `wanted` clients. `time` is how long its
 * closed loop took, 0 if there was none. */
static void print_level(long wanted, long served, int64_t time, int64_t cpu,
                        int64_t memory)
{
    double count = (double)round_trip_count;
    const struct column result[] = {
        {"idle", (double)(wanted - 1), 0},
        {"served", (double)served, 0},
        {"messages", count, 0},
        {"per_s", time > 0 ? count / in_seconds(time) : (double)UNKNOWN, 0},
        {"cpu_us_per_message", per(cpu, count, 1000), 2},
        {"p50_us", percentile(50), 1},
        {"p90_us", percentile(90), 1},
        {"p99_us", percentile(99), 1},
        {"max_us", percentile(100), 1},
        {"bytes_per_client", per(memory, (double)served, 1), 0},
    };

    print_result(result, sizeof result / sizeof *result);
    plan.header = false;
}

/* Measures with `idle` idle clients, which include those of the last level.
 * `memory` is the server's without clients. Returns whether the server serves
 * all of them. */
static bool measure_level(long idle, long messages, int64_t memory)
{
    long wanted = allowed_clients(idle + 1);
    long served = open_clients(wanted);
    int64_t start, time = 0, cpu = cpu_time(plan.pid);

    memory = used(memory, resident_memory(plan.pid));
    if (served == wanted) {
        start = now();
        exchange_messages(messages);
        time = now() - start;
    }
    print_level(wanted, served, time, used(cpu, cpu_time(plan.pid)), memory);
    free(round_trips);
    round_trips = NULL;
    round_trip_count = 0;
    return served == wanted;
}

static void measure_messages(void)
{
    long messages = plan.count != 0 ? plan.count : 10000;
    int64_t memory = memory_before_clients();

    for (int i = 0; i < plan.idle.count; i++)
        if (!measure_level(plan.idle.clients[i], messages, memory))
            break;
    close_clients();
}

/* Has all clients send at once, again and again. Returns how many messages were
 * sent and printed. */
static long exchange_rounds(long messages)
{
    int64_t deadline = deadline_of_measurement();
    long count = 0;

    for (; count < messages && now() < deadline; count += client_count) {
        for (long i = 0; i < client_count; i++)
            send_message(i);
        if (!wait_for_messages())
            fail("%ld of %ld messages were not printed", waiting_count,
                 client_count);
    }
    return count;
}

static void print_active(long wanted, long served, long messages, int64_t time,
                         int64_t cpu)
{
    double count = (double)messages;
    const struct column result[] = {
        {"active", (double)wanted, 0},
        {"served", (double)served, 0},
        {"messages", count, 0},
        {"per_s", time > 0 ? count / in_seconds(time) : (double)UNKNOWN, 0},
        {"cpu_us_per_message", per(cpu, count, 1000), 3},
    };

    print_result(result, sizeof result / sizeof *result);
    plan.header = false;
}

/* Measures with so many active clients, which include those of the last level.
 * Returns whether the server serves all of them. */
static bool measure_active_level(long active, long messages)
{
    long wanted = allowed_clients(active);
    long served = open_clients(wanted);
    int64_t start = 0, time = 0, cpu = cpu_time(plan.pid);

    if (served == wanted) {
        start = now();
        messages = exchange_rounds(messages);
        time = now() - start;
    } else {
        messages = 0;
    }
    print_active(wanted, served, messages, time, used(cpu, cpu_time(plan.pid)));
    return served == wanted;
}

static void measure_active(void)
{
    long messages = plan.count != 0 ? plan.count : 10000;

    full_messages = true;
    for (int i = 0; i < plan.active.count; i++)
        if (!measure_active_level(plan.active.clients[i], messages))
            break;
    close_clients();
}

static void print_rest(int64_t time, int64_t cpu)
{
    const struct column result[] = {
        {"cpu_ms_per_s", per(cpu, in_seconds(time), MILLISECOND), 2},
    };

    print_result(result, sizeof result / sizeof *result);
}

/* What a server does while its one client says nothing. */
static void measure_rest(void)
{
    static const char line[] = "hello\n";
    int fd = open_connection(&server);
    int64_t cpu, start;

    send_all(fd, line, sizeof line - 1);
    cpu = cpu_time(plan.pid);
    start = now();
    poll(NULL, 0, 1000);
    cpu = used(cpu, cpu_time(plan.pid));
    print_rest(now() - start, cpu);
    close(fd);
}

/* burst: all at once. */

/* Starts every connection and waits for none. Returns how many it started. */
static nfds_t start_burst(struct pollfd *fds, long wanted)
{
    nfds_t count = 0;

    for (; count < (nfds_t)wanted; count++) {
        int fd = start_client((unsigned long)count);

        if (fd == -1)
            break;
        fds[count] = (struct pollfd){.fd = fd, .events = POLLOUT};
    }
    return count;
}

/* Waits for the connections until the deadline. Returns how many are
 * established. It sets each one that is done to -1, which poll ignores. */
static long await_burst(struct pollfd *fds, nfds_t count, int64_t deadline)
{
    long established = 0;
    nfds_t pending = count;

    while (pending > 0) {
        int64_t left = (deadline - now()) / MILLISECOND;

        if (left <= 0 || poll(fds, count, (int)left) == 0)
            break;
        for (nfds_t i = 0; i < count; i++) {
            if (fds[i].fd == -1 || fds[i].revents == 0)
                continue;
            established += connection_error(fds[i].fd) == 0;
            fds[i].fd = -1;
            pending--;
        }
    }
    return established;
}

static void print_burst(nfds_t count, long established, int64_t time,
                        int64_t drops, int64_t overflows, int64_t cpu)
{
    const struct column result[] = {
        {"clients", (double)count, 0},
        {"established", (double)established, 0},
        {"seconds", in_seconds(time), 3},
        {"listen_drops", (double)drops, 0},
        {"listen_overflows", (double)overflows, 0},
        {"cpu_us_per_client", per(cpu, (double)established, 1000), 2},
    };

    print_result(result, sizeof result / sizeof *result);
}

static void measure_burst(void)
{
    long wanted = allowed_clients(plan.count != 0 ? plan.count : 1000);
    struct pollfd *fds = resize(NULL, (size_t)wanted * sizeof *fds);
    int64_t drops = kernel_counter("ListenDrops");
    int64_t overflows = kernel_counter("ListenOverflows");
    int64_t cpu = cpu_time(plan.pid);
    int64_t start = now();
    nfds_t count = start_burst(fds, wanted);
    long established =
        await_burst(fds, count, start + (int64_t)BURST_TIME * MILLISECOND);
    int64_t time = now() - start;

    free(fds);
    cpu = used(cpu, cpu_time(plan.pid));
    drops = used(drops, kernel_counter("ListenDrops"));
    overflows = used(overflows, kernel_counter("ListenOverflows"));
    print_burst(count, established, time, drops, overflows, cpu);
}

/* The command line. */

static const struct measurement {
    const char *name;
    void (*run)(void);
} measurements[] = {
    {"flood", measure_flood},       {"connections", measure_connections},
    {"messages", measure_messages}, {"active", measure_active},
    {"idle", measure_idle},         {"rest", measure_rest},
    {"burst", measure_burst},
};

static const struct measurement *find_measurement(const char *name)
{
    for (size_t i = 0; i < sizeof measurements / sizeof *measurements; i++)
        if (name != NULL && strcmp(name, measurements[i].name) == 0)
            return &measurements[i];
    fail_usage("usage: load flood|connections|messages|active|idle|rest|burst "
               "[options] PORT");
}

/* Returns true if argv[*at] is an option with a number, which is then in the
 * plan. */
static bool take_number(char **argv, int *at)
{
    const struct {
        const char *name;
        long *number;
        long least, most;
    } options[] = {
        {"--pid", &plan.pid, 1, 1L << 30},
        {"--mib", &plan.mib, 1, 1L << 20},
        {"--count", &plan.count, 1, 10000000},
        {"--group", &plan.group, 1, 1000000},
        {"--seconds", &plan.seconds, 1, 3600},
    };

    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        const char *name = options[i].name;
        const char *value = option_value(argv, at, name, name);

        if (value == NULL)
            continue;
        *options[i].number =
            parse_number(value, name, options[i].least, options[i].most);
        return true;
    }
    return false;
}

/* Reads "N,N,...", the numbers of clients that belong to an option. */
static void take_levels(struct levels *levels, const char *option, long least,
                        const char *text)
{
    char *list = resize(NULL, strlen(text) + 1);
    char *state;

    strcpy(list, text);
    levels->count = 0;
    for (char *word = strtok_r(list, ",", &state); word != NULL;
         word = strtok_r(NULL, ",", &state)) {
        if (levels->count == LEVELS_MAX)
            fail_usage("%s: at most %d numbers", text, LEVELS_MAX);
        least = parse_number(word, option, least, 1000000);
        levels->clients[levels->count++] = least;
    }
    free(list);
    if (levels->count == 0)
        fail_usage("%s needs a number", option);
}

static void open_output(const char *path)
{
    output = open(path, O_RDONLY);
    if (output == -1)
        fail("cannot open %s: %s", path, strerror(errno));
}

int main(int argc, char **argv)
{
    const char *address = "::1", *port = "", *value;
    const struct measurement *measurement;

    descriptor_limit = start_program("load");
    measurement = find_measurement(argv[1]);
    for (int i = 2; i < argc; i++) {
        if (take_number(argv, &i))
            continue;
        if ((value = option_value(argv, &i, "--address", "-a")) != NULL)
            address = value;
        else if ((value = option_value(argv, &i, "--output", "-o")) != NULL)
            open_output(value);
        else if ((value = option_value(argv, &i, "--idle", "-i")) != NULL)
            take_levels(&plan.idle, "--idle", 0, value);
        else if ((value = option_value(argv, &i, "--active", "-k")) != NULL)
            take_levels(&plan.active, "--active", 1, value);
        else if (strcmp(argv[i], "--no-header") == 0)
            plan.header = false;
        else if (argv[i][0] == '-' || *port != '\0')
            fail_usage("%s: no such option", argv[i]);
        else
            port = argv[i];
    }
    if (*port == '\0')
        fail_usage("the server's port is missing");
    parse_number(port, "port", 1, 65535);
    server = find_endpoint(address, port);
    await_server();
    measurement->run();
    return 0;
}
