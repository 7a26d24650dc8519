/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one description of every structure of connector.h. It drives both directions: the reader
 * child's walk of a mapped image to canonical JSON (schema_write) and the host's reading of that
 * JSON into its own memory (schema_read).
 *
 * Canonical JSON: members in the order of the structure, those that are zero left out, enums as
 * words, flags as lists of words, no white space. Two declarations that say the same have the same
 * bytes, so that their hash means something.
 */
#ifndef MUSTER_DECLARATION_SCHEMA_H
#define MUSTER_DECLARATION_SCHEMA_H

#include "base/arena.h"
#include "refusal.h"

struct json_object;

enum schema_type {
    SCHEMA_TEXT,     /* const char * */
    SCHEMA_U32,      /* uint32_t */
    SCHEMA_I64,      /* int64_t */
    SCHEMA_BOOLEAN,  /* uint32_t that is 0 or 1 */
    SCHEMA_ENUM,     /* uint32_t, one of `words` */
    SCHEMA_FLAGS,    /* uint32_t, `words` combined */
    SCHEMA_U32S,     /* uint32_t[count] */
    SCHEMA_STRUCT,   /* a structure in place, described by `of` */
    SCHEMA_LIST,     /* items, count, stride; elements described by `of`, at most `count` */
    SCHEMA_RESERVED, /* uint32_t that is 0 */
    SCHEMA_SIZE /* uint32_t: the structure's own size; never written, always the host's when read */
};

struct schema_word {
    uint32_t value;
    const char *text;
};

struct schema_words {
    const struct schema_word *words;
    size_t count;
};

struct schema;

struct schema_member {
    const char *name; /* in canonical JSON */
    enum schema_type type;
    uint32_t offset;
    uint32_t count;
    const struct schema_words *words;
    const struct schema *of;
};

struct schema {
    const char *name; /* without "muster_" */
    const struct schema_member *members;
    size_t member_count;
    size_t size;
};

/* What every list of connector.h looks like. */
struct schema_list {
    const void *items;
    uint32_t count, stride;
};

#define SCHEMA_STRUCT_MAX \
    1024u /* bytes of the largest structure that a list holds, or of the connector */
#define SCHEMA_NODES_MAX \
    65536u /* structures in one declaration: shared lists must not multiply without end */
#define SCHEMA_DEPTH_MAX  8u    /* lists inside lists */
#define SCHEMA_STRIDE_MAX 4096u /* bytes of one element, however new its ABI */

extern const struct schema schema_connector, schema_stream;

size_t schema_member_size(const struct schema_member *member);
/* The word of a value or NULL; the value of a word or false. */
const char *schema_word_text(const struct schema_words *words, uint32_t value);
bool schema_word_value(const struct schema_words *words, struct span text, uint32_t *ret_value);
/* NULL where the text may stand in a declaration, else what is wrong with it. */
const char *schema_text_trouble(struct span text);

/* Memory that a structure may point into: [begin, end). */
struct schema_range {
    uintptr_t begin, end;
};

struct schema_image {
    const struct schema_range *ranges;
    size_t count;
};

/*
 * Appends the canonical JSON of the structure at `at`, of which `available` bytes are there.
 * Nothing of it is believed: every pointer, count, stride and string is checked against `image`.
 * image NULL: the host's own memory, already sound. `only`: names of the members to write, ended by
 * NULL; NULL: all.
 */
bool schema_write(const struct schema *schema, const void *at, size_t available,
    const struct schema_image *image, const char *const *only, struct bytes *into,
    struct refusal *refusal) MUST_CHECK;

/* Reads parsed JSON into `into`, a zeroed structure of schema->size bytes; what it points at is in
 * `arena`. Unknown members and words, wrong types and exceeded limits are FAULT_DECLARATION
 * (FAULT_MEMORY). */
bool schema_read(const struct schema *schema, struct json_object *object, struct arena *arena,
    void *into, struct fault *fault) MUST_CHECK;

#endif
