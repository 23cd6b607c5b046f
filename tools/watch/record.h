/*
 * record.h: what is kept of a session: the file of events, the picture, and a
 * sentence about it. Where there is no terminal, the events are also the lines
 * that are printed.
 */
#ifndef RECORD_H
#define RECORD_H

#include "room.h"

#include <stdbool.h>

enum { SENTENCE_SIZE = 2048 };

/* Creates the file of events. `plain`: events are printed, too. Returns false
 * and errno if that fails. */
bool open_record(const char *path, bool plain);

/* Adds an event of a person: connect, accept, send, name, print, left, close,
 * reset; its time, how many bytes wait, and the wait in seconds that it ends.
 * What is sent is not kept, but for the name. */
void record(const struct room *room, struct person *person, const char *event,
            double time, long bytes, double wait);

/* Completes the file. Returns false if something could not be written. */
bool close_record(void);

/* Says of one room who waited: "eleven waited up to 41 s". */
void describe_room(const struct room *room, char text[SENTENCE_SIZE]);

/* Says it of all rooms in one sentence. */
void describe_session(struct room *const *rooms, int count,
                      char text[SENTENCE_SIZE]);

#endif
