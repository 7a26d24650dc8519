/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a checkpoint: the evidence gathered so far, then the position, so that a listing that
 * goes on after a crash proves as much, and is guarded as well, as one that never stopped. One
 * line: "STATE TOTAL EXACT MOVED MARKS RESTARTS BYTES BARREN IDS BEGAN JOINED FIRST LAST SUM
 * SLIPPERY FULL FROM TWICE SINCE BEFORE TORTOISE STEPS POWER RECEIVED DEAD CONFLICTS UNREADABLE
 * TEXT|POSITION"; FIRST and LAST are the ends of the page before, SUM and BEFORE the items of this
 * listing and of a whole one before it, FROM and SINCE the batches before their first; the four
 * sums are of listings before the last restart, TEXT is the end's signal or the guard's reason. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "base/ascii.h"
#include "machine.h"

#define HEAD_MAX 1024 /* bytes before the position */

/* "go": pages are still to come; "over": by its end; "failed": by a guard. */
static const char *const state_words[] = {
    [CHECKPOINT_GOES_ON] = "go", [CHECKPOINT_OVER] = "over", [CHECKPOINT_FAILED] = "failed"};

bool checkpoint_encode(const struct scope *scope, enum checkpoint_state state,
    const struct position *at, struct arena *arena, struct span *ret_text, struct fault *fault)
{
    AUTO_BYTES text = {.limit = POSITION_TEXT_MAX + HEAD_MAX};
    const struct guards *guards = &scope->guards;
    const struct trail *trail = &scope->trail;
    const struct batch_outcome *earlier = &scope->earlier;
    char say[REASON_MAX];
    (void)snprintf(say, sizeof say, "%s",
        state == CHECKPOINT_FAILED ? scope->reason
        : scope->end_signal[0]     ? scope->end_signal
                                   : "-");
    for (char *c = say; *c; c++)
        if (*c == '|')
            *c = '/'; /* ends the evidence */
    if (!bytes_format(&text, fault,
            "%s %" PRId64 " %d %d %" PRIu32 " %u %" PRId64 " %" PRId64 " %" PRId64 " ",
            state_words[state], scope->total, scope->total_exact, scope->total_moved, scope->marks,
            scope->restarts, trail->bytes, guards->barren, (int64_t)guards->ids_hash) ||
        !bytes_format(
            &text, fault, "%" PRId64 " %" PRId64 " ", guards->began_ms, guards->joined_ms) ||
        !bytes_format(&text, fault,
            "%" PRId64 " %" PRId64 " %" PRId64 " %d %d %" PRId64 " %d %" PRId64 " %" PRId64 " ",
            (int64_t)guards->first_id, (int64_t)guards->last_id, (int64_t)guards->ids_sum,
            guards->slippery, trail->full, scope->pass_from, scope->twice, scope->before_from,
            (int64_t)scope->sum_before) ||
        !bytes_append_hex(&text, trail->tortoise.bytes, sizeof trail->tortoise.bytes, fault) ||
        !bytes_format(&text, fault,
            " %" PRIu64 " %" PRIu64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %s|",
            trail->steps, trail->power, earlier->received, earlier->dead, earlier->conflicts,
            earlier->unreadable, say) ||
        !position_encode(at, &text, fault))
        return false;
    struct span copy = arena_copy(arena, bytes_span(&text));
    if (!copy.data)
        return fault_memory(fault);
    *ret_text = copy;
    return true;
}

/* As bytes_append_hex writes them: in lower case. */
static int hex_value(char c)
{
    return ascii_is_upper(c) ? -1 : ascii_hex_value(c);
}

static bool decode_hash(struct span text, struct hash128 *ret_hash)
{
    if (text.length != 2 * sizeof ret_hash->bytes)
        return false;
    for (size_t i = 0; i < sizeof ret_hash->bytes; i++) {
        int high = hex_value(text.data[2 * i]), low = hex_value(text.data[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        ret_hash->bytes[i] = (uint8_t)(high * 16 + low);
    }
    return true;
}

/* The next word, without the space after it. */
static bool take_word(struct span *rest, struct span *ret_word)
{
    const char *space = memchr(rest->data, ' ', rest->length);
    if (!space)
        return false;
    *ret_word = (struct span){rest->data, (size_t)(space - rest->data)};
    *rest = (struct span){space + 1, rest->length - ret_word->length - 1};
    return true;
}

static bool take_number(struct span *rest, int64_t *ret_number)
{
    struct span word;
    return take_word(rest, &word) && span_to_int64(word, ret_number);
}

static bool decode_state(struct span word, enum checkpoint_state *ret_state)
{
    for (size_t i = 0; i < sizeof state_words / sizeof state_words[0]; i++)
        if (span_equal_text(word, state_words[i])) {
            *ret_state = (enum checkpoint_state)i;
            return true;
        }
    return false;
}

static bool decode_evidence(struct scope *scope, struct span text, enum checkpoint_state *ret_state)
{
    struct guards *guards = &scope->guards;
    struct trail *trail = &scope->trail;
    struct batch_outcome *earlier = &scope->earlier;
    int64_t exact, moved, marks, restarts, ids_hash, steps, power;
    int64_t first_id, last_id, ids_sum, slippery, full, twice, sum_before;
    struct span word;
    int64_t *const first[] = {&scope->total, &exact, &moved, &marks, &restarts, &trail->bytes,
        &guards->barren, &ids_hash, &guards->began_ms, &guards->joined_ms, &first_id, &last_id,
        &ids_sum, &slippery, &full, &scope->pass_from, &twice, &scope->before_from, &sum_before};
    int64_t *const second[] = {&steps, &power, &earlier->received, &earlier->dead,
        &earlier->conflicts, &earlier->unreadable};
    bool ok = take_word(&text, &word) && decode_state(word, ret_state);
    for (size_t i = 0; ok && i < sizeof first / sizeof first[0]; i++)
        ok = take_number(&text, first[i]);
    ok = ok && take_word(&text, &word) && decode_hash(word, &trail->tortoise);
    for (size_t i = 0; ok && i < sizeof second / sizeof second[0]; i++)
        ok = take_number(&text, second[i]);
    if (!ok)
        return false;
    scope->total_exact = exact != 0;
    scope->total_moved = moved != 0;
    scope->marks = (uint32_t)marks;
    scope->restarts = (unsigned)restarts;
    guards->ids_hash = (uint64_t)ids_hash;
    guards->first_id = (uint64_t)first_id;
    guards->last_id = (uint64_t)last_id;
    guards->ids_sum = (uint64_t)ids_sum;
    guards->slippery = slippery != 0;
    guards->strange = true;
    trail->full = full != 0;
    scope->twice = twice != 0;
    scope->sum_before = (uint64_t)sum_before;
    trail->steps = (uint64_t)steps;
    trail->power = (uint64_t)power;
    if (*ret_state == CHECKPOINT_FAILED) {
        scope->failed = true;
        (void)snprintf(scope->reason, sizeof scope->reason, "%.*s", SPAN_FORMAT(text));
    } else if (!span_equal_text(text, "-")) {
        (void)snprintf(scope->end_signal, sizeof scope->end_signal, "%.*s", SPAN_FORMAT(text));
    }
    return true;
}

bool checkpoint_decode(
    struct scope *scope, struct span text, enum checkpoint_state *ret_state, struct fault *fault)
{
    size_t bar = 0;
    while (bar < text.length && text.data[bar] != '|')
        bar++;
    if (bar == text.length || !decode_evidence(scope, (struct span){text.data, bar}, ret_state))
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
    scope->trail.pages = at.page;
    scope->ahead = scope->trail;
    return true;
}
