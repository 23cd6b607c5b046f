/*
 * name.c: short names of what clients send; see name.h.
 *
 * See wcwidth(3), utf-8(7), and common/text.h for what is safe.
 */
#define _XOPEN_SOURCE 700

#include "name.h"

#include "../../common/text.h"

#include <string.h>
#include <wchar.h>

enum { PIECE = 256, ASCII_END = 0x7f };

/* Characters that join two others, or choose their style, and show nothing. */
static bool is_joiner(wchar_t character)
{
    return character == 0x200c || character == 0x200d ||
           (character >= 0xfe00 && character <= 0xfe0f);
}

/* Reads a character of valid UTF-8. Returns how many bytes it has. */
static int read_character(const char *text, wchar_t *character)
{
    const unsigned char *byte = (const unsigned char *)text;
    int size = *byte < 0x80 ? 1 : *byte < 0xe0 ? 2 : *byte < 0xf0 ? 3 : 4;

    *character = size == 1 ? *byte : *byte & (0xff >> (size + 1));
    for (int i = 1; i < size; i++)
        *character = *character << 6 | (byte[i] & 0x3f);
    return size;
}

/* Returns how many columns a character has. The locale C does not know. */
static int width_of(wchar_t character)
{
    int width = wcwidth(character);

    return width < 0 ? 1 : width;
}

static size_t escape(const char *text, size_t length,
                     char safe[TEXT_GROWTH * (TEXT_PART + PIECE)])
{
    struct text state = {.length = 0};

    return text_escape(&state, text, length < PIECE ? length : PIECE, safe);
}

void make_safe(const char *text, size_t length, char *safe, size_t size)
{
    char escaped[TEXT_GROWTH * (TEXT_PART + PIECE)];
    size_t end = escape(text, length, escaped);

    if (end > size - 1)
        end = size - 1;
    /* Not in the middle of a character. */
    while (end > 0 && end < sizeof escaped && (escaped[end] & 0xc0) == 0x80)
        end--;
    memcpy(safe, escaped, end);
    safe[end] = '\0';
    for (; *safe != '\0'; safe++)
        if (*safe == '\t' || *safe == '\n')
            *safe = ' ';
}

void make_name(const char *text, size_t size, char name[NAME_SIZE])
{
    char safe[TEXT_GROWTH * (TEXT_PART + PIECE)];
    size_t length, used = 0;
    int columns = 0;

    while (size > 0 && (*text == ' ' || *text == '\t'))
        text++, size--;
    length = escape(text, size, safe);
    for (size_t i = 0; i < length;) {
        wchar_t character;
        int bytes = read_character(safe + i, &character);
        int width = width_of(character);

        if (used + (size_t)bytes >= NAME_SIZE ||
            columns + width > NAME_COLUMNS_MAX || character == '\n')
            break;
        /* What joins needs something to its left. */
        if (!is_joiner(character) && (width > 0 || used > 0)) {
            memcpy(name + used, safe + i, (size_t)bytes);
            used += (size_t)bytes;
            columns += width;
        }
        i += (size_t)bytes;
    }
    while (used > 0 && name[used - 1] == ' ')
        used--;
    name[used] = '\0';
    for (; *name != '\0'; name++)
        if (*name == '\t')
            *name = ' ';
}

void write_name(FILE *out, const char *name, int columns, bool unicode)
{
    while (*name != '\0') {
        wchar_t character;
        int bytes = read_character(name, &character);

        if (!unicode && character >= ASCII_END) {
            putc('?', out);
            columns--;
        } else {
            fwrite(name, 1, (size_t)bytes, out);
            columns -= width_of(character);
        }
        name += bytes;
    }
    fprintf(out, "%*s", columns > 0 ? columns : 0, "");
}
