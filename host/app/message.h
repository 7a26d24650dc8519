/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of the control protocol (control.h), written and read. Each line is hostile until it
 * has passed the gate. */
#ifndef MUSTER_APP_MESSAGE_H
#define MUSTER_APP_MESSAGE_H

#include <sys/un.h>
#include "runs.h"

#define MESSAGE_LINE_MAX 65536u /* bytes of one line with its end */
#define MESSAGE_WHO_MAX  64u    /* bytes of a person's name */
#define MESSAGE_WHY_MAX  1024u  /* bytes of a reason */

/* Where a host that runs on this store listens: STORE.sock. FAULT_CONFIGURATION where that is
 * longer than an address may be. */
bool message_address(
    const char *store_path, struct sockaddr_un *ret_address, struct fault *fault) MUST_CHECK;

enum request_verb {
    REQUEST_SYNC,
    REQUEST_APPROVE,
    REQUEST_REJECT,
    REQUEST_DISCARD,
    REQUEST_REPLAY,
    REQUEST_REPAIR
};

struct control_request {
    enum request_verb verb;
    bool full;                /* SYNC */
    const char *const *names; /* SYNC; none: all */
    size_t name_count;
    int64_t number;           /* of the hold or the letter; */
    bool of_run;              /* APPROVE, REJECT: of a run, all whose open holds are meant */
    const char *who, *reason; /* reason: DISCARD */
    /* REPLAY */
    bool dry;
    const char *connection, *stream; /* NULL: all */
    const int64_t *letters;          /* none: all that are open */
    size_t letter_count;
};

/* One line with its end. FAULT_LIMIT where it would be too long. */
bool message_write_request(
    const struct control_request *request, struct bytes *into, struct fault *fault) MUST_CHECK;
/* `line` without its end. FAULT_USAGE says what is wrong with it. Everything in `ret_request` lives
 * in `arena`. */
bool message_read_request(struct span line, const struct hash_key *key, struct arena *arena,
    struct control_request *ret_request, struct fault *fault) MUST_CHECK;

enum answer_kind {
    ANSWER_RUN,
    ANSWER_TROUBLE,
    ANSWER_PROGRESS,
    ANSWER_LETTER,   /* written by replay.c */
    ANSWER_REPLAYED, /* likewise */
    ANSWER_DONE
};

struct answer {
    enum answer_kind kind;
    struct run_summary run;        /* RUN; texts in the arena */
    const char *connection, *text; /* TROUBLE: both; DONE: text, "" where nothing is to be said */
    int64_t pages, records;        /* PROGRESS */
    struct json_value object;      /* LETTER, REPLAYED: borrowed from the line */
    int64_t status;                /* DONE: the exit status (command.h) */
};

/* Each appends one whole line, or nothing. */
bool message_write_answer(
    const struct answer *answer, struct bytes *into, struct fault *fault) MUST_CHECK;
bool message_read_answer(struct span line, const struct hash_key *key, struct arena *arena,
    struct answer *ret_answer, struct fault *fault) MUST_CHECK;

#endif
