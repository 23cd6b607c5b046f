/*
 * messages.c: prints every line of a server; messages.h says when.
 *
 * Received text passes three layers: text.c makes it safe, print_lines puts the
 * label before each line, print_chunk ends the last line.
 */
#define _POSIX_C_SOURCE 200809L

#include "messages.h"

#include "client.h"
#include "options.h"
#include "output.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Where messages and data go; NULL: nowhere. */
static struct output *messages = &standard_output,
                     *data_output = &standard_output;

/* Returns whether a descriptor is the same file or pipe as standard output:
 * events and text would be mixed there. On a terminal they may be mixed. */
static bool is_standard_output(int fd)
{
    struct stat file, output;

    return fstat(fd, &file) == 0 && fstat(STDOUT_FILENO, &output) == 0 &&
           file.st_dev == output.st_dev && file.st_ino == output.st_ino &&
           !S_ISCHR(file.st_mode);
}

int open_outputs(void)
{
    if (options.raw)
        messages = &standard_error;
    if (options.events == NULL)
        return 0;
    if (strcmp(options.events, "-") == 0) {
        events_file.fd = STDOUT_FILENO;
        events_file.name = standard_output.name;
        messages = data_output = NULL;
        return 0;
    }
    events_file.name = options.events;
    /* With O_APPEND there is no hole in the file after another program has
     * truncated it (`: >FILE`). */
    events_file.fd =
        open(options.events, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (events_file.fd == -1)
        return -1;
    if (is_standard_output(events_file.fd))
        return 1;
    /* It fails with EINVAL on a terminal or a pipe: nothing to truncate. */
    return ftruncate(events_file.fd, 0) == -1 && errno != EINVAL ? -1 : 0;
}

/* Writes one line of the events file. */
static void write_event(const char *event, const char *name, size_t bytes)
{
    struct timespec now;
    char line[160];

    if (options.events == NULL)
        return;
    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(line, sizeof line, "%lld.%06ld\t%s\t%s\t%zu\n",
             (long long)now.tv_sec, now.tv_nsec / 1000, event, name, bytes);
    output_string(&events_file, line);
}

static void print_message(const char *what, const char *who, const char *why)
{
    if (messages == NULL)
        return;
    /* Messages and data go to different outputs, which may be one terminal:
     * they must appear there in the order in which they were printed. */
    if (messages != data_output)
        flush_outputs();
    output_string(messages, what);
    output_string(messages, who);
    output_string(messages, why);
    output_write(messages, "\n", 1);
    if (messages != data_output)
        flush_outputs();
}

void print_listening(const char *name)
{
    print_message("Listening on: ", name, "");
    write_event("listening", name, 0);
}

void print_connection(const struct client *client)
{
    print_message("Connection from: ", client->name, "");
    write_event("accept", client->name, 0);
}

void print_refused(const struct client *client, const char *reason)
{
    print_message("Connection refused: ", client->name, reason);
    write_event("refuse", client->name, 0);
}

void print_next(void)
{
    print_message("Next connection...", "", "");
}

void print_receiving(const struct client *client)
{
    print_message("Receiving from: ", client->name, "");
}

/* Prints safe text, with a label at the start of each line if the options ask
 * for it. `*open_line` says whether the last line has no newline yet. */
static void print_lines(const struct client *client, const char *text,
                        size_t size, bool *open_line)
{
    if (size == 0)
        return;
    if (!options.label) {
        output_write(data_output, text, size);
        *open_line = text[size - 1] != '\n';
        return;
    }
    while (size > 0) {
        const char *newline = memchr(text, '\n', size);
        size_t length = newline ? (size_t)(newline + 1 - text) : size;

        if (!*open_line) {
            output_string(data_output, client->name);
            output_write(data_output, "| ", 2);
        }
        output_write(data_output, text, length);
        *open_line = newline == NULL;
        text += length;
        size -= length;
    }
}

/* Makes bytes safe that are not all plain text, and prints them, one piece
 * after the other. */
static void print_escaped(struct client *client, const char *data, size_t size,
                          bool *open_line)
{
    enum { PIECE = 1024 };
    char safe[TEXT_GROWTH * (TEXT_PART + PIECE)];

    while (size > 0) {
        size_t piece = size < PIECE ? size : PIECE;
        size_t length = text_escape(&client->text, data, piece, safe);

        print_lines(client, safe, length, open_line);
        data += piece;
        size -= piece;
    }
}

void print_chunk(struct client *client, const char *data, ssize_t received)
{
    size_t size = (size_t)received;
    bool open_line = false;

    write_event("recv", client->name, size);
    if (data_output == NULL)
        return;
    if (options.raw) {
        output_write(data_output, data, size);
        return;
    }
    if (client->text.length == 0 && text_is_plain(data, size))
        print_lines(client, data, size, &open_line);
    else
        print_escaped(client, data, size, &open_line);
    if (open_line)
        output_write(data_output, "\n", 1);
}

/* Prints, escaped, the first bytes of a character whose last
 * bytes never arrived. */
static void print_rest(struct client *client)
{
    char safe[TEXT_GROWTH * TEXT_PART];
    bool open_line = false;
    size_t length = text_finish(&client->text, safe);

    if (data_output == NULL || length == 0)
        return;
    print_lines(client, safe, length, &open_line);
    output_write(data_output, "\n", 1);
}

void print_closed(struct client *client)
{
    bool reset = client->error == ECONNRESET;

    print_rest(client);
    print_message(
        reset ? "Connection reset: " : "Connection closed: ", client->name, "");
    write_event(reset ? "reset" : "close", client->name, 0);
}

void print_stopped(void)
{
    print_message("Stopped.", "", "");
    write_event("stop", "-", 0);
}
