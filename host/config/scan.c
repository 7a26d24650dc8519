/* SPDX-License-Identifier: Apache-2.0 */
/* A scan of libconfig's grammar, as deep as keys, values and nesting. */
#include "scan.h"

#include <string.h>
#include "base/ascii.h"
#include "base/memory.h"

/* Where the scan is. */
struct scanner {
    const struct text *text;
    struct span source;
    struct scan *scan;
    size_t at;
    uint32_t line;
    uint32_t stack[SCAN_DEPTH_MAX]; /* the open groups, lists and arrays */
    size_t depth;
    uint32_t top_last, top_count; /* what an entry's last and children are, for the file itself */
    struct span word;             /* the last word, which "=" makes a key */
    bool valued;                  /* a key and "=" came: a value follows */
    bool after_string;            /* strings beside one another are one value */
};

/* The key whose value is being read, or whose group or list the scan is in. */
static struct span present_key(const struct scanner *scanner)
{
    if (scanner->valued)
        return scanner->word;
    for (size_t i = scanner->depth; i > 0; i--) {
        const char *name = scanner->scan->entries[scanner->stack[i - 1]].name;
        if (name)
            return span_of(name);
    }
    return SPAN("");
}

static bool refuse(const struct scanner *scanner, struct fault *fault, const char *what)
{
    struct text_line where = text_line_at(scanner->text, scanner->line);
    struct span key = present_key(scanner);
    return fault_set(fault, FAULT_CONFIGURATION, "%s:%u: %.*s%s%s", where.file, where.line,
        SPAN_FORMAT(key), key.length ? ": " : "", what);
}

static bool is_word_start(char c)
{
    return ascii_is_letter(c) || c == '*';
}

bool scan_integer(struct span literal, int64_t *ret_value)
{
    uint64_t value = 0;
    for (int i = 0; i < 2 && literal.length > 1 && literal.data[literal.length - 1] == 'L'; i++)
        literal.length--;
    if (literal.length < 3 || literal.data[0] != '0' || (literal.data[1] | 0x20) != 'x') {
        if (literal.length > 1 && literal.data[0] == '+' && ascii_is_digit(literal.data[1])) {
            literal.data++;
            literal.length--;
        }
        return span_to_int64(literal, ret_value);
    }
    for (size_t i = 2; i < literal.length; i++) {
        int digit = ascii_hex_value(literal.data[i]);
        if (digit < 0 || value >> 59) /* one more digit must stay below 2^63 */
            return false;
        value = value << 4 | (uint64_t)digit;
    }
    *ret_value = (int64_t)value;
    return true;
}

static bool check_duplicate(
    const struct scanner *scanner, uint32_t sibling, const char *name, struct fault *fault)
{
    for (; sibling != SCAN_NONE; sibling = scanner->scan->entries[sibling].before) {
        const struct scan_entry *entry = &scanner->scan->entries[sibling];
        if (entry->name && strcmp(entry->name, name) == 0) {
            struct text_line here = text_line_at(scanner->text, scanner->line),
                             there = text_line_at(scanner->text, entry->line);
            return fault_set(fault, FAULT_CONFIGURATION,
                "%s:%u: %s: set twice; the first is at %s:%u", here.file, here.line, name,
                there.file, there.line);
        }
    }
    return true;
}

/* A value begins: a setting with the key before it, or an element. */
static bool add_entry(struct scanner *scanner, struct span literal, struct fault *fault)
{
    struct scan *scan = scanner->scan;
    struct scan_entry entry = {.line = scanner->line, .literal = literal, .last = SCAN_NONE};
    struct scan_entry *entries =
        memory_grow(scan->entries, scan->count, &scan->capacity, sizeof *entries);
    if (!entries)
        return fault_memory(fault);
    scan->entries = entries;
    entry.parent = scanner->depth ? scanner->stack[scanner->depth - 1] : SCAN_NONE;
    uint32_t *last = scanner->depth ? &scan->entries[entry.parent].last : &scanner->top_last;
    uint32_t *children =
        scanner->depth ? &scan->entries[entry.parent].children : &scanner->top_count;
    if (scanner->valued) {
        struct span name = arena_copy(scanner->text->arena, scanner->word);
        entry.name = name.data;
        if (!entry.name)
            return fault_memory(fault);
        if (!check_duplicate(scanner, *last, entry.name, fault))
            return false;
        if (++*children > SCAN_KEYS_MAX)
            return refuse(scanner, fault, "one group has more than 1024 keys");
    }
    entry.before = *last;
    *last = (uint32_t)scan->count;
    scan->entries[scan->count++] = entry;
    scanner->valued = false;
    return true;
}

static bool read_string(struct scanner *scanner, size_t length, struct fault *fault)
{
    const char *start = scanner->source.data + scanner->at;
    for (size_t i = 0; i + 3 < length; i++) {
        if (start[i] != '\\')
            continue;
        if (memcmp(start + i, "\\x00", 4) == 0)
            return refuse(scanner, fault, "a NUL in a string");
        i++;
    }
    if (scanner->after_string)
        return true;
    scanner->after_string = true;
    return add_entry(scanner, (struct span){NULL, 0}, fault);
}

