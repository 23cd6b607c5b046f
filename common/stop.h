/*
 * stop.h: the clean stop by SIGINT (Ctrl+C), SIGTERM or SIGHUP.
 *
 * The first such signal asks the server to stop. A handler can do next to
 * nothing safely (signal-safety(7)), so it only leaves a mark that the server
 * finds:
 *
 *  - a server that waits for many descriptors watches one more, the read end
 *    of a pipe that the handler writes to (the "self-pipe trick");
 *  - a server that blocks in accept or recv cannot watch anything else. Before
 *    each such call it stores which descriptor it is about to block on, and
 *    the handler calls shutdown(2) on that descriptor;
 *  - the kqueue server has the kernel queue the signal as an event.
 *
 * Another stop signal within 0.3 s belongs to the first: timeout(1) and a
 * terminal that closes send two. A later one ends the program at once.
 */
#ifndef STOP_H
#define STOP_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

/* Installs the handlers and opens the pipe. SIGINT and SIGTERM count even if
 * the parent had them ignored, as a shell does for what it starts with `&`; a
 * SIGHUP that was ignored stays so, as nohup(1) wants it. Returns 0, or -1 and
 * errno. See sigaction(2). */
int stop_on_signals(void);

/* The signals that stop the server, ended by 0: after stop_on_signals without a
 * SIGHUP that is ignored. */
extern const int *const stop_signals;

/* Returns whether the server has been asked to stop. */
bool stop_requested(void);

/* Asks the server to stop, as a signal does. */
void stop_request(void);

/* The same after a failure: stop_status() is 1 from then on. */
void stop_after_failure(void);

/* Returns the status to exit with: 0 after a signal, 1 after a failure. */
int stop_status(void);

/* The read end of the pipe, readable once a stop is requested. It stays
 * readable, since its byte is never read. It belongs to stop.c. */
int stop_descriptor(void);

/* Stores the descriptor that the program is about to block on; the handler
 * shuts it down. Store it first and call stop_requested() after: the other way
 * round, a signal between the two would be lost. The descriptor may be closed
 * after that, as long as the next one is stored before anything is opened. */
void stop_shuts_down(int fd);

/* Stores a function that the handler calls when the server is asked to stop, so
 * that children hear of it although their parent is stuck and a second signal
 * ends it. Only what is safe in a handler, and before stop_on_signals. See
 * signal-safety(7). */
void stop_tells(void (*function)(void));

/* fork(2), for a child that is stopped on its own: a stop signal that it gets
 * is not its parent's. Its parent stops it with STOP_CHILD, which is not taken
 * for the second signal of a Ctrl+C that the child has got, too. */
#define STOP_CHILD SIGUSR1
pid_t stop_fork(void);

/* Sleeps until a stop is requested, or for `ms` milliseconds. See poll(2). */
void stop_sleep(int ms);

#endif
