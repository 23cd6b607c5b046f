/*
 * fuzz_server.c: has random clients do random things to a whole server.
 *
 *     build/tests/fuzz-server build/epoll
 *     SEED=4711 FUZZ_SECONDS=0 build/tests/fuzz-server build/coroutine -s poll
 *
 * In each round it starts a server, and clients connect, send, half-close,
 * close, reset, stall and flood. Sometimes it stops the server meanwhile
 * (SIGSTOP), so that much happens to the server at once. Some clients are good:
 * they send text, in pieces that cut characters, and close in order. The others
 * are wild: they send any bytes and disconnect in any way.
 *
 * Afterwards the server must still serve, must have as many descriptors open,
 * as many threads and as many children as in the beginning, and must stop when
 * it is told to. It must have printed all that good clients have sent under
 * their names, and nothing under the name of a client that is not connected;
 * the events must agree. Newlines are not compared, since the server adds some.
 *
 * What the clients do follows from the seed alone. How much of it the server
 * sees at once does not, so a failure may have to be replayed more than once.
 *
 * See connect(2), send(2), socket(7) for SO_LINGER, proc(5) for /proc/PID/fd.
 */
#define _POSIX_C_SOURCE 200809L
#define _DARWIN_C_SOURCE /* for mkdtemp, which macOS hides otherwise */

#include "../../tools/clients/net.h"
#include "fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    MOST_OPEN = 40,       /* clients at once */
    MOST_CLIENTS = 400,   /* in a round */
    MOST_BYTES = 2000000, /* that they send in a round, */
    FEW_BYTES = 50000,    /* or with the smallest recv sizes */
    PATIENCE = 10 * 1000, /* ms without any progress */
    LOOK = 20             /* ms between two looks */
};

static struct client {
    struct bytes data;    /* what a good client wants to send, */
    size_t sent;          /* and how much of it is sent */
    struct bytes printed; /* what the server has printed of it, */
    long long received;   /* and how much it is by the events file */
    int fd;               /* -1: closed */
    bool good;
    bool half_closed;
    bool announced; /* the server has printed that it is connected */
    bool twice;     /* another client, which sent nothing, had the same name */
    char name[ADDRESS_TEXT_SIZE];
} clients[MOST_CLIENTS + 1]; /* and the one of try_clean_client */

static int client_count, open_count;
static size_t total, most_bytes; /* bytes sent in this round; and their limit */

static volatile pid_t server;
static bool frozen;
static struct endpoint address;
static char directory[] = "/tmp/fuzz-server.XXXXXX";
static char out_path[64], err_path[64], events_path[64];

/* The server. */

static void end_server(void)
{
    if (server > 0)
        kill(server, SIGKILL);
}

static void on_signal(int number)
{
    end_server();
    _exit(128 + number);
}

/* Makes sure that the server ends when this program does. */
static void end_it_with_us(void)
{
    struct sigaction action = {.sa_handler = on_signal};

    sigemptyset(&action.sa_mask);
    if (sigaction(SIGINT, &action, NULL) == -1 ||
        sigaction(SIGTERM, &action, NULL) == -1 || atexit(end_server) != 0)
        fail("cannot prepare for the end: %s", strerror(errno));
}

static void remove_files(void)
{
    unlink(out_path);
    unlink(err_path);
    unlink(events_path);
    rmdir(directory);
}

/* Returns the whole file, with a NUL after it. The caller frees it. */
static struct bytes read_file(const char *path)
{
    int fd = open(path, O_RDONLY);

    if (fd == -1)
        fail("cannot open %s: %s", path, strerror(errno));
    return read_to_end(fd);
}

/* Fails after showing what the server has written to standard error. */
#define FAIL(...)                                                    \
    do {                                                             \
        printf("# standard error: %.2000s\n# all output is in %s\n", \
               (char *)read_file(err_path).at, directory);           \
        fuzz_fail(__VA_ARGS__);                                      \
    } while (0)

