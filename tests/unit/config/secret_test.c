/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets by reference: who may own the file, what it may hold, and that it is wiped. */
#include "config/secret.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "unit.h"

static char folder[] = "/tmp/muster-secret-XXXXXX";
static struct secret_pool *pool;

static void set_up(void)
{
    (void)strcpy(folder, "/tmp/muster-secret-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    pool = secret_pool_create();
    ck_assert_ptr_nonnull(pool);
}

static void tear_down(void)
{
    char path[128];
    secret_pool_free(pool);
    (void)snprintf(path, sizeof path, "%s/s", folder);
    (void)unlink(path);
    ck_assert_int_eq(rmdir(folder), 0);
}

static const char *write_secret(const char *data, size_t length, mode_t mode)
{
    static char reference[128];
    (void)snprintf(reference, sizeof reference, "file:%s/s", folder);
    FILE *file = fopen(reference + 5, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(data, 1, length, file), length);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(chmod(reference + 5, mode), 0);
    return reference;
}

static void accept(const char *reference, const char *wanted)
{
    struct secret secret = {0};
    struct fault fault;
    ck_assert_msg(secret_read(pool, reference, &secret, &fault), "%s", fault.text);
    ck_assert(span_equal_text(secret.value, wanted));
    ck_assert_int_eq(secret.value.data[secret.value.length], '\0');
    secret_release(&secret);
    ck_assert_ptr_null(secret.value.data);
}

static void refuse(const char *reference, enum fault_code code, const char *words)
{
    struct secret secret = {0};
    struct fault fault = {0};
    ck_assert_msg(!secret_read(pool, reference, &secret, &fault), "accepted");
    ck_assert_int_eq(fault.code, code);
    ck_assert_msg(strstr(fault.text, words) != NULL, "\"%s\" lacks \"%s\"", fault.text, words);
    ck_assert_ptr_null(secret.chunk);
}

START_TEST(reads_files)
{
    set_up();
    accept(write_secret("s3cret", 6, 0600), "s3cret");
    accept(write_secret("s3cret\n", 7, 0400), "s3cret");
    accept(write_secret("s3cret\r\n", 8, 0400), "s3cret");
    accept(write_secret(" two words ", 11, 0400), " two words ");
    accept(write_secret("\xC3\xA9", 2, 0400), "\xC3\xA9");
    tear_down();
}
END_TEST

START_TEST(refuses_files_that_others_can_read)
{
    static const mode_t bad[] = {0644, 0640, 0604, 0620, 0601, 0610, 0777};
    set_up();
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        refuse(write_secret("x", 1, bad[i]), FAULT_SECRET, "lets others at it");
    const char *reference = write_secret("x", 1, 0600);
    struct fault fault;
    ck_assert(secret_check_file(reference + 5, &fault));
    if (geteuid() == 0) {
        ck_assert_int_eq(chown(reference + 5, 12345, 12345), 0);
        refuse(reference, FAULT_SECRET, "belongs to user 12345");
        ck_assert(!secret_check_file(reference + 5, &fault));
    }
    tear_down();
}
END_TEST

START_TEST(refuses_bad_contents)
{
    static char large[SECRET_BYTES_MAX + 2];
    set_up();
    refuse(write_secret("", 0, 0600), FAULT_SECRET, "is empty");
    refuse(write_secret("\n", 1, 0600), FAULT_SECRET, "is empty");
    refuse(write_secret("\r\n", 2, 0600), FAULT_SECRET, "is empty");
    refuse(write_secret("a\0b", 3, 0600), FAULT_SECRET, "byte 1");
    refuse(write_secret("a\n\n", 3, 0600), FAULT_SECRET, "byte 1");
    refuse(write_secret("one\ntwo\n", 8, 0600), FAULT_SECRET, "second line");
    refuse(write_secret("a\x7f", 2, 0600), FAULT_SECRET, "control");
    (void)memset(large, 'a', sizeof large);
    refuse(write_secret(large, sizeof large, 0600), FAULT_SECRET, "65536 bytes");
    large[SECRET_BYTES_MAX] = '\0';
    accept(write_secret(large, SECRET_BYTES_MAX, 0600), large);
    tear_down();
}
END_TEST

START_TEST(refuses_what_is_no_file)
{
    char reference[256];
    set_up();
    (void)snprintf(reference, sizeof reference, "file:%s", folder);
    refuse(reference, FAULT_SECRET, "not a regular file");
    (void)snprintf(reference, sizeof reference, "file:%s/absent", folder);
    refuse(reference, FAULT_SECRET, "No such file");
    refuse("file:/dev/zero", FAULT_SECRET, "not a regular file");
    (void)snprintf(reference, sizeof reference, "%s/s", folder);
    ck_assert_int_eq(mkfifo(reference, 0600), 0);
    (void)snprintf(reference, sizeof reference, "file:%s/s", folder);
    refuse(reference, FAULT_SECRET, "not a regular file"); /* and does not wait for a writer */
    tear_down();
}
END_TEST

START_TEST(reads_the_environment_and_credentials)
{
    set_up();
    ck_assert_int_eq(setenv("MUSTER_TEST_SECRET", "from env", 1), 0);
    accept("env:MUSTER_TEST_SECRET", "from env");
    ck_assert_int_eq(setenv("MUSTER_TEST_SECRET", "", 1), 0);
    refuse("env:MUSTER_TEST_SECRET", FAULT_SECRET, "is empty");
    ck_assert_int_eq(unsetenv("MUSTER_TEST_SECRET"), 0);
    refuse("env:MUSTER_TEST_SECRET", FAULT_SECRET, "no such variable");
    ck_assert_int_eq(unsetenv("CREDENTIALS_DIRECTORY"), 0);
    refuse("credential:s", FAULT_SECRET, "CREDENTIALS_DIRECTORY");
    ck_assert_int_eq(setenv("CREDENTIALS_DIRECTORY", folder, 1), 0);
    (void)write_secret("cred\n", 5, 0440); /* as systemd's ACL shows */
    accept("credential:s", "cred");
    (void)write_secret("cred\n", 5, 0444);
    refuse("credential:s", FAULT_SECRET, "lets others at it");
    tear_down();
}
END_TEST

START_TEST(refuses_other_references_without_quoting_them)
{
    static const char *const bad[] = {"hunter2", "", "FILE:/x", "file:", "env:", "env:1A",
        "env:A-B", "credential:", "credential:a/b", "credential:../x", "credential:.hidden",
        "vault:hunter2"};
    set_up();
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct fault fault;
        struct secret secret = {0};
        ck_assert_msg(!secret_read(pool, bad[i], &secret, &fault), "%s", bad[i]);
        ck_assert_int_eq(fault.code, FAULT_CONFIGURATION);
        ck_assert_ptr_null(strstr(fault.text, "hunter2"));
    }
    tear_down();
}
END_TEST

