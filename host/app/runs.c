/* SPDX-License-Identifier: Apache-2.0 */
/* One table of a run's members serves the document, the line that carries a run, and the reading of
 * that line. */
#include "runs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/memory.h"
#include "table.h"

#define SECONDS_TEXT_MAX 32 /* "%.3f" of an int64_t of milliseconds */

enum member_type {
    MEMBER_TEXT,   /* const char *; may be null */
    MEMBER_REASON, /* char[REASON_MAX]; empty is null */
    MEMBER_PROOF,
    MEMBER_NUMBER,
    MEMBER_SECONDS, /* milliseconds in the structure */
    MEMBER_FLAG
};

struct member {
    const char *name;
    enum member_type type;
    size_t offset;
};

#define MEMBER(name, type, place)                                \
    {                                                            \
        name, MEMBER_##type, offsetof(struct run_summary, place) \
    }

/* In the order of the document (CONTRACT, Command line; what is not in it comes last). */
static const struct member members[] = {MEMBER("connection", TEXT, connection),
    MEMBER("stream", TEXT, stream), MEMBER("kind", TEXT, kind), MEMBER("proof", PROOF, proof),
    MEMBER("reason", REASON, reason), MEMBER("pages", NUMBER, pages),
    MEMBER("received", NUMBER, sums.received), MEMBER("created", NUMBER, sums.created),
    MEMBER("changed", NUMBER, sums.changed), MEMBER("unchanged", NUMBER, sums.unchanged),
    MEMBER("duplicate", NUMBER, sums.duplicate), MEMBER("filtered", NUMBER, sums.filtered),
    MEMBER("dead", NUMBER, sums.dead), MEMBER("missing", NUMBER, missing),
    MEMBER("deleted", NUMBER, deleted), MEMBER("held", NUMBER, held),
    MEMBER("requests", NUMBER, requests), MEMBER("retries", NUMBER, retries),
    MEMBER("throttled_s", SECONDS, throttled_ms), MEMBER("seconds", SECONDS, duration_ms),
    MEMBER("full", FLAG, full), MEMBER("run", NUMBER, run), MEMBER("scopes", NUMBER, scopes),
    MEMBER("drift", NUMBER, drift)};

#define MEMBERS (sizeof members / sizeof members[0])

bool runs_add(struct runs *runs, const struct run_summary *run, struct fault *fault)
{
    struct run_summary *list = memory_grow(runs->list, runs->count, &runs->capacity, sizeof *list);
    if (!list)
        return fault_memory(fault);
    runs->list = list;
    runs->list[runs->count++] = *run;
    return true;
}

void runs_free(struct runs *runs)
{
    memory_free(runs->list);
    *runs = (struct runs){0};
}

bool runs_is_good(const struct run_summary *run)
{
    return run->proof >= PROOF_ASSERTED && run->held == 0;
}

/* ------------------------------------------------------------------ out ----------------------- */

static struct cell text_cell(const char *text)
{
    return (struct cell){.type = text ? CELL_TEXT : CELL_NULL, .text = span_of(text)};
}

static struct cell cell_of(const struct member *member, const struct run_summary *run)
{
    const void *place = (const char *)run + member->offset;
    switch (member->type) {
    case MEMBER_TEXT:
        return text_cell(*(const char *const *)place);
    case MEMBER_REASON:
        return text_cell(((const char *)place)[0] ? place : NULL);
    case MEMBER_PROOF:
        return text_cell(proof_name(*(const enum proof *)place));
    case MEMBER_NUMBER:
        return (struct cell){.type = CELL_INTEGER, .integer = *(const int64_t *)place};
    case MEMBER_SECONDS:
        return (struct cell){.type = CELL_REAL, .real = (double)*(const int64_t *)place / 1000};
    case MEMBER_FLAG:
        return (struct cell){
            .type = CELL_JSON, .text = *(const bool *)place ? SPAN("true") : SPAN("false")};
    }
    return (struct cell){.type = CELL_NULL};
}

static void json_row(struct table *table, const struct run_summary *run)
{
    const char *names[MEMBERS];
    struct cell cells[MEMBERS];
    for (size_t i = 0; i < MEMBERS; i++) {
        names[i] = members[i].name;
        cells[i] = cell_of(&members[i], run);
    }
    (void)table_row(table, names, cells, MEMBERS); /* table_finish says whether it failed */
}

/* What a person looks at first; the rest is in the document. */
static void text_row(struct table *table, const struct run_summary *run)
{
    static const char *const shown[] = {"connection", "stream", "proof", "pages", "received",
        "created", "changed", "unchanged", "duplicate", "filtered", "dead", "missing", "seconds",
        "reason"};
    enum { SHOWN = sizeof shown / sizeof shown[0] };
    struct cell cells[SHOWN];
    for (size_t i = 0, at = 0; i < SHOWN; i++, at = 0) {
        while (strcmp(members[at].name, shown[i]) != 0)
            at++;
        cells[i] = cell_of(&members[at], run);
        if (members[at].type == MEMBER_REASON && cells[i].type == CELL_NULL)
            cells[i] = text_cell("");
    }
    (void)table_row(table, shown, cells, SHOWN); /* as above */
}

