/*
 * error.c: prints error messages; error.h describes them.
 *
 * Each line is one write(2), so that the lines of two programs on one terminal
 * are not mixed. See printf(3), strerror(3).
 */
#define _POSIX_C_SOURCE 200809L

#include "error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *program_name = "ways-to-wait";

/* Writes "name: message" and, if `error` is not 0, the text for it. */
static void print_line(int error, const char *format, va_list arguments)
{
    char message[512];
    char line[1024];
    int length;

    vsnprintf(message, sizeof message, format, arguments);
    length = snprintf(line, sizeof line, "%s: %s%s%s\n", program_name, message,
                      error ? ": " : "", error ? strerror(error) : "");
    if (write(STDERR_FILENO, line, (size_t)length) == -1)
        return;
}

void warn(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    print_line(0, format, arguments);
    va_end(arguments);
}

void warn_errno(const char *format, ...)
{
    int error = errno;
    va_list arguments;

    va_start(arguments, format);
    print_line(error, format, arguments);
    va_end(arguments);
    errno = error;
}

void die(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    print_line(0, format, arguments);
    va_end(arguments);
    exit(EXIT_FAILURE);
}

void die_errno(const char *format, ...)
{
    int error = errno;
    va_list arguments;

    va_start(arguments, format);
    print_line(error, format, arguments);
    va_end(arguments);
    exit(EXIT_FAILURE);
}
