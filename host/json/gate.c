/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gate: one pass over the bytes that checks syntax, limits and content, and cuts out the items.
 * It comes before everything that reads a body; tokens are checked by token.c, member names by
 * members.c.
 *
 * The pass goes from value to value with one `struct level` for each open container. A value begins
 * (begin_value) and, with all the containers that close behind it, ends (end_value).
 */
#include "json/gate.h"

#include "base/memory.h"
#include "members.h"
#include "mix.h"
#include "scan.h"
#include "text.h"
#include "token.h"

/* What a container means on the way to the items. */
enum place {
    PLACE_OFF,  /* nothing: beside the path, or inside an item */
    PLACE_PATH, /* its own pointer is a beginning of the pointer to the items */
    PLACE_ITEMS /* it is the array of items */
};

/* An open container; the lowest one is the text itself, whose one element is the whole value. */
struct level {
    uint64_t shape;
    uint64_t last; /* an object: hash of its latest name; an array: shape of its latest element */
    size_t first;  /* of its names in `members` */
    size_t count;  /* of members begun, of elements ended */
    enum place place;
    bool hit;   /* at PLACE_PATH: the value being read is on the path, too */
    char close; /* the bracket that closes it; 0 in the lowest */
};

struct gate {
    const char *begin, *end;
    const struct json_gate_options *options;
    struct fault *fault;
    struct json_page page;
    struct json_item *item; /* the one that is being read; NULL outside */
    size_t item_capacity;
    size_t index[JSON_POINTER_DEPTH_MAX]; /* each step of the pointer as an array's index */
    enum place next;     /* what the value that begins means, if it is a container */
    struct level *level; /* the innermost */
    struct level levels[JSON_DEPTH_MAX + 1];
    struct members members;
};

/* Shapes of values that have no inside; any constants that differ. */
#define SHAPE_NULL    0xA4093822299F31D0u
#define SHAPE_BOOLEAN 0x082EFA98EC4E6C89u
#define SHAPE_NUMBER  0x452821E638D01377u
#define SHAPE_STRING  0xBE5466CF34E90C6Cu
#define SHAPE_OBJECT  0xC0AC29B7C97C50DDu
#define SHAPE_ARRAY   0x3F84D5B5B5470917u

static const char *broken(
    struct gate *gate, const char *at, enum fault_code code, const char *sentence)
{
    (void)fault_set(gate->fault, code, "byte %zu: %s", (size_t)(at - gate->begin), sentence);
    return NULL;
}

static const char *unexpected(struct gate *gate, const char *at, const char *wanted)
{
    size_t offset = (size_t)(at - gate->begin);
    if (at == gate->end)
        (void)fault_set(gate->fault, FAULT_SYNTAX,
            "byte %zu: the text ends where %s is expected; it was cut", offset, wanted);
    else if ((unsigned char)*at > ' ' && (unsigned char)*at < 0x7F)
        (void)fault_set(
            gate->fault, FAULT_SYNTAX, "byte %zu: '%c' where %s is expected", offset, *at, wanted);
    else
        (void)fault_set(gate->fault, FAULT_SYNTAX, "byte %zu: byte 0x%02X where %s is expected",
            offset, (unsigned char)*at, wanted);
    return NULL;
}

static const char *no_memory(struct gate *gate)
{
    (void)fault_memory(gate->fault);
    return NULL;
}

/* What must not be believed is the item's trouble where there is one, else the text's. The
 * lowest byte at fault counts. */
static bool unsound(struct gate *gate, const char *at, const char *sentence)
{
    size_t offset = (size_t)(at - gate->begin);
    if (!gate->item)
        return broken(gate, at, FAULT_CONTENT, sentence) != NULL;
    if (!gate->item->why || gate->item->why_offset > offset) {
        gate->item->why = sentence;
        gate->item->why_offset = offset;
    }
    return true;
}

/* ---- Items -------------------------------------------------------------------------------- */

