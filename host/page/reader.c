/* SPDX-License-Identifier: Apache-2.0 */
/* Compiles a stream's paging, envelope and pointers, once at load; page.c and paging.c then run it.
 */
#include "page/page.h"

#include "base/memory.h"
#include "declaration/condition.h"
#include "reader.h"

#define SCIM_START 1
#define SCIM_TOTAL "/totalResults" /* RFC 7644 section 3.4.2 */
#define SCIM_ECHO  "/startIndex"

void page_reader_free(struct page_reader *reader)
{
    if (!reader)
        return;
    classifier_free(reader->classifier);
    json_projection_free(reader->projection);
    arena_free(reader->arena);
    memory_free(reader);
}

static void free_cleanup(struct page_reader **reader)
{
    page_reader_free(*reader);
}

const struct classifier *page_reader_classifier(const struct page_reader *reader)
{
    return reader->classifier;
}

/* Whether `text` leads to something inside the items. */
static bool leads_into_items(const struct page_reader *reader, const struct json_pointer *pointer)
{
    if (pointer->count <= reader->items.count)
        return false;
    for (size_t i = 0; i < reader->items.count; i++)
        if (!span_equal(pointer->steps[i], reader->items.steps[i]))
            return false;
    return true;
}

static bool note_pointer(struct page_reader *reader, const char *text, struct fault *fault)
{
    struct json_pointer pointer;
    if (!text)
        return true;
    if (!json_pointer_parse(text, reader->arena, &pointer, fault))
        return false;
    reader->needs_whole_body = reader->needs_whole_body || leads_into_items(reader, &pointer);
    return true;
}

static bool note_words(
    struct page_reader *reader, const struct muster_error_word_list *words, struct fault *fault)
{
    for (uint32_t i = 0; i < words->count; i++)
        if (!note_pointer(reader, words->items[i].also.pointer, fault))
            return false;
    return true;
}

/* The classifier compiles its pointers itself; here only where they lead matters. */
static bool note_classifier(
    struct page_reader *reader, const struct muster_stream *stream, struct fault *fault)
{
    const struct muster_connector *connector = reader->source->plan->connector;
    const struct muster_envelope *envelope = &connector->envelope;
    return note_pointer(reader, envelope->success.pointer, fault) &&
           note_pointer(reader, envelope->failure.pointer, fault) &&
           note_pointer(reader, envelope->code, fault) &&
           note_pointer(reader, envelope->message, fault) &&
           note_words(reader, &connector->error_words, fault) &&
           note_words(reader, &stream->error_words, fault);
}

static bool compile_values(
    struct page_reader *reader, const struct muster_paging *paging, struct fault *fault)
{
    bool scim = paging->kind == MUSTER_PAGING_SCIM;
    const struct muster_total *total = &paging->total;
    bool total_elsewhere = total->pointer || total->header || total->parent;
    const char *const texts[READER_VALUES] = {
        [READER_NEXT] = paging->next,
        [READER_HAS_MORE] = paging->has_more,
        [READER_LAST] = paging->last,
        [READER_TOTAL_PAGES] = paging->total_pages,
        [READER_TOTAL] = scim && !total_elsewhere ? SCIM_TOTAL : total->pointer,
        [READER_ECHO] = scim ? SCIM_ECHO : NULL,
        [READER_DELTA] = reader->delta->token,
    };
    struct json_pointer pointers[READER_VALUES];
    size_t count = 0;
    for (size_t i = 0; i < READER_VALUES; i++) {
        if (!texts[i])
            continue;
        if (!note_pointer(reader, texts[i], fault) ||
            !json_pointer_parse(texts[i], reader->arena, &pointers[count++], fault))
            return false;
        reader->declared[i] = true;
    }
    return count == 0 || json_projection_create(pointers, count, &reader->projection, fault);
}

static bool compile(struct page_reader *reader, const struct muster_stream *stream,
    const char *items, bool one_object, struct fault *fault)
{
    const struct muster_paging *paging = reader->paging;
    reader->one_object = one_object;
    reader->needs_whole_body = reader->one_object;
    reader->ends = paging->ends;
    reader->start = paging->start;
    if (paging->kind == MUSTER_PAGING_NONE)
        reader->ends |= MUSTER_END_SINGLE;
    if (paging->kind == MUSTER_PAGING_SCIM) {
        reader->ends = paging->ends ? paging->ends : MUSTER_END_TOTAL;
        reader->start = paging->start ? paging->start : SCIM_START;
    }
    if (!json_pointer_parse(items ? items : "", reader->arena, &reader->items, fault))
        return fault_prefix(fault, "items");
    if (paging->key && !json_pointer_parse(paging->key, reader->arena, &reader->key, fault))
        return fault_prefix(fault, "paging.key");
    if (!condition_compile(&paging->truncated, reader->arena, &reader->truncated, fault) ||
        !note_pointer(reader, paging->truncated.pointer, fault))
        return fault_prefix(fault, "paging.truncated");
    if (!compile_values(reader, paging, fault))
        return fault_prefix(fault, "paging");
    if (!note_classifier(reader, stream, fault))
        return fault_prefix(fault, "envelope");
    return classifier_create(reader->source->plan->connector, stream, &reader->classifier, fault);
}

static bool create(const struct source *source, const struct muster_stream *stream, bool one,
    struct page_reader **ret_reader, struct fault *fault)
{
    static const struct muster_paging single = {.kind = MUSTER_PAGING_NONE};
    static const struct muster_delta no_delta;
    __attribute__((cleanup(free_cleanup))) struct page_reader *reader =
        memory_allocate(sizeof *reader);
    if (!reader)
        return fault_memory(fault);
    reader->arena = arena_create(0);
    if (!reader->arena)
        return fault_memory(fault);
    reader->source = source;
    reader->paging = one ? &single : &stream->paging;
    reader->delta = one ? &no_delta : &stream->delta;
    if (!compile(reader, stream, one ? stream->read_one.object : stream->items,
            one || stream->items_form == MUSTER_OBJECT, fault))
        return fault_prefix(fault, "stream %s", stream->name);
    *ret_reader = TAKE(reader);
    return true;
}

bool page_reader_create(const struct source *source, size_t stream, struct page_reader **ret_reader,
    struct fault *fault)
{
    return create(
        source, &source->plan->connector->streams.items[stream], false, ret_reader, fault);
}

bool page_reader_create_one(const struct source *source, size_t stream,
    struct page_reader **ret_reader, struct fault *fault)
{
    const struct muster_stream *declared = &source->plan->connector->streams.items[stream];
    *ret_reader = NULL;
    return !declared->read_one.request.path || create(source, declared, true, ret_reader, fault);
}
