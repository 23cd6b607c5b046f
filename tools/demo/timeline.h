/*
 * timeline.h: what happened in the demo: when each client sent each letter, and
 * when its server printed it.
 *
 * This is read from files in one directory:
 *
 *     start      when the clients began to count, from talk.c
 *
 * and for each server, which goes by its number here, from 0:
 *
 *     N.sent     what the server's clients sent, stamped by talk.c
 *     N.events   what the server did, from its option --events
 *     N.out      its standard output with --label; only this shows which
 *                address sends which letter
 *
 * A server of your own has, instead of the last two:
 *
 *     N.lines    its standard output, each line stamped by stamp.c
 *
 * What such a server does not print stays unknown.
 */
#ifndef TIMELINE_H
#define TIMELINE_H

#include <stdbool.h>
#include <stddef.h>

enum { CLIENTS_MAX = 26, ROUNDS_MAX = 99, SERVERS_MAX = 16 };

/* A time that has not come. All times are seconds since the start. What happens
 * earlier, such as connecting, has a negative time. */
#define NEVER (-1e9)

/* What became of a letter when its wait was over. The demo knows only one. */
enum outcome {
    IS_PRINTED,
    IS_TAKEN, /* received; whose words the server prints is unknown */
    IS_LOST   /* the connection ended first */
};

struct letter {
    double sent, printed; /* or NEVER */
    enum outcome outcome; /* if `printed` is not NEVER */
};

struct client {
    char address[80]; /* as its server shows it; "" while unknown */
    double begun, accepted, closed; /* or NEVER; also while unknown */
    double left;                    /* when it closed its side, or NEVER */
    bool reset;                     /* it did so by a reset */
    long received;                  /* bytes that the server took from it */
    int sent, printed;              /* letters so far */
    struct letter letters[ROUNDS_MAX];
};

struct server {
    const char *label; /* "kqueue (on epoll)" */
    bool own;          /* your own: there is a file N.lines */
    struct client clients[CLIENTS_MAX];
    int accepts, closes; /* so far; at_once is unknown if there are none */
    int at_once;         /* clients accepted and not closed, at most */
};

struct timeline {
    const char *directory;
    int clients, rounds, servers; /* clients of each server, letters of each */
    double interval;              /* seconds between a client's letters */
    double start;                 /* seconds since 1970; 0: not yet */
    double now;                   /* where the record ends */
    bool over;                    /* and nothing follows */
    struct server server[SERVERS_MAX];
};

/* Reads all of the files, as far as they are written. `timeline` has the
 * directory, the numbers and the labels; this fills in the rest. */
void read_timeline(struct timeline *timeline);

/* Returns whether each letter is printed and each client closed. */
bool timeline_complete(const struct timeline *timeline);

/* Returns how many letters a server has not printed of all that it should. */
int letters_lost(const struct timeline *timeline, const struct server *server);

/* Returns where a time axis ends, with room for all that will happen. */
double timeline_end(const struct timeline *timeline);

/* Returns the distance of marks on a time axis of so many seconds, so that no
 * more than `most` of them fit. */
double timeline_step(double seconds, int most);

/* Returns how long a letter waited, or has waited up to now. */
double letter_wait(const struct timeline *timeline,
                   const struct letter *letter);

/* Return the longest wait of a client's letters, or of a server's clients. */
double client_wait(const struct timeline *timeline,
                   const struct client *client);
double server_wait(const struct timeline *timeline,
                   const struct server *server);

/* Returns whether people notice a wait: it is at least a tenth of the interval
 * and a twentieth of a second. */
bool is_long(const struct timeline *timeline, double wait);

/* Returns how many letters of a server were sent but are not printed. */
int letters_waiting(const struct timeline *timeline,
                    const struct server *server);

enum { DURATION_SIZE = 16 };

/* Writes a duration for people: "0.4 ms", "120 ms", "3.0 s". Returns `text`. */
char *format_duration(double seconds, char text[DURATION_SIZE]);

#endif
