/*
 * output.h: buffered output that gives up only when it must.
 *
 * What the server prints is gathered and written in one go before it waits
 * (flush_outputs), so a file or a pipe sees each line as soon as a terminal
 * does, and a flood costs one write for many chunks. stdio is not used because
 * it hides how much of an interrupted write went out.
 *
 * An output that fails is reported once and then left alone, and the server is
 * asked to stop with status 1 (stop_after_failure). If a stop signal came
 * before, a reader that is gone is no failure: the same Ctrl+C has ended it.
 */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <stddef.h>

/* More than one round of a flooding client at the default --recv-size. */
#define OUTPUT_SIZE 32768

struct output {
    int fd;           /* where it goes; -1: nowhere */
    const char *name; /* what messages call it */
    char *buffer;     /* OUTPUT_SIZE bytes, */
    size_t used;      /* of which these many are gathered */
};

/* Standard output, standard error, and the file of --events. Errors on
 * standard error are ignored. */
extern struct output standard_output, standard_error, events_file;

/* Add `size` bytes, or a string. */
void output_write(struct output *output, const void *data, size_t size);
void output_string(struct output *output, const char *string);

/* Writes out all that the three have gathered. Keeps errno. See write(2). */
void flush_outputs(void);

#endif
