/* SPDX-License-Identifier: Apache-2.0 */
/* What a mistyped word was probably meant to be: the nearest of the legal ones by edit distance. */
#ifndef MUSTER_CONFIG_GUESS_H
#define MUSTER_CONFIG_GUESS_H

#include "base/bytes.h"

#define GUESS_WORD_MAX 64u  /* longer words are not guessed at */
#define GUESS_TEXT_MAX 128u /* bytes that guess_text writes at most, with its NUL */

/* The index of the word nearest to `word`, or -1 where none is near: at most a third of its letters
 * and one off, a transposition counting as one. Among equals the first. `words` is an array of
 * structures that are `stride` bytes apart and begin with the word. */
int guess_closest(struct span word, const void *words, size_t count, size_t stride);
/* "; did you mean "every"?" for the word that guess_closest gives, or "". */
const char *guess_text(struct span word, const void *words, size_t count, size_t stride,
    char ret_text[GUESS_TEXT_MAX]);

#endif