static const char *begin_item(struct gate *gate, const char *at)
{
    struct json_page *page = &gate->page;
    if (page->item_count == JSON_ITEMS_MAX)
        return broken(gate, at, FAULT_LIMIT, "more than 100000 items in one page; ask for less");
    struct json_item *items =
        memory_grow(page->item, page->item_count, &gate->item_capacity, sizeof *items);
    if (!items)
        return no_memory(gate);
    page->item = items;
    gate->item = &page->item[page->item_count++];
    *gate->item = (struct json_item){.bytes = {at, 0}};
    return at;
}

/* A value begins in a container that is on the path. */
static const char *enter(struct gate *gate, const char *at)
{
    struct level *level = gate->level;
    size_t depth = (size_t)(level - gate->levels); /* steps of the pointer of a value in it */
    gate->next = PLACE_OFF;
    if (level->place == PLACE_ITEMS)
        return begin_item(gate, at);
    if (level->close == ']')
        level->hit = level->count == gate->index[depth - 1];
    if (!level->hit)
        return at;
    if (depth < gate->options->items->count) {
        gate->next = PLACE_PATH;
        return at;
    }
    if (gate->page.items.data)
        return broken(gate, at, FAULT_CONTENT, "the items stand twice in this text");
    gate->page.items.data = at;
    if (gate->options->one_object)
        return *at == '{' ? begin_item(gate, at)
                          : broken(gate, at, FAULT_CONTENT, "the one item is not an object");
    gate->next = PLACE_ITEMS;
    return *at == '[' ? at : broken(gate, at, FAULT_CONTENT, "the list of items is not an array");
}

/* A value in a container on the path has ended before `at`. */
static void leave(struct gate *gate, const struct level *level, const char *at, uint64_t shape)
{
    struct span *items = &gate->page.items;
    if (gate->item) {
        gate->item->bytes.length = (size_t)(at - gate->item->bytes.data);
        gate->item->shape = shape;
        gate->item = NULL;
    }
    if (level->place == PLACE_PATH && level->hit &&
        (size_t)(level - gate->levels) == gate->options->items->count)
        items->length = (size_t)(at - items->data);
}

/* ---- Values ------------------------------------------------------------------------------- */

/* What token.c has to say about the token that ended before `at`; NULL: the gate gives up. */
static const char *judge(struct gate *gate, const char *at, const struct token *token)
{
    if (!at)
        return broken(gate, token->where, token->code, token->broken);
    return !token->unsound || unsound(gate, token->where, token->unsound) ? at : NULL;
}

/* A string, from its opening quote. Nearly all of them end at the first byte that is not plain. */
static inline const char *read_string(struct gate *gate, const char *at, bool *ret_escaped)
{
    const char *end = scan_plain(at + 1, gate->end);
    *ret_escaped = false;
    if (end < gate->end && *end == '"' && end - at <= (ptrdiff_t)JSON_STRING_MAX)
        return end + 1;
    struct token token;
    end = token_string(at + 1, gate->end, &token);
    *ret_escaped = token.escaped;
    return judge(gate, end, &token);
}

static const char *read_word(struct gate *gate, const char *at, struct span word)
{
    if ((size_t)(gate->end - at) < word.length || memcmp(at, word.data, word.length) != 0)
        return unexpected(gate, at, "a value");
    return at + word.length;
}

