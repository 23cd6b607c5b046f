/*
 * messages.h: what the servers print, in the words of docs/contract.md, and the
 * events that --events writes as well.
 */
#ifndef MESSAGES_H
#define MESSAGES_H

#include <sys/types.h>

struct client;

/* Opens the outputs that `options` ask for. Returns 0; -1, with errno, if the
 * events file cannot be opened; 1 if it is the same file as standard output.
 * See open(2). */
int open_outputs(void);

/* What happened. Call them as soon as the system call has returned: an event is
 * stamped with the time of the call. See clock_gettime(2). */
void print_listening(const char *name);
void print_connection(const struct client *client);
void print_refused(const struct client *client, const char *reason);
void print_next(void);
void print_receiving(const struct client *client);
void print_closed(struct client *client);
void print_stopped(void);

/* Prints a chunk of `received` bytes, as recv(2) has returned it, in the way
 * that the options want: raw, or as safe text that ends with a newline, with
 * the client's address before each line or not. */
void print_chunk(struct client *client, const char *data, ssize_t received);

#endif
