/*
 * text.h: received bytes as text that is safe to show on a terminal.
 *
 * A client may send anything, also the bytes that move a terminal's cursor or
 * rename its window. What passes unchanged is valid UTF-8 (RFC 3629), newline
 * and tab; CR LF becomes a newline. Every byte of a control character (C0, DEL,
 * C1), of a character that hides or reorders text (U+202E, U+200B and others)
 * or of anything that is not UTF-8 is written as four characters, \xNN.
 *
 * The result is the same whether the bytes come in one piece or in many: a
 * character that a chunk cuts in two waits in the struct for its other half.
 */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* One byte becomes four characters at the most. */
#define TEXT_GROWTH 4

/* The longest beginning of a character that is not a whole one, in bytes. */
#define TEXT_PART 3

/* The first bytes of a character whose last ones have not come yet. Start with
 * all zero, one for each client. */
struct text {
    unsigned char part[TEXT_PART];
    unsigned char length;
};

/* Returns whether these `size` bytes are plain ASCII text that needs no change.
 * It is the quick way past text_escape when no character is cut in two. */
bool text_is_plain(const char *data, size_t size);

/* Writes the safe form of `size` bytes to `out`, which has room for
 * TEXT_GROWTH * (TEXT_PART + size) characters, and keeps an unfinished
 * character in `text`. Returns the number of characters written. */
size_t text_escape(struct text *text, const char *data, size_t size, char *out);

/* Writes what no further byte will complete, escaped, to `out`, which has room
 * for TEXT_GROWTH * TEXT_PART characters. Returns their number. */
size_t text_finish(struct text *text, char *out);

#endif