static bool read_number(struct scanner *scanner, struct span literal, struct fault *fault)
{
    int64_t value;
    struct span digits = literal;
    if (literal.data[0] == '-' || literal.data[0] == '+')
        digits = (struct span){literal.data + 1, literal.length - 1};
    bool hex = digits.length > 2 && digits.data[0] == '0' && (digits.data[1] | 0x20) == 'x';
    bool integer = hex;
    for (size_t i = 0; !hex && i < digits.length; i++)
        if (!(integer = ascii_is_digit(digits.data[i]) || (i > 0 && digits.data[i] == 'L')))
            break;
    if (integer && !scan_integer(literal, &value)) {
        struct text_line where = text_line_at(scanner->text, scanner->line);
        struct span key = present_key(scanner);
        return fault_set(fault, FAULT_CONFIGURATION, "%s:%u: %.*s: %.*s is no integer of 64 bits",
            where.file, where.line, SPAN_FORMAT(key),
            (int)(literal.length < 40 ? literal.length : 40), literal.data);
    }
    return add_entry(scanner, literal, fault);
}

static bool read_word(struct scanner *scanner, struct span word, struct fault *fault)
{
    if (scanner->valued)
        return add_entry(scanner, word, fault);
    /* In lists and arrays a word is an element (true, false); in groups a key, once "=" follows. */
    uint32_t open = scanner->depth ? scanner->stack[scanner->depth - 1] : SCAN_NONE;
    if (open != SCAN_NONE && scanner->scan->entries[open].literal.data[0] != '{')
        return add_entry(scanner, word, fault);
    scanner->word = word;
    return true;
}

static bool open_or_close(struct scanner *scanner, char c, struct fault *fault)
{
    if (strchr(")]}", c)) {
        scanner->depth -= scanner->depth > 0;
        scanner->valued = false;
        return true;
    }
    if (scanner->depth == SCAN_DEPTH_MAX)
        return refuse(scanner, fault, "more than 16 groups and lists inside one another");
    struct span bracket = {scanner->source.data + scanner->at, 1};
    if (!add_entry(scanner, bracket, fault))
        return false;
    scanner->stack[scanner->depth++] = (uint32_t)(scanner->scan->count - 1);
    return true;
}

/* How many characters from here belong to a word or number. */
static size_t run_length(struct span source, size_t at, bool word)
{
    size_t end = at + 1;
    while (end < source.length &&
           (is_word_start(source.data[end]) || ascii_is_digit(source.data[end]) ||
               source.data[end] == '-' || source.data[end] == '_' ||
               (!word && (source.data[end] == '.' || source.data[end] == '+'))))
        end++;
    return end - at;
}

/* Takes one token off; text_skip has already seen that it is no comment. */
static bool read_token(struct scanner *scanner, size_t string, struct fault *fault)
{
    char c = scanner->source.data[scanner->at];
    bool word = is_word_start(c), number = ascii_is_digit(c) || strchr("+-.", c);
    size_t length = string             ? string
                    : (word || number) ? run_length(scanner->source, scanner->at, word)
                                       : 1;
    struct span token = {scanner->source.data + scanner->at, length};
    bool ok = true;
    if (string) {
        ok = read_string(scanner, string, fault);
    } else {
        scanner->after_string = false;
        if (word)
            ok = read_word(scanner, token, fault);
        else if (number)
            ok = read_number(scanner, token, fault);
        else if (c == '=' || c == ':')
            scanner->valued = scanner->word.data != NULL;
        else if (strchr("{[()]}", c))
            ok = open_or_close(scanner, c, fault);
    }
    for (size_t i = 0; ok && i < length; i++)
        scanner->line += token.data[i] == '\n';
    scanner->at += length;
    return ok;
}

bool scan_read(const struct text *text, struct scan *ret_scan, struct fault *fault)
{
    struct scan scan = {0};
    struct scanner scanner = {.text = text, .source = bytes_span(&text->bytes), .scan = &scan};
    scanner.top_last = SCAN_NONE;
    while (scanner.at < scanner.source.length) {
        const char *at = scanner.source.data + scanner.at;
        size_t skip = text_skip(scanner.source, scanner.at);
        bool blank = strchr(" \t\r\n\f", *at) != NULL, comment = skip > 0 && *at != '"';
        if (blank || comment) {
            size_t length = comment ? skip : 1;
            for (size_t i = 0; i < length; i++)
                scanner.line += at[i] == '\n';
            scanner.at += length;
        } else if (!read_token(&scanner, skip, fault)) {
            scan_free(&scan);
            return false;
        }
    }
    *ret_scan = scan;
    return true;
}

void scan_free(struct scan *scan)
{
    memory_free(scan->entries);
    *scan = (struct scan){0};
}
