/*
 * name.h: what a client sends, made into a short name that is safe to show, and
 * how many columns it has.
 */
#ifndef NAME_H
#define NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { NAME_COLUMNS_MAX = 12, NAME_SIZE = 64 };

/* Makes a name of what `size` bytes of text begin with: at most 12 columns, ""
 * if nothing of it can be seen. Escapes whatever could harm a terminal, also if
 * a server has not. */
void make_name(const char *text, size_t size, char name[NAME_SIZE]);

/* Makes any text safe, cut to `size` with its NUL. */
void make_safe(const char *text, size_t length, char *safe, size_t size);

/* Writes a name and blanks to its right up to `columns`; with ASCII alone, a
 * question mark for each other character. */
void write_name(FILE *out, const char *name, int columns, bool unicode);

#endif
