/* SPDX-License-Identifier: Apache-2.0 */
/* Intake from file to plan: hostile connectors are refused with their fault number and nothing of
 * them runs; sound ones, older and newer ones are read. */
#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include "case.h"
#include "declaration/reader.h"
#include "declaration/seal.h"

struct refused {
    const char *name;
    int number;
    const char *fragment;
};

static void refused(const char *name, int number, const char *fragment)
{
    char path[512];
    (void)snprintf(path, sizeof path, HOSTILE "/%s.so", name);
    case_refused(path, NULL, number, fragment);
}

static bool canary_sang(void)
{
    return access(CANARY, F_OK) == 0;
}

START_TEST(takes_in_a_sound_connector)
{
    struct plan *plan = case_accepted(GOOD, NULL);
    ck_assert_str_eq(plan->connector->name, "good");
    ck_assert_str_eq(plan->path, GOOD);
    ck_assert_int_eq(plan_stream_index(plan, SPAN("users")), 0);
    const struct muster_yield *yield = &plan->connector->streams.items[0].yields.items[0];
    ck_assert_uint_eq(yield->kind, MUSTER_ACCOUNT);
    ck_assert_str_eq(yield->fields.items[1].from, "/login");
    ck_assert_uint_eq(yield->fields.items[0].flags, MUSTER_REQUIRED);
    plan_release(plan);
}
END_TEST

START_TEST(takes_in_other_links)
{
    static const char *const names[] = {"relro", "sysv", "gnu", "newer_zero", "older"};
    char path[512];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)snprintf(path, sizeof path, HOSTILE "/%s.so", names[i]);
        plan_release(case_accepted(path, NULL));
    }
}
END_TEST

/* Faults 127 to 131: whatever would run. */
START_TEST(refuses_code)
{
    (void)unlink(CANARY);
    refused("constructor", 127, "INIT_ARRAY");
    refused("destructor", 127, "FINI_ARRAY");
    refused("init", 127, "DT_INIT");
    refused("ifunc", 128, "indirect function");
    refused("needed", 129, "DT_NEEDED");
    refused("import", 129, "undefined");
    refused("function", 130, "executable");
    refused("stack", 130, "executable stack");
    refused("tls", 131, "thread-local");
    ck_assert_msg(!canary_sang(), "code of a refused connector ran");
}
END_TEST

/* Were code loaded, the canary would sing: else the test above could not fail. */
START_TEST(canary_sings_where_code_may_run)
{
    static const char *const names[] = {"constructor", "destructor", "init", "ifunc"};
    char command[1024];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)unlink(CANARY);
        (void)snprintf(command, sizeof command, CONTROL " " HOSTILE "/%s.so", names[i]);
        int status = system(command); /* NOLINT(cert-env33-c): paths of the build, no input */
        ck_assert_int_eq(status, 0);
        ck_assert_msg(canary_sang(), "%s did not run", names[i]);
        ck_assert_int_eq(unlink(CANARY), 0);
    }
}
END_TEST

START_TEST(refuses_what_the_loader_does_not_need)
{
    refused("note", 133, "--build-id=none");
    refused("relr", 132, "nopack-relative-relocs");
    refused("two_symbols", 137, "alone");
}
END_TEST

