/*
 * factor.h: work that takes long.
 */
#ifndef FACTOR_H
#define FACTOR_H

#include <stdbool.h>
#include <stddef.h>

enum { ANSWER_SIZE = 512 };

/* Returns whether a chunk asks for work, as "factor 91" does, and writes the
 * number to `number`. */
bool asks_for_factors(const char *chunk, size_t size,
                      unsigned long long *number);

/* Writes "91 = 7 * 13" and a newline to `answer`. It tries one divisor after
 * the other, which takes seconds for a number of 19 digits whose factors are
 * large. */
void factor(unsigned long long number, char answer[ANSWER_SIZE]);

#endif
