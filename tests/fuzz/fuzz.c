/*
 * fuzz.c: what the fuzzers share; fuzz.h says what each function does.
 *
 * The generator of random numbers is SplitMix64 (Steele, Lea and Flood, "Fast
 * splittable pseudorandom number generators", 2014). rand(3) differs from one
 * C library to the next, but a seed should mean the same everywhere.
 *
 * See read(2).
 */
#define _POSIX_C_SOURCE 200809L

#include "fuzz.h"

#include "../../tools/clients/net.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *fuzzer, *replay;
static uint64_t seed, state;
static uint64_t rounds;
static int64_t end; /* when to stop, by now(); 0: never */

void fuzz_start(const char *name, const char *command)
{
    const char *given = getenv("SEED");
    const char *seconds = getenv("FUZZ_SECONDS");
    long time =
        seconds == NULL ? 1 : parse_number(seconds, "FUZZ_SECONDS", 0, 1000000);

    fuzzer = name;
    replay = command;
    seed = (uint64_t)now() / 1000 % 1000000000 * 10 + (uint64_t)getpid() % 10;
    if (given != NULL && *given != '\0')
        seed = strtoull(given, NULL, 10);
    end = time == 0 ? 0 : now() + (int64_t)time * 1000000000;
}

bool fuzz_round(void)
{
    if (rounds > 0 && end != 0 && now() >= end) {
        printf("ok - %s: %" PRIu64 " rounds up to SEED=%" PRIu64 "\n", fuzzer,
               rounds, seed);
        return false;
    }
    if (rounds > 0)
        seed++;
    state = seed;
    rounds++;
    return true;
}

void fuzz_fail(const char *format, ...)
{
    char message[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    printf("not ok - %s: %s\n", fuzzer, message);
    printf("# to replay: SEED=%" PRIu64 " %s\n", seed, replay);
    exit(1);
}

static uint64_t random_number(void)
{
    uint64_t mixed = state += 0x9e3779b97f4a7c15;

    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
    return mixed ^ mixed >> 31;
}

uint32_t random_below(uint32_t limit)
{
    return (uint32_t)((random_number() >> 32) * limit >> 32);
}

bool once_in(uint32_t times)
{
    return random_below(times) == 0;
}

uint32_t random_small(uint32_t limit)
{
    return random_below(random_below(limit) + 1);
}

void random_bytes(void *bytes, size_t size)
{
    unsigned char *to = bytes;

    while (size-- > 0)
        *to++ = (unsigned char)random_below(256);
}

/* Writes a code point as UTF-8 (RFC 3629, section 3). Returns its size. */
size_t encode(uint32_t point, unsigned char bytes[4])
{
    static const unsigned char leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
    size_t size = point < 0x80      ? 1
                  : point < 0x800   ? 2
                  : point < 0x10000 ? 3
                                    : 4;

    for (size_t i = size; i-- > 1; point >>= 6)
        bytes[i] = (unsigned char)(0x80 | (point & 0x3f));
    bytes[0] = (unsigned char)(leads[size] | point);
    return size;
}

bool misleads(uint32_t point)
{
    static const uint32_t ranges[][2] = {
        {0x61c, 0x61c},   {0x200b, 0x200b}, {0x200e, 0x200f},  {0x2028, 0x202e},
        {0x2060, 0x2069}, {0xfeff, 0xfeff}, {0xe0000, 0xe007f}};

    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (point >= ranges[i][0] && point <= ranges[i][1])
            return true;
    return false;
}

size_t random_character(unsigned char bytes[4])
{
    static const uint32_t ends[] = {0x7f, 0x800, 0x10000, 0x110000};
    static const uint32_t starts[] = {0x20, 0xa0, 0x800, 0x10000};
    uint32_t kind = random_small(4);
    uint32_t point;

    if (once_in(20))
        return encode(once_in(3) ? '\t' : '\n', bytes);
    do
        point = starts[kind] + random_below(ends[kind] - starts[kind]);
    while ((point >= 0xd800 && point <= 0xdfff) || misleads(point));
    return encode(point, bytes);
}

struct bytes read_to_end(int fd)
{
    struct bytes all = {NULL, 0};
    size_t room = 0;

    for (;;) {
        ssize_t size;

        if (all.size == room)
            all.at = resize(all.at, (room = 2 * room + 65536) + 1);
        size = read(fd, all.at + all.size, room - all.size);
        if (size == 0)
            break;
        if (size > 0)
            all.size += (size_t)size;
        else if (errno != EINTR)
            fail("cannot read: %s", strerror(errno));
    }
    close(fd);
    all.at[all.size] = '\0';
    return all;
}
