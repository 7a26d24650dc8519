/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a checkpoint: the evidence gathered so far, then the position, so that a listing that
 * goes on after a crash proves as much, and is guarded as well, as one that never stopped. One
 * line: "STATE NUMBER… TEXT|POSITION"; the numbers are in the order of `pack`, TEXT is the end's
 * signal or the guard's reason. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "machine.h"

#define HEAD_MAX 1024 /* bytes before the position */
#define NUMBERS  16

/* "go": pages are still to come; "over": by its end; "failed": by a guard. */
static const char *const state_words[] = {
    [CHECKPOINT_GOES_ON] = "go", [CHECKPOINT_OVER] = "over", [CHECKPOINT_FAILED] = "failed"};

static void pack(const struct scope *scope, int64_t numbers[NUMBERS])
{
    const struct guards *guards = &scope->guards;
    const struct batch_outcome *earlier = &scope->earlier;
    int64_t tortoise[2];
    _Static_assert(sizeof tortoise == sizeof guards->tortoise, "a hash is two numbers");
    (void)memcpy(tortoise, guards->tortoise.bytes, sizeof tortoise);
    const int64_t all[NUMBERS] = {scope->total, scope->total_exact, scope->total_moved,
        scope->marks, scope->restarts, guards->bytes, guards->barren, (int64_t)guards->ids_hash,
        tortoise[0], tortoise[1], (int64_t)guards->steps, (int64_t)guards->power, earlier->received,
        earlier->dead, earlier->conflicts, earlier->unreadable};
    (void)memcpy(numbers, all, sizeof all);
}

static void unpack(struct scope *scope, const int64_t numbers[NUMBERS])
{
    struct guards *guards = &scope->guards;
    scope->total = numbers[0];
    scope->total_exact = numbers[1] != 0;
    scope->total_moved = numbers[2] != 0;
    scope->marks = (uint32_t)numbers[3];
    scope->restarts = (unsigned)numbers[4];
    guards->bytes = numbers[5];
    guards->barren = numbers[6];
    guards->ids_hash = (uint64_t)numbers[7];
    (void)memcpy(guards->tortoise.bytes, &numbers[8], sizeof guards->tortoise.bytes);
    guards->steps = (uint64_t)numbers[10];
    guards->power = (uint64_t)numbers[11];
    scope->earlier = (struct batch_outcome){.received = numbers[12],
        .dead = numbers[13],
        .conflicts = numbers[14],
        .unreadable = numbers[15]};
}

bool checkpoint_encode(const struct scope *scope, enum checkpoint_state state, struct arena *arena,
    struct span *ret_text, struct fault *fault)
{
    AUTO_BYTES text = {.limit = POSITION_TEXT_MAX + HEAD_MAX};
    int64_t numbers[NUMBERS];
    char say[REASON_MAX];
    (void)snprintf(say, sizeof say, "%s",
        state == CHECKPOINT_FAILED ? scope->reason
        : scope->end_signal[0]     ? scope->end_signal
                                   : "-");
    for (char *at = say; *at; at++)
        if (*at == '|')
            *at = '/'; /* ends the evidence */
    pack(scope, numbers);
    if (!bytes_append_text(&text, state_words[state], fault))
        return false;
    for (size_t i = 0; i < NUMBERS; i++)
        if (!bytes_format(&text, fault, " %" PRId64, numbers[i]))
            return false;
    if (!bytes_format(&text, fault, " %s|", say) || !position_encode(&scope->at, &text, fault))
        return false;
    struct span copy = arena_copy(arena, bytes_span(&text));
    if (!copy.data)
        return fault_memory(fault);
    *ret_text = copy;
    return true;
}

/* Cuts off what stands before the next blank. */
static struct span next_word(struct span *rest)
{
    size_t length = 0;
    while (length < rest->length && rest->data[length] != ' ')
        length++;
    struct span word = {rest->data, length};
    size_t step = length < rest->length ? length + 1 : length;
    *rest = (struct span){rest->data + step, rest->length - step};
    return word;
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
    int64_t numbers[NUMBERS];
    if (!decode_state(next_word(&text), ret_state))
        return false;
    for (size_t i = 0; i < NUMBERS; i++)
        if (!span_to_int64(next_word(&text), &numbers[i]))
            return false;
    if (text.length == 0)
        return false;
    unpack(scope, numbers);
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
    if (bar >= HEAD_MAX || bar == text.length ||
        !decode_evidence(scope, (struct span){text.data, bar}, ret_state))
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
