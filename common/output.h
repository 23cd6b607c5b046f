/*
 * output.h: buffered output that gives up only when it must.
 *
 * What the server prints is gathered and written in one go before it waits
 * (flush_outputs), so a file or a pipe sees each line as a terminal does, and
 * a flood costs one write for many chunks. stdio is not used because it hides
 * how much of an interrupted write went out.
 */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <stddef.h>

/* More than one turn of a flooding client at the default --recv-size. */
#define OUTPUT_SIZE 32768

struct output {
    int fd;           /* where it goes; -1: nowhere */
    const char *name; /* what messages call it */
    char *buffer;     /* OUTPUT_SIZE bytes, */
    size_t used;      /* of which these many are gathered */
};

/* Standard output, standard error, and the file of --events. */
extern struct output standard_output, standard_error, events_file;

/* Add `size` bytes, or a string. They end the program with a message when the
 * output is gone or full, except for standard error, whose loss is borne. */
void output_write(struct output *output, const void *data, size_t size);
void output_string(struct output *output, const char *string);

/* Writes out all that the three have gathered. */
void flush_outputs(void);

/* The same on the way out after an error: without a further message. */
void output_abandon(void);

/* Writes all of `size` bytes: goes on after a short write and a signal, and
 * waits for an output that would block. Returns 0, or -1 and errno; ETIMEDOUT:
 * a stop is requested and for a second nothing could be written. See write(2).
 */
int write_all(int fd, const void *data, size_t size);

#endif
