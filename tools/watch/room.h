/*
 * room.h: the people who are connected to one server, and what is known about
 * each. It comes from two sources:
 *
 *     room_line    what the server prints, in the words of docs/contract.md
 *     room_look    what the kernel says about the server's port, again and
 * again
 *
 * All times given are seconds on one clock. Those of a client count from the
 * first connection. Where the kernel does not say how long ago something came,
 * it may have been right after the look before, so a wait counts from there:
 * none is shown shorter than it was.
 */
#ifndef ROOM_H
#define ROOM_H

#include "../demo/timeline.h"
#include "name.h"
#include "queue.h"

#include <stdbool.h>
#include <stddef.h>

/* So many people are known at a time; of more, those who left are forgotten. */
enum { PEOPLE_MAX = 1000, PORTS = 65536 };

struct person {
    struct client client;
    char name[NAME_SIZE]; /* "" until the server has printed a first line */
    int port;             /* the client's */
    int same_port;        /* the one before with that port, as in by_port */
    long bytes;           /* that waited at the last look */
    double since;         /* the first look that saw the present wait */
    double longest;       /* wait */
    int missed;           /* so many looks have not seen this client */
    bool announced;       /* the server has said that it is connected */
    bool gone;            /* and that it is not any more */
    double came;          /* the last bytes that are known to have come */
    bool exact;           /* it is known when it connected */
    bool guessed;         /* when the last letter was sent is a guess, so far */
    double print_wait;    /* how long what was printed last had waited */
    /* Events that are not recorded yet. */
    bool owes_connect, owes_accept, owes_name, owes_print;
    double told; /* when its last line was printed, see record.c */
    bool late;   /* counted among those who waited */
};

struct room {
    const char *label; /* of the server */
    bool labelled;     /* it says whose words it prints */
    int port;
    enum view view;
    double start;          /* the first connection, or NEVER */
    double looked;         /* the last look, or NEVER */
    double now;            /* seconds from the start, up to the end */
    struct person *people; /* by time of their connection */
    int count;
    short by_port[PORTS]; /* the last person with a port, plus 1, or 0 */
    int total;            /* people so far */
    bool announces;       /* the server says who is connected */
    int open;             /* announced and not gone */
    int late;             /* those who waited so long that one notices */
    int still_waiting;    /* when the server was told to stop */
    bool over;            /* the server is gone */
    double longest;       /* wait of all */
    long unknown;         /* lines printed of which one cannot tell whose */
};

/* Returns a room for a server, or NULL and errno. Rooms stay to the end. */
struct room *new_room(const char *label, int port, bool labelled);

/* Takes in a line without its newline. */
void room_line(struct room *room, double time, const char *line, size_t length);

/* Looks at what the kernel says. */
void room_look(struct room *room, double now(void));

/* Nothing was seen for a while, as the program was stopped: nothing that waits
 * is known to have waited since then. */
void room_skip(struct room *room, double time);

/* Looks once more, before the server is stopped or after it has ended by
 * itself, and counts those who wait. */
void room_last_look(struct room *room, double now(void));

/* Ends all that is not over: the server is gone. */
void room_close(struct room *room, double time);

/* Whether a client waits, to be accepted or for its words to be printed. */
bool is_waiting(const struct room *room, const struct person *person);
int count_waiting(const struct room *room);

#endif