/* Faults 137 to 139, 142: the structure lies. */
START_TEST(refuses_a_structure_that_lies)
{
    static const struct refused cases[] = {
        {"count_list", 137, "headers: has 513 elements; at most 512"},
        {"count_huge", 137, "has 4294967295 elements"},
        {"count_outside", 138, "headers: reaches outside"},
        {"stride_zero", 137, "stride of 0"},
        {"stride_odd", 137, "stride of 9"},
        {"multiplied", 137, "more than 65536 parts"},
        {"pointer", 138, "vendor: points outside"},
        {"pointer_negative", 138, "vendor: points outside"},
        {"list_pointer", 138, "headers: reaches outside"},
        {"list_unaligned", 138, "not aligned"},
        {"text_long", 139, "vendor: the text is longer than 4096"},
        {"text_bytes", 139, "not UTF-8"},
        {"text_escape", 139, "control character"},
        {"cycle", 142, "origins: is a list that contains itself"},
        {"cycle_inner", 142, "streams[0].yields: is a list that contains itself"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        refused(cases[i].name, cases[i].number, cases[i].fragment);
}
END_TEST

/* Fault 141. What is compatible is read: takes_in_other_links. */
START_TEST(refuses_another_abi)
{
    static const struct refused cases[] = {
        {"abi_two", 141, "has ABI 2 and this host reads ABI 1"},
        {"size_lies", 141, "says that it has 4096 bytes"},
        {"size_small", 141, "says that it has 4 bytes"},
        {"enum", 141, "auth.scheme: has a value that this host does not know"},
        {"flag", 141, "streams[0].paging.ends: holds a flag"},
        {"reserved", 141, "auth.reserved: is not 0"},
        {"newer_used", 141, "connector: uses a member that this host does not know"},
        {"older_connector", 0, "streams: there is none"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        refused(cases[i].name, cases[i].number, cases[i].fragment);
}
END_TEST

START_TEST(older_and_newer_read_the_same)
{
    struct plan *older = case_accepted(HOSTILE "/older.so", NULL);
    struct plan *newer = case_accepted(HOSTILE "/newer_zero.so", NULL);
    ck_assert_uint_eq(older->connector->parameters.count, 3);
    ck_assert_str_eq(older->connector->parameters.items[2].name, "three");
    ck_assert_ptr_null(older->connector->parameters.items[0].summary);
    ck_assert_uint_eq(newer->connector->parameters.count, 2);
    ck_assert_str_eq(newer->connector->parameters.items[1].name, "two");
    ck_assert_uint_eq(newer->connector->size, sizeof(struct muster_connector));
    plan_release(older);
    plan_release(newer);
}
END_TEST

START_TEST(reports_every_problem_of_meaning)
{
    struct intake_report *report = calloc(1, sizeof *report);
    struct plan *plan = NULL;
    struct fault fault = {0};
    ck_assert(report != NULL);
    ck_assert(!intake_load(HOSTILE "/meaning.so", NULL, &plan, report, &fault));
    ck_assert_uint_eq(report->count, 2);
    ck_assert_int_eq(fault.code, FAULT_DECLARATION);
    ck_assert_int_eq(report->problems[1].fault_number, 0);
    free(report);
}
END_TEST

/* Fault 136. */
START_TEST(refuses_files_that_others_command)
{
    char folder[64], path[128], other[128];
    AUTO_BYTES good = {0};
    case_read(GOOD, &good);
    (void)snprintf(path, sizeof path, "%s/a.so", case_folder(folder));
    (void)snprintf(other, sizeof other, "%s/b.so", folder);
    case_write(path, bytes_span(&good));
    plan_release(case_accepted(path, NULL));
    ck_assert_int_eq(symlink(path, other), 0);
    case_refused(other, NULL, 136, "symbolic link");
    ck_assert_int_eq(unlink(other), 0);
    ck_assert_int_eq(mkfifo(other, 0600), 0);
    case_refused(other, NULL, 136, "no regular file");
    ck_assert_int_eq(unlink(other), 0);
    ck_assert_int_eq(chmod(path, 0664), 0);
    case_refused(path, NULL, 136, "mode 0664");
    ck_assert_int_eq(chmod(path, 0646), 0);
    case_refused(path, NULL, 136, "others may write");
    ck_assert_int_eq(chmod(path, 0644), 0);
    if (geteuid() == 0) {
        ck_assert_int_eq(chown(path, 12345, 0), 0);
        case_refused(path, NULL, 136, "user 12345 owns");
    }
    ck_assert_int_eq(unlink(path), 0);
    case_refused(path, NULL, 0, "no such file");
    case_refused(folder, NULL, 136, "no regular file");
    ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

/* Fault 134: the file is replaced, in place, between check and reading. What was checked is what is
 * read. */
START_TEST(a_swap_after_the_check_changes_nothing)
{
    char folder[64], path[128];
    AUTO_BYTES good = {0}, evil = {0}, answer = {0};
    AUTO_SEALED sealed = {.descriptor = -1};
    struct refusal refusal = {0};
    case_read(GOOD, &good);
    case_read(HOSTILE "/constructor.so", &evil);
    (void)snprintf(path, sizeof path, "%s/a.so", case_folder(folder));
    case_write(path, bytes_span(&good));
    (void)unlink(CANARY);
    ck_assert(seal_file(path, &sealed, &refusal));
    case_write(path, bytes_span(&evil));
    ck_assert_msg(reader_run(NULL, sealed.descriptor, &answer, &refusal), "%s", refusal.fault.text);
    ck_assert_ptr_nonnull(strstr(answer.data, "\"name\":\"good\""));
    ck_assert(!canary_sang());
    /* And the sealed copy itself takes no change. */
    ck_assert_int_eq(pwrite(sealed.descriptor, "x", 1, 0), -1);
    ck_assert_int_eq(ftruncate(sealed.descriptor, 1), -1);
    ck_assert_ptr_eq(
        mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED, sealed.descriptor, 0), MAP_FAILED);
    case_refused(path, NULL, 127, "INIT_ARRAY");
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

START_TEST(refuses_files_without_measure)
{
    char folder[64], path[128];
    (void)snprintf(path, sizeof path, "%s/a.so", case_folder(folder));
    case_write(path, SPAN(""));
    case_refused(path, NULL, 133, "less than an ELF header");
    ck_assert_int_eq(truncate(path, INTAKE_FILE_MAX + 1), 0);
    case_refused(path, NULL, 137, "at most 1048576");
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

static size_t count_files(const char *folder, char last[192])
{
    size_t count = 0;
    DIR *directory = opendir(folder);
    ck_assert(directory != NULL);
    for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory))
        if (entry->d_name[0] != '.') {
            (void)snprintf(last, 192, "%s/%.100s", folder, entry->d_name);
            count++;
        }
    (void)closedir(directory);
    return count;
}

START_TEST(a_known_file_costs_no_reader)
{
    char folder[64], entry[192];
    AUTO_BYTES kept = {0};
    const struct intake_options options = {
        .cache_directory = case_folder(folder), .host_build = "build 1"};
    /* A reader that cannot work: what succeeds with it came from the cache. */
    const struct intake_options broken = {READERS "mute", folder, "build 1"};
    const struct intake_options rebuilt = {READERS "mute", folder, "build 2"};
    struct stat status;
    plan_release(case_accepted(GOOD, &options));
    ck_assert_uint_eq(count_files(folder, entry), 1);
    ck_assert_int_eq(stat(entry, &status), 0);
    ck_assert_uint_eq(status.st_mode & 07777u, 0600);
    plan_release(case_accepted(GOOD, &broken));
    case_refused(GOOD, &rebuilt, 140, "without saying why");
    /* What the cache holds is not trusted: nonsense, a declaration without sense, a file that
     * others write to. */
    case_read(entry, &kept);
    case_write(entry, SPAN("{\"abi\":1,\"name\":\"good\"}"));
    case_refused(GOOD, &broken, 140, "without saying why");
    case_write(entry, SPAN("nonsense"));
    plan_release(case_accepted(GOOD, &options));
    plan_release(case_accepted(GOOD, &broken));
    ck_assert_int_eq(chmod(entry, 0666), 0);
    case_refused(GOOD, &broken, 140, "without saying why");
    ck_assert_int_eq(unlink(entry), 0);
    ck_assert_int_eq(rmdir(folder), 0);
    /* A cache that is not there is no failure. */
    plan_release(case_accepted(GOOD, &options));
}
END_TEST

START_TEST(one_bad_file_hides_no_other)
{
    char folder[64], path[128];
    static const char *const names[] = {"b.so", "a.so", "c.so", ".hidden.so", "notes.txt"};
    AUTO_BYTES good = {0}, relro = {0};
    struct intake_directory all;
    struct fault fault;
    case_read(GOOD, &good);
    case_read(HOSTILE "/relro.so", &relro);
    (void)case_folder(folder);
    for (size_t i = 0; i < 5; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        case_write(path, i == 0   ? SPAN("nothing")
                         : i == 2 ? bytes_span(&relro)
                                  : bytes_span(&good));
    }
    ck_assert(intake_directory(folder, NULL, &all, &fault));
    ck_assert_uint_eq(all.count, 3);
    ck_assert_ptr_nonnull(strstr(all.entries[1].path, "/b.so"));
    ck_assert_ptr_null(all.entries[1].plan);
    ck_assert_int_eq(all.entries[1].report.problems[0].fault_number, 133);
    ck_assert_ptr_eq(intake_find(&all, SPAN("good")), all.entries[0].plan);
    ck_assert_ptr_eq(intake_find(&all, SPAN("strange")), all.entries[2].plan);
    ck_assert_ptr_null(intake_find(&all, SPAN("nobody")));
    intake_directory_free(&all);
    (void)snprintf(path, sizeof path, "%s/b.so", folder);
    case_write(path, bytes_span(&good));
    ck_assert(intake_directory(folder, NULL, &all, &fault));
    ck_assert_ptr_null(intake_find(&all, SPAN("good")));
    ck_assert_ptr_nonnull(intake_find(&all, SPAN("strange")));
    ck_assert_ptr_nonnull(strstr(all.entries[0].report.problems[0].text, "/b.so"));
    ck_assert_ptr_nonnull(strstr(all.entries[1].report.problems[0].text, "/a.so"));
    intake_directory_free(&all);
    for (size_t i = 0; i < 5; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        ck_assert_int_eq(unlink(path), 0);
    }
    ck_assert(intake_directory(folder, NULL, &all, &fault));
    ck_assert_uint_eq(all.count, 0);
    intake_directory_free(&all);
    ck_assert_int_eq(rmdir(folder), 0);
    ck_assert(!intake_directory(folder, NULL, &all, &fault));
}
END_TEST

CASE_MAIN("intake", takes_in_a_sound_connector, takes_in_other_links, refuses_code,
    canary_sings_where_code_may_run, refuses_what_the_loader_does_not_need,
    refuses_a_structure_that_lies, refuses_another_abi, older_and_newer_read_the_same,
    reports_every_problem_of_meaning, refuses_files_that_others_command,
    a_swap_after_the_check_changes_nothing, refuses_files_without_measure,
    a_known_file_costs_no_reader, one_bad_file_hides_no_other)
