/*
 * output.h: buffered output.
 *
 * The output is collected in buffers and written just before the server waits
 * (flush_outputs). So a file or a pipe gets each line as soon as a terminal
 * does, and when a client floods the server, one write outputs many chunks.
 * stdio is not used because it does not tell how much of an interrupted write
 * went out.
 *
 * If an output fails, the error is reported once, nothing more is written to
 * this output, and the server is asked to stop with status 1
 * (stop_after_failure). After a stop signal it is no failure if the reader of
 * the output has ended: the same Ctrl+C has ended the reader.
 */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <stddef.h>

/* Holds more than one round of a flooding client at the default --recv-size. */
#define OUTPUT_SIZE 32768

struct output {
    int fd;           /* -1: the output goes nowhere */
    const char *name; /* for error messages */
    char *buffer;     /* of OUTPUT_SIZE bytes */
    size_t used;      /* bytes in the buffer that are not yet written */
};

/* Standard output, standard error, and the file of --events. Errors on
 * standard error are ignored. */
extern struct output standard_output, standard_error, events_file;

/* Add `size` bytes, or a string, to the buffer. */
void output_write(struct output *output, const void *data, size_t size);
void output_string(struct output *output, const char *string);

/* Writes everything that is in the three buffers. Keeps errno. See write(2). */
void flush_outputs(void);

#endif
