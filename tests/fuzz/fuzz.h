/*
 * fuzz.h: what the fuzzers share: a seed that can be replayed, random numbers
 * that follow from it, and the report.
 *
 * A fuzzer makes rounds. The seed of each round is that of the last one plus
 * one. A failure names the seed of its round, which is then the first round of
 *
 *     SEED=4711 build/tests/fuzz-text
 *
 * The report is one line of the Test Anything Protocol, without a number.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdnoreturn.h>

/* An input, an output, or a file. */
struct bytes {
    unsigned char *at;
    size_t size;
};

/* Call it first, except for start_program. It takes the first seed from SEED in
 * the environment, else from the clock, and the seconds to spend from
 * FUZZ_SECONDS (1; 0: no end). `name` is the fuzzer's in the report, `command`
 * replays a round; the caller keeps both. */
void fuzz_start(const char *name, const char *command);

/* Begins the next round. Returns false, and prints "ok", when time is up. */
bool fuzz_round(void);

/* Prints "not ok", what was wrong and how to replay it, and exits with status
 * 1. */
noreturn void fuzz_fail(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/* Returns a number from 0 to limit - 1, each as likely; limit is not 0. */
uint32_t random_below(uint32_t limit);

/* Returns true once in `times`. */
bool once_in(uint32_t times);

/* Returns a number from 0 to limit - 1, small ones more likely than others. */
uint32_t random_small(uint32_t limit);

/* Fills `bytes` with `size` random ones. */
void random_bytes(void *bytes, size_t size);

/* Returns whether a character hides or reorders text (common/text.c has the
 * same in its own words). */
bool misleads(uint32_t point);

/* Writes a code point as UTF-8 (RFC 3629). Returns its size. */
size_t encode(uint32_t point, unsigned char bytes[4]);

/* Writes a random character that may be printed as it is: UTF-8 of 1 to 4
 * bytes, sometimes a newline or a tab. Returns its size. */
size_t random_character(unsigned char bytes[4]);

/* Reads `fd` until its end and closes it. Returns the bytes, with a NUL after
 * them; the caller frees them. See read(2). */
struct bytes read_to_end(int fd);

#endif
