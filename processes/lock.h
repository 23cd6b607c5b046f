/*
 * lock.h: one process at a time prints.
 *
 * The lock is one on a file without a name. The kernel takes it away from a
 * process that ends, however it ends; a semaphore would stay locked.
 */
#ifndef LOCK_H
#define LOCK_H

/* Opens the file; children inherit it. Returns 0, or -1 and errno. See
 * tmpfile(3). */
int open_lock(void);

/* Take and give back the lock. Both keep errno. See fcntl(2). */
void lock(void);
void unlock(void);

#endif
