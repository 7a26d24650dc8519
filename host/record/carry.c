/* SPDX-License-Identifier: Apache-2.0 */
/* What child streams need of a parent's item: the fields of their templates, and which children the
 * item is a parent for. */
#include "compile.h"

/* Separates members; the buffer begins with "{". */
static bool begin_member(struct bytes *into, struct span name, struct fault *fault)
{
    return (into->length == 1 || bytes_append_char(into, ',', fault)) &&
           bytes_append(into, name, fault);
}

bool carry_write(const struct mapper *mapper, const struct json_value *values,
    const struct cut_list *redactions, struct arena *arena, struct bytes *scratch,
    struct span *ret_carry, struct fault *fault)
{
    struct span text;
    *ret_carry = (struct span){NULL, 0};
    if (!mapper->carry)
        return true;
    bytes_clear(scratch);
    if (!bytes_append_char(scratch, '{', fault))
        return false;
    for (size_t i = 0; i < mapper->carry_count; i++) {
        struct json_value value = values[mapper->carry[i].slot.index];
        if (value.type == JSON_NONE || cut_overlaps(redactions, value.bytes))
            continue;
        if (!json_text(value, arena, &text, fault))
            return false;
        if (text.data && (!begin_member(scratch, mapper->carry[i].name, fault) ||
                             !bytes_append_json(scratch, text, fault)))
            return false;
    }
    for (size_t i = 0; i < mapper->carry_when_count; i++) {
        const struct carry_when *child = &mapper->carry_whens[i];
        bool holds = condition_holds_of(&child->when, values[child->slot.index]);
        if (!begin_member(scratch, child->name, fault) ||
            !bytes_append_text(scratch, holds ? "true" : "false", fault))
            return false;
    }
    if (!bytes_append_char(scratch, '}', fault))
        return false;
    *ret_carry = arena_copy(arena, bytes_span(scratch));
    return ret_carry->data || fault_memory(fault);
}
