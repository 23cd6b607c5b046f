/*
 * output.c: collects output and writes it; output.h says when.
 *
 * A write to a full pipe blocks until the other side reads, maybe forever.
 * Ctrl+C must end the server anyway. So after a stop request the server gives
 * up an output that accepts nothing for a second: the alarm of stop.c
 * interrupts the write once a second.
 *
 * See write(2), poll(2), pipe(7), clock_gettime(2).
 */
#define _POSIX_C_SOURCE 200809L

#include "output.h"

#include "error.h"
#include "stop.h"
#include "system.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { STUCK_MS = 1000 };

static char buffers[3][OUTPUT_SIZE];

struct output standard_output = {STDOUT_FILENO, "standard output", buffers[0],
                                 0};
struct output standard_error = {STDERR_FILENO, "standard error", buffers[1], 0};
struct output events_file = {-1, "the events file", buffers[2], 0};

/* Waits until the output accepts more. Returns 0, or -1 and errno. */
static int wait_for_room(int fd)
{
    struct pollfd output = {.fd = fd, .events = POLLOUT};

    return poll(&output, 1, -1) == -1 ? -1 : 0;
}

/* Writes all `size` bytes. Continues after a short write or a signal, and waits
 * if the output would block. Returns 0, or -1 and errno; ETIMEDOUT: a stop is
 * requested, and nothing could be written for a second. */
static int write_all(int fd, const char *data, size_t size)
{
    bool stopping = stop_requested();
    struct timespec progress;

    clock_gettime(CLOCK_MONOTONIC, &progress);
    while (size > 0) {
        ssize_t written = write(fd, data, size);

        if (written >= 0) {
            data += written;
            size -= (size_t)written;
            clock_gettime(CLOCK_MONOTONIC, &progress);
            continue;
        }
        if ((errno == EAGAIN || errno == EWOULDBLOCK) && wait_for_room(fd) == 0)
            continue;
        if (errno != EINTR)
            return -1;
        if (stopping && elapsed_ms(&progress) >= STUCK_MS) {
            errno = ETIMEDOUT;
            return -1;
        }
        if (!stopping && stop_requested()) {
            stopping = true; /* the second begins now */
            clock_gettime(CLOCK_MONOTONIC, &progress);
        }
    }
    return 0;
}

/* Gives up an output after an error (errno). */
static void abandon(struct output *output)
{
    bool gone = errno == EPIPE || errno == EIO;

    output->fd = -1;
    if (output == &standard_error || (gone && stop_requested()))
        return;
    if (errno == ETIMEDOUT)
        warn("stopped, but %s is stuck: some of it is lost", output->name);
    else
        warn_errno("cannot write to %s", output->name);
    stop_after_failure();
}

static void drain(struct output *output)
{
    size_t size = output->used;

    output->used = 0;
    if (output->fd != -1 && write_all(output->fd, output->buffer, size) == -1)
        abandon(output);
}

void output_write(struct output *output, const void *data, size_t size)
{
    if (size > OUTPUT_SIZE - output->used)
        drain(output);
    if (size > OUTPUT_SIZE) {
        /* Too large for the buffer: it is written directly. */
        if (output->fd != -1 && write_all(output->fd, data, size) == -1)
            abandon(output);
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
    int error = errno;

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i]->used > 0)
            drain(all[i]);
    errno = error;
}
