/*
 * lock.c: a mutex, and SIGALRM for its holder; lock.h says why.
 */
#define _POSIX_C_SOURCE 200809L

#include "lock.h"

#include <signal.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void mask_alarm(int how)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    pthread_sigmask(how, &set, NULL);
}

void lock(void)
{
    pthread_mutex_lock(&mutex);
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
