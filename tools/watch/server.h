/*
 * server.h: the server that is watched: its process and what it prints.
 *
 * It runs in a process group of its own, so that the keys of the terminal do
 * not reach it, and its output is read whenever there is some.
 */
#ifndef SERVER_H
#define SERVER_H

#include "room.h"

#include <stdbool.h>
#include <sys/types.h>

enum { LINE_SIZE = 1024, ERROR_SIZE = 200 };

struct process {
    pid_t pid;            /* 0: none */
    int out, err;         /* the ends of its pipes, or -1 */
    int status;           /* of waitpid(2), when it has ended */
    char line[LINE_SIZE]; /* the beginning of a line that is not complete */
    size_t used;
    char error[ERROR_SIZE]; /* its last line on standard error, safe */
};

/* Starts a server by a line for sh(1). Returns false and errno if that fails.
 */
bool start_server(struct process *server, const char *command);

/* Reads what it has printed, for some milliseconds at most. */
void read_server(struct process *server, struct room *room, double time);

/* Returns true, once, if it has ended by itself. */
bool process_has_ended(struct process *server);

/* Says how it has ended: "exit status 1", "signal 11". */
void describe_end(const struct process *server, char text[ERROR_SIZE]);

/* Stops it, and reads what it still prints. One that does not end within two
 * seconds is killed. */
void stop_server(struct process *server, struct room *room, double now(void));

/* Kills it at once, also in a signal handler. */
void kill_server(const struct process *server);

#endif
