/*
 * preload.c: part of every object of this directory; see preload.h.
 *
 * A program that is started with PRELOAD_CHECK set ends at once, with status
 * 42. So a test finds out whether LD_PRELOAD has an effect on a program: it has
 * none on a static one, and AddressSanitizer does not start with it.
 */
#define _GNU_SOURCE

#include "preload.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

__attribute__((constructor)) static void answer_check(void)
{
    if (getenv("PRELOAD_CHECK") != NULL)
        _exit(42);
}

void find_next(const char *name, void *pointer)
{
    void *found = dlsym(RTLD_NEXT, name);

    if (found == NULL)
        abort();
    memcpy(pointer, &found, sizeof found);
}

long number_in(const char *variable, long otherwise)
{
    const char *text = getenv(variable);

    return text == NULL ? otherwise : strtol(text, NULL, 10);
}
