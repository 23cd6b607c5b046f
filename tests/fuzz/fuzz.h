/*
 * fuzz.h - what the fuzzers share: a seed that can be replayed, random numbers
 * that follow from it, and the report.
 *
 * A fuzzer makes rounds, each from a seed of its own, which is the last one's
 * plus one. A failure names the seed of its round, so that it is the very
 * first round of
 *
 *     SEED=4711 build/tests/fuzz-text
 *
 * What is printed is one line of the Test Anything Protocol, without a number.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* To be called first. Takes the first seed from the environment's SEED, else
 * from the clock, and the time to spend, in seconds, from FUZZ_SECONDS (1; 0:
 * no end). `name` is the fuzzer's in the report, `command` replays a round. */
void fuzz_start(const char *name, const char *command);

/* Begins the next round. Returns false, and prints "ok", when time is up. */
bool fuzz_round(void);

/* Prints "not ok", what was wrong, how to replay it, and exits 1. */
_Noreturn void fuzz_fail(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/* Returns a number from 0 to limit - 1, all alike likely; limit is not 0. */
uint32_t random_below(uint32_t limit);

/* Returns true once in `times`. */
bool once_in(uint32_t times);

/* Returns a number from 0 to limit - 1, the small ones more likely. */
uint32_t random_small(uint32_t limit);

/* Fills with `size` random bytes. */
void random_bytes(void *bytes, size_t size);

/* Writes a random character that may be printed as it is, UTF-8 of 1 to 4
 * bytes, newline and tab among them. Returns its size. */
size_t random_character(unsigned char bytes[4]);

#endif
