/*
 * text.c: makes received bytes safe to show; text.h says how.
 *
 * It is a pure function of the bytes, without any input or output, so that it
 * can be tried on every input there is. See utf-8(7) and RFC 3629.
 */
#include "text.h"

#include <string.h>

/* Compilers turn a loop of fixed length into vector instructions; with an early
 * exit in it, or a length known only at run time, they often do not. To gather
 * what the vectors say takes as long as 300 bytes, so a block has more. */
enum { BLOCK = 1024, QUARTER = BLOCK / 4 };

/* What every x86-64 CPU has are vectors of 16 bytes. With gcc and glibc a
 * function can be there also for those that have 32, and the program takes the
 * one that fits as it starts (too early for ThreadSanitizer): half the time,
 * for what each byte received passes through. */
#if defined __x86_64__ && defined __GLIBC__ && __GNUC__ >= 6 && \
    !defined __clang__ && !defined __SANITIZE_THREAD__
#define ALSO_FOR_AVX2 __attribute__((target_clones("avx2", "default")))
#else
#define ALSO_FOR_AVX2
#endif

/* Whether a byte is printable ASCII, newline or tab. */
static bool is_plain(unsigned char byte)
{
    return (byte >= ' ' && byte <= '~') || byte == '\n' || byte == '\t';
}

static unsigned char max(unsigned char a, unsigned char b)
{
    return a > b ? a : b;
}

/* How far past `from` the furthest of four bytes lies, the one at `byte` and
 * those a quarter of a block apart. Below 0 an unsigned number goes on from the
 * top. (Over single bytes the loop takes longer, by a tenth or by a half: that
 * depends on where in memory it happens to lie.) */
static unsigned char furthest(const unsigned char *byte, unsigned char from)
{
    unsigned char a = (unsigned char)(byte[0] - from);
    unsigned char b = (unsigned char)(byte[QUARTER] - from);
    unsigned char c = (unsigned char)(byte[2 * QUARTER] - from);
    unsigned char d = (unsigned char)(byte[3 * QUARTER] - from);

    return max(max(a, b), max(c, d));
}

/* Whether each byte of a block is plain, in four operations a byte. Seen from
 * tab, all that is below it lies above '~'; seen from space, what is between
 * newline and space lies above newline, and nothing else does. */
ALSO_FOR_AVX2 static bool block_is_plain(const unsigned char *block)
{
    unsigned char from_tab = 0, from_space = 0;

    for (int i = 0; i < QUARTER; i++) {
        from_tab = max(from_tab, furthest(block + i, '\t'));
        from_space = max(from_space, furthest(block + i, ' '));
    }
    return from_tab <= '~' - '\t' && from_space <= (unsigned char)('\n' - ' ');
}

bool text_is_plain(const char *data, size_t size)
{
    unsigned char last[BLOCK];
    const unsigned char *byte = (const unsigned char *)data;

    for (; size >= BLOCK; size -= BLOCK, byte += BLOCK)
        if (!block_is_plain(byte))
            return false;
    if (size == 0)
        return true;
    /* The rest is made up to a block. */
    memset(last, ' ', sizeof last);
    memcpy(last, byte, size);
    return block_is_plain(last);
}

/* How many bytes the character has that starts with this one; 0: none does. */
static int length_of(unsigned char lead)
{
    if (lead < 0x80)
        return is_plain(lead) ? 1 : 0;
    if (lead < 0xc2 || lead > 0xf4)
        return 0;
    return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

/* Whether `byte` can be the second of a character. The narrower ranges leave
 * out overlong forms, surrogates and what is past U+10FFFF, as RFC 3629 asks,
 * and with 0xc2 the control characters U+0080 to U+009F. */
static bool is_second(unsigned char lead, unsigned char byte)
{
    switch (lead) {
    case 0xc2:
    case 0xe0:
        return byte >= 0xa0 && byte <= 0xbf;
    case 0xed:
        return byte >= 0x80 && byte <= 0x9f;
    case 0xf0:
        return byte >= 0x90 && byte <= 0xbf;
    case 0xf4:
        return byte >= 0x80 && byte <= 0x8f;
    default:
        return byte >= 0x80 && byte <= 0xbf;
    }
}

/* Whether `byte` goes on with the character that is begun in `text`. */
static bool is_next(const struct text *text, unsigned char byte)
{
    if (text->length == 0)
        return length_of(byte) > 0;
    if (text->length == 1)
        return is_second(text->part[0], byte);
    return byte >= 0x80 && byte <= 0xbf;
}

static char *put_escape(char *out, unsigned char byte)
{
    static const char digits[] = "0123456789abcdef";

    *out++ = '\\';
    *out++ = 'x';
    *out++ = digits[byte >> 4];
    *out++ = digits[byte & 0xf];
    return out;
}

size_t text_finish(struct text *text, char *out)
{
    char *to = out;

    for (int i = 0; i < text->length; i++)
        to = put_escape(to, text->part[i]);
    text->length = 0;
    return (size_t)(to - out);
}

size_t text_escape(struct text *text, const char *data, size_t size, char *out)
{
    char *to = out;

    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)data[i];

        /* What was begun and does not go on was no character; this byte may
         * still be the first of one. */
        if (text->length > 0 && !is_next(text, byte))
            to += text_finish(text, to);
        if (!is_next(text, byte)) {
            to = put_escape(to, byte);
        } else if (text->length + 1 ==
                   length_of(text->length > 0 ? text->part[0] : byte)) {
            memcpy(to, text->part, text->length);
            to += text->length;
            *to++ = (char)byte;
            text->length = 0;
        } else {
            text->part[text->length++] = byte;
        }
    }
    return (size_t)(to - out);
}
