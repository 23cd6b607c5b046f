/*
 * lock.h: lets one process at a time print.
 *
 * It is a lock on a file without a name. The kernel releases it when the
 * process that holds it ends, even if it is killed; a semaphore would stay
 * locked.
 */
#ifndef LOCK_H
#define LOCK_H

/* Opens the file; children inherit it. Returns 0, or -1 and
 * errno. See tmpfile(3). */
int open_lock(void);

/* Take and release the lock. Both keep errno. See fcntl(2). */
void lock(void);
void unlock(void);

#endif
