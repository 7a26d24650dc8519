/* SPDX-License-Identifier: Apache-2.0 */
/* What the server was asked, for assertions: counts by path and status, the last requests. Control
 * requests do not count. */
#ifndef UPSTREAM_JOURNAL_H
#define UPSTREAM_JOURNAL_H

#include "server.h"

#define JOURNAL_PATHS_MAX   512u /* counted one by one; the rest together */
#define JOURNAL_PATH_TEXT   128u
#define JOURNAL_RECENT      64u
#define JOURNAL_TARGET_TEXT 512u
#define JOURNAL_STATUS_MAX  600

struct path_count {
    char path[JOURNAL_PATH_TEXT];
    uint64_t requests;
};

struct journal {
    uint64_t requests, other_paths;
    uint64_t statuses[JOURNAL_STATUS_MAX];
    struct path_count *paths;
    size_t path_count;
    char (*recent)[JOURNAL_TARGET_TEXT]; /* a ring: the newest is at (requests - 1) % JOURNAL_RECENT
                                          */
    struct bytes last_headers;
};

bool journal_start(struct journal *journal, struct fault *fault) MUST_CHECK;
void journal_free(struct journal *journal);
bool journal_request(
    struct journal *journal, const struct request *request, struct fault *fault) MUST_CHECK;
void journal_status(struct journal *journal, int status);
void journal_reset(struct journal *journal);
/* All of it as a JSON object, with the server's own counts. */
bool journal_write(const struct journal *journal, const struct server_counts *counts,
    uint64_t tokens_issued, uint64_t refused, struct bytes *into, struct fault *fault) MUST_CHECK;

#endif
