/*
 * preload.h: what the objects of this directory share. Each is loaded before
 * the C library with LD_PRELOAD (ld.so(8)) and replaces a few of its functions,
 * to make a fault that cannot be made from outside.
 *
 * The file that includes this one must not define _GNU_SOURCE, or glibc would
 * declare the socket calls with types of its own.
 */
#ifndef PRELOAD_H
#define PRELOAD_H

#include <stddef.h>

/* Writes to `pointer`, a pointer to a function, where the function of this name
 * is that would be called without us. It is hidden, since a program can have
 * two of these objects, and each must look from its own place. See dlsym(3). */
__attribute__((visibility("hidden"))) void find_next(const char *name,
                                                     void *pointer);

/* Returns the number in a variable of the environment, `otherwise` if it
 * is not set. */
long number_in(const char *variable, long otherwise);

#endif
