/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the configuration's files and puts them together. The lexical rules are those of
 * libconfig 1.5 (scanner.l). */
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/descriptor.h"
#include "base/memory.h"

/* The files that are open inside one another. */
struct inclusion {
    const struct inclusion *outer;
    const char *file;
    dev_t device;
    ino_t inode;
    unsigned depth;
    unsigned line; /* being read */
};

static bool open_file(
    const char *path, int *ret_descriptor, struct stat *ret_stat, struct fault *fault)
{
    /* NONBLOCK so that a FIFO put there does not hang the host. */
    AUTO_CLOSE descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat stat = {0};
    if (descriptor < 0 || fstat(descriptor, &stat) != 0) {
        bool missing = errno == ENOENT;
        (void)fault_system(fault, "%s: cannot be read", path);
        fault->code = FAULT_CONFIGURATION;
        if (missing)
            (void)fault_set(fault, FAULT_CONFIGURATION,
                "%s: there is no such file; write it, or name another one", path);
        return false;
    }
    if (!S_ISREG(stat.st_mode))
        return fault_set(fault, FAULT_CONFIGURATION, "%s: not a regular file", path);
    *ret_stat = stat;
    *ret_descriptor = descriptor_take(&descriptor);
    return true;
}

static bool read_all(
    int descriptor, const char *path, size_t most, struct bytes *into, struct fault *fault)
{
    char buffer[16384];
    for (;;) {
        ssize_t length = read(descriptor, buffer, sizeof buffer);
        if (length < 0 && errno == EINTR)
            continue;
        if (length < 0) {
            (void)fault_system(fault, "%s: cannot be read", path);
            fault->code = FAULT_CONFIGURATION;
            return false;
        }
        if (length == 0)
            return true;
        if ((size_t)length > most - into->length)
            return fault_set(fault, FAULT_CONFIGURATION,
                "%s: the configuration has more than %u bytes", path, TEXT_BYTES_MAX);
        if (!bytes_append(into, (struct span){buffer, (size_t)length}, fault))
            return false;
    }
}

static unsigned line_of(struct span text, size_t offset)
{
    unsigned line = 1;
    for (size_t i = 0; i < offset && i < text.length; i++)
        line += text.data[i] == '\n';
    return line;
}

static bool check_bytes(const char *path, struct span text, struct fault *fault)
{
    size_t line_start = 0;
    const char *nul = text.length ? memchr(text.data, '\0', text.length) : NULL;
    if (nul)
        return fault_set(fault, FAULT_CONFIGURATION, "%s:%u: a NUL byte", path,
            line_of(text, (size_t)(nul - text.data)));
    if (span_is_utf8(text))
        return true;
    for (size_t i = 0; i <= text.length; i++)
        if (i == text.length || text.data[i] == '\n') {
            if (!span_is_utf8((struct span){text.data + line_start, i - line_start}))
                break;
            line_start = i + 1;
        }
    return fault_set(fault, FAULT_CONFIGURATION, "%s:%u: not UTF-8; save the file as UTF-8", path,
        line_of(text, line_start));
}

static bool add_line(struct text *text, const char *file, unsigned line, struct fault *fault)
{
    struct text_line *lines =
        memory_grow(text->lines, text->line_count, &text->line_capacity, sizeof *lines);
    if (!lines)
        return fault_memory(fault);
    text->lines = lines;
    text->lines[text->line_count++] = (struct text_line){file, line};
    return true;
}

/* Copies a piece of the present file, with a record for each line that it begins. */
static bool copy(
    struct text *text, struct inclusion *inclusion, struct span piece, struct fault *fault)
{
    for (size_t i = 0; i < piece.length; i++)
        if (piece.data[i] == '\n' && !add_line(text, inclusion->file, ++inclusion->line, fault))
            return false;
    return bytes_append(&text->bytes, piece, fault);
}

size_t text_skip(struct span text, size_t at)
{
    const char *start = text.data + at, *end;
    size_t left = text.length - at, length;
    if (start[0] == '#' || (left > 1 && memcmp(start, "//", 2) == 0)) {
        end = memchr(start, '\n', left);
        return end ? (size_t)(end - start) : left;
    }
    if (left > 1 && memcmp(start, "/*", 2) == 0) {
        end = memmem(start + 2, left - 2, "*/", 2);
        return end ? (size_t)(end - start) + 2 : SIZE_MAX;
    }
    if (start[0] != '"')
        return 0;
    for (length = 1; length < left && start[length] != '"'; length++)
        if (start[length] == '\\')
            length++;
    return length < left ? length + 1 : SIZE_MAX;
}

/* `@include "NAME"` at `at`: its length and the name; 0 where it is none. */
static size_t include_at(struct span text, size_t at, struct span *ret_name)
{
    static const char word[] = "@include";
    struct span rest = {text.data + at, text.length - at};
    size_t length = sizeof word - 1, name;
    if (!span_starts_with(rest, SPAN(word)))
        return 0;
    while (length < rest.length && (rest.data[length] == ' ' || rest.data[length] == '\t'))
        length++;
    if (length == sizeof word - 1 || length == rest.length || rest.data[length] != '"')
        return 0;
    name = ++length;
    while (length < rest.length && rest.data[length] != '"' && rest.data[length] != '\n')
        length++;
    if (length == rest.length || rest.data[length] != '"')
        return 0;
    *ret_name = (struct span){rest.data + name, length - name};
    return length + 1;
}

static bool add_file(
    struct text *text, const char *path, const struct inclusion *outer, struct fault *fault);

