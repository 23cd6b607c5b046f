/*
 * messages.h: prints the servers' messages, in the words of docs/contract.md,
 * and writes the events of --events.
 */
#ifndef MESSAGES_H
#define MESSAGES_H

#include <sys/types.h>

struct client;

/* Opens the outputs that `options` asks for. Returns 0; -1, with errno, if the
 * events file cannot be opened; 1 if it is the same file as standard output.
 * See open(2). */
int open_outputs(void);

/* Each prints what has happened. Call it as soon as the system call has
 * returned, because the event gets the current time. See clock_gettime(2). */
void print_listening(const char *name);
void print_connection(const struct client *client);
void print_refused(const struct client *client, const char *reason);
void print_next(void);
void print_receiving(const struct client *client);
void print_closed(struct client *client);
void print_stopped(void);

/* Prints a chunk of `received` bytes, the result of recv(2), as the options
 * say: raw, or as safe text that ends with a newline, with the client's address
 * before each line if they ask for it. */
void print_chunk(struct client *client, const char *data, ssize_t received);

#endif