START_TEST(outlives_its_pool)
{
    struct secret secrets[600];
    struct fault fault;
    set_up();
    ck_assert_int_eq(
        setenv("MUSTER_TEST_SECRET", "0123456789012345678901234567890123456789", 1), 0);
    for (size_t i = 0; i < 600; i++) /* more than one chunk */
        ck_assert(secret_read(pool, "env:MUSTER_TEST_SECRET", &secrets[i], &fault));
    ck_assert_ptr_ne(secrets[0].chunk, secrets[599].chunk);
    const char *kept = secrets[1].value.data, *gone = secrets[0].value.data;
    secret_pool_free(pool);
    pool = NULL;
    secret_release(&secrets[0]);
    ck_assert_int_eq(gone[0], 0); /* overwritten at once; its neighbour keeps the page mapped */
    ck_assert_str_eq(kept, "0123456789012345678901234567890123456789");
    for (size_t i = 1; i < 600; i++)
        secret_release(&secrets[i]);
    tear_down();
}
END_TEST

/* Whether the mapping that holds `address` is left out of core dumps ("dd") and of children ("dc").
 */
static bool has_flag(const void *address, const char *flag)
{
    char line[512];
    bool here = false, found = false;
    FILE *maps = fopen("/proc/self/smaps", "r");
    ck_assert_ptr_nonnull(maps);
    while (fgets(line, sizeof line, maps)) {
        unsigned long from, to;
        if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
            here = (unsigned long)address >= from && (unsigned long)address < to;
        else if (here && strncmp(line, "VmFlags:", 8) == 0)
            found = strstr(line, flag) != NULL;
    }
    ck_assert_int_eq(fclose(maps), 0);
    return found;
}

