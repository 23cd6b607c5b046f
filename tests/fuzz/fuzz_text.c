/*
 * fuzz_text.c: calls text_escape of common/text.c with the beginnings of all
 * characters, and then with random bytes in random chunks; and text_is_plain
 * with bytes that are not plain at every place of a long text.
 *
 *     build/tests/fuzz-text
 *     FUZZ_SECONDS=0 build/tests/fuzz-text        without an end
 *
 * It compares the output with a second opinion that works differently: it
 * decodes UTF-8 to numbers, from the whole input at once, while text.c uses
 * ranges of bytes and keeps a character that a chunk has cut. Also, the output
 * must be clean by that opinion, and equal to the input if that was clean.
 *
 * See utf-8(7) and RFC 3629.
 */
#define _POSIX_C_SOURCE 200809L

#include "../../common/text.h"
#include "../../tools/clients/net.h"
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

enum { LONGEST = 5000 };

/* Returns the size of the character that `bytes` start with, if it may be shown
 * as it is, else 0. */
static size_t character_size(const unsigned char *bytes, size_t size)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char lead = bytes[0];
    size_t length = lead < 0x80             ? 1
                    : (lead & 0xe0) == 0xc0 ? 2
                    : (lead & 0xf0) == 0xe0 ? 3
                    : (lead & 0xf8) == 0xf0 ? 4
                                            : 0;
    uint32_t point = length == 1 ? lead : lead & (0xffu >> (length + 1));

    if (length == 0 || length > size)
        return 0;
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
        point = point << 6 | (bytes[i] & 0x3f);
    }
    if (point < smallest[length] || point > 0x10ffff ||
        (point >= 0xd800 && point <= 0xdfff))
        return 0;
    if ((point < 0x20 && point != '\n' && point != '\t') ||
        (point >= 0x7f && point <= 0x9f))
        return 0;
    return misleads(point) ? 0 : length;
}

static bool is_clean(struct bytes text)
{
    for (size_t i = 0; i < text.size;) {
        size_t length = character_size(text.at + i, text.size - i);

        if (length == 0)
            return false;
        i += length;
    }
    return true;
}

/* Returns what text.c should write: \xNN for each byte that is no part of a
 * character that may be shown, and a newline for CR LF. The caller frees it. */
static struct bytes second_opinion(struct bytes input)
{
    static const char digits[] = "0123456789abcdef";
    struct bytes output = {resize(NULL, TEXT_GROWTH * input.size + 1), 0};

    for (size_t i = 0; i < input.size;) {
        size_t length = character_size(input.at + i, input.size - i);
        unsigned char escaped[] = {'\\', 'x',
                                   (unsigned char)digits[input.at[i] >> 4],
                                   (unsigned char)digits[input.at[i] & 15]};

        if (i + 1 < input.size && memcmp(input.at + i, "\r\n", 2) == 0)
            length = character_size(input.at + ++i, 1);
        memcpy(output.at + output.size, length > 0 ? input.at + i : escaped,
               length > 0 ? length : sizeof escaped);
        output.size += length > 0 ? length : sizeof escaped;
        i += length > 0 ? length : 1;
    }
    return output;
}

/* Appends what text_escape writes for one chunk. Its input and its output have
 * no spare byte, so AddressSanitizer notices if it reads or writes too far. */
static void escape(struct text *text, const unsigned char *chunk, size_t size,
                   struct bytes *output)
{
    char *in = resize(NULL, size > 0 ? size : 1);
    char *out = resize(NULL, TEXT_GROWTH * (TEXT_PART + size));
    size_t length;

    if (size > 0)
        memcpy(in, chunk, size);
    length = text_escape(text, in, size, out);
    memcpy(output->at + output->size, out, length);
    output->size += length;
    free(in);
    free(out);
}

/* Returns what text.c writes for the input in chunks of 1 to `most` bytes. The
 * caller frees it. */
static struct bytes in_chunks(struct bytes input, size_t most)
{
    struct bytes output = {resize(NULL, TEXT_GROWTH * (TEXT_PART + input.size)),
                           0};
    struct text text = {{0}, 0};
    size_t done = 0;

    while (done < input.size) {
        size_t size = 1 + random_below((uint32_t)most);

        if (size > input.size - done)
            size = input.size - done;
        escape(&text, input.at + done, size, &output);
        done += size;
        if (once_in(10))
            escape(&text, input.at, 0, &output);
    }
    output.size += text_finish(&text, (char *)output.at + output.size);
    return output;
}

