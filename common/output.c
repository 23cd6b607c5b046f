/*
 * output.c: buffers and writes; output.h says what for.
 *
 * A write to a pipe that nobody empties blocks for ever. Ctrl+C must end the
 * program all the same, so once a stop is requested, a second without any
 * progress is enough: stop.c interrupts the call once a second.
 *
 * See write(2), writev(2), poll(2), pipe(7).
 */
#define _POSIX_C_SOURCE 200809L

#include "output.h"

#include "error.h"
#include "stop.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static char buffers[3][OUTPUT_SIZE];

struct output standard_output = {STDOUT_FILENO, "standard output", buffers[0],
                                 0};
struct output standard_error = {STDERR_FILENO, "standard error", buffers[1], 0};
struct output events_file = {-1, "the events file", buffers[2], 0};

/* After an error of its own an output stays silent, so that the program can
 * still write out the others on its way to the exit. */
static bool abandoned;

/* Returns whether to try again after a write that failed. `since` is the
 * second of the stop (stop_seconds) in which something was written last. */
static bool try_again(int fd, int since)
{
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
        struct pollfd output = {.fd = fd, .events = POLLOUT};

        if (poll(&output, 1, -1) != -1)
            return true;
    }
    if (errno != EINTR)
        return false;
    if (stop_seconds() == since)
        return true;
    errno = ETIMEDOUT;
    return false;
}

/* Takes the `size` bytes that are written off the front of `parts`. */
static void advance(struct iovec *parts, int count, size_t size)
{
    for (int i = 0; i < count; i++) {
        size_t taken = size < parts[i].iov_len ? size : parts[i].iov_len;

        parts[i].iov_base = (char *)parts[i].iov_base + taken;
        parts[i].iov_len -= taken;
        size -= taken;
    }
}

/* Writes what it can of two pieces. For one of them alone write(2) is cheaper
 * than writev(2). Returns as they do. */
static ssize_t write_some(int fd, const struct iovec parts[2])
{
    const struct iovec *only = parts[0].iov_len == 0   ? &parts[1]
                               : parts[1].iov_len == 0 ? &parts[0]
                                                       : NULL;

    return only ? write(fd, only->iov_base, only->iov_len)
                : writev(fd, parts, 2);
}

/* write_all for two pieces. */
static int write_parts(int fd, struct iovec parts[2])
{
    int since = stop_seconds();

    while (parts[0].iov_len + parts[1].iov_len > 0) {
        ssize_t size = write_some(fd, parts);

        if (size >= 0) {
            advance(parts, 2, (size_t)size);
            since = stop_seconds();
        } else if (!try_again(fd, since)) {
            return -1;
        }
    }
    return 0;
}

int write_all(int fd, const void *data, size_t size)
{
    struct iovec parts[2] = {{(void *)data, size}, {(void *)"", 0}};

    return write_parts(fd, parts);
}

/* Writes out what is gathered, and `size` bytes after it. */
static void drain(struct output *output, const void *data, size_t size)
{
    struct iovec parts[2] = {{output->buffer, output->used},
                             {(void *)data, size}};

    output->used = 0;
    if (output->fd == -1 || write_parts(output->fd, parts) == 0 ||
        output == &standard_error || abandoned)
        return;
    output->fd = -1;
    if (errno == ETIMEDOUT)
        die("stopped, but %s is stuck: some of it is lost", output->name);
    die_errno("cannot write to %s", output->name);
}

void output_write(struct output *output, const void *data, size_t size)
{
    if (size > OUTPUT_SIZE - output->used) {
        drain(output, data, size);
        return;
    }
    memcpy(output->buffer + output->used, data, size);
    output->used += size;
}

void output_string(struct output *output, const char *string)
{
    output_write(output, string, strlen(string));
}

void flush_outputs(void)
{
    struct output *all[] = {&standard_output, &standard_error, &events_file};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i]->used > 0)
            drain(all[i], "", 0);
}

void output_abandon(void)
{
    abandoned = true;
    flush_outputs();
}