START_TEST(stays_out_of_core_dumps_and_children)
{
    struct secret secret;
    struct fault fault;
    set_up();
    ck_assert_int_eq(setenv("MUSTER_TEST_SECRET", "x", 1), 0);
    ck_assert(secret_read(pool, "env:MUSTER_TEST_SECRET", &secret, &fault));
    if (access("/proc/self/smaps", R_OK) == 0 && has_flag(secret.value.data, "rd")) {
        ck_assert(has_flag(secret.value.data, " dd"));
        ck_assert(has_flag(secret.value.data, " dc"));
    }
    secret_release(&secret);
    tear_down();
}
END_TEST

static void *read_many(void *unused)
{
    (void)unused;
    for (int i = 0; i < 200; i++) {
        struct secret secret;
        struct fault fault;
        if (!secret_read(pool, "env:MUSTER_TEST_SECRET", &secret, &fault) ||
            !span_equal_text(secret.value, "shared"))
            return NULL;
        secret_release(&secret);
    }
    return pool;
}

START_TEST(serves_many_threads)
{
    pthread_t threads[4];
    set_up();
    ck_assert_int_eq(setenv("MUSTER_TEST_SECRET", "shared", 1), 0);
    for (size_t i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, read_many, NULL), 0);
    for (size_t i = 0; i < 4; i++) {
        void *result = NULL;
        ck_assert_int_eq(pthread_join(threads[i], &result), 0);
        ck_assert_ptr_eq(result, pool);
    }
    tear_down();
}
END_TEST

/* The bytes 128 to 159, in each of the forms. */
#define HEX_KEY    "808182838485868788898a8b8c8d8e8f909192939495969798999A9B9C9D9E9F"
#define BASE64_KEY "gIGCg4SFhoeIiYqLjI2Oj5CRkpOUlZaXmJmam5ydnp8"

START_TEST(reads_keys_in_each_form)
{
    char key[33], raw[] = "\x01\x00\n\r\x7F aaaaaaaaaaaaaaaaaaaaaaaaa\n";
    struct secret secret;
    struct fault fault;
    set_up();
    for (int i = 0; i < 32; i++)
        key[i] = (char)(128 + i);
    key[32] = '\n';
    static const char *const texts[] = {
        HEX_KEY, HEX_KEY "\n", BASE64_KEY, BASE64_KEY "=", BASE64_KEY "=\n", BASE64_KEY "=\r\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const char *reference = write_secret(texts[i], strlen(texts[i]), 0600);
        ck_assert_msg(secret_read_key(pool, reference, &secret, &fault), "%s", fault.text);
        ck_assert(span_equal(secret.value, (struct span){key, 32}));
        secret_release(&secret);
    }
    ck_assert(secret_read_key(pool, write_secret(key, 32, 0600), &secret, &fault));
    ck_assert(span_equal(secret.value, (struct span){key, 32}));
    secret_release(&secret);
    ck_assert(secret_read_key(pool, write_secret(raw, 32, 0600), &secret, &fault));
    ck_assert(span_equal(secret.value, (struct span){raw, 32})); /* nothing of it is trimmed */
    secret_release(&secret);
    tear_down();
}
END_TEST

START_TEST(refuses_what_is_no_key)
{
    static const char *const bad[] = {"", "hunter2", "0123456789abcdef0123456789abcdef",
        HEX_KEY "00", BASE64_KEY "==", BASE64_KEY "AA", "gIGC", HEX_KEY "\n\n",
        "g08182838485868788898a8b8c8d8e8f909192939495969798999A9B9C9D9E9F"};
    set_up();
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct secret secret = {0};
        struct fault fault = {0};
        const char *reference = write_secret(bad[i], strlen(bad[i]), 0600);
        ck_assert_msg(!secret_read_key(pool, reference, &secret, &fault), "%s", bad[i]);
        ck_assert_int_eq(fault.code, FAULT_SECRET);
        ck_assert_msg(strstr(fault.text, "/dev/urandom") != NULL, "%s", fault.text);
        ck_assert_ptr_null(strstr(fault.text, "hunter2"));
        ck_assert_ptr_null(secret.chunk);
    }
    tear_down();
}
END_TEST

UNIT_MAIN("secret", reads_files, refuses_files_that_others_can_read, refuses_bad_contents,
    refuses_what_is_no_file, reads_the_environment_and_credentials,
    refuses_other_references_without_quoting_them, outlives_its_pool,
    stays_out_of_core_dumps_and_children, serves_many_threads, reads_keys_in_each_form,
    refuses_what_is_no_key)
