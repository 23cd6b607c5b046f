/*
 * timeline.c: reads what happened in the demo; see timeline.h.
 *
 * The files are a few kilobytes, so each call reads all of them again. There is
 * then no older state that could disagree with them.
 */
#define _POSIX_C_SOURCE 200809L

#include "timeline.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A letter and its newline: what a client sends each time. */
enum { LETTER_BYTES = 2 };

typedef void use_line(struct timeline *, struct server *, char *line);

/* Calls `use` with each line of a server's file. It leaves out a last line
 * without a newline, which is still being written. Returns whether there is
 * such a file. */
static bool each_line(struct timeline *timeline, struct server *server,
                      const char *suffix, use_line *use)
{
    char path[1024], line[256];
    FILE *file;

    snprintf(path, sizeof path, "%s/%d.%s", timeline->directory,
             (int)(server - timeline->server), suffix);
    file = fopen(path, "r");
    if (file == NULL)
        return false;
    while (fgets(line, sizeof line, file) != NULL)
        if (strchr(line, '\n') != NULL)
            use(timeline, server, line);
    fclose(file);
    return true;
}

/* Returns the client that sends `letter`, or NULL. */
static struct client *client_of(struct timeline *timeline,
                                struct server *server, char letter)
{
    int index = letter - 'a';

    return index >= 0 && index < timeline->clients ? &server->clients[index]
                                                   : NULL;
}

static void use_sent(struct timeline *timeline, struct server *server,
                     char *line)
{
    double time;
    char event[8], letter;
    struct client *client;

    if (sscanf(line, "%lf %7s %c", &time, event, &letter) != 3 ||
        (client = client_of(timeline, server, letter)) == NULL)
        return;
    time -= timeline->start;
    if (strcmp(event, "begin") == 0)
        client->begun = time;
    else if (client->sent < timeline->rounds)
        client->letters[client->sent++].sent = time;
}

/* Learns addresses from lines such as "127.0.0.1:40312| a". */
static void use_out(struct timeline *timeline, struct server *server,
                    char *line)
{
    char *bar = strstr(line, "| ");
    struct client *client;

    if (bar == NULL || (client = client_of(timeline, server, bar[2])) == NULL)
        return;
    *bar = '\0';
    snprintf(client->address, sizeof client->address, "%.*s",
             (int)sizeof client->address - 1, line);
}

/* Returns the client with this address. The address of a client that has not
 * sent anything is unknown; it is then given to the first such client. */
static struct client *client_at(struct timeline *timeline,
                                struct server *server, const char *address)
{
    struct client *unknown = NULL;

    for (int i = timeline->clients - 1; i >= 0; i--) {
        struct client *client = &server->clients[i];

        if (strcmp(client->address, address) == 0)
            return client;
        if (*client->address == '\0')
            unknown = client;
    }
    if (unknown != NULL)
        snprintf(unknown->address, sizeof unknown->address, "%s", address);
    return unknown;
}

/* A chunk holds one letter of a client, or all that it has sent so far. */
static void use_recv(struct client *client, double time, long bytes)
{
    client->received += bytes;
    while (client->printed < client->sent &&
           (client->printed + 1) * LETTER_BYTES <= client->received)
        client->letters[client->printed++].printed = time;
}

static void accepts(struct server *server)
{
    int open = ++server->accepts - server->closes;

    if (open > server->at_once)
        server->at_once = open;
}

static void use_event(struct timeline *timeline, struct server *server,
                      char *line)
{
    double time;
    char event[16], address[80];
    long bytes;
    struct client *client;

    if (sscanf(line, "%lf %15s %79s %ld", &time, event, address, &bytes) != 4 ||
        strcmp(event, "listening") == 0 || strcmp(event, "stop") == 0 ||
        (client = client_at(timeline, server, address)) == NULL)
        return;
    time -= timeline->start;
    if (strcmp(event, "accept") == 0) {
        client->accepted = time;
        accepts(server);
    } else if (strcmp(event, "recv") == 0) {
        use_recv(client, time, bytes);
    } else {
        client->closed = time;
        server->closes++;
    }
}

/* --- A server of your own: what its lines say ----------------------------- */

/* Connections that its lines name, and the letter of each, or 0. Which letter
 * an address sends is known if the line says it, as with --label; if it was
 * accepted before the next client began; or if no other client was open when
 * the letter was printed. It is never guessed. */
static struct connection {
    char address[80];
    char letter;
    bool open;
} connections[CLIENTS_MAX];

