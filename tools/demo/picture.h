/*
 * picture.h: draws the demo's timeline as a picture for a slide.
 */
#ifndef PICTURE_H
#define PICTURE_H

#include "timeline.h"

#include <stdbool.h>

/* Writes the timeline to the file `path` as SVG 1.1. The file refers to no
 * other, and it is light or dark as its viewer is. Returns false and errno if
 * that fails. */
bool write_picture(const struct timeline *timeline, const char *path);

#endif
