/*
 * error.h: what went wrong, in one line on standard error.
 *
 * Each line starts with the program's name, as "epoll: cannot listen on
 * [::]:8888: Address already in use". It is written at once and in one piece.
 * An error of standard error itself is ignored: it cannot be reported.
 */
#ifndef ERROR_H
#define ERROR_H

#include <stdnoreturn.h>

#if defined(__GNUC__)
#define LIKE_PRINTF __attribute__((format(printf, 1, 2)))
#else
#define LIKE_PRINTF
#endif

/* The program's name, in front of each line. Set it before anything else. */
extern const char *program_name;

/* Prints the line and goes on. The format is that of printf(3). */
void warn(const char *format, ...) LIKE_PRINTF;

/* The same, followed by a colon and what errno means. Keeps errno. */
void warn_errno(const char *format, ...) LIKE_PRINTF;

/* Print the line and end the program by exit(3) with status 1. */
noreturn void die(const char *format, ...) LIKE_PRINTF;
noreturn void die_errno(const char *format, ...) LIKE_PRINTF;

#endif