static int connection_count;

static struct connection *connection_at(const char *address)
{
    for (int i = 0; i < connection_count; i++)
        if (strcmp(connections[i].address, address) == 0)
            return &connections[i];
    return NULL;
}

/* Splits "TIME\tTEXT\n". Returns the text, without what --label adds; that goes
 * to `address`, which is "" if there is none. */
static char *split(char *line, double *time, char address[80])
{
    char *text = strchr(line, '\t'), *bar;

    *address = '\0';
    if (text == NULL)
        return line + strlen(line);
    *time = strtod(line, NULL);
    *text++ = '\0';
    text[strcspn(text, "\r\n")] = '\0';
    bar = strstr(text, "| ");
    if (bar == NULL)
        return text;
    snprintf(address, 80, "%.*s", (int)(bar - text), text);
    return bar + 2;
}

/* Returns the letter of the client if the text is nothing else, or 0. */
static char letter_in(const struct timeline *timeline, const char *text)
{
    return *text >= 'a' && *text < 'a' + timeline->clients && text[1] == '\0'
               ? *text
               : '\0';
}

/* The text behind such words, or NULL. */
static const char *after(const char *text, const char *words)
{
    return strncmp(text, words, strlen(words)) == 0 ? text + strlen(words)
                                                    : NULL;
}

/* Adds a connection. It belongs to the next client if all clients before it are
 * known and the client after it had not begun. */
static void connection_opens(struct timeline *timeline, struct server *server,
                             const char *address, double time)
{
    int next = connection_count + 1;
    bool known = next == timeline->clients ||
                 server->clients[next].begun == NEVER ||
                 server->clients[next].begun > time - timeline->start;

    if (connection_count == timeline->clients || connection_at(address) != NULL)
        return;
    for (int i = 0; i < connection_count; i++)
        known = known && connections[i].letter != '\0';
    connections[connection_count] = (struct connection){
        .letter = known ? (char)('a' + connection_count) : '\0', .open = true};
    snprintf(connections[connection_count++].address, 80, "%s", address);
}

/* Finds out from a letter whose connection it is, if only one is possible. */
static void learn_letter(char letter, const char *address)
{
    struct connection *one = NULL;
    int open = 0;

    for (int i = 0; i < connection_count; i++) {
        if (connections[i].letter == letter)
            return;
        if (connections[i].open) {
            one = &connections[i];
            open++;
        }
    }
    if (*address != '\0')
        one = connection_at(address);
    else if (open != 1)
        return;
    if (one != NULL && one->letter == '\0')
        one->letter = letter;
}

/* Finds out which address sends which letter. */
static void learn_line(struct timeline *timeline, struct server *server,
                       char *line)
{
    double time = 0;
    char address[80];
    const char *text = split(line, &time, address), *what;
    struct connection *closed;

    if ((what = after(text, "Connection from: ")) != NULL) {
        connection_opens(timeline, server, what, time);
    } else if ((what = after(text, "Connection closed: ")) != NULL ||
               (what = after(text, "Connection reset: ")) != NULL) {
        closed = connection_at(what);
        if (closed != NULL)
            closed->open = false;
    } else if (letter_in(timeline, text) != '\0') {
        learn_letter(letter_in(timeline, text), address);
    }
}

/* Returns the client with this address if that is known, or NULL. */
static struct client *known_client(struct timeline *timeline,
                                   struct server *server, const char *address)
{
    struct connection *connection = connection_at(address);

    return connection == NULL ? NULL
                              : client_of(timeline, server, connection->letter);
}

static void use_own_line(struct timeline *timeline, struct server *server,
                         char *line)
{
    double time = 0;
    char address[80];
    const char *text = split(line, &time, address), *what;
    struct client *client;

    time -= timeline->start;
    if ((what = after(text, "Connection from: ")) != NULL) {
        accepts(server);
        if ((client = known_client(timeline, server, what)) != NULL)
            client->accepted = time;
    } else if ((what = after(text, "Connection closed: ")) != NULL ||
               (what = after(text, "Connection reset: ")) != NULL) {
        server->closes++;
        if ((client = known_client(timeline, server, what)) != NULL)
            client->closed = time;
    } else if ((client = client_of(timeline, server,
                                   letter_in(timeline, text))) != NULL) {
        use_recv(client, time, LETTER_BYTES);
    }
}

/* Reads what a server of your own has printed. Returns false if it
 * is not one. */
