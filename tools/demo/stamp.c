/*
 * stamp.c: writes down when each line came.
 *
 *     my_server --port 0 | build/tools/stamp >lines
 *
 * It copies standard input to standard output, line by line, and puts before
 * each the wall-clock time in seconds since 1970 and a tab. That is all that
 * the demo needs to know of a server that has no --events.
 *
 * See clock_gettime(2), getline(3).
 */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int main(void)
{
    char *line = NULL;
    size_t size = 0;

    while (getline(&line, &size, stdin) != -1) {
        struct timespec now;

        clock_gettime(CLOCK_REALTIME, &now);
        printf("%lld.%06ld\t%s", (long long)now.tv_sec, now.tv_nsec / 1000,
               line);
        if (fflush(stdout) != 0)
            return EXIT_FAILURE;
    }
    free(line);
    return 0;
}