static bool include(
    struct text *text, struct inclusion *inclusion, struct span name, struct fault *fault)
{
    char path[PATH_MAX];
    if (name.length == 0 || memchr(name.data, '\\', name.length))
        return fault_set(fault, FAULT_CONFIGURATION,
            "%s:%u: @include: needs the name of a file, without backslashes", inclusion->file,
            inclusion->line);
    bool absolute = name.data[0] == '/';
    int length = snprintf(path, sizeof path, "%s%s%.*s", absolute ? "" : text->directory,
        absolute ? "" : "/", SPAN_FORMAT(name));
    if (length < 0 || (size_t)length >= sizeof path)
        return fault_set(fault, FAULT_CONFIGURATION, "%s:%u: @include: the name is too long",
            inclusion->file, inclusion->line);
    /* A line of its own before and after, so that every line has one origin. */
    if (!bytes_append_char(&text->bytes, '\n', fault))
        return false;
    if (!add_file(text, path, inclusion, fault))
        return fault->code == FAULT_CONFIGURATION &&
               fault_prefix(fault, "%s:%u: @include", inclusion->file, inclusion->line);
    return bytes_append_char(&text->bytes, '\n', fault) &&
           add_line(text, inclusion->file, inclusion->line, fault);
}

static bool check_loop(const struct inclusion *inclusion, struct fault *fault)
{
    if (inclusion->depth > TEXT_INCLUDES_MAX)
        return fault_set(fault, FAULT_CONFIGURATION, "%s: included more than %u files deep",
            inclusion->file, TEXT_INCLUDES_MAX);
    for (const struct inclusion *outer = inclusion->outer; outer; outer = outer->outer)
        if (outer->device == inclusion->device && outer->inode == inclusion->inode)
            return fault_set(fault, FAULT_CONFIGURATION,
                "%s: an include loop; the file is already being read", inclusion->file);
    return true;
}

static bool copy_with_includes(
    struct text *text, struct inclusion *inclusion, struct span source, struct fault *fault)
{
    bool blank = true; /* nothing but blanks on the line so far: the only place for an @include */
    for (size_t at = 0; at < source.length;) {
        struct span name;
        size_t length = blank ? include_at(source, at, &name) : 0;
        if (length > 0) {
            if (!include(text, inclusion, name, fault))
                return false;
            at += length;
            blank = false;
            continue;
        }
        length = text_skip(source, at);
        if (length == SIZE_MAX)
            return fault_set(fault, FAULT_CONFIGURATION, "%s:%u: a %s that does not end",
                inclusion->file, inclusion->line, source.data[at] == '"' ? "string" : "comment");
        char c = source.data[at];
        blank = length == 0 && (c == '\n' || (blank && (c == ' ' || c == '\t')));
        if (length == 0)
            length = 1;
        if (!copy(text, inclusion, (struct span){source.data + at, length}, fault))
            return false;
        at += length;
    }
    return true;
}

static bool add_file(
    struct text *text, const char *path, const struct inclusion *outer, struct fault *fault)
{
    AUTO_BYTES source = {.limit = TEXT_BYTES_MAX};
    AUTO_CLOSE descriptor = -1;
    struct stat stat = {0};
    if (text->file_count == TEXT_FILES_MAX)
        return fault_set(
            fault, FAULT_CONFIGURATION, "%s: more than %u files", path, TEXT_FILES_MAX);
    if (!open_file(path, &descriptor, &stat, fault))
        return false;
    text->file_count++;
    struct inclusion inclusion = {.outer = outer, .device = stat.st_dev, .inode = stat.st_ino};
    inclusion.depth = outer ? outer->depth + 1 : 1;
    inclusion.line = 1;
    inclusion.file = arena_copy_text(text->arena, path);
    if (!inclusion.file)
        return fault_memory(fault);
    if (!check_loop(&inclusion, fault))
        return false;
    size_t most = text->bytes.length < TEXT_BYTES_MAX ? TEXT_BYTES_MAX - text->bytes.length : 0;
    return read_all(descriptor, path, most, &source, fault) &&
           check_bytes(inclusion.file, bytes_span(&source), fault) &&
           add_line(text, inclusion.file, 1, fault) &&
           copy_with_includes(text, &inclusion, bytes_span(&source), fault);
}

static bool find_directory(struct text *text, const char *path, struct fault *fault)
{
    char parent[PATH_MAX], absolute[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t length = slash ? (size_t)(slash - path) : 0;
    int written = !slash       ? snprintf(parent, sizeof parent, ".")
                  : length > 0 ? snprintf(parent, sizeof parent, "%.*s", (int)length, path)
                               : snprintf(parent, sizeof parent, "/");
    if (written < 0 || (size_t)written >= sizeof parent)
        return fault_set(fault, FAULT_CONFIGURATION, "%.64s...: the path is too long", path);
    /* Of the name as given: where it is a link, its neighbours are meant, not those of what it
     * leads to. */
    if (!realpath(parent, absolute)) {
        (void)fault_system(fault, "%s: cannot be read", path);
        fault->code = FAULT_CONFIGURATION;
        return false;
    }
    text->directory = arena_copy_text(text->arena, absolute[1] ? absolute : "");
    return text->directory || fault_memory(fault);
}

bool text_read(const char *path, struct arena *arena, struct text *ret_text, struct fault *fault)
{
    struct text text = {.arena = arena, .bytes = {.limit = (size_t)2 * TEXT_BYTES_MAX}};
    if (!find_directory(&text, path, fault) || !add_file(&text, path, NULL, fault)) {
        text_free(&text);
        return false;
    }
    *ret_text = text;
    return true;
}

void text_free(struct text *text)
{
    bytes_free(&text->bytes);
    memory_free(text->lines);
    text->lines = NULL;
    text->line_count = text->line_capacity = 0;
}

struct text_line text_line_at(const struct text *text, size_t line)
{
    if (text->line_count == 0)
        return (struct text_line){"", 0};
    return text->lines[line < text->line_count ? line : text->line_count - 1];
}
