/*
 * options.h: the command line, the same for every server.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

/* The exit status after wrong usage. */
enum { STATUS_USAGE = 2 };

struct options {
    const char *address;          /* NULL: every address of this host */
    const char *port;             /* decimal; "0": a free one */
    int backlog;                  /* for listen(2) */
    size_t recv_size;             /* bytes, for recv(2) */
    bool label;                   /* the client's address before each line */
    bool raw;                     /* print received bytes, nothing else */
    const char *events;           /* path of the events file, "-", or NULL */
    const char *selector;         /* one of `selectors` */
    const char *const *selectors; /* the names for -s, the best one first, ended
                                     by NULL; NULL: there is no -s */
};

/* parse_options sets it; all others only read it. */
extern struct options options;

/* Reads the command line into `options`. Ends the program with
 * status 2 and a message if it is wrong, with 0 after --help or
 * --version. See getopt_long(3). */
void parse_options(int argc, char **argv);

#endif
