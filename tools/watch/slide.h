/*
 * slide.h: draws a session as a picture, with the parts of the demo's.
 */
#ifndef SLIDE_H
#define SLIDE_H

#include "room.h"

#include <stdbool.h>

/* Writes the rooms to a file as SVG. Returns false and errno if that fails. */
bool write_slide(struct room *const *rooms, int count, const char *path);

#endif