/* In the order in which a round began them, which is that of the declaration, not in that of their
 * ends. */
static int by_run(const void *a, const void *b)
{
    const struct run_summary *left = a, *right = b;
    int order = strcmp(left->connection, right->connection);
    return order != 0 ? order : (left->run > right->run) - (left->run < right->run);
}

bool runs_print(struct runs *runs, bool json)
{
    if (runs->count)
        qsort(runs->list, runs->count, sizeof *runs->list, by_run);
    struct table *table = table_create(stdout, json ? TABLE_JSON : TABLE_TEXT, "runs");
    if (!table)
        return false;
    for (size_t i = 0; i < runs->count; i++)
        (json ? json_row : text_row)(table, &runs->list[i]);
    bool written = table_finish(table);
    table_free(table);
    return written;
}

bool runs_write(const struct run_summary *run, struct bytes *into, struct fault *fault)
{
    for (size_t i = 0; i < MEMBERS; i++) {
        struct cell cell = cell_of(&members[i], run);
        if (!bytes_format(into, fault, "%c\"%s\":", i ? ',' : '{', members[i].name) ||
            !table_cell_json(&cell, into, fault))
            return false;
    }
    return bytes_append_char(into, '}', fault);
}

/* ------------------------------------------------------------------ in ------------------------ */

static bool read_text(
    struct json_value value, struct arena *arena, const char **ret_text, struct fault *fault)
{
    struct span text;
    if (!json_text(value, arena, &text, fault))
        return false;
    struct span copy = text.data ? arena_copy(arena, text) : text;
    if (text.data && !copy.data)
        return fault_memory(fault);
    *ret_text = copy.data;
    return true;
}

static bool read_proof(const char *name, enum proof *ret_proof)
{
    for (enum proof proof = PROOF_NONE; proof <= PROOF_PROVEN; proof++)
        if (name && strcmp(name, proof_name(proof)) == 0) {
            *ret_proof = proof;
            return true;
        }
    return false;
}

/* "12.345", as table_cell_json writes it, is 12345 ms. */
static bool read_seconds(struct json_value value, int64_t *ret_ms)
{
    char digits[SECONDS_TEXT_MAX];
    size_t length = 0;
    if (value.type != JSON_NUMBER || value.bytes.length >= sizeof digits)
        return false;
    for (size_t i = 0; i < value.bytes.length; i++)
        if (value.bytes.data[i] != '.')
            digits[length++] = value.bytes.data[i];
    return length + 1 == value.bytes.length && value.bytes.data[length - 3] == '.' &&
           span_to_int64((struct span){digits, length}, ret_ms);
}

static bool read_member(const struct member *member, struct json_value value, struct arena *arena,
    struct run_summary *run, struct fault *fault)
{
    void *place = (char *)run + member->offset;
    const char *text = NULL;
    bool good = true;
    switch (member->type) {
    case MEMBER_TEXT:
        return read_text(value, arena, place, fault);
    case MEMBER_REASON:
        if (!read_text(value, arena, &text, fault))
            return false;
        (void)snprintf(place, REASON_MAX, "%s", text ? text : "");
        break;
    case MEMBER_PROOF:
        if (!read_text(value, arena, &text, fault))
            return false;
        good = read_proof(text, place);
        break;
    case MEMBER_NUMBER:
        good = json_integer(value, place);
        break;
    case MEMBER_SECONDS:
        good = read_seconds(value, place);
        break;
    case MEMBER_FLAG:
        good = value.type == JSON_TRUE || value.type == JSON_FALSE;
        *(bool *)place = value.type == JSON_TRUE;
        break;
    }
    return good || fault_set(fault, FAULT_CONTENT, "a run whose %s cannot be read", member->name);
}

bool runs_read(
    struct json_value object, struct arena *arena, struct run_summary *ret_run, struct fault *fault)
{
    struct run_summary run = {0};
    struct json_value values[MEMBERS] = {0}, value;
    struct json_iterator iterator = json_begin(object);
    struct span key;
    if (object.type != JSON_OBJECT)
        return fault_set(fault, FAULT_CONTENT, "a run that is no object");
    while (json_next(&iterator, &key, &value))
        for (size_t i = 0; i < MEMBERS; i++)
            if (key.length == strlen(members[i].name) + 2 &&
                memcmp(key.data + 1, members[i].name, key.length - 2) == 0)
                values[i] = value; /* others belong to a newer host */
    for (size_t i = 0; i < MEMBERS; i++)
        if (!read_member(&members[i], values[i], arena, &run, fault))
            return false;
    *ret_run = run;
    return true;
}
