/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a structure of connector.h to canonical JSON. In the reader child the structure is a
 * vendor's, and nothing in it is believed: each element is copied to a buffer of the host's own
 * size first (shorter ones leave zeros, longer ones must have zeros there), and each address is
 * looked up in the image before it is read.
 */
#include "schema.h"

#include <inttypes.h>
#include <stdalign.h>
#include <stdio.h>
#include <string.h>
#include "muster/connector.h"

#define PLACE_MAX 160u /* bytes of a place in a message, as streams[3].yields[0].fields[2].from */

/* Where the walk is: a list of steps on the stack, innermost first. */
struct step {
    const struct step *up;
    const char *name;
    bool indexed;
    size_t index;
};

struct walk {
    const struct schema_image *image; /* NULL: the host's own memory */
    const char *const *only;
    struct bytes *into;
    struct refusal *refusal;
    size_t nodes;
    struct schema_range inside[SCHEMA_DEPTH_MAX]; /* the elements being walked, outermost first */
    size_t depth;
};

static size_t place_text(const struct step *step, char *text, size_t size)
{
    size_t used = step->up ? place_text(step->up, text, size) : 0;
    if (used + 1 >= size)
        return used;
    const char *dot = used > 0 && !step->indexed ? "." : "";
    int length = step->indexed ? snprintf(text + used, size - used, "[%zu]", step->index)
                               : snprintf(text + used, size - used, "%s%s", dot, step->name);
    return length < 0 ? used : used + (size_t)length < size ? used + (size_t)length : size - 1;
}

/* Refuses with the place before the sentence. */
static bool refuse_at(
    struct walk *walk, const struct step *step, enum refusal_number number, const char *what)
{
    char place[PLACE_MAX] = "";
    (void)place_text(step, place, sizeof place);
    return refusal_set(walk->refusal, number, "%s: %s", place, what);
}

/* What the image holds from `address` on: bytes to the end of its range, 0 if it lies in none. */
static size_t image_left(const struct schema_image *image, uintptr_t address)
{
    for (size_t i = 0; i < image->count; i++)
        if (address >= image->ranges[i].begin && address < image->ranges[i].end)
            return image->ranges[i].end - address;
    return 0;
}

/* Says what a failed append to the answer means: the one expected reason is its limit. */
static bool appended(struct walk *walk, bool ok)
{
    if (ok)
        return true;
    if (walk->refusal->fault.code == FAULT_LIMIT)
        return refusal_set(walk->refusal, REFUSAL_COUNT,
            "the declaration says more than %u bytes of JSON", INTAKE_CANONICAL_MAX);
    walk->refusal->number = REFUSAL_OTHER;
    return false;
}

static bool put(struct walk *walk, struct span text)
{
    return appended(walk, bytes_append(walk->into, text, &walk->refusal->fault));
}

static bool put_number(struct walk *walk, int64_t number)
{
    char text[24];
    int length = snprintf(text, sizeof text, "%" PRId64, number);
    return put(walk, (struct span){text, (size_t)length});
}

static bool put_quoted(struct walk *walk, struct span text)
{
    return appended(walk, bytes_append_json(walk->into, text, &walk->refusal->fault));
}

static bool write_text(struct walk *walk, const struct step *step, const char *text)
{
    size_t left = MUSTER_STRING_MAX + 1;
    if (walk->image) {
        size_t inside = image_left(walk->image, (uintptr_t)text);
        if (inside == 0)
            return refuse_at(walk, step, REFUSAL_POINTER,
                "points outside the file's own data; a declaration may point at its own constants "
                "only");
        left = inside < left ? inside : left;
    }
    const char *end = memchr(text, '\0', left);
    if (!end)
        return refuse_at(walk, step, REFUSAL_TEXT,
            left > MUSTER_STRING_MAX
                ? "the text is longer than 4096 bytes; shorten it or end it with NUL"
                : "the text has no end inside the file; end it with NUL");
    struct span span = {text, (size_t)(end - text)};
    const char *trouble = schema_text_trouble(span);
    if (trouble) {
        char what[96];
        (void)snprintf(what, sizeof what, "the text cannot be used: %s", trouble);
        return refuse_at(walk, step, REFUSAL_TEXT, what);
    }
    return put_quoted(walk, span);
}

