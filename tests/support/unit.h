/* SPDX-License-Identifier: Apache-2.0 */
/* What every unit test with check shares: one suite from a list of cases, one exit status. */
#ifndef MUSTER_TESTS_UNIT_H
#define MUSTER_TESTS_UNIT_H

#include <check.h>
#include <stdlib.h>

/* The exit status. */
static inline int unit_run(const char *name, const TTest *const *tests, size_t count)
{
    Suite *suite = suite_create(name);
    TCase *tcase = tcase_create(name);
    tcase_set_timeout(tcase, 60);
    for (size_t i = 0; i < count; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* UNIT_MAIN("arena", case_one, case_two): `case_*` are functions made with START_TEST. */
#define UNIT_MAIN(name, ...)                                          \
    int main(void)                                                    \
    {                                                                 \
        const TTest *const tests[] = {__VA_ARGS__};                   \
        return unit_run(name, tests, sizeof tests / sizeof tests[0]); \
    }

#endif