static bool read_lines(struct timeline *timeline, struct server *server)
{
    connection_count = 0;
    return each_line(timeline, server, "lines", learn_line) &&
           each_line(timeline, server, "lines", use_own_line);
}

/* --- All of it -------------------------------------------------------------
 */

static void forget(struct timeline *timeline, struct server *server)
{
    const char *label = server->label;

    memset(server, 0, sizeof *server);
    server->label = label;
    for (int i = 0; i < timeline->clients; i++) {
        struct client *client = &server->clients[i];

        client->begun = client->accepted = NEVER;
        client->closed = client->left = NEVER;
        for (int j = 0; j < timeline->rounds; j++)
            client->letters[j] =
                (struct letter){.sent = NEVER, .printed = NEVER};
    }
}

static void read_start(struct timeline *timeline)
{
    char path[1024];
    FILE *file;

    snprintf(path, sizeof path, "%s/start", timeline->directory);
    file = fopen(path, "r");
    if (file == NULL)
        return;
    if (fscanf(file, "%lf", &timeline->start) != 1)
        timeline->start = 0;
    fclose(file);
}

void read_timeline(struct timeline *timeline)
{
    struct timespec now;

    if (timeline->start == 0)
        read_start(timeline);
    clock_gettime(CLOCK_REALTIME, &now);
    for (int i = 0; i < timeline->servers; i++) {
        struct server *server = &timeline->server[i];

        forget(timeline, server);
        if (timeline->start == 0)
            continue;
        each_line(timeline, server, "sent", use_sent);
        server->own = read_lines(timeline, server);
        each_line(timeline, server, "out", use_out);
        each_line(timeline, server, "events", use_event);
    }
    if (timeline->start > 0)
        timeline->now =
            (double)now.tv_sec + (double)now.tv_nsec / 1e9 - timeline->start;
}

bool timeline_complete(const struct timeline *timeline)
{
    for (int i = 0; i < timeline->servers; i++) {
        const struct server *server = &timeline->server[i];

        /* A server of your own need not print that
         * clients have disconnected. */
        if (letters_lost(timeline, server) > 0 ||
            (server->closes < timeline->clients &&
             (!server->own || server->closes > 0)))
            return false;
    }
    return true;
}

int letters_lost(const struct timeline *timeline, const struct server *server)
{
    int lost = 0;

    for (int i = 0; i < timeline->clients; i++)
        lost += timeline->rounds - server->clients[i].printed;
    return lost;
}

double timeline_end(const struct timeline *timeline)
{
    double planned = (timeline->rounds + 0.25) * timeline->interval;

    return timeline->now > planned ? timeline->now : planned;
}

double timeline_step(double seconds, int most)
{
    static const double factors[] = {2, 2.5, 2};
    double step = 0.1;

    for (int i = 0; seconds / step > most; i++)
        step *= factors[i % 3];
    return step;
}

double letter_wait(const struct timeline *timeline, const struct letter *letter)
{
    double wait = letter->printed == NEVER ? timeline->now - letter->sent
                                           : letter->printed - letter->sent;

    /* A wait is negative if the clock was set back. */
    return letter->sent == NEVER || wait < 0 ? 0 : wait;
}

double client_wait(const struct timeline *timeline, const struct client *client)
{
    double longest = 0;

    for (int i = 0; i < client->sent; i++) {
        double wait = letter_wait(timeline, &client->letters[i]);

        if (wait > longest)
            longest = wait;
    }
    return longest;
}

double server_wait(const struct timeline *timeline, const struct server *server)
{
    double longest = 0;

    for (int i = 0; i < timeline->clients; i++) {
        double wait = client_wait(timeline, &server->clients[i]);

        if (wait > longest)
            longest = wait;
    }
    return longest;
}

bool is_long(const struct timeline *timeline, double wait)
{
    return wait >= timeline->interval / 10 && wait >= 0.05;
}

int letters_waiting(const struct timeline *timeline,
                    const struct server *server)
{
    int waiting = 0;

    for (int i = 0; i < timeline->clients; i++)
        waiting += server->clients[i].sent - server->clients[i].printed;
    return waiting;
}

char *format_duration(double seconds, char text[DURATION_SIZE])
{
    if (seconds < 0.00995)
        snprintf(text, DURATION_SIZE, "%.1f ms", seconds * 1000);
    else if (seconds < 0.9995)
        snprintf(text, DURATION_SIZE, "%.0f ms", seconds * 1000);
    else
        snprintf(text, DURATION_SIZE, "%.1f s", seconds);
    return text;
}