static bool write_flags(
    struct walk *walk, const struct step *step, const struct schema_words *words, uint32_t value)
{
    bool first = true;
    if (!put(walk, SPAN("[")))
        return false;
    for (size_t i = 0; i < words->count; i++) {
        if (!(value & words->words[i].value))
            continue;
        value &= ~words->words[i].value;
        if ((!first && !put(walk, SPAN(","))) || !put_quoted(walk, span_of(words->words[i].text)))
            return false;
        first = false;
    }
    if (value != 0)
        return refuse_at(walk, step, REFUSAL_ABI,
            "holds a flag that this host does not know; the connector needs a newer Muster");
    return put(walk, SPAN("]"));
}

static bool write_number(
    struct walk *walk, const struct step *step, const struct schema_member *member, uint32_t value)
{
    const char *word;
    switch (member->type) {
    case SCHEMA_BOOLEAN:
        return value == 1 ? put(walk, SPAN("true"))
                          : refuse_at(walk, step, REFUSAL_ABI, "is neither 0 nor 1");
    case SCHEMA_ENUM:
        word = schema_word_text(member->words, value);
        if (!word)
            return refuse_at(walk, step, REFUSAL_ABI,
                "has a value that this host does not know; the connector needs a newer Muster");
        return put_quoted(walk, span_of(word));
    case SCHEMA_FLAGS:
        return write_flags(walk, step, member->words, value);
    case SCHEMA_RESERVED:
        return refuse_at(walk, step, REFUSAL_ABI, "is not 0; the connector needs a newer Muster");
    case SCHEMA_U32:
        return put_number(walk, value);
    case SCHEMA_TEXT:
    case SCHEMA_I64:
    case SCHEMA_U32S:
    case SCHEMA_STRUCT:
    case SCHEMA_LIST:
    case SCHEMA_SIZE:
        break;
    }
    return refuse_at(walk, step, REFUSAL_OTHER, "is described wrongly in the host's own table");
}

static bool write_members(struct walk *walk, const struct schema *schema, const char *at,
    const struct step *up, const char *const *only);

/* The structure at `at` as the host's own version of it, in `copy`. The caller checked that its
 * `available` bytes are in the image. */
static bool copy_element(struct walk *walk, const struct schema *schema, const char *at,
    size_t available, char *copy, const struct step *step)
{
    size_t known = available < schema->size ? available : schema->size;
    (void)memset(copy, 0, schema->size);
    (void)memcpy(copy, at, known);
    for (size_t i = known; i < available; i++)
        if (at[i] != 0)
            return refuse_at(walk, step, REFUSAL_ABI,
                "uses a member that this host does not know; the connector needs a newer Muster");
    return true;
}

static bool write_element(struct walk *walk, const struct schema *schema, const char *at,
    size_t available, const struct step *step, const char *const *only)
{
    alignas(max_align_t) char copy[SCHEMA_STRUCT_MAX];
    if (++walk->nodes > SCHEMA_NODES_MAX)
        return refuse_at(
            walk, step, REFUSAL_COUNT, "the declaration has more than 65536 parts in all");
    if (walk->depth == SCHEMA_DEPTH_MAX)
        return refuse_at(walk, step, REFUSAL_CYCLE, "lists are nested too deeply");
    if (!copy_element(walk, schema, at, available, copy, step))
        return false;
    walk->inside[walk->depth++] = (struct schema_range){(uintptr_t)at, (uintptr_t)at + available};
    bool ok = put(walk, SPAN("{")) && write_members(walk, schema, copy, step, only) &&
              put(walk, SPAN("}"));
    walk->depth--;
    return ok;
}

/* Counts, strides and addresses of a list, before any of its elements is read. */
static bool check_list(
    struct walk *walk, const struct step *step, const struct schema_list *list, size_t count_max)
{
    char what[160];
    uintptr_t begin = (uintptr_t)list->items;
    if (list->count > count_max) {
        (void)snprintf(what, sizeof what, "has %" PRIu32 " elements; at most %zu are allowed",
            list->count, count_max);
        return refuse_at(walk, step, REFUSAL_COUNT, what);
    }
    if (list->stride == 0 || list->stride > SCHEMA_STRIDE_MAX ||
        list->stride % alignof(uint64_t) != 0) {
        (void)snprintf(what, sizeof what,
            "has a stride of %" PRIu32 "; write the list with MUSTER_LIST", list->stride);
        return refuse_at(walk, step, REFUSAL_COUNT, what);
    }
    size_t need = (size_t)list->count * list->stride; /* at most 512 times 4096 */
    if (begin % alignof(uint64_t) != 0)
        return refuse_at(walk, step, REFUSAL_POINTER, "points to an address that is not aligned");
    if (image_left(walk->image, begin) < need)
        return refuse_at(walk, step, REFUSAL_POINTER,
            "reaches outside the file's own data; count or address is wrong");
    for (size_t i = 0; i < walk->depth; i++)
        if (begin < walk->inside[i].end && begin + need > walk->inside[i].begin)
            return refuse_at(walk, step, REFUSAL_CYCLE, "is a list that contains itself");
    return true;
}

