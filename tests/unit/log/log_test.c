/* SPDX-License-Identifier: Apache-2.0 */
/* The log's lines: what hostile text becomes, caps, formats, threads, lost lines. */
#include "log/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "unit.h"

#define TIME "2026-01-31T23:59:59.123Z"

static int ends[2];
static char output[1 << 16];

static int64_t fixed_wall(void *context)
{
    (void)context;
    return INT64_C(1769903999123);
}

static void open_log(enum log_level level, enum log_format format)
{
    ck_assert_int_eq(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
    struct log_options options = {.descriptor = ends[1], .level = level, .format = format};
    options.clock = (struct clock){.wall_ms = fixed_wall};
    log_configure(&options);
}

static const char *read_log(void)
{
    ssize_t length = read(ends[0], output, sizeof output - 1);
    output[length > 0 ? length : 0] = '\0';
    return output;
}

static void close_log(void)
{
    (void)close(ends[0]);
    (void)close(ends[1]);
}

START_TEST(writes_logfmt)
{
    struct fault fault;
    open_log(LOG_INFO, LOG_FORMAT_LOGFMT);
    log_event(LOG_INFO, "run_finished", LOG_TEXT("connection", "acme"), LOG_NUMBER("pages", 50),
        LOG_REAL("seconds", 1.25), LOG_FLAG("full", true), LOG_FLAG("held", false),
        LOG_TEXT("reason", NULL), LOG_SPAN("cut", ((struct span){"abcdef", 3})),
        LOG_TEXT("empty", ""), LOG_TEXT("two", "a b"), LOG_TEXT("url", "https://h:1/p"),
        LOG_NUMBER("least", INT64_MIN));
    ck_assert_str_eq(read_log(),
        TIME " level=info event=run_finished connection=acme pages=50 seconds=1.250000 "
             "full=true held=false cut=abc empty=\"\" two=\"a b\" url=https://h:1/p "
             "least=-9223372036854775808\n");
    (void)fault_set(&fault, FAULT_STORE, "it is \"full\"");
    log_event(LOG_ERROR, "failed", LOG_FAULT(&fault));
    ck_assert_str_eq(
        read_log(), TIME " level=error event=failed fault=store why=\"it is \\\"full\\\"\"\n");
    log_event(LOG_WARNING, "alone");
    ck_assert_str_eq(read_log(), TIME " level=warning event=alone\n");
    close_log();
}
END_TEST

START_TEST(writes_json)
{
    open_log(LOG_INFO, LOG_FORMAT_JSON);
    log_event(LOG_INFO, "e", LOG_TEXT("a", "x\"\\\n"), LOG_NUMBER("n", -1), LOG_REAL("r", 0.5),
        LOG_FLAG("f", true), LOG_TEXT("none", NULL), LOG_REAL("nan", 0.0 / 0.0));
    ck_assert_str_eq(read_log(),
        "{\"time\":\"" TIME "\",\"level\":\"info\",\"event\":\"e\",\"a\":\"x\\\"\\\\\\n\","
        "\"n\":-1,\"r\":0.500000,\"f\":true,\"nan\":null}\n");
    close_log();
}
END_TEST

START_TEST(keeps_hostile_text_inside_its_value)
{
    static const struct {
        const char *value, *wanted;
    } rows[] = {
        {"x\n2026 level=info event=forged", "\"x\\n2026 level=info event=forged\""},
        {"x event=forged", "\"x event=forged\""},
        {"x=y", "\"x=y\""},
        {"\"", "\"\\\"\""},
        {"\\", "\"\\\\\""},
        {"\r", "\"\\r\""},
        {"\t", "\"\\t\""},
        {"\x1b[2J", "\"\\u001b[2J\""},
        {"\x7f", "\"\\u007f\""},
        {"\xC2\x9B"
         "2J",
            "\"\\u009b2J\""},
        {"\xE2\x80\xA8", "\"\\u2028\""},
        {"\xE2\x80\xAE", "\"\\u202e\""},
        {"\xE2\x81\xA6", "\"\\u2066\""},
        {"\xEF\xBB\xBF", "\"\\ufeff\""},
        {"\xff", "\"\\ufffd\""},
        {"\xC3", "\"\\ufffd\""},
        {"\xED\xA0\x80", "\"\\ufffd\\ufffd\\ufffd\""},
        {"caf\xC3\xA9", "\"caf\xC3\xA9\""},
        {"\xF0\x9F\x98\x80", "\"\xF0\x9F\x98\x80\""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char wanted[256];
        open_log(LOG_INFO, LOG_FORMAT_LOGFMT);
        log_event(LOG_INFO, "e", LOG_TEXT("v", rows[i].value));
        (void)snprintf(wanted, sizeof wanted, TIME " level=info event=e v=%s\n", rows[i].wanted);
        ck_assert_str_eq(read_log(), wanted);
        close_log();
        open_log(LOG_INFO, LOG_FORMAT_JSON);
        log_event(LOG_INFO, "e", LOG_TEXT("v", rows[i].value));
        (void)snprintf(wanted, sizeof wanted, "\"event\":\"e\",\"v\":%s}\n", rows[i].wanted);
        ck_assert_ptr_nonnull(strstr(read_log(), wanted));
        close_log();
    }
    open_log(LOG_INFO, LOG_FORMAT_LOGFMT);
    log_event(LOG_INFO, "e", LOG_SPAN("v", ((struct span){"a\0b", 3})));
    ck_assert_ptr_nonnull(strstr(read_log(), "v=\"a\\u0000b\"\n"));
    close_log();
}
END_TEST

START_TEST(caps_values_and_lines)
{
    static char value[1 << 15];
    (void)memset(value, 'v', sizeof value - 1);
    for (int format = LOG_FORMAT_LOGFMT; format <= LOG_FORMAT_JSON; format++) {
        open_log(LOG_INFO, (enum log_format)format);
        log_event(LOG_INFO, "e", LOG_TEXT("a", value), LOG_NUMBER("n", 1));
        const char *line = read_log();
        const char *cut = strstr(line, "vvv...\"");
        ck_assert_ptr_nonnull(cut);
        ck_assert_uint_eq((size_t)(cut + 3 - strstr(line, "vvv")), LOG_VALUE_MAX);
        ck_assert_ptr_nonnull(strstr(line, format ? "\"n\":1}" : " n=1"));
        log_event(LOG_INFO, "e", LOG_TEXT("a", value), LOG_TEXT("b", value), LOG_TEXT("c", value),
            LOG_TEXT("d", value), LOG_NUMBER("n", 1));
        line = read_log();
        ck_assert_uint_le(strlen(line), LOG_LINE_MAX);
        const char *end = format ? ",\"truncated\":true}\n" : " truncated=true\n";
        ck_assert_str_eq(line + strlen(line) - strlen(end), end);
        ck_assert_ptr_null(strstr(line, format ? "\"d\":" : " d="));
        close_log();
    }
    /* Control characters, which grow sixfold, cannot push past the cap either. */
    (void)memset(value, 1, sizeof value - 1);
    open_log(LOG_INFO, LOG_FORMAT_JSON);
    log_event(LOG_INFO, "e", LOG_TEXT("a", value));
    ck_assert_str_eq(read_log(),
        "{\"time\":\"" TIME "\",\"level\":\"info\",\"event\":\"e\",\"truncated\":true}\n");
    close_log();
    /* A cut in the middle of a character. */
    (void)memset(value, 'v', sizeof value - 1);
    (void)memcpy(value + LOG_VALUE_MAX - 2, "\xF0\x9F\x98\x80", 4);
    open_log(LOG_INFO, LOG_FORMAT_LOGFMT);
    log_event(LOG_INFO, "e", LOG_TEXT("a", value));
    ck_assert_ptr_nonnull(strstr(read_log(), "vvv...\"\n"));
    close_log();
}
END_TEST

START_TEST(obeys_levels)
{
    enum log_level level = LOG_ERROR;
    open_log(LOG_WARNING, LOG_FORMAT_LOGFMT);
    log_event(LOG_INFO, "hidden");
    ck_assert_str_eq(read_log(), "");
    ck_assert(
        !log_is_enabled(LOG_INFO) && log_is_enabled(LOG_WARNING) && log_is_enabled(LOG_ERROR));
    log_set_level(LOG_DEBUG);
    log_event(LOG_DEBUG, "shown");
    ck_assert_ptr_nonnull(strstr(read_log(), "level=debug event=shown"));
    ck_assert(log_level_from_name(SPAN("debug"), &level));
    ck_assert_int_eq(level, LOG_DEBUG);
    ck_assert(!log_level_from_name(SPAN("loud"), &level));
    ck_assert_int_eq(level, LOG_DEBUG);
    close_log();
}
END_TEST

START_TEST(counts_lost_lines)
{
    open_log(LOG_INFO, LOG_FORMAT_LOGFMT);
    int written = 0;
    char block[4096] = {0};
    while (write(ends[1], block, sizeof block) > 0)
        written++;
    ck_assert_int_gt(written, 0);
    errno = ENOENT;
    log_event(LOG_INFO, "lost");
    log_event(LOG_INFO, "lost");
    ck_assert_int_eq(errno, ENOENT); /* the caller's */
    while (read(ends[0], output, sizeof output) > 0)
        continue;
    log_event(LOG_INFO, "after");
    ck_assert_str_eq(read_log(), TIME " level=info event=after lost=2\n");
    log_event(LOG_INFO, "then");
    ck_assert_str_eq(read_log(), TIME " level=info event=then\n");
    close_log();
}
END_TEST

START_TEST(marks_priorities_for_the_journal)
{
    char stream[64];
    struct stat stat;
    struct log_options options = {.level = LOG_DEBUG, .clock = {.wall_ms = fixed_wall}};
    ck_assert_int_eq(pipe2(ends, O_NONBLOCK), 0);
    ck_assert_int_eq(fstat(ends[1], &stat), 0);
    (void)snprintf(stream, sizeof stream, "%llu:%llu", (unsigned long long)stat.st_dev,
        (unsigned long long)stat.st_ino);
    ck_assert_int_eq(setenv("JOURNAL_STREAM", stream, 1), 0);
    options.descriptor = ends[1];
    log_configure(&options);
    log_event(LOG_ERROR, "a");
    ck_assert_str_eq(read_log(), "<3>" TIME " level=error event=a\n");
    log_event(LOG_DEBUG, "a");
    ck_assert_str_eq(read_log(), "<7>" TIME " level=debug event=a\n");
    static const char *const others[] = {
        "", "1", "1:", ":", "1:2:3", "x:y", "99999999999999999999:1", "1:1"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        ck_assert_int_eq(setenv("JOURNAL_STREAM", others[i], 1), 0);
        log_configure(&options);
        log_event(LOG_ERROR, "a");
        ck_assert_str_eq(read_log(), TIME " level=error event=a\n");
    }
    close_log();
}
END_TEST

#define THREADS 4
#define EVENTS  200

static void *log_many(void *name)
{
    for (int i = 0; i < EVENTS; i++)
        log_event(LOG_INFO, "e", LOG_TEXT("thread", name), LOG_NUMBER("i", i));
    return NULL;
}

START_TEST(never_mixes_lines)
{
    static char names[THREADS][2] = {"a", "b", "c", "d"};
    pthread_t threads[THREADS];
    FILE *file = tmpfile();
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fcntl(fileno(file), F_SETFL, O_APPEND), 0);
    struct log_options options = {
        .descriptor = fileno(file), .level = LOG_INFO, .clock = {.wall_ms = fixed_wall}};
    log_configure(&options);
    for (size_t i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, log_many, names[i]), 0);
    for (size_t i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    int next[THREADS] = {0}, lines = 0;
    char line[256];
    rewind(file);
    while (fgets(line, sizeof line, file)) {
        char thread;
        int i;
        ck_assert_int_eq(sscanf(line, TIME " level=info event=e thread=%c i=%d\n", &thread, &i), 2);
        ck_assert_int_eq(i, next[thread - 'a']++);
        lines++;
    }
    ck_assert_int_eq(lines, THREADS * EVENTS);
    ck_assert_int_eq(fclose(file), 0);
}
END_TEST

UNIT_MAIN("log", writes_logfmt, writes_json, keeps_hostile_text_inside_its_value,
    caps_values_and_lines, obeys_levels, counts_lost_lines, marks_priorities_for_the_journal,
    never_mixes_lines)