/* Runs in the child. */
static noreturn void become_server(char **command, const char *recv_size)
{
    char *arguments[32];
    int count = 0;
    const char *const more[] = {
        "--address", "127.0.0.1", "--port",      "0",       "--label",
        "--events",  events_path, "--recv-size", recv_size, NULL};
    int out = open(out_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    int err = open(err_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    while (*command != NULL && count < 16)
        arguments[count++] = *command++;
    for (int i = 0; i == 0 || more[i - 1] != NULL; i++)
        arguments[count++] = (char *)more[i];
    if (dup2(out, STDOUT_FILENO) == -1 || dup2(err, STDERR_FILENO) == -1 ||
        close(out) == -1 || close(err) == -1)
        fail("cannot redirect: %s", strerror(errno));
    execvp(arguments[0], arguments);
    fail("cannot start %s: %s", arguments[0], strerror(errno));
}

/* Fails if the server has ended. */
static void expect_alive(void)
{
    int status;

    if (waitpid(server, &status, WNOHANG) != server)
        return;
    server = 0;
    FAIL("the server has ended, wait status %d", status);
}

/* Waits until the server has printed its first line and takes the port from
 * it. */
static void find_server(void)
{
    int64_t deadline = deadline_in(PATIENCE);

    for (;;) {
        struct bytes out = read_file(out_path);
        char *newline = strchr((char *)out.at, '\n');

        if (newline != NULL) {
            *newline = '\0';
            address =
                find_endpoint("127.0.0.1", strrchr((char *)out.at, ':') + 1);
            free(out.at);
            return;
        }
        free(out.at);
        expect_alive();
        if (now() > deadline)
            FAIL("the server does not listen");
        poll(NULL, 0, LOOK);
    }
}

static void start_server(char **command)
{
    static const char *const sizes[] = {"1",   "2",    "7",    "100",
                                        "512", "1024", "4096", "65536"};
    const char *size = sizes[random_below(sizeof sizes / sizeof *sizes)];

    most_bytes = strlen(size) == 1 ? FEW_BYTES : MOST_BYTES;
    close(open(out_path, O_WRONLY | O_CREAT | O_TRUNC, 0600));
    close(open(err_path, O_WRONLY | O_CREAT | O_TRUNC, 0600));
    fflush(stdout);
    server = fork();
    if (server == -1)
        fail("cannot fork: %s", strerror(errno));
    if (server == 0)
        become_server(command, size);
    frozen = false;
    find_server();
}

/* Returns how many entries a directory has, 0 if there is none. */
static int count_entries(const char *path)
{
    int count = 0;
    DIR *entries = opendir(path);

    if (entries == NULL)
        return 0;
    while (readdir(entries) != NULL)
        count++;
    closedir(entries);
    return count;
}

/* Returns how many words a file has, 0 if there is none. */
static int count_words(const char *path)
{
    int count = 0;
    FILE *file = fopen(path, "r");

    if (file == NULL)
        return 0;
    while (fscanf(file, "%*s") != EOF)
        count++;
    fclose(file);
    return count;
}

/* Returns how many descriptors, threads and children the server has in all, 0
 * if that is unknown. A child that has ended counts until it is reaped. */
static int count_holdings(void)
{
    char fd[64], task[64], children[64];

    snprintf(fd, sizeof fd, "/proc/%ld/fd", (long)server);
    snprintf(task, sizeof task, "/proc/%ld/task", (long)server);
    snprintf(children, sizeof children, "/proc/%ld/task/%ld/children",
             (long)server, (long)server);
    return count_entries(fd) + count_entries(task) + count_words(children);
}

static void freeze_or_thaw(void)
{
    kill(server, frozen ? SIGCONT : SIGSTOP);
    frozen = !frozen;
}

/* What clients do. */

static struct client *client_named(const char *name, size_t length)
{
    for (int i = client_count; i-- > 0;)
        if (strlen(clients[i].name) == length &&
            memcmp(clients[i].name, name, length) == 0)
            return &clients[i];
    return NULL;
}

static void forget(struct client *client)
{
    client->fd = -1;
    open_count--;
}

static void open_client(void)
{
    struct client *client = &clients[client_count];
    struct sockaddr_storage own;
    socklen_t length = sizeof own;
    char name[ADDRESS_TEXT_SIZE];

    *client = (struct client){.fd = start_connection(&address)};
    if (client->fd == -1 ||
        getsockname(client->fd, (struct sockaddr *)&own, &length) == -1) {
        expect_alive();
        FAIL("cannot connect: %s", strerror(errno));
    }
    show_address(&own, name);
    /* If the kernel gives out a port again, two clients would have one name.
     * The new one is reset at once; the server may notice it at any moment. */
    if (client_named(name, strlen(name)) != NULL) {
        client_named(name, strlen(name))->twice = true;
        reset_connection(client->fd);
        client->fd = -1;
        return;
    }
    strcpy(client->name, name);
    client->good = !once_in(3);
    client_count++;
    open_count++;
}

static void add_text(struct client *client, size_t size)
{
    struct bytes *data = &client->data;
    size_t end = data->size + size;

    data->at = resize(data->at, end + 4);
    while (data->size < end)
        data->size += random_character(data->at + data->size);
}

/* Sends at most `most` bytes of what a good client has left to send. */
static void send_some(struct client *client, size_t most)
{
    size_t left = client->data.size - client->sent;
    ssize_t sent = send(client->fd, client->data.at + client->sent,
                        left < most ? left : most, 0);

    if (sent >= 0) {
        client->sent += (size_t)sent;
        total += (size_t)sent;
    } else if (!is_momentary(errno) && errno != ENOTCONN) {
        expect_alive();
        FAIL("%s, a good client, cannot send: %s", client->name,
             strerror(errno));
    }
}

static void good_action(struct client *client)
{
    bool flood = once_in(30);

    if (client->half_closed || total > most_bytes)
        return;
    if (client->sent == client->data.size) {
        if (once_in(8) && shutdown(client->fd, SHUT_WR) == 0)
            client->half_closed = true;
        else
            add_text(client, flood ? 60000 : 1 + random_small(3000));
    }
    if (!client->half_closed)
        send_some(client, flood ? 60000 : 1 + random_small(3000));
}

static void wild_action(struct client *client)
{
    unsigned char bytes[4096];
    size_t size = 1 + random_small(sizeof bytes);

    switch (random_below(12)) {
    case 0:
        close(client->fd);
        forget(client);
        break;
    case 1:
        reset_connection(client->fd);
        forget(client);
        break;
    case 2:
        client->half_closed = shutdown(client->fd, SHUT_WR) == 0;
        break;
    case 3:
    case 4:
        break; /* it stalls */
    default:
        random_bytes(bytes, size);
        if (!client->half_closed && total < most_bytes &&
            send(client->fd, bytes, size, 0) > 0)
            total += size;
        break;
    }
}

static void random_action(void)
{
    struct client *client;

    if (once_in(40))
        freeze_or_thaw();
    if (client_count == 0 || once_in(8)) {
        if (client_count < MOST_CLIENTS && open_count < MOST_OPEN)
            open_client();
        return;
    }
    client = &clients[random_below((uint32_t)client_count)];
    if (client->fd == -1)
        return;
    if (client->good)
        good_action(client);
    else
        wild_action(client);
}

/* The end of a round. */

/* Takes a good client one step on: it sends what is left, half-closes, and
 * waits until the server has closed it. Returns whether there was any progress.
 */
static bool finish_client(struct client *client)
{
    size_t before = client->sent;
    char byte;
    ssize_t size;

    if (client->sent < client->data.size)
        send_some(client, client->data.size);
    if (client->sent < client->data.size)
        return client->sent > before;
    if (!client->half_closed) {
        client->half_closed = shutdown(client->fd, SHUT_WR) == 0;
        return client->half_closed;
    }
    size = recv(client->fd, &byte, 1, 0);
    if (size == -1 && is_momentary(errno))
        return false;
    if (size != 0)
        FAIL("%s, a good client, was not closed in order: %s", client->name,
             size > 0 ? "the server sent something" : strerror(errno));
    close(client->fd);
    forget(client);
    return true;
}

/* Disconnects the wild clients and lets the good ones finish. */
static void finish_clients(void)
{
    int64_t deadline = deadline_in(PATIENCE);

    for (int i = 0; i < client_count; i++)
        if (clients[i].fd != -1 && !clients[i].good) {
            if (once_in(2))
                reset_connection(clients[i].fd);
            else
                close(clients[i].fd);
            forget(&clients[i]);
        }
    while (open_count > 0) {
        bool progress = false;

        for (int i = 0; i < client_count; i++)
            if (clients[i].fd != -1 && finish_client(&clients[i]))
                progress = true;
        if (progress)
            deadline = deadline_in(PATIENCE);
        expect_alive();
        if (now() > deadline)
            FAIL("%d good clients are not served", open_count);
        if (!progress)
            poll(NULL, 0, 1);
    }
}

/* Tries with one more good client whether the server still serves. */
static void try_clean_client(void)
{
    struct client *client = &clients[client_count];

    do
        open_client();
    while (client->fd == -1);
    client->good = true;
    add_text(client, 1000);
    finish_clients();
}

static void expect_holdings(int before)
{
    int64_t deadline = deadline_in(PATIENCE);

    while (count_holdings() != before) {
        if (now() > deadline)
            FAIL("%d descriptors, threads and children, and there were %d",
                 count_holdings(), before);
        poll(NULL, 0, LOOK);
    }
}

static void stop_server(void)
{
    int64_t deadline = deadline_in(PATIENCE);
    int status;

    kill(server, SIGTERM);
    while (waitpid(server, &status, WNOHANG) == 0) {
        if (now() > deadline)
            FAIL("SIGTERM does not end the server");
        poll(NULL, 0, 1);
    }
    server = 0;
    if (status != 0)
        FAIL("the server ended with wait status %d", status);
}

/* What the server has printed. */

static bool starts(const char *line, const char *start)
{
    return strncmp(line, start, strlen(start)) == 0;
}

/* Checks a line about a connection, such as "Connection from: NAME". */
static void check_message(const char *line)
{
    const char *name = strstr(line, ": ") + 2;
    struct client *client = client_named(name, strlen(name));
    bool from = starts(line, "Connection from: ");

    if (client == NULL)
        FAIL("no client has this name: %s", line);
    if (client->announced == from && !client->twice)
        FAIL("not at this moment: %s", line);
    if (!starts(line, "Receiving from: "))
        client->announced = from;
    if (client->good && !client->twice && starts(line, "Connection reset: "))
        FAIL("a good client: %s", line);
}

/* Checks a line of data, "NAME| text", and keeps the text. */
static void check_data(const char *line, size_t length)
{
    const char *bar = memchr(line, '|', length);
    struct client *client =
        bar == NULL ? NULL : client_named(line, (size_t)(bar - line));
    size_t size;

    if (client == NULL || bar[1] != ' ')
        FAIL("no client's line: %s", line);
    if (!client->announced && !client->twice)
        FAIL("not at this moment: %s", line);
    size = length - (size_t)(bar + 2 - line);
    client->printed.at =
        resize(client->printed.at, client->printed.size + size + 1);
    memcpy(client->printed.at + client->printed.size, bar + 2, size);
    client->printed.size += size;
}

static void check_log(void)
{
    struct bytes out = read_file(out_path);
    char *line = (char *)out.at, *end;
    const char *last = "";

    for (; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        *end = '\0';
        last = line;
        if (starts(line, "Connection ") || starts(line, "Receiving from: "))
            check_message(line);
        else if (!starts(line, "Listening on: ") &&
                 strcmp(line, "Next connection...") != 0 &&
                 strcmp(line, "Stopped.") != 0)
            check_data(line, (size_t)(end - line));
    }
    if (*line != '\0' || strcmp(last, "Stopped.") != 0)
        FAIL("the last line is '%s'", last);
    free(out.at);
}

static void check_events(void)
{
    struct bytes events = read_file(events_path);
    char *line = (char *)events.at, *end;
    int balance = 0;

    for (; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        char event[16], name[ADDRESS_TEXT_SIZE];
        long long size;
        struct client *client;

        *end = '\0';
        if (sscanf(line, "%*d.%*d %15s %95s %lld", event, name, &size) != 3)
            FAIL("what event is this: %s", line);
        balance += strcmp(event, "accept") == 0;
        balance -= strcmp(event, "close") == 0 || strcmp(event, "reset") == 0;
        client = client_named(name, strlen(name));
        if (client != NULL)
            client->received += size;
    }
    if (balance != 0)
        FAIL("%d clients more came than went", balance);
    free(events.at);
}

/* Compares what a good client has sent with what was printed for it. */
static void check_client(const struct client *client)
{
    size_t at = 0;

    if (client->announced)
        FAIL("%s was not closed", client->name);
    if (!client->good)
        return;
    if (client->received != (long long)client->sent)
        FAIL("%s has sent %zu bytes, and the events say %lld", client->name,
             client->sent, client->received);
    for (size_t i = 0; i < client->sent; i++) {
        if (client->data.at[i] == '\n')
            continue;
        if (at == client->printed.size ||
            client->printed.at[at] != client->data.at[i])
            FAIL("%s: what is printed differs from byte %zu on", client->name,
                 i);
        at++;
    }
    if (at != client->printed.size)
        FAIL("%s: more is printed than was sent", client->name);
}

static void check_silence(void)
{
    struct bytes err = read_file(err_path);

    if (err.size > 0)
        FAIL("standard error is not empty");
    free(err.at);
}

/* A round. */

static void run_round(char **command)
{
    int actions = 100 + (int)random_below(2000);
    int holdings;

    total = 0;
    client_count = open_count = 0;
    start_server(command);
    holdings = count_holdings();
    while (actions-- > 0)
        random_action();
    if (frozen)
        freeze_or_thaw();
    finish_clients();
    try_clean_client();
    expect_holdings(holdings);
    stop_server();
    check_silence();
    check_log();
    check_events();
    for (int i = 0; i < client_count; i++) {
        check_client(&clients[i]);
        free(clients[i].data.at);
        free(clients[i].printed.at);
    }
}

/* Puts the words of a command line into one string. */
static void join(char *to, size_t size, char **words)
{
    size_t used = 0;

    for (int i = 0; words[i] != NULL && used < size; i++)
        used += (size_t)snprintf(to + used, size - used, "%s%s",
                                 i == 0 ? "" : " ", words[i]);
}

int main(int argc, char **argv)
{
    char name[1024], replay[1024];
    const char *slash;

    start_program("fuzz-server");
    if (argc < 2 || argc > 16)
        fail_usage("usage: fuzz-server SERVER [OPTION...]");
    slash = strrchr(argv[1], '/');
    join(name, sizeof name, argv + 1);
    join(replay, sizeof replay, argv);
    fuzz_start(slash == NULL ? name : name + (slash + 1 - argv[1]), replay);
    if (mkdtemp(directory) == NULL)
        fail("cannot make a directory: %s", strerror(errno));
    snprintf(out_path, sizeof out_path, "%s/out", directory);
    snprintf(err_path, sizeof err_path, "%s/err", directory);
    snprintf(events_path, sizeof events_path, "%s/events", directory);
    end_it_with_us();
    while (fuzz_round())
        run_round(argv + 1);
    remove_files();
    return 0;
}
