/*
 * screen.h: the terminal of the charts, or the output that replaces it.
 *
 * A live chart uses the terminal's other screen, as editors do, because a
 * terminal that changes its size reflows the first one. Each frame fits the
 * size of the moment. Nothing flickers: a frame is written in one piece over
 * the last one, and two escape sequences around it tell the terminal to show it
 * in one piece too. There is no colour if NO_COLOR is set.
 */
#ifndef SCREEN_H
#define SCREEN_H

#include "draw.h"

#include <stdbool.h>
#include <stddef.h>

/* Chooses characters and colours by the environment, and the size. Returns
 * whether a live chart can be shown; if not, there are 80 columns. */
bool choose_screen(struct paper *paper, int *rows);

/* Asks for the terminal's size, which may have changed. Returns false if there
 * is no terminal or it is too small. */
bool measure_screen(struct paper *paper, int *rows);

/* Takes the terminal's other screen, without a cursor, or gives it back. May be
 * called in a signal handler. */
void other_screen(bool take);

/* Writes to standard output; a signal ends it early. */
void show(const char *text, size_t size);

/* Shows a frame in place of the last one, as far as it has room in `rows`.
 * NULL: says that the window is too small. */
void show_frame(char *frame, int rows);

/* Returns how many rows a text has. */
int rows_of(const char *text);

#endif
