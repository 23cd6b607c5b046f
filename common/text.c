/*
 * text.c: makes received bytes safe to show; text.h says how.
 *
 * The result depends only on the bytes, and there is no input or output, so
 * that tests can try every possible input. See utf-8(7) and RFC 3629.
 */
#include "text.h"

#include <string.h>

/* Compilers turn a loop of fixed length without an exit into vector
 * instructions. Reducing the vector at the end costs as much as checking about
 * 300 bytes, so a block is longer than that. */
enum { BLOCK = 1024 };

/* With gcc and glibc the function is also compiled for vectors of 32 bytes
 * (AVX2), and the program chooses a version as it starts, too early for
 * ThreadSanitizer. AVX2 halves the work for each received byte. */
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

/* Whether each byte of a block is plain. `byte - '\t'` wraps around for
 * bytes below tab, so comparing the largest difference rejects bytes below
 * tab and above '~'. In the same way `byte - ' '` rejects the bytes between
 * newline and space. */
ALSO_FOR_AVX2 static bool block_is_plain(const unsigned char *block)
{
    unsigned char from_tab = 0, from_space = 0;

    for (int i = 0; i < BLOCK; i++) {
        from_tab = max(from_tab, (unsigned char)(block[i] - '\t'));
        from_space = max(from_space, (unsigned char)(block[i] - ' '));
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
    /* Spaces fill the rest up to a whole block. */
    memset(last, ' ', sizeof last);
    memcpy(last, byte, size);
    return block_is_plain(last);
}

/* The length of a character that starts with `lead`; 0: none does. CR LF,
 * the end of a line on Windows and with telnet, counts as one character
 * of two bytes. */
static int length_of(unsigned char lead)
{
    if (lead == '\r')
        return 2;
    if (lead < 0x80)
        return is_plain(lead) ? 1 : 0;
    if (lead < 0xc2 || lead > 0xf4)
        return 0;
    return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

/* Whether `byte` can be the second of a character. The narrower ranges exclude
 * overlong forms, surrogates and code points above U+10FFFF, as RFC 3629
 * demands, and for 0xc2 the control characters U+0080 to U+009F. */
static bool is_second(unsigned char lead, unsigned char byte)
{
    switch (lead) {
    case '\r':
        return byte == '\n';
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

/* Whether `byte` continues the incomplete character in `text`, or can start a
 * character if there is none. */
static bool is_next(const struct text *text, unsigned char byte)
{
    if (text->length == 0)
        return length_of(byte) > 0;
    if (text->length == 1)
        return is_second(text->part[0], byte);
    return byte >= 0x80 && byte <= 0xbf;
}

/* The code point of a valid character of two to four bytes. */
static unsigned long code_point(const unsigned char *byte, int length)
{
    unsigned long code = byte[0] & (0x7f >> length);

    for (int i = 1; i < length; i++)
        code = code << 6 | (byte[i] & 0x3f);
    return code;
}

/* Whether a character reorders the text around it or cannot be seen, so that
 * the text on the screen differs from what was sent: marks and overrides of the
 * direction, separators of lines and paragraphs, spaces without width, tags.
 * (Joiners, U+200C and U+200D, are allowed: languages and emoji need them.) See
 * Unicode TR 36 and CVE-2021-42574, "Trojan Source". */
static bool misleads(unsigned long code)
{
    return code == 0x61c || code == 0x200b || code == 0x200e ||
           code == 0x200f || (code >= 0x2028 && code <= 0x202e) ||
           (code >= 0x2060 && code <= 0x2069) || code == 0xfeff ||
           (code >= 0xe0000 && code <= 0xe007f);
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

/* Writes the character that the byte `last` completes. */
static char *put_character(struct text *text, unsigned char last, char *to)
{
    unsigned char whole[TEXT_PART + 1];
    int length = text->length + 1;

    memcpy(whole, text->part, text->length);
    whole[text->length] = last;
    text->length = 0;
    if (whole[0] == '\r') {
        *to++ = '\n';
    } else if (length > 1 && misleads(code_point(whole, length))) {
        for (int i = 0; i < length; i++)
            to = put_escape(to, whole[i]);
    } else {
        memcpy(to, whole, (size_t)length);
        to += length;
    }
    return to;
}

size_t text_escape(struct text *text, const char *data, size_t size, char *out)
{
    char *to = out;

    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)data[i];

        /* If `byte` does not continue the incomplete character, escape its
         * bytes; `byte` may still start another character. */
        if (text->length > 0 && !is_next(text, byte))
            to += text_finish(text, to);
        if (!is_next(text, byte)) {
            to = put_escape(to, byte);
        } else if (text->length + 1 ==
                   length_of(text->length > 0 ? text->part[0] : byte)) {
            to = put_character(text, byte, to);
        } else {
            text->part[text->length++] = byte;
        }
    }
    return (size_t)(to - out);
}
