/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of plugins share: reading and writing files, taking one in, and a main that is
 * also the reader. */
#ifndef MUSTER_TESTS_CASE_H
#define MUSTER_TESTS_CASE_H

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/bytes.h"
#include "declaration/intake.h"
#include "unit.h"

static inline void case_read(const char *path, struct bytes *into)
{
    struct fault fault;
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "%s is not there", path);
    for (int c = fgetc(file); c != EOF; c = fgetc(file))
        ck_assert(bytes_append_char(into, (char)c, &fault));
    ck_assert_int_eq(fclose(file), 0);
}

static inline void case_write(const char *path, struct span text)
{
    FILE *file = fopen(path, "wb");
    ck_assert(file != NULL);
    ck_assert_uint_eq(fwrite(text.data, 1, text.length, file), text.length);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(chmod(path, 0644), 0);
}

/* Asserts that the file is refused with that fault number and a sentence that has `fragment` in it.
 */
static inline void case_refused(
    const char *path, const struct intake_options *options, int number, const char *fragment)
{
    struct intake_report *report = calloc(1, sizeof *report);
    struct plan *plan = NULL;
    struct fault fault = {0};
    ck_assert(report != NULL);
    bool ok = intake_load(path, options, &plan, report, &fault);
    ck_assert_msg(!ok, "%s was accepted", path);
    ck_assert_ptr_null(plan);
    ck_assert_uint_ge(report->count, 1);
    ck_assert_msg(report->problems[0].fault_number == number, "%s: fault %d, not %d: %s", path,
        report->problems[0].fault_number, number, fault.text);
    ck_assert_msg(
        strstr(report->problems[0].text, fragment), "%s: %s", path, report->problems[0].text);
    ck_assert_msg(strncmp(fault.text, path, strlen(path)) == 0, "%s", fault.text);
    free(report);
}

static inline struct plan *case_accepted(const char *path, const struct intake_options *options)
{
    struct plan *plan = NULL;
    struct fault fault = {0};
    ck_assert_msg(intake_load(path, options, &plan, NULL, &fault), "%s", fault.text);
    ck_assert_ptr_nonnull(plan);
    return plan;
}

/* An empty folder for one test; case_forget removes it and the files in it. */
static inline const char *case_folder(char text[64])
{
    (void)snprintf(text, 64, "/tmp/muster-plugins-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(text));
    return text;
}

#define CASE_MAIN(name, ...)                                               \
    int main(int argc, char **argv)                                        \
    {                                                                      \
        const TTest *const tests[] = {__VA_ARGS__};                        \
        if (argc == 2 && strcmp(argv[1], INTAKE_READER_ARGUMENT) == 0)     \
            intake_reader_main(INTAKE_READER_IMAGE, INTAKE_READER_ANSWER); \
        return unit_run(name, tests, sizeof tests / sizeof tests[0]);      \
    }

#endif
