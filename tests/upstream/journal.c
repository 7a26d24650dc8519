/* SPDX-License-Identifier: Apache-2.0 */
/* Counting, cheaply enough to stay on in the bench. */
#include "journal.h"

#include <inttypes.h>
#include <string.h>
#include "base/memory.h"

bool journal_start(struct journal *journal, struct fault *fault)
{
    *journal = (struct journal){0};
    journal->paths = memory_allocate_array(JOURNAL_PATHS_MAX, sizeof *journal->paths);
    journal->recent = memory_allocate_array(JOURNAL_RECENT, sizeof *journal->recent);
    return (journal->paths && journal->recent) || fault_memory(fault);
}

void journal_free(struct journal *journal)
{
    memory_free(journal->paths);
    memory_free(journal->recent);
    bytes_free(&journal->last_headers);
}

static void copy_cut(char *into, size_t room, struct span text)
{
    size_t length = text.length < room - 1 ? text.length : room - 1;
    (void)memcpy(into, text.data, length);
    into[length] = '\0';
}

static void count_path(struct journal *journal, struct span path)
{
    struct span shown = {
        path.data, path.length < JOURNAL_PATH_TEXT - 1 ? path.length : JOURNAL_PATH_TEXT - 1};
    for (size_t i = 0; i < journal->path_count; i++) {
        if (span_equal_text(shown, journal->paths[i].path)) {
            journal->paths[i].requests++;
            return;
        }
    }
    if (journal->path_count == JOURNAL_PATHS_MAX) {
        journal->other_paths++;
        return;
    }
    struct path_count *fresh = &journal->paths[journal->path_count++];
    copy_cut(fresh->path, sizeof fresh->path, shown);
    fresh->requests = 1;
}

bool journal_request(struct journal *journal, const struct request *request, struct fault *fault)
{
    char *recent = journal->recent[journal->requests++ % JOURNAL_RECENT];
    struct span line = {request->method.data,
        (size_t)(request->target.data + request->target.length - request->method.data)};
    copy_cut(recent, JOURNAL_TARGET_TEXT, line);
    count_path(journal, request->path);
    bytes_clear(&journal->last_headers);
    return bytes_append(&journal->last_headers, request->headers, fault);
}

void journal_status(struct journal *journal, int status)
{
    if (status > 0 && status < JOURNAL_STATUS_MAX)
        journal->statuses[status]++;
}

void journal_reset(struct journal *journal)
{
    journal->requests = journal->other_paths = 0;
    journal->path_count = 0;
    (void)memset(journal->statuses, 0, sizeof journal->statuses);
    bytes_clear(&journal->last_headers);
}

static bool write_statuses(const struct journal *journal, struct bytes *into, struct fault *fault)
{
    const char *comma = "";
    for (int status = 0; status < JOURNAL_STATUS_MAX; status++) {
        if (journal->statuses[status] == 0)
            continue;
        if (!bytes_format(
                into, fault, "%s\"%d\":%" PRIu64, comma, status, journal->statuses[status]))
            return false;
        comma = ",";
    }
    return true;
}

static bool write_paths(const struct journal *journal, struct bytes *into, struct fault *fault)
{
    for (size_t i = 0; i < journal->path_count; i++)
        if (!bytes_append_text(into, i > 0 ? "," : "", fault) ||
            !bytes_append_json(into, span_of(journal->paths[i].path), fault) ||
            !bytes_format(into, fault, ":%" PRIu64, journal->paths[i].requests))
            return false;
    return true;
}

static bool write_recent(const struct journal *journal, struct bytes *into, struct fault *fault)
{
    uint64_t count = journal->requests < JOURNAL_RECENT ? journal->requests : JOURNAL_RECENT;
    for (uint64_t i = journal->requests - count; i < journal->requests; i++)
        if (!bytes_append_text(into, i > journal->requests - count ? "," : "", fault) ||
            !bytes_append_json(into, span_of(journal->recent[i % JOURNAL_RECENT]), fault))
            return false;
    return true;
}

bool journal_write(const struct journal *journal, const struct server_counts *counts,
    uint64_t tokens_issued, uint64_t refused, struct bytes *into, struct fault *fault)
{
    return bytes_format(into, fault,
               "{\"requests\":%" PRIu64 ",\"connections\":%" PRIu64 ",\"open\":%" PRIu64
               ",\"in_flight_max\":%" PRIu64 ",\"bytes_sent\":%" PRIu64
               ",\"tokens_issued\":%" PRIu64 ",\"refused\":%" PRIu64 ",\"statuses\":{",
               journal->requests, counts->connections, counts->open, counts->in_flight_max,
               counts->bytes_sent, tokens_issued, refused) &&
           write_statuses(journal, into, fault) &&
           bytes_append_text(into, "},\"paths\":{", fault) && write_paths(journal, into, fault) &&
           bytes_format(
               into, fault, "},\"other_paths\":%" PRIu64 ",\"recent\":[", journal->other_paths) &&
           write_recent(journal, into, fault) &&
           bytes_append_text(into, "],\"last_headers\":", fault) &&
           bytes_append_json(into, bytes_span(&journal->last_headers), fault) &&
           bytes_append_char(into, '}', fault);
}
