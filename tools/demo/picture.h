/*
 * picture.h: draws the demo's timeline as a picture for a slide.
 */
#ifndef PICTURE_H
#define PICTURE_H

#include "timeline.h"

#include <stdbool.h>

/* Writes the timeline to the file `path` as SVG 1.1, which needs nothing from
 * elsewhere and is light or dark as its viewer is. Returns false, with errno,
 * where that fails. */
bool write_picture(const struct timeline *timeline, const char *path);

#endif
