/* SPDX-License-Identifier: Apache-2.0 */
/* Intake leads here: seal, check the ELF, look in the cache or ask the reader, validate. One file,
 * and a directory of them. */
#include "declaration/intake.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/memory.h"
#include "cache.h"
#include "elf_check.h"
#include "plan_internal.h"
#include "reader.h"
#include "seal.h"

#define SUFFIX ".so"

/* From the cache, where what it holds is still sound; what is not is read anew and replaced. */
static bool plan_from_cache(const char *path, const struct intake_options *options,
    const struct sealed *sealed, struct plan **ret_plan)
{
    AUTO_BYTES canonical = {0};
    struct fault fault;
    return cache_find(options, &sealed->hash, &canonical) &&
           plan_create(bytes_span(&canonical), path, &sealed->hash, ret_plan, &fault);
}

static bool plan_from_reader(const char *path, const struct intake_options *options,
    const struct sealed *sealed, struct intake_report *report, struct plan **ret_plan,
    struct refusal *refusal)
{
    AUTO_BYTES canonical = {0};
    if (!reader_run(options, sealed->descriptor, &canonical, refusal)) {
        report_add(report, (int)refusal->number, refusal->fault.text);
        return false;
    }
    if (!plan_create_reported(
            bytes_span(&canonical), path, &sealed->hash, report, ret_plan, &refusal->fault))
        return false;
    cache_keep(options, &sealed->hash, (*ret_plan)->canonical);
    return true;
}

static bool take_in(const char *path, const struct intake_options *options,
    struct intake_report *report, struct plan **ret_plan, struct refusal *refusal)
{
    AUTO_SEALED sealed = {.descriptor = -1};
    struct elf_image image;
    if (!seal_file(path, &sealed, refusal) ||
        !elf_check(bytes_span(&sealed.bytes), &image, refusal)) {
        report_add(report, (int)refusal->number, refusal->fault.text);
        return false;
    }
    report->cached = plan_from_cache(path, options, &sealed, ret_plan);
    return report->cached || plan_from_reader(path, options, &sealed, report, ret_plan, refusal);
}

bool intake_load(const char *path, const struct intake_options *options, struct plan **ret_plan,
    struct intake_report *report, struct fault *fault)
{
    AUTO_FREE struct intake_report *own = report ? NULL : memory_allocate(sizeof *own);
    struct intake_report *all = report ? report : own;
    struct refusal refusal = {0};
    if (!all)
        return fault_memory(fault);
    all->count = 0;
    all->cached = false;
    if (take_in(path, options, all, ret_plan, &refusal))
        return true;
    *fault = refusal.fault;
    return fault_prefix(fault, "%s", path);
}

static int is_connector(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name), suffix = strlen(SUFFIX);
    return entry->d_name[0] != '.' && length > suffix &&
           strcmp(entry->d_name + length - suffix, SUFFIX) == 0;
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static bool add_entry(const char *directory, const char *name, const struct intake_options *options,
    struct intake_directory *into, struct fault *fault)
{
    AUTO_BYTES path = {0};
    struct intake_entry *entry = &into->entries[into->count];
    struct fault refused; /* in the entry's report */
    if (!bytes_format(&path, fault, "%s/%s", directory, name))
        return false;
    entry->path = TAKE(path.data);
    into->count++;
    if (!intake_load(entry->path, options, &entry->plan, &entry->report, &refused))
        entry->plan = NULL;
    return true;
}

/* Which of two files of the same name is meant nobody can say, so neither is. */
static void refuse_duplicates(struct intake_directory *directory)
{
    char text[FAULT_TEXT_MAX];
    for (size_t i = 0; i < directory->count; i++) {
        struct intake_entry *entry = &directory->entries[i];
        for (size_t j = 0; entry->plan && j < directory->count; j++) {
            const struct intake_entry *other = &directory->entries[j];
            if (i == j || !other->plan ||
                strcmp(entry->plan->connector->name, other->plan->connector->name) != 0)
                continue;
            (void)snprintf(text, sizeof text,
                "the connector is called %s, and so is %.300s; remove one of the files",
                entry->plan->connector->name, other->path);
            report_add(&entry->report, REFUSAL_OTHER, text);
        }
    }
    for (size_t i = 0; i < directory->count; i++)
        if (directory->entries[i].plan && directory->entries[i].report.count > 0) {
            plan_release(directory->entries[i].plan);
            directory->entries[i].plan = NULL;
        }
}

static bool take_in_all(const char *directory, struct dirent *const *names, size_t count,
    const struct intake_options *options, struct intake_directory *into, struct fault *fault)
{
    if (count > INTAKE_DIRECTORY_MAX)
        return fault_set(fault, FAULT_LIMIT, "%s: more than %u connector files", directory,
            INTAKE_DIRECTORY_MAX);
    into->entries = memory_allocate_array(count + 1, sizeof *into->entries);
    if (!into->entries)
        return fault_memory(fault);
    for (size_t i = 0; i < count; i++)
        if (!add_entry(directory, names[i]->d_name, options, into, fault))
            return false;
    return true;
}

static void free_names(struct dirent **names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(names[i]); /* from scandir, which allocates by itself */
    free(names);
}

bool intake_directory(const char *directory, const struct intake_options *options,
    struct intake_directory *ret_directory, struct fault *fault)
{
    struct intake_directory all = {0};
    struct dirent **names = NULL;
    int found = scandir(directory, &names, is_connector, by_bytes);
    if (found < 0) {
        (void)fault_system(fault,
            "%s: the directory of connectors cannot be read; connectors.directory says where it is",
            directory);
        fault->code = FAULT_CONFIGURATION;
        return false;
    }
    size_t count = (size_t)found;
    bool ok = take_in_all(directory, names, count, options, &all, fault);
    free_names(names, count);
    if (!ok) {
        intake_directory_free(&all);
        return false;
    }
    refuse_duplicates(&all);
    *ret_directory = all;
    return true;
}

void intake_directory_free(struct intake_directory *directory)
{
    for (size_t i = 0; i < directory->count; i++) {
        plan_release(directory->entries[i].plan);
        memory_free(directory->entries[i].path);
    }
    memory_free(directory->entries);
    *directory = (struct intake_directory){0};
}

struct plan *intake_find(const struct intake_directory *directory, struct span name)
{
    for (size_t i = 0; i < directory->count; i++)
        if (directory->entries[i].plan &&
            span_equal_text(name, directory->entries[i].plan->connector->name))
            return directory->entries[i].plan;
    return NULL;
}
