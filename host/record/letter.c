/* SPDX-License-Identifier: Apache-2.0 */
/* Writes dead letters: whole, redacted, with a reason that a person can act on and no value in it.
 */
#include "letter.h"

#include <stdio.h>
#include <string.h>
#include "list.h"
#include "walk.h"

#define SAME_LETTERS_MAX 16u /* how far back letters of the same item are looked for */

static const struct {
    const char *reason, *sentence;
} reasons[] = {
    {"id_missing", "it has no id"},
    {"id_type", "its id is neither a string nor a number"},
    {"id_empty", "its id is an empty text"},
    {"id_too_long", "its id is longer than an id may be"},
    {"field_missing", "a required field is absent or null"},
    {"field_type", "a list or an object is where a single value was declared"},
    {"reference_type", "the id of another object is neither a string nor a number"},
    {"field_too_long", "a field is longer than a field may be"},
    {"bad_time", "a time is not in the declared format"},
    {"bad_boolean", "a value is neither true nor false"},
    {"bad_kind", "a value is not the name of a kind"},
    {"each_type", "what was declared as a list of records is none"},
};

static const char *sentence_of(const char *reason)
{
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (strcmp(reasons[i].reason, reason) == 0)
            return reasons[i].sentence;
    return reason;
}

/* What the gate says of content that must not be believed, as reason words. */
static const struct {
    const char *part, *reason;
} gate_words[] = {
    {"member", "duplicate_member"},
    {"surrogate", "lone_surrogate"},
    {"NUL", "nul"},
    {"UTF-8", "bad_utf8"},
    {"control character", "control_character"},
};

static const char *reason_of_gate(const char *why)
{
    for (size_t i = 0; i < sizeof gate_words / sizeof gate_words[0]; i++)
        if (strstr(why, gate_words[i].part))
            return gate_words[i].reason;
    return "bad_content";
}

static bool has_others(const struct mapper *mapper)
{
    return !mapper->one_record;
}

/* A sentence that was cut may end within a character. */
static void end_at_character(char *text)
{
    size_t length = strlen(text);
    while (length > 0 && !span_is_utf8((struct span){text, length}))
        text[--length] = '\0';
}

static bool push(const struct letter_item *of, struct letter *letter, struct fault *fault)
{
    struct mapping *mapping = of->mapping;
    struct batch *batch = mapping->batch;
    struct span incarnation;
    if (!list_grow(mapping->arena, &batch->letters, sizeof *batch->letters, batch->letter_count,
            &mapping->letter_capacity, fault) ||
        !cut_apply(of->redactions, of->item->bytes, mapping->arena, &letter->raw, fault))
        return false;
    if (!mapper_item_id(
            of->mapper, of->item->bytes, of->parent, mapping->arena, &letter->id, &incarnation))
        letter->id = (struct span){NULL, 0};
    end_at_character(letter->why);
    letter->item = of->index;
    letter->code = FAULT_CONTENT;
    batch->letters[batch->letter_count++] = *letter;
    return true;
}

static struct letter *find_same(
    const struct letter_item *of, const char *reason, const char *pointer)
{
    struct batch *batch = of->mapping->batch;
    size_t least =
        batch->letter_count > SAME_LETTERS_MAX ? batch->letter_count - SAME_LETTERS_MAX : 0;
    for (size_t i = batch->letter_count; i > least; i--) {
        struct letter *letter = &batch->letters[i - 1];
        if (letter->item != of->index)
            return NULL;
        if (strcmp(letter->reason, reason) == 0 && strcmp(letter->pointer, pointer) == 0)
            return letter;
    }
    return NULL;
}

bool letter_record(const struct letter_item *of, const char *reason, const char *pointer,
    const char *field, bool own, struct fault *fault)
{
    struct letter *same = find_same(of, reason, pointer);
    struct letter letter = {
        .records = 1, .reason = reason, .pointer = pointer, .others_lost = !own};
    if (same) {
        same->records++;
        same->others_lost = same->others_lost || !own;
        return true;
    }
    (void)snprintf(letter.why, sizeof letter.why, "%s: field %s, at \"%s\"", sentence_of(reason),
        field, pointer);
    return push(of, &letter, fault);
}

/* The byte at fault within the item's bytes; the item's first byte where the body is not at hand.
 */
static const char *byte_at_fault(const struct letter_item *of)
{
    const struct json_item *item = of->item;
    const struct batch *batch = of->mapping->batch;
    const char *at = batch->body ? batch->body + item->why_offset : item->bytes.data;
    bool inside = at >= item->bytes.data && at < item->bytes.data + item->bytes.length;
    return inside ? at : item->bytes.data;
}

bool letter_unsound(const struct letter_item *of, struct fault *fault)
{
    struct letter letter = {.records = 1, .reason = reason_of_gate(of->item->why)};
    letter.others_lost = has_others(of->mapper);
    if (!walk_locate(
            of->item->bytes, byte_at_fault(of), of->mapping->arena, &letter.pointer, fault))
        return false;
    (void)snprintf(letter.why, sizeof letter.why, "byte %zu: %s, at \"%s\"", of->item->why_offset,
        of->item->why, letter.pointer);
    return push(of, &letter, fault);
}

bool letter_filtered(
    const struct letter_item *of, const char *reason, uint32_t records, struct fault *fault)
{
    struct mapping *mapping = of->mapping;
    struct batch *batch = mapping->batch;
    struct filtered filtered = {.item = of->index, .records = records, .reason = reason};
    struct span incarnation;
    if (!list_grow(mapping->arena, &batch->filtered, sizeof *batch->filtered, batch->filtered_count,
            &mapping->filtered_capacity, fault))
        return false;
    if (!mapper_item_id(
            of->mapper, of->item->bytes, of->parent, mapping->arena, &filtered.id, &incarnation))
        filtered.id = (struct span){NULL, 0};
    batch->filtered[batch->filtered_count++] = filtered;
    return true;
}
