/*
 * error.h: error messages, one line each, on standard error.
 *
 * Each line starts with the program's name, for example "epoll: cannot listen
 * on [::]:8888: Address already in use". It is not buffered. If it cannot be
 * written, that error is ignored, since it cannot be reported.
 */
#ifndef ERROR_H
#define ERROR_H

#include <stdnoreturn.h>

#if defined(__GNUC__)
#define LIKE_PRINTF __attribute__((format(printf, 1, 2)))
#else
#define LIKE_PRINTF
#endif

/* The program's name, with which each line starts. Set it first of all. */
extern const char *program_name;

/* Prints the line and returns. The format is that of printf(3). */
void warn(const char *format, ...) LIKE_PRINTF;

/* Prints the line, a colon, and the text for errno. Keeps errno. */
void warn_errno(const char *format, ...) LIKE_PRINTF;

/* Print the line and end the program by exit(3) with status 1. */
noreturn void die(const char *format, ...) LIKE_PRINTF;
noreturn void die_errno(const char *format, ...) LIKE_PRINTF;

#endif
