/* SPDX-License-Identifier: Apache-2.0 */
/* Guesses by the optimal string alignment distance (Damerau and Levenshtein, each letter edited
 * once). */
#include "config/guess.h"

#include <stdio.h>
#include <string.h>

#define DISTANCE_FAR (GUESS_WORD_MAX * 2)

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static unsigned distance(struct span a, struct span b)
{
    unsigned rows[3][GUESS_WORD_MAX + 1];
    if (a.length > GUESS_WORD_MAX || b.length > GUESS_WORD_MAX)
        return DISTANCE_FAR;
    unsigned *before = rows[0], *last = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b.length; j++)
        row[j] = (unsigned)j;
    for (size_t i = 1; i <= a.length; i++) {
        unsigned *unused = before;
        before = last;
        last = row;
        row = unused;
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b.length; j++) {
            unsigned swap = last[j - 1] + (a.data[i - 1] != b.data[j - 1]);
            row[j] = least(swap, least(last[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a.data[i - 1] == b.data[j - 2] && a.data[i - 2] == b.data[j - 1])
                row[j] = least(row[j], before[j - 2] + 1);
        }
    }
    return row[b.length];
}

static struct span word_at(const void *words, size_t index, size_t stride)
{
    const char *word;
    (void)memcpy(&word, (const char *)words + index * stride, sizeof word);
    return span_of(word);
}

int guess_closest(struct span word, const void *words, size_t count, size_t stride)
{
    int closest = -1;
    unsigned nearest = (unsigned)(word.length < GUESS_WORD_MAX ? word.length / 3 + 2 : 0);
    for (size_t i = 0; i < count; i++) {
        unsigned far = distance(word, word_at(words, i, stride));
        if (far < nearest) {
            nearest = far;
            closest = (int)i;
        }
    }
    return closest;
}

const char *guess_text(
    struct span word, const void *words, size_t count, size_t stride, char ret_text[GUESS_TEXT_MAX])
{
    int closest = guess_closest(word, words, count, stride);
    ret_text[0] = '\0';
    if (closest >= 0) {
        struct span guess = word_at(words, (size_t)closest, stride);
        (void)snprintf(ret_text, GUESS_TEXT_MAX, "; did you mean \"%.*s\"?", SPAN_FORMAT(guess));
    }
    return ret_text;
}
