/*
 * lock.c: a mutex, and SIGALRM for the thread that holds it; see lock.h.
 */
#define _POSIX_C_SOURCE 200809L

#include "lock.h"

#include <errno.h>
#include <signal.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

/* A thread holds this mutex while it waits for the other. Without it, a
 * thread that releases the other mutex and takes it again at once would get
 * it before a thread that is just being woken, so a flooding client could
 * keep all others waiting. */
static pthread_mutex_t queue = PTHREAD_MUTEX_INITIALIZER;

static void mask_alarm(int how)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    pthread_sigmask(how, &set, NULL);
}

void lock(void)
{
    pthread_mutex_lock(&queue);
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&queue);
    mask_alarm(SIG_UNBLOCK);
}

void unlock(void)
{
    mask_alarm(SIG_BLOCK);
    pthread_mutex_unlock(&mutex);
}

void lock_wait(pthread_cond_t *condition)
{
    mask_alarm(SIG_BLOCK);
    pthread_cond_wait(condition, &mutex);
    mask_alarm(SIG_UNBLOCK);
}

int lock_poll(struct pollfd *watched, nfds_t count, int timeout)
{
    int ready, error;

    pthread_mutex_unlock(&mutex);
    ready = poll(watched, count, timeout);
    error = errno;
    mask_alarm(SIG_BLOCK);
    lock();
    errno = error;
    return ready;
}
