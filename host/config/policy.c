/* SPDX-License-Identifier: Apache-2.0 */
/* Host policy: one table of names, defaults and hard bounds. */
#include "policy.h"

#include <inttypes.h>
#include <stddef.h>
#include "base/timestamp.h"
#include "config/guess.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)
#define KIB    (INT64_C(1) << 10)
#define MIB    (INT64_C(1) << 20)
#define GIB    (INT64_C(1) << 30)

/* Words that a key takes in place of a number; each stands for its place, from 0. */
static const char *const second_pass_words[] = {"drift", "always", NULL};

#define WORD(member, normal, last)                                                          \
    {                                                                                       \
#member, #member, offsetof(struct policy_settings, member), false, normal, 0, last, \
            member##_words                                                                  \
    }
#define NUMBER(member, normal, least, most)                                                    \
    {                                                                                          \
#member, #member, offsetof(struct policy_settings, member), false, normal, least, most \
    }
#define TIME(member, normal, least, most)                                                    \
    {                                                                                        \
#member, #member "_ms", offsetof(struct policy_settings, member##_ms), true, normal, \
            least, most                                                                      \
    }

static const struct row {
    const char *name; /* guess.h: first */
    const char *number_name;
    size_t offset;
    bool duration;
    int64_t normal, least, most;
    const char *const *words; /* NULL: a number */
} rows[] = {
    NUMBER(attempts_max, 6, 1, 20),
    TIME(backoff_first, 500, 1, MINUTE),
    TIME(backoff_most, MINUTE, 1, HOUR),
    TIME(retry_after_most, 15 * MINUTE, SECOND, DAY),
    TIME(wait_most, 25 * HOUR, SECOND, 30 * DAY),
    NUMBER(retry_budget_percent, 20, 1, 100),
    NUMBER(concurrency_most, 8, 1, 64),
    NUMBER(rate_per_second, 0, 0, 10000),
    TIME(connect_timeout, 10 * SECOND, 100, 5 * MINUTE),
    TIME(low_speed, 30 * SECOND, SECOND, 10 * MINUTE),
    TIME(request_timeout, 5 * MINUTE, SECOND, HOUR),
    NUMBER(body_bytes_most, 64 * MIB, KIB, GIB),
    NUMBER(pages_most, 1000000, 1, 100000000),
    NUMBER(empty_pages_most, 20, 1, 10000),
    NUMBER(run_bytes_most, 64 * GIB, KIB, 1024 * GIB),
    NUMBER(window_pages, 32, 1, 64),
    NUMBER(dead_letters_percent, 5, 0, 100),
    NUMBER(absence_most, 3, 0, 1000000),
    NUMBER(absence_percent, 5, 0, 100),
    WORD(second_pass, SECOND_PASS_DRIFT, SECOND_PASS_ALWAYS),
    NUMBER(direct_reads_most, 50, 0, 10000),
    NUMBER(breaker_failures, 10, 1, 1000),
    TIME(breaker_open, 30 * SECOND, 100, HOUR),
    TIME(unavailable_most, 5 * MINUTE, 100, DAY),
    NUMBER(quarantine_failures, 3, 1, 1000),
    TIME(look_back, 5 * MINUTE, 0, 30 * DAY),
    TIME(resume_age_most, DAY, 0, 30 * DAY),
    NUMBER(queue_bytes_most, 32 * MIB, 64 * KIB, GIB),
    TIME(drain, 20 * SECOND, 0, 10 * MINUTE),
};

#define ROW_COUNT (sizeof rows / sizeof rows[0])

_Static_assert(ROW_COUNT == sizeof(struct policy_settings) / sizeof(int64_t),
    "every member of struct policy_settings has a row");

static int64_t *member_of(struct policy_settings *policy, const struct row *row)
{
    return (int64_t *)(void *)((char *)policy + row->offset);
}

struct policy_settings policy_settings_default(void)
{
    struct policy_settings policy = {0};
    for (size_t i = 0; i < ROW_COUNT; i++)
        *member_of(&policy, &rows[i]) = rows[i].normal;
    return policy;
}

static size_t find_row(struct span name, bool *ret_as_number)
{
    size_t i = 0;
    while (i < ROW_COUNT && !span_equal_text(name, rows[i].name) &&
           !span_equal_text(name, rows[i].number_name))
        i++;
    *ret_as_number = i < ROW_COUNT && span_equal_text(name, rows[i].number_name);
    return i;
}

static bool read_word(const struct reading *reading, const config_setting_t *setting,
    const struct row *row, int64_t *ret_value, struct fault *fault)
{
    const char *text;
    if (!reading_borrow_text(reading, setting, &text, fault))
        return false;
    for (int64_t i = 0; row->words[i]; i++)
        if (span_equal_text(span_of(text), row->words[i])) {
            *ret_value = i;
            return true;
        }
    return reading_refuse(reading, setting, fault, "\"%.64s\" is not one of its words: %s or %s",
        text, row->words[0], row->words[1]);
}

static bool read_row(const struct reading *reading, const config_setting_t *setting,
    const struct row *row, bool as_number, int64_t *ret_value, struct fault *fault)
{
    int64_t value;
    if (row->words)
        return read_word(reading, setting, row, ret_value, fault);
    bool text = config_setting_type(setting) == CONFIG_TYPE_STRING;
    bool ok = row->duration && (text || !as_number)
                  ? reading_duration(reading, setting, &value, fault)
                  : reading_integer(reading, setting, &value, fault);
    if (!ok)
        return false;
    if (value < row->least || value > row->most)
        return reading_refuse(reading, setting, fault,
            "%" PRId64 "%s is out of bounds: %" PRId64 " to %" PRId64 "%s", value,
            row->duration ? " ms" : "", row->least, row->most, row->duration ? " ms" : "");
    *ret_value = value;
    return true;
}

bool policy_read(
    const struct reading *reading, const config_setting_t *group, void *member, struct fault *fault)
{
    struct policy_settings *policy = member;
    bool seen[ROW_COUNT] = {false}, as_number;
    char guess[GUESS_TEXT_MAX];
    if (!reading_expect(reading, group, CONFIG_TYPE_GROUP, "a group, as { key = value; }", fault))
        return false;
    for (int i = 0; i < config_setting_length(group); i++) {
        const config_setting_t *setting = config_setting_get_elem(group, (unsigned)i);
        struct span name = span_of(config_setting_name(setting));
        size_t row = find_row(name, &as_number);
        if (row == ROW_COUNT)
            return reading_refuse(reading, setting, fault, "unknown key%s",
                guess_text(name, rows, ROW_COUNT, sizeof rows[0], guess));
        if (seen[row])
            return reading_refuse(reading, setting, fault, "set twice, as %s and as %s",
                rows[row].name, rows[row].number_name);
        seen[row] = true;
        if (!read_row(
                reading, setting, &rows[row], as_number, member_of(policy, &rows[row]), fault))
            return false;
    }
    if (policy->backoff_first_ms > policy->backoff_most_ms)
        return reading_refuse(reading, group, fault,
            "backoff_first (%" PRId64 " ms) is above backoff_most (%" PRId64 " ms)",
            policy->backoff_first_ms, policy->backoff_most_ms);
    return true;
}
