/* SPDX-License-Identifier: Apache-2.0 */
/* The absence guard: its bounds, exactly, and the listing that came back empty. */
#include "policy/absence.h"
#include "unit.h"

START_TEST(more_than_both_bounds_is_held)
{
    static const struct {
        int64_t missing, present;
        bool held;
    } rows[] = {
        {0, 0, false},
        {0, 100, false},
        {3, 3, false}, /* all of few: other objects came in their place */
        {3, 4, false},
        {4, 5, true},
        {3, 20, false},
        {4, 70, true},  /* 3.5 */
        {4, 80, false}, /* exactly 5 % is not more than it */
        {5, 80, true},
        {50, 1000, false},
        {51, 1000, true},
        {INT64_MAX / 100, INT64_MAX, false},
        {INT64_MAX / 10, INT64_MAX, true},
        {INT64_MAX, INT64_MAX, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct absence_facts facts = {
            .missing = rows[i].missing, .present = rows[i].present, .most = 3, .percent = 5};
        ck_assert_msg((absence_hold(&facts) != NULL) == rows[i].held, "row %zu", i);
    }
}
END_TEST

/* Fault 77. */
START_TEST(an_empty_listing_is_held_unless_it_is_a_childs)
{
    struct absence_facts facts = {
        .missing = 1, .present = 1, .empty = true, .most = 3, .percent = 5};
    ck_assert_str_eq(absence_hold(&facts), "the listing is empty and was not before");
    facts.child = true;
    ck_assert_ptr_null(absence_hold(&facts));
    facts.missing = facts.present = 4; /* the count guards a child's too */
    ck_assert_ptr_nonnull(absence_hold(&facts));
    facts = (struct absence_facts){.empty = true, .most = 3, .percent = 5};
    ck_assert_ptr_null(absence_hold(&facts)); /* it was empty before */
}
END_TEST

START_TEST(the_bounds_are_the_policys)
{
    struct absence_facts facts = {.missing = 1, .present = 1000};
    ck_assert_ptr_nonnull(absence_hold(&facts)); /* 0 and 0: nothing goes without a person */
    facts.percent = 100;
    ck_assert_ptr_null(absence_hold(&facts));
    facts = (struct absence_facts){.missing = 1000000, .present = 1000000, .most = 1000000};
    ck_assert_ptr_null(absence_hold(&facts));
}
END_TEST

/* A listing of each parent's children: what they lose together counts together. */
START_TEST(a_loss_spread_over_many_listings_is_held)
{
    struct absence_facts facts = {.missing = 1,
        .present = 10,
        .child = true,
        .missing_elsewhere = 49,
        .present_in_all = 1000,
        .most = 3,
        .percent = 5};
    ck_assert_ptr_null(absence_hold(&facts));
    facts.missing_elsewhere = 50;
    ck_assert_str_eq(absence_hold(&facts),
        "more objects missing in all listings of the stream than the guard lets pass");
    facts.missing = 0; /* one that loses nothing has nothing to hold */
    ck_assert_ptr_null(absence_hold(&facts));
    facts = (struct absence_facts){
        .missing = 1, .present = 1, .child = true, .missing_elsewhere = 2, .most = 3, .percent = 5};
    ck_assert_ptr_null(absence_hold(&facts)); /* three in all are never held */
    facts = (struct absence_facts){
        .missing = 1, .present = 50, .missing_elsewhere = 50, .most = 3, .percent = 5};
    ck_assert_ptr_null(absence_hold(&facts)); /* the only listing is its own whole */
}
END_TEST

UNIT_MAIN("absence", a_loss_spread_over_many_listings_is_held, more_than_both_bounds_is_held,
    an_empty_listing_is_held_unless_it_is_a_childs, the_bounds_are_the_policys)