/* A member's name and its colon; returns the place where its value begins. */
static const char *read_name(struct gate *gate, const char *at)
{
    struct level *level = gate->level;
    struct members_name name;
    at = scan_blank(at, gate->end);
    if (at == gate->end || *at != '"')
        return unexpected(gate, at, "a member's name in double quotes");
    name.data = at + 1;
    if (!(at = read_string(gate, at, &name.escaped)))
        return NULL;
    name.length = (uint32_t)(at - 1 - name.data);
    if (++level->count > JSON_MEMBERS_MAX)
        return broken(gate, name.data - 1, FAULT_LIMIT, "an object of more than 65536 members");
    if (gate->members.count == JSON_OPEN_MEMBERS_MAX)
        return broken(gate, name.data - 1, FAULT_LIMIT,
            "objects inside each other of more than 262144 members together");
    enum members_result result = members_add(&gate->members, (size_t)(level - gate->levels) - 1,
        level->first, name, gate->end, &level->last);
    if (result == MEMBERS_MEMORY)
        return no_memory(gate);
    if (result == MEMBERS_TWICE &&
        !unsound(gate, name.data - 1, "a member that stands twice in its object"))
        return NULL;
    if (level->place == PLACE_PATH)
        level->hit = text_equal((struct span){name.data, name.length},
            gate->options->items->steps[level - gate->levels - 1]);
    at = scan_blank(at, gate->end);
    if (at == gate->end || *at != ':')
        return unexpected(gate, at, "\":\" after a member's name");
    return scan_blank(at + 1, gate->end);
}

/* A container; returns the place where its first value begins. For an empty one sets `ret_shape`
 * and returns the place behind it. */
static const char *open_level(
    struct gate *gate, const char *at, bool *ret_opened, uint64_t *ret_shape)
{
    char close = *at == '{' ? '}' : ']';
    if (gate->level == &gate->levels[JSON_DEPTH_MAX])
        return broken(gate, at, FAULT_LIMIT, "nested more than 32 deep");
    at = scan_blank(at + 1, gate->end);
    uint64_t shape = close == '}' ? SHAPE_OBJECT : SHAPE_ARRAY;
    if (at < gate->end && *at == close) {
        *ret_shape = shape;
        return at + 1;
    }
    *++gate->level = (struct level){
        .shape = shape, .first = gate->members.count, .place = gate->next, .close = close};
    gate->next = PLACE_OFF;
    *ret_opened = true;
    return close == '}' ? read_name(gate, at) : at;
}

/* A value, from its first byte to its end, or into it: `ret_opened`. */
static const char *begin_value(
    struct gate *gate, const char *at, bool *ret_opened, uint64_t *ret_shape)
{
    struct token token;
    bool escaped;
    *ret_opened = false;
    if (at == gate->end)
        return unexpected(gate, at, "a value");
    if (gate->level->place != PLACE_OFF && !enter(gate, at))
        return NULL;
    switch (*at) {
    case '"':
        *ret_shape = SHAPE_STRING;
        return read_string(gate, at, &escaped);
    case '{':
    case '[':
        return open_level(gate, at, ret_opened, ret_shape);
    case 't':
        *ret_shape = SHAPE_BOOLEAN;
        return read_word(gate, at, SPAN("true"));
    case 'f':
        *ret_shape = SHAPE_BOOLEAN;
        return read_word(gate, at, SPAN("false"));
    case 'n':
        *ret_shape = SHAPE_NULL;
        return read_word(gate, at, SPAN("null"));
    default:
        break;
    }
    if (*at != '-' && (unsigned char)(*at - '0') > 9)
        return unexpected(gate, at, "a value");
    *ret_shape = SHAPE_NUMBER;
    token.unsound = NULL;
    at = token_number(at, gate->end, &token);
    return judge(gate, at, &token);
}

/* Adds a value to its container's shape. Members count in any order; neighbours that are alike
 * count once, so that the length of a list is no part of its shape. */
static inline void add_shape(struct level *level, uint64_t shape)
{
    if (level->close == '}') {
        level->shape += mix_fold(level->last ^ SHAPE_NULL, shape ^ SHAPE_BOOLEAN);
        return;
    }
    level->count++;
    if (shape != level->last)
        level->shape = mix_fold(level->shape ^ SHAPE_NUMBER, shape ^ SHAPE_STRING);
    level->last = shape;
}

/* Takes away the innermost container, whose last value has ended. */
static bool close_level(struct gate *gate)
{
    struct level *level = gate->level--;
    struct members_name name;
    if (level->close != '}')
        return true;
    enum members_result result = members_close(&gate->members, level->first, &name);
    if (result == MEMBERS_MEMORY)
        return no_memory(gate) != NULL;
    return result == MEMBERS_SOUND ||
           unsound(gate, name.data - 1, "a member that stands twice in its object");
}

