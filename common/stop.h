/*
 * stop.h: the clean stop by SIGINT (Ctrl+C), SIGTERM or SIGHUP.
 *
 * The first such signal asks the server to stop, a second one ends the program
 * at once. A handler can do next to nothing safely (signal-safety(7)), so it
 * leaves its word where the server will find it:
 *
 *  - a server that waits for many descriptors watches one more, the read end
 *    of a pipe that the handler writes to (the "self-pipe trick");
 *  - a server that blocks in accept or recv can watch nothing, so it says
 *    before each call which descriptor it is about to wait for, and the handler
 *    shuts that one down under it;
 *  - the kqueue server has the kernel queue the signal as an event.
 */
#ifndef STOP_H
#define STOP_H

#include <stdbool.h>

/* Installs the handlers and opens the pipe; ends the program with a message
 * where that fails. The signals count even when the parent had them ignored,
 * as a shell does for what it starts with `&`. See sigaction(2). */
void stop_on_signals(void);

/* The signals that stop the server, ended by 0. */
extern const int stop_signals[];

/* Returns whether a signal has asked the server to stop. */
bool stop_requested(void);

/* Asks the server to stop, as a signal does. */
void stop_request(void);

/* The read end of the pipe, readable once a stop is requested. It stays
 * readable: nobody reads it. It belongs to stop.c. */
int stop_descriptor(void);

/* Names the descriptor that the program is about to block on, -1 for none; the
 * handler shuts it down. Name it first and test stop_requested() after: the
 * other way round, a signal between the two would be lost. See shutdown(2). */
void stop_wakes(int fd);

/* Counts the seconds since the stop was requested. With each one comes a
 * signal, which interrupts (EINTR) whatever still blocks. */
int stop_seconds(void);

/* Sleeps until a stop is requested, or for `ms` milliseconds. See poll(2). */
void stop_sleep(int ms);

#endif
