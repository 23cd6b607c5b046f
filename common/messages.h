/*
 * messages.h: what the servers print, in the words of docs/contract.md, and the
 * events that --events writes beside them.
 */
#ifndef MESSAGES_H
#define MESSAGES_H

#include <stddef.h>

struct client;

/* Opens the outputs that `options` ask for; ends the program where it cannot.
 */
void open_outputs(void);

/* Takes the time that the next event is stamped with. Call it when the system
 * call that the event is about has returned. See clock_gettime(2). */
void note_time(void);

void print_listening(const char *name);
void print_connection(const struct client *client);
void print_refused(const struct client *client, const char *reason);
void print_next(void);
void print_receiving(const struct client *client);
void print_closed(struct client *client);
void print_stopped(void);

/* Prints `size` received bytes as the options say: raw, or as safe text that
 * ends with a newline, with the client's address before each line or not. */
void print_data(struct client *client, const char *data, size_t size);

#endif
