/*
 * no_memory.c: memory runs out, once. Of the allocations after the program has
 * first written to standard output, number NO_MEMORY_AT fails with ENOMEM, and
 * says so on standard error: "allocation 3 fails". Counted are malloc, realloc
 * and posix_memalign; realloc alone if NO_MEMORY_REALLOC is set; from the start
 * of the program if NO_MEMORY_START is set. If NO_MEMORY_PAGES is set, each
 * posix_memalign fails, from the start.
 */
#define _DEFAULT_SOURCE

#include "preload.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool serving;

/* Whether this allocation is the one. Keeps errno. */
static bool is_to_fail(bool is_realloc)
{
    static long count;
    char text[64];
    int length;

    if ((!serving && getenv("NO_MEMORY_START") == NULL) ||
        (!is_realloc && getenv("NO_MEMORY_REALLOC") != NULL) ||
        ++count != number_in("NO_MEMORY_AT", -1))
        return false;
    length = snprintf(text, sizeof text, "allocation %ld fails\n", count);
    if (write(STDERR_FILENO, text, (size_t)length) == -1)
        return false;
    errno = ENOMEM;
    return true;
}

ssize_t write(int fd, const void *data, size_t size)
{
    static ssize_t (*next)(int, const void *, size_t);

    if (next == NULL)
        find_next("write", &next);
    if (fd == STDOUT_FILENO)
        serving = true;
    return next(fd, data, size);
}

void *malloc(size_t size)
{
    static void *(*next)(size_t);

    if (next == NULL)
        find_next("malloc", &next);
    return is_to_fail(false) ? NULL : next(size);
}

void *realloc(void *block, size_t size)
{
    static void *(*next)(void *, size_t);

    if (next == NULL)
        find_next("realloc", &next);
    return is_to_fail(true) ? NULL : next(block, size);
}

int posix_memalign(void **block, size_t alignment, size_t size)
{
    static int (*next)(void **, size_t, size_t);

    if (next == NULL)
        find_next("posix_memalign", &next);
    if (getenv("NO_MEMORY_PAGES") != NULL)
        return ENOMEM;
    return is_to_fail(false) ? ENOMEM : next(block, alignment, size);
}

/* Not counted. Without it the one of musl fails, since malloc is replaced. */
void *aligned_alloc(size_t alignment, size_t size)
{
    static void *(*next)(size_t, size_t);

    if (next == NULL)
        find_next("aligned_alloc", &next);
    return next(alignment, size);
}
