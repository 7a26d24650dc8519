/* SPDX-License-Identifier: Apache-2.0 */
/* The commands that look at connectors and configuration: connectors, lint, check. They contact
 * nobody and touch no store. */
#include <stdio.h>
#include <string.h>
#include "build.h"
#include "command.h"
#include "generation.h"

static void print_text(struct span text)
{
    (void)fwrite(text.data, 1, text.length, stdout);
}

static void print_json_text(const char *text)
{
    struct fault fault;
    AUTO_BYTES line = {0};
    if (text && bytes_append_json(&line, span_of(text), &fault))
        print_text(bytes_span(&line));
    else
        (void)printf("null");
}

/* ------------------------------------------------------------------ lint ---------------------- */

static enum status print_kinds(void)
{
    static const char *const types[] = {[FIELD_TEXT] = "text",
        [FIELD_ENUM] = "word",
        [FIELD_BOOLEAN] = "boolean",
        [FIELD_TIME] = "time",
        [FIELD_KIND] = "kind"};
    for (size_t k = 0; k < KIND_COUNT; k++) {
        const struct kind *kind = kind_at(k);
        (void)printf("%s%s%s\n", kind->name, kind->composed_id ? "   id composed of: " : "",
            kind->key_fields);
        for (size_t f = 0; f < kind->field_count; f++) {
            const struct kind_field *field = &kind->fields[f];
            (void)printf("  %-16s %-8s%s %s%s%s\n", field->name, types[field->type],
                field->rule == FIELD_MANDATORY ? " mandatory" : "", field->summary,
                field->words ? ": " : "", field->words ? field->words : "");
        }
    }
    return STATUS_DONE;
}

static bool lint_one(const char *path, bool json)
{
    const struct intake_options options = {.host_build = MUSTER_BUILD};
    struct intake_report report = {.count = 0};
    struct plan *plan;
    struct fault fault;
    if (intake_load(path, &options, &plan, &report, &fault)) {
        if (json) {
            print_text(plan->canonical);
            (void)printf("\n");
        } else {
            (void)printf("%s: sound: %s %s, %u streams\n", path, plan->connector->name,
                plan->connector->version ? plan->connector->version : "",
                plan->connector->streams.count);
        }
        plan_release(plan);
        return true;
    }
    if (report.count == 0)
        (void)fprintf(stderr, "%s: %s\n", path, fault.text);
    for (size_t i = 0; i < report.count; i++) {
        if (report.problems[i].fault_number)
            (void)fprintf(stderr, "%s: fault %d: %s\n", path, report.problems[i].fault_number,
                report.problems[i].text);
        else
            (void)fprintf(stderr, "%s: %s\n", path, report.problems[i].text);
    }
    return false;
}

enum status command_lint(const struct command_line *line)
{
    enum status status = STATUS_DONE;
    if (line->kinds_only)
        return print_kinds();
    if (line->argument_count == 0)
        return command_misuse("lint takes connector files, or --kinds");
    for (int i = 0; i < line->argument_count; i++)
        if (!lint_one(line->arguments[i], line->json))
            status = STATUS_PARTIAL;
    return status;
}

/* ------------------------------------------------------------------ connectors ---------------- */

static void connector_json(const struct intake_entry *entry, bool first)
{
    char hash[65] = "";
    (void)printf("%s\n  {\"file\":", first ? "" : ",");
    print_json_text(entry->path);
    if (entry->plan) {
        hash256_text(&entry->plan->content_hash, hash);
        (void)printf(",\"name\":");
        print_json_text(entry->plan->connector->name);
        (void)printf(",\"version\":");
        print_json_text(entry->plan->connector->version);
        (void)printf(",\"abi\":%u,\"streams\":%u,\"content_hash\":\"%s\"",
            entry->plan->connector->abi, entry->plan->connector->streams.count, hash);
        hash256_text(&entry->plan->hash, hash);
        (void)printf(",\"declaration_hash\":\"%s\"", hash);
    }
    (void)printf(",\"refused\":%s", entry->plan ? "null" : "[");
    for (size_t i = 0; !entry->plan && i < entry->report.count; i++) {
        (void)printf(
            "%s{\"fault\":%d,\"why\":", i ? "," : "", entry->report.problems[i].fault_number);
        print_json_text(entry->report.problems[i].text);
        (void)printf("}");
    }
    (void)printf("%s}", entry->plan ? "" : "]");
}

static void connector_text(const struct intake_entry *entry)
{
    if (entry->plan) {
        char hash[65];
        hash256_text(&entry->plan->content_hash, hash);
        (void)printf("%-16s %-10s abi %u  %2u streams  %.16s  %s\n", entry->plan->connector->name,
            entry->plan->connector->version ? entry->plan->connector->version : "-",
            entry->plan->connector->abi, entry->plan->connector->streams.count, hash, entry->path);
        return;
    }
    (void)printf("refused          %s\n", entry->path);
    for (size_t i = 0; i < entry->report.count; i++)
        (void)printf("  fault %d: %s\n", entry->report.problems[i].fault_number,
            entry->report.problems[i].text);
}

enum status command_connectors(const struct command_line *line)
{
    const struct intake_options options = {.host_build = MUSTER_BUILD};
    struct settings *settings;
    struct intake_directory directory;
    struct fault fault;
    size_t refused = 0;
    if (!settings_read(line->configuration, &settings, &fault))
        return command_fail(&fault);
    if (!intake_directory(settings->connectors_directory, &options, &directory, &fault)) {
        settings_free(settings);
        return command_fail(&fault);
    }
    if (line->json)
        (void)printf("{\"connectors\":[");
    for (size_t i = 0; i < directory.count; i++) {
        refused += directory.entries[i].plan == NULL;
        if (line->json)
            connector_json(&directory.entries[i], i == 0);
        else
            connector_text(&directory.entries[i]);
    }
    if (line->json)
        (void)printf("\n]}\n");
    else if (directory.count == 0)
        (void)printf("no connector files in %s\n", settings->connectors_directory);
    intake_directory_free(&directory);
    settings_free(settings);
    return refused ? STATUS_PARTIAL : STATUS_DONE;
}

/* ------------------------------------------------------------------ check --------------------- */

enum status command_check(const struct command_line *line)
{
    static const struct hash_key no_store; /* nothing is compared with a store here */
    struct generation *generation;
    struct fault fault;
    if (!generation_load(line->configuration, &generation, &fault))
        return command_fail(&fault);
    generation_join(generation, &no_store, NULL);
    for (size_t i = 0; i < generation->count; i++) {
        const struct generation_entry *entry = &generation->entries[i];
        if (entry->connection)
            (void)printf("%-24s sound: %s at %s\n", entry->name,
                entry->connection->source->plan->connector->name,
                entry->connection->source->base_url);
        else
            (void)printf("%-24s %s\n", entry->name, entry->fault.text);
    }
    if (generation->count == 0)
        (void)printf("the configuration has no connections\n");
    bool troubled = generation->troubled > 0;
    generation_free(generation);
    return troubled ? STATUS_USAGE : STATUS_DONE;
}
