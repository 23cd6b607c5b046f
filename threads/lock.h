/*
 * lock.h: lets one thread at a time use what all threads share.
 */
#ifndef LOCK_H
#define LOCK_H

#include <poll.h>
#include <pthread.h>

/* Take and release the lock. Only the thread that holds it
 * receives SIGALRM: after a stop request this signal arrives each
 * second and must interrupt a write that is stuck. Both keep
 * errno. See pthread_mutex_lock(3), pthread_sigmask(3). */
void lock(void);
void unlock(void);

/* Releases the lock, sleeps until `condition` is signalled, and takes the lock
 * again. See pthread_cond_wait(3). */
void lock_wait(pthread_cond_t *condition);

/* The same with poll(2), for the main thread. During poll it receives SIGALRM:
 * an alarm that the parent of the process has set must end the program. */
int lock_poll(struct pollfd *watched, nfds_t count, int timeout);

#endif
