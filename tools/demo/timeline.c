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
 * without a newline, which is still being written. */
static void each_line(struct timeline *timeline, struct server *server,
                      const char *suffix, use_line *use)
{
    char path[1024], line[256];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s.%s", timeline->directory, server->name,
             suffix);
    file = fopen(path, "r");
    if (file == NULL)
        return;
    while (fgets(line, sizeof line, file) != NULL)
        if (strchr(line, '\n') != NULL)
            use(timeline, server, line);
    fclose(file);
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
static void use_recv(struct server *server, struct client *client, double time,
                     long bytes)
{
    size_t length = strlen(server->order);

    client->received += bytes;
    while (client->printed < client->sent &&
           (client->printed + 1) * LETTER_BYTES <= client->received) {
        client->letters[client->printed++].printed = time;
        server->order[length++] = (char)('a' + (client - server->clients));
    }
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
        if (++server->open > server->at_once)
            server->at_once = server->open;
    } else if (strcmp(event, "recv") == 0) {
        use_recv(server, client, time, bytes);
    } else {
        client->closed = time;
        server->open--;
    }
}

static void forget(struct timeline *timeline, struct server *server)
{
    const char *label = server->label;

    memset(server, 0, sizeof *server);
    server->label = label;
    snprintf(server->name, sizeof server->name, "%.*s",
             (int)strcspn(label, " "), label);
    for (int i = 0; i < timeline->clients; i++) {
        struct client *client = &server->clients[i];

        client->begun = client->accepted = client->closed = NEVER;
        for (int j = 0; j < timeline->rounds; j++)
            client->letters[j] = (struct letter){NEVER, NEVER};
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

        if (letters_lost(timeline, server) > 0)
            return false;
        for (int j = 0; j < timeline->clients; j++)
            if (server->clients[j].closed == NEVER)
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

double timeline_step(const struct timeline *timeline, int most)
{
    static const double factors[] = {2, 2.5, 2};
    double step = 0.1;

    for (int i = 0; timeline_end(timeline) / step > most; i++)
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
                    const struct server *server, double time)
{
    int waiting = 0;

    for (int i = 0; i < timeline->clients; i++)
        for (int j = 0; j < server->clients[i].sent; j++) {
            const struct letter *letter = &server->clients[i].letters[j];

            if (letter->sent <= time &&
                (letter->printed == NEVER || letter->printed > time))
                waiting++;
        }
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
