/*
 * factor.c: takes numbers apart into their prime factors; factor.h says what
 * for.
 */
#include "factor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool asks_for_factors(const char *chunk, size_t size,
                      unsigned long long *number)
{
    static const char word[] = "factor ";
    const size_t length = sizeof word - 1;
    char text[64];

    if (size <= length || size >= sizeof text ||
        memcmp(chunk, word, length) != 0)
        return false;
    memcpy(text, chunk, size);
    text[size] = '\0';
    *number = strtoull(text + length, NULL, 10);
    return *number > 1;
}

static void append(char answer[ANSWER_SIZE], const char *sign,
                   unsigned long long number)
{
    size_t used = strlen(answer);

    snprintf(answer + used, ANSWER_SIZE - used, "%s%llu", sign, number);
}

void factor(unsigned long long number, char answer[ANSWER_SIZE])
{
    const char *sign = " = ";

    answer[0] = '\0';
    append(answer, "", number);
    for (unsigned long long i = 2; i <= number / i; i += i == 2 ? 1 : 2)
        while (number % i == 0 && number > i) {
            append(answer, sign, i);
            number /= i;
            sign = " * ";
        }
    append(answer, sign, number);
    strcat(answer, "\n");
}
