/* SPDX-License-Identifier: Apache-2.0 */
/* Guesses at mistyped words. */
#include "config/guess.h"

#include <string.h>
#include "unit.h"

static const char *const words[] = {
    "connections", "connectors", "every", "full_every", "listen", "store"};

static const char *guess(const char *word)
{
    int index =
        guess_closest(span_of(word), words, sizeof words / sizeof words[0], sizeof words[0]);
    return index < 0 ? "" : words[index];
}

START_TEST(finds_the_nearest)
{
    ck_assert_str_eq(guess("evrey"), "every");
    ck_assert_str_eq(guess("ever"), "every");
    ck_assert_str_eq(guess("connection"), "connections");
    ck_assert_str_eq(guess("conectors"), "connectors");
    ck_assert_str_eq(guess("fullevery"), "full_every");
    ck_assert_str_eq(guess("every"), "every");
    ck_assert_str_eq(guess("sotre"), "store");
}
END_TEST

START_TEST(stays_silent_when_nothing_is_near)
{
    ck_assert_str_eq(guess("zzzzzz"), "");
    ck_assert_str_eq(guess(""), "");
    ck_assert_str_eq(guess("x"), "");
    char word[GUESS_WORD_MAX * 2];
    (void)memset(word, 'e', sizeof word);
    ck_assert_int_eq(
        guess_closest((struct span){word, sizeof word}, words, 6, sizeof words[0]), -1);
    ck_assert_int_eq(guess_closest(SPAN("every"), words, 0, sizeof words[0]), -1);
}
END_TEST

START_TEST(writes_a_question)
{
    char text[GUESS_TEXT_MAX];
    ck_assert_str_eq(
        guess_text(SPAN("lisen"), words, 6, sizeof words[0], text), "; did you mean \"listen\"?");
    ck_assert_str_eq(guess_text(SPAN("qqqqqqq"), words, 6, sizeof words[0], text), "");
}
END_TEST

UNIT_MAIN("guess", finds_the_nearest, stays_silent_when_nothing_is_near, writes_a_question)
