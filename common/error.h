/*
 * error.h: what went wrong, in one line on standard error.
 *
 * Each line starts with the program's name, as "epoll: cannot listen on
 * [::]:8888: Address already in use". What is printed so is never lost in a
 * buffer, and a standard error that fails is nobody's fault: it is ignored.
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

/* Says what happened and goes on. The format is that of printf(3). */
void warn(const char *format, ...) LIKE_PRINTF;

/* The same, followed by a colon and what errno means. Keeps errno. */
void warn_errno(const char *format, ...) LIKE_PRINTF;

/* Say what happened and end the program with status 1, the one of a set-up
 * error. What clients sent before is still written out. */
noreturn void die(const char *format, ...) LIKE_PRINTF;
noreturn void die_errno(const char *format, ...) LIKE_PRINTF;

#endif
