/*
 * lock.h: one thread at a time uses what all of them share.
 */
#ifndef LOCK_H
#define LOCK_H

#include <poll.h>
#include <pthread.h>

/* Take and give back the lock. The thread that has it, and no other, receives
 * SIGALRM: after a stop it comes each second, and is to interrupt a write that
 * is stuck. Both keep errno. See pthread_mutex_lock(3), pthread_sigmask(3). */
void lock(void);
void unlock(void);

/* Gives the lock back, sleeps until `condition` is signalled, and takes it
 * again. See pthread_cond_wait(3). */
void lock_wait(pthread_cond_t *condition);

/* The same with poll(2), for the main thread. It receives SIGALRM meanwhile:
 * one that its parent has set an alarm for is to end the program. */
int lock_poll(struct pollfd *watched, nfds_t count, int timeout);

#endif