static bool equal(struct bytes one, struct bytes other)
{
    return one.size == other.size &&
           (one.size == 0 || memcmp(one.at, other.at, one.size) == 0);
}

static bool is_plain(struct bytes input)
{
    for (size_t i = 0; i < input.size; i++)
        if (input.at[i] >= 0x80 || character_size(input.at + i, 1) == 0)
            return false;
    return true;
}

/* Tries one input in one piece, in bytes, and in pieces. */
static void try_input(struct bytes input)
{
    struct bytes wanted = second_opinion(input);
    size_t most[] = {input.size + 1, 1, 4, 100};
    size_t ways = input.size <= 4 ? 2 : sizeof most / sizeof *most;

    if (!is_clean(wanted))
        fuzz_fail("the second opinion is not clean itself");
    if (is_clean(input) && !equal(input, wanted))
        fuzz_fail("the second opinion changes what is clean");
    if (text_is_plain((char *)input.at, input.size) != is_plain(input))
        fuzz_fail("text_is_plain is wrong about %zu bytes", input.size);
    for (size_t i = 0; i < ways; i++) {
        struct bytes output = in_chunks(input, most[i]);

        if (!equal(output, wanted))
            fuzz_fail("%zu bytes in chunks of %zu: wrong output", input.size,
                      most[i]);
        free(output.at);
    }
    free(wanted.at);
}

/* Tries every sequence of one and two bytes, and those of three and four whose
 * last bytes are at the ends of their ranges; only the ends matter there. */
static void try_all_short(void)
{
    static const unsigned char last[] = {0x41, 0x7f, 0x80, 0xbf, 0xc0};
    unsigned char bytes[4];

    for (uint32_t two = 0; two < 0x10000; two++) {
        bytes[0] = (unsigned char)(two >> 8);
        bytes[1] = (unsigned char)two;
        try_input((struct bytes){bytes, 1});
        try_input((struct bytes){bytes, 2});
        for (size_t i = 0; bytes[0] >= 0xc0 && i < sizeof last; i++) {
            bytes[2] = last[i];
            try_input((struct bytes){bytes, 3});
            bytes[3] = last[(i + two) % sizeof last];
            try_input((struct bytes){bytes, 4});
        }
    }
}

/* Tries every code point there is. */
static void try_all_code_points(void)
{
    unsigned char bytes[4] = {0};

    for (uint32_t point = 0; point <= 0x10ffff; point++) {
        size_t size = encode(point, bytes);

        try_input((struct bytes){bytes, size});
    }
}

/* Tries the ends of all ranges at every place of a text that is longer than the
 * blocks of text.c. */
static void try_all_places(void)
{
    static const unsigned char ends[] = {0,  8,   9,   10,  11, 31,
                                         32, 126, 127, 128, 255};
    static unsigned char bytes[2100];

    memset(bytes, 'x', sizeof bytes);
    for (size_t at = 0; at < sizeof bytes; at++) {
        struct bytes byte = {&bytes[at], 1};

        for (size_t i = 0; i < sizeof ends; i++) {
            bytes[at] = ends[i];
            if (text_is_plain((char *)bytes, sizeof bytes) != is_plain(byte))
                fuzz_fail("text_is_plain is wrong about byte %d at %zu",
                          ends[i], at);
        }
        bytes[at] = 'x';
    }
}

/* Makes up characters, with random bytes among some of them, and cuts the last
 * character of a few. */
static struct bytes random_input(void)
{
    static unsigned char bytes[LONGEST + 4];
    struct bytes input = {bytes, 0};
    size_t wanted = random_small(once_in(10) ? LONGEST : 200);
    uint32_t noise = once_in(3) ? 0 : 1 + random_below(50);
    bool ascii = once_in(4);

    while (input.size < wanted)
        if (noise > 0 && once_in(noise))
            bytes[input.size++] = (unsigned char)random_below(256);
        else if (ascii)
            bytes[input.size++] = (unsigned char)(' ' + random_below(95));
        else
            input.size += random_character(bytes + input.size);
    if (input.size > 0 && noise > 0 && once_in(3))
        input.size -= random_below(input.size < 3 ? 1 : 3);
    return input;
}

int main(int argc, char **argv)
{
    (void)argc;
    start_program("fuzz-text");
    fuzz_start("text", argv[0]);
    try_all_short();
    try_all_places();
    try_all_code_points();
    while (fuzz_round())
        try_input(random_input());
    return 0;
}