static bool write_list(struct walk *walk, const struct step *up, const struct schema_member *member,
    const struct schema_list *list)
{
    if (walk->image && !check_list(walk, up, list, member->count))
        return false;
    if (!put(walk, SPAN("[")))
        return false;
    for (size_t i = 0; i < list->count; i++) {
        struct step step = {.up = up, .indexed = true, .index = i};
        if ((i > 0 && !put(walk, SPAN(","))) ||
            !write_element(walk, member->of, (const char *)list->items + i * list->stride,
                list->stride, &step, NULL))
            return false;
    }
    return put(walk, SPAN("]"));
}

/* Writes the value of a member; *ret_empty where it is the default and nothing is to be written. */
static bool write_value(struct walk *walk, const struct schema_member *member, const char *at,
    const struct step *step, bool *ret_empty)
{
    const void *field = at + member->offset;
    *ret_empty = false;
    if (member->type == SCHEMA_STRUCT) {
        if (!put(walk, SPAN("{")))
            return false;
        size_t before = walk->into->length;
        if (!write_members(walk, member->of, field, step, NULL))
            return false;
        *ret_empty = walk->into->length == before;
        return put(walk, SPAN("}"));
    }
    if (member->type == SCHEMA_TEXT) {
        const char *text = *(const char *const *)field;
        *ret_empty = text == NULL;
        return *ret_empty || write_text(walk, step, text);
    }
    if (member->type == SCHEMA_LIST) {
        const struct schema_list *list = field;
        *ret_empty = list->count == 0;
        return *ret_empty || write_list(walk, step, member, list);
    }
    if (member->type == SCHEMA_I64) {
        int64_t number = *(const int64_t *)field;
        *ret_empty = number == 0;
        return *ret_empty || put_number(walk, number);
    }
    const uint32_t *numbers = field;
    if (member->type == SCHEMA_U32S) {
        size_t count = member->count;
        while (count > 0 && numbers[count - 1] == 0)
            count--;
        *ret_empty = count == 0;
        for (size_t i = 0; i < count; i++)
            if (!put(walk, i == 0 ? SPAN("[") : SPAN(",")) || !put_number(walk, numbers[i]))
                return false;
        return *ret_empty || put(walk, SPAN("]"));
    }
    *ret_empty = *numbers == 0 || member->type == SCHEMA_SIZE;
    return *ret_empty || write_number(walk, step, member, *numbers);
}

static bool is_wanted(const char *const *only, const char *name)
{
    if (!only)
        return true;
    for (; *only; only++)
        if (strcmp(*only, name) == 0)
            return true;
    return false;
}

static bool write_members(struct walk *walk, const struct schema *schema, const char *at,
    const struct step *up, const char *const *only)
{
    size_t begin = walk->into->length;
    for (size_t i = 0; i < schema->member_count; i++) {
        const struct schema_member *member = &schema->members[i];
        if (!is_wanted(only, member->name))
            continue;
        size_t before = walk->into->length;
        struct step step = {.up = up, .name = member->name};
        bool empty;
        if ((before > begin && !put(walk, SPAN(","))) || !put_quoted(walk, span_of(member->name)) ||
            !put(walk, SPAN(":")) || !write_value(walk, member, at, &step, &empty))
            return false;
        if (empty) { /* taken back: whether a structure is empty is known only after it was written
                      */
            walk->into->length = before;
            walk->into->data[before] = '\0';
        }
    }
    return true;
}

bool schema_write(const struct schema *schema, const void *at, size_t available,
    const struct schema_image *image, const char *const *only, struct bytes *into,
    struct refusal *refusal)
{
    struct walk walk = {.image = image, .into = into, .refusal = refusal};
    struct step step = {.name = schema->name};
    uintptr_t address = (uintptr_t)at;
    if (image && (address % alignof(uint64_t) != 0 || image_left(image, address) < available))
        return refuse_at(&walk, &step, REFUSAL_POINTER, "reaches outside the file's own data");
    return write_element(&walk, schema, at, available, &step, only);
}
