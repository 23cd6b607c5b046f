/*
 * large.h: text in letters that are three rows high.
 */
#ifndef LARGE_H
#define LARGE_H

#include "../demo/draw.h"

#include <stdbool.h>

/* Draws a text of digits, dots, blanks, n and c. Returns false and draws
 * nothing if it has other letters, or has no room, or there is only ASCII. */
bool draw_large(struct paper *paper, const char *text);

#endif
