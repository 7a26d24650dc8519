/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a checkpoint: the evidence gathered so far, then the position, so that a listing that goes on after a crash
 * proves as much as one that never stopped. One line: "go|over TOTAL EXACT MOVED MARKS RESTARTS BYTES SIGNAL|POSITION". */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "machine.h"

bool checkpoint_encode(const struct scope *scope, bool over, struct arena *arena,
    struct span *ret_text, struct fault *fault)
{
    AUTO_BYTES text = {.limit = POSITION_TEXT_MAX + 512};
    if (!bytes_format(&text, fault, "%s %" PRId64 " %d %d %" PRIu32 " %u %" PRId64 " %s|",
            over ? "over" : "go", scope->total, scope->total_exact, scope->total_moved,
            scope->marks, scope->restarts, scope->guards.bytes,
            scope->end_signal[0] ? scope->end_signal : "-") ||
        !position_encode(&scope->at, &text, fault))
        return false;
    struct span copy = arena_copy(arena, bytes_span(&text));
    if (!copy.data)
        return fault_memory(fault);
    *ret_text = copy;
    return true;
}

static bool decode_evidence(struct scope *scope, const char *text, bool *ret_over)
{
    char word[8], signal[64];
    int exact, moved, used = 0;
    if (sscanf(text, "%7s %" SCNd64 " %d %d %" SCNu32 " %u %" SCNd64 " %n", word, &scope->total,
            &exact, &moved, &scope->marks, &scope->restarts, &scope->guards.bytes, &used) != 7 ||
        used == 0)
        return false;
    (void)snprintf(signal, sizeof signal, "%s", text + used);
    scope->total_exact = exact != 0;
    scope->total_moved = moved != 0;
    if (strcmp(signal, "-") != 0)
        (void)snprintf(scope->end_signal, sizeof scope->end_signal, "%s", signal);
    *ret_over = strcmp(word, "over") == 0;
    return true;
}

bool checkpoint_decode(struct scope *scope, struct span text, bool *ret_over, struct fault *fault)
{
    char head[256];
    size_t bar = 0;
    while (bar < text.length && text.data[bar] != '|')
        bar++;
    if (bar >= sizeof head || bar == text.length)
        return fault_set(fault, FAULT_SYNTAX, "the checkpoint cannot be read");
    (void)memcpy(head, text.data, bar);
    head[bar] = '\0';
    if (!decode_evidence(scope, head, ret_over))
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
