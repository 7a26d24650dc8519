/* SPDX-License-Identifier: Apache-2.0 */
/* Faults: sentences, their cuts, classes. */
#include "base/fault.h"

#include <errno.h>
#include <string.h>
#include "unit.h"

START_TEST(says_what_where_why)
{
    struct fault fault;
    ck_assert(!fault_set(&fault, FAULT_SYNTAX, "byte %d", 7));
    ck_assert_int_eq(fault.code, FAULT_SYNTAX);
    ck_assert_str_eq(fault.text, "byte 7");
    ck_assert(!fault_prefix(&fault, "page %d", 2));
    ck_assert_int_eq(fault.code, FAULT_SYNTAX);
    ck_assert_str_eq(fault.text, "page 2: byte 7");
    errno = ENOENT;
    ck_assert(!fault_system(&fault, "%s", "/x"));
    ck_assert_int_eq(fault.code, FAULT_SYSTEM);
    ck_assert_str_eq(fault.text, "/x: No such file or directory");
    errno = ENOMEM;
    ck_assert(!fault_system(&fault, "x"));
    ck_assert_int_eq(fault.code, FAULT_MEMORY);
    ck_assert(!fault_memory(&fault));
    ck_assert_int_eq(fault.code, FAULT_MEMORY);
    ck_assert_str_eq(fault.text, "out of memory");
}
END_TEST

START_TEST(cuts_long_sentences)
{
    struct fault fault;
    char text[2 * FAULT_TEXT_MAX];
    (void)memset(text, 'a', sizeof text);
    text[sizeof text - 1] = '\0';
    ck_assert(!fault_set(&fault, FAULT_LIMIT, "%s", text));
    ck_assert_uint_eq(strlen(fault.text), FAULT_TEXT_MAX - 1);
    ck_assert(!fault_prefix(&fault, "where"));
    ck_assert_uint_eq(strlen(fault.text), FAULT_TEXT_MAX - 1);
    ck_assert_int_eq(strncmp(fault.text, "where: aaa", 10), 0);
    ck_assert(!fault_prefix(&fault, "%s", text));
    ck_assert_uint_eq(strlen(fault.text), FAULT_TEXT_MAX - 1);
    errno = ENOENT;
    ck_assert(!fault_system(&fault, "%s", text));
    ck_assert_uint_eq(strlen(fault.text), FAULT_TEXT_MAX - 1);
}
END_TEST

START_TEST(gives_every_code_a_name_and_a_class)
{
    for (int i = FAULT_NONE; i <= FAULT_USAGE; i++) {
        const char *name = fault_name((enum fault_code)i);
        ck_assert_ptr_nonnull(name);
        for (int j = FAULT_NONE; j < i; j++)
            ck_assert_str_ne(name, fault_name((enum fault_code)j));
        ck_assert_int_lt(fault_outcome((enum fault_code)i), OUTCOME_COUNT);
        ck_assert_int_eq(fault_outcome((enum fault_code)i) == OUTCOME_OK, i == FAULT_NONE);
    }
    ck_assert_int_eq(fault_outcome(FAULT_STORE_BUSY), OUTCOME_TRANSIENT);
    for (int i = 0; i < OUTCOME_COUNT; i++)
        for (int j = 0; j < i; j++)
            ck_assert_str_ne(outcome_name((enum outcome)i), outcome_name((enum outcome)j));
    ck_assert_str_eq(outcome_name(OUTCOME_COUNT), "unknown");
}
END_TEST

UNIT_MAIN("fault", says_what_where_why, cuts_long_sentences, gives_every_code_a_name_and_a_class)
