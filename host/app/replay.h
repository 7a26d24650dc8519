/* SPDX-License-Identifier: Apache-2.0 */
/* `muster dead replay`: orders a replay of the store (store/replay.h) with the connections of a
 * generation, and writes what becomes of each letter as one line of JSON, which a command shows
 * itself or gets from a running host. */
#ifndef MUSTER_APP_REPLAY_H
#define MUSTER_APP_REPLAY_H

#include "command.h"
#include "generation.h"
#include "message.h"
#include "store/replay.h"

#define REPLAY_LINE_BYTES \
    16384u /* of a letter's line, after which its further records are counted */
#define REPLAY_VALUE_BYTES 128u /* of one value that is shown */

/* What letters are mapped with: the connections of a generation, held. On the thread that the
 * connections belong to (engine/connection.h). */
struct replay_kit {
    struct connection **connections;
    struct replay_source *sources;
    size_t count;
};
bool replay_kit_take(const struct generation *generation, struct replay_kit *ret_kit,
    struct fault *fault) MUST_CHECK;
void replay_kit_free(struct replay_kit *kit);

/* Gets whole lines, settled in the store; false stops the replay before its next batch. May
 * wait. */
typedef bool replay_lines(void *context, struct span lines);

/* Any thread that has a handle of its own. *ret_status: done, or partial where letters fail
 * still. */
bool replay_make(struct store *store, const struct control_request *request,
    const struct replay_kit *kit, replay_lines *lines, void *context, enum status *ret_status,
    struct fault *fault) MUST_CHECK;

/* What a person or a program sees of it on stdout. */
struct replay_view {
    bool json, dry, begun;
    size_t letters;
};
/* One value of a line: {"letter":…} and {"replayed":…}, as message_read_answer gives them. */
void replay_view_letter(struct replay_view *view, struct json_value letter);
void replay_view_sums(struct replay_view *view, struct json_value sums);
/* After the last line, also where it broke off. */
void replay_view_end(struct replay_view *view);

#endif