/* A value of this shape has ended before `at`. Closes what closes behind it and returns the
 * place where the next value begins, or, with the lowest level left, the end of the whole. */
static const char *end_value(struct gate *gate, const char *at, uint64_t shape)
{
    for (;;) {
        struct level *level = gate->level;
        add_shape(level, shape);
        if (level->place != PLACE_OFF)
            leave(gate, level, at, shape);
        if (level == gate->levels)
            return at;
        at = scan_blank(at, gate->end);
        if (at < gate->end && *at == ',')
            return level->close == '}' ? read_name(gate, at + 1) : scan_blank(at + 1, gate->end);
        if (at == gate->end || *at != level->close)
            return unexpected(gate, at, level->close == '}' ? "\",\" or \"}\"" : "\",\" or \"]\"");
        shape = level->shape;
        at++;
        if (!close_level(gate))
            return NULL;
    }
}

static const char *read_text(struct gate *gate, const char *at)
{
    uint64_t shape = 0;
    bool opened;
    do {
        at = begin_value(gate, at, &opened, &shape);
        if (at && !opened)
            at = end_value(gate, at, shape);
    } while (at && (opened || gate->levels[0].count == 0));
    return at;
}

/* ---- The whole ---------------------------------------------------------------------------- */

static bool start(struct gate *gate, struct span text)
{
    const struct json_pointer *items = gate->options->items;
    if (text.length >= 3 && memcmp(text.data, "\xEF\xBB\xBF", 3) == 0)
        return broken(gate, text.data, FAULT_SYNTAX,
                   "a byte order mark; JSON is UTF-8 without one") != NULL;
    gate->level = gate->levels;
    gate->levels[0] = (struct level){.hit = true, .place = items ? PLACE_PATH : PLACE_OFF};
    for (size_t i = 0; items && i < items->count; i++)
        if (!json_pointer_index(items->steps[i], &gate->index[i]))
            gate->index[i] = SIZE_MAX;
    return true;
}

/* Hands the items over to the arena, in one piece. */
static bool keep_items(struct gate *gate, struct arena *arena)
{
    struct json_page *page = &gate->page;
    if (page->item_count == 0)
        return true;
    struct json_item *items = arena_allocate_array(arena, page->item_count, sizeof *items);
    if (!items)
        return fault_memory(gate->fault);
    (void)memcpy(items, page->item, page->item_count * sizeof *items);
    memory_free(page->item);
    page->item = items;
    return true;
}

static bool check(struct gate *gate, struct span text)
{
    const char *at = scan_blank(gate->begin, gate->end);
    if (at == gate->end)
        return fault_set(gate->fault, FAULT_SYNTAX, "byte %zu: empty body", text.length);
    if (!start(gate, text))
        return false;
    gate->page.value.data = at;
    if (!(at = read_text(gate, at)))
        return false;
    gate->page.value.length = (size_t)(at - gate->page.value.data);
    at = scan_blank(at, gate->end);
    return at == gate->end || unexpected(gate, at, "the end of the text") != NULL;
}

bool json_gate(struct span text, const struct json_gate_options *options, struct arena *arena,
    struct json_page *ret_page, struct fault *fault)
{
    struct gate gate;
    gate.begin = text.data ? text.data : "";
    gate.end = gate.begin + text.length;
    gate.options = options;
    gate.fault = fault;
    gate.page = (struct json_page){.item = NULL};
    gate.item = NULL;
    gate.item_capacity = 0;
    gate.next = PLACE_OFF;
    members_start(&gate.members, &options->key);
    bool sound = check(&gate, text) && keep_items(&gate, arena);
    members_free(&gate.members);
    if (sound)
        *ret_page = gate.page;
    else
        memory_free(gate.page.item);
    return sound;
}
