/*
 * text.h: received bytes as text that is safe to show on a terminal.
 *
 * A client may send anything, including bytes that move a terminal's cursor or
 * rename its window. Valid UTF-8 (RFC 3629), newline and tab are not changed;
 * CR LF becomes a newline. Every byte of a control character (C0, DEL, C1), of
 * a character that hides or reorders text (U+202E, U+200B and others), or of
 * anything that is not UTF-8 is written as four characters, \xNN.
 *
 * The result is the same whether the bytes arrive in one piece or in many: if a
 * chunk ends inside a character, the struct keeps its first bytes until the
 * rest arrives.
 */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* One byte becomes at most four characters. */
#define TEXT_GROWTH 4

/* The length in bytes of the longest incomplete character. */
#define TEXT_PART 3

/* The first bytes of a character whose last bytes have not arrived yet. There
 * must be one for each client, all zero at the start. */
struct text {
    unsigned char part[TEXT_PART];
    unsigned char length;
};

/* Returns whether these `size` bytes are plain ASCII text that needs no change.
 * It is much faster than text_escape, which can then be skipped unless a
 * character is incomplete. */
bool text_is_plain(const char *data, size_t size);

/* Writes the safe form of `size` bytes to `out`, which has room for
 * TEXT_GROWTH * (TEXT_PART + size) characters, and keeps an unfinished
 * character in `text`. Returns the number of characters written. */
size_t text_escape(struct text *text, const char *data, size_t size, char *out);

/* Writes to `out`, escaped, the bytes of a character that remained incomplete.
 * `out` has room for TEXT_GROWTH * TEXT_PART characters. Returns the number of
 * characters written. */
size_t text_finish(struct text *text, char *out);

#endif
