/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a checkpoint: the evidence gathered so far, then the position, so that a listing that
 * goes on after a crash proves as much, and is guarded as well, as one that never stopped. One
 * line: "STATE TOTAL EXACT MOVED MARKS RESTARTS BYTES BARREN IDS TORTOISE STEPS POWER RECEIVED DEAD
 * CONFLICTS UNREADABLE TEXT|POSITION"; the four sums are of listings before the last restart, TEXT
 * is the end's signal or the guard's reason. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "machine.h"

#define HEAD_MAX   1024 /* bytes before the position */
#define HEAD_WORDS 16   /* conversions of decode_evidence */

/* "go": pages are still to come; "over": by its end; "failed": by a guard. */
static const char *const state_words[] = {
    [CHECKPOINT_GOES_ON] = "go", [CHECKPOINT_OVER] = "over", [CHECKPOINT_FAILED] = "failed"};

bool checkpoint_encode(const struct scope *scope, enum checkpoint_state state, struct arena *arena,
    struct span *ret_text, struct fault *fault)
{
    AUTO_BYTES text = {.limit = POSITION_TEXT_MAX + HEAD_MAX};
    const struct guards *guards = &scope->guards;
    const struct batch_outcome *earlier = &scope->earlier;
    char say[REASON_MAX];
    (void)snprintf(say, sizeof say, "%s",
        state == CHECKPOINT_FAILED ? scope->reason
        : scope->end_signal[0]     ? scope->end_signal
                                   : "-");
    for (char *at = say; *at; at++)
        if (*at == '|')
            *at = '/'; /* ends the evidence */
    if (!bytes_format(&text, fault,
            "%s %" PRId64 " %d %d %" PRIu32 " %u %" PRId64 " %" PRId64 " %" PRIx64 " ",
            state_words[state], scope->total, scope->total_exact, scope->total_moved, scope->marks,
            scope->restarts, guards->bytes, guards->barren, guards->ids_hash) ||
        !bytes_append_hex(&text, guards->tortoise.bytes, sizeof guards->tortoise.bytes, fault) ||
        !bytes_format(&text, fault,
            " %" PRIu64 " %" PRIu64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %s|",
            guards->steps, guards->power, earlier->received, earlier->dead, earlier->conflicts,
            earlier->unreadable, say) ||
        !position_encode(&scope->at, &text, fault))
        return false;
    struct span copy = arena_copy(arena, bytes_span(&text));
    if (!copy.data)
        return fault_memory(fault);
    *ret_text = copy;
    return true;
}

static bool decode_hash(const char *text, struct hash128 *ret_hash)
{
    unsigned byte;
    int used;
    for (size_t i = 0; i < sizeof ret_hash->bytes; i++, text += 2) {
        if (sscanf(text, "%2x%n", &byte, &used) != 1 || used != 2)
            return false;
        ret_hash->bytes[i] = (uint8_t)byte;
    }
    return *text == '\0';
}

static bool decode_state(const char *word, enum checkpoint_state *ret_state)
{
    for (size_t i = 0; i < sizeof state_words / sizeof state_words[0]; i++)
        if (strcmp(word, state_words[i]) == 0) {
            *ret_state = (enum checkpoint_state)i;
            return true;
        }
    return false;
}

static bool decode_evidence(struct scope *scope, const char *text, enum checkpoint_state *ret_state)
{
    char word[8], tortoise[33];
    struct guards *guards = &scope->guards;
    struct batch_outcome *earlier = &scope->earlier;
    int exact, moved, used = 0;
    if (sscanf(text,
            "%7s %" SCNd64 " %d %d %" SCNu32 " %u %" SCNd64 " %" SCNd64 " %" SCNx64 " %32s %" SCNu64
            " %" SCNu64 " %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64 " %n",
            word, &scope->total, &exact, &moved, &scope->marks, &scope->restarts, &guards->bytes,
            &guards->barren, &guards->ids_hash, tortoise, &guards->steps, &guards->power,
            &earlier->received, &earlier->dead, &earlier->conflicts, &earlier->unreadable,
            &used) != HEAD_WORDS ||
        used == 0 || !decode_hash(tortoise, &guards->tortoise) || !decode_state(word, ret_state))
        return false;
    scope->total_exact = exact != 0;
    scope->total_moved = moved != 0;
    if (*ret_state == CHECKPOINT_FAILED) {
        scope->failed = true;
        (void)snprintf(scope->reason, sizeof scope->reason, "%s", text + used);
    } else if (strcmp(text + used, "-") != 0) {
        (void)snprintf(scope->end_signal, sizeof scope->end_signal, "%s", text + used);
    }
    return true;
}

bool checkpoint_decode(
    struct scope *scope, struct span text, enum checkpoint_state *ret_state, struct fault *fault)
{
    char head[HEAD_MAX];
    size_t bar = 0;
    while (bar < text.length && text.data[bar] != '|')
        bar++;
    if (bar >= sizeof head || bar == text.length)
        return fault_set(fault, FAULT_SYNTAX, "the checkpoint cannot be read");
    (void)memcpy(head, text.data, bar);
    head[bar] = '\0';
    if (!decode_evidence(scope, head, ret_state))
        return fault_set(fault, FAULT_SYNTAX, "the checkpoint cannot be read");
    struct position at;
    if (!position_decode(
            (struct span){text.data + bar + 1, text.length - bar - 1}, scope->arena, &at, fault))
        return false;
    bytes_clear(&scope->token);
    if (at.token.data) {
        if (!bytes_append(&scope->token, at.token, fault))
            return false;
        at.token = bytes_span(&scope->token);
    }
    scope->at = at;
    scope->pages = at.page;
    return true;
}
