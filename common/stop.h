/*
 * stop.h: the clean stop by SIGINT (Ctrl+C), SIGTERM or SIGHUP.
 *
 * The first such signal asks the server to stop. A signal handler may do very
 * little (signal-safety(7)), so it only makes sure that the server notices:
 *
 *  - a server that waits for many descriptors watches one more, the read end of
 *    a pipe that the handler writes to (the "self-pipe trick");
 *  - a server that blocks in accept or recv cannot watch anything else. Before
 *    each such call it stores which descriptor it is about to block on, and the
 *    handler calls shutdown(2) on that descriptor;
 *  - the kqueue server asks the kernel to report the signal as an event.
 *
 * Another stop signal within 0.3 s counts as part of the first, because
 * timeout(1) and a closing terminal send two. A later signal ends the program
 * at once.
 */
#ifndef STOP_H
#define STOP_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

/* Installs the handlers and opens the pipe. SIGINT and SIGTERM are handled even
 * if the parent ignored them, as a shell does for a command with `&`. SIGHUP
 * stays ignored if the parent ignored it, as nohup(1) does. Returns 0, or -1
 * and errno. See sigaction(2). */
int stop_on_signals(void);

/* The signals that stop the server, ended by 0. After stop_on_signals SIGHUP is
 * not among them if it is ignored. */
extern const int *const stop_signals;

/* Returns whether the server has been asked to stop. */
bool stop_requested(void);

/* Asks the server to stop, as a signal does. */
void stop_request(void);

/* Asks the server to stop after a failure: stop_status() is 1 from then on. */
void stop_after_failure(void);

/* Returns the exit status: 0 after a signal, 1 after a failure. */
int stop_status(void);

/* Returns the read end of the pipe. It becomes readable when a stop is
 * requested, and stays so because its byte is never read. stop.c owns it. */
int stop_descriptor(void);

/* Stores the descriptor that the program is about to block on; the handler
 * shuts it down. Store it first and call stop_requested() after that: in the
 * other order a signal between the two calls would be lost. A stored descriptor
 * may be closed if another one is stored before anything is opened, since the
 * new descriptor could get the same number. */
void stop_shuts_down(int fd);

/* Stores a function that the handler calls at a stop signal. It lets a parent
 * stop its children even if the parent is stuck and a second signal ends it.
 * The function must be safe in a handler. Call stop_tells before
 * stop_on_signals. See signal-safety(7). */
void stop_tells(void (*function)(void));

/* Like fork(2), but the child stops independently: a stop signal to the child
 * does not stop its parent. The parent stops a child with STOP_CHILD. With
 * SIGINT the child could take this for a second Ctrl+C and end at once, because
 * it has got the first one, too. */
#define STOP_CHILD SIGUSR1
pid_t stop_fork(void);

/* Sleeps until a stop is requested, or for `ms` milliseconds. See poll(2). */
void stop_sleep(int ms);

#endif
