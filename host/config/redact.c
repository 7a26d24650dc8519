/* SPDX-License-Identifier: Apache-2.0 */
/* Takes a source's secrets out of text that is to be shown. */
#include <string.h>
#include "base/ascii.h"
#include "config/source.h"
#include "source_box.h"

/* How much of `text` one character of a secret takes up: itself, %XX, or with a backslash before
 * it; 0: it is not that. */
static size_t character_length(const char *text, char c)
{
    int high = text[0] == '%' ? ascii_hex_value(text[1]) : -1;
    int low = high >= 0 ? ascii_hex_value(text[2]) : -1;
    if (low >= 0 && (char)(high * 16 + low) == c)
        return 3;
    if (text[0] == '\\' && text[1] == c)
        return 2;
    return text[0] == c;
}

/* The length of the secret where `text` begins with it, as it is or as URLs and JSON quote it; or
 * 0. */
static size_t match_length(const char *text, struct span secret)
{
    size_t at = 0;
    if (strncmp(text, secret.data, secret.length) == 0)
        return secret.length;
    for (size_t i = 0; i < secret.length; i++) {
        size_t length = character_length(text + at, secret.data[i]);
        if (length == 0)
            return 0;
        at += length;
    }
    return at;
}

/* Whose secrets, and those beside them. */
struct hidden {
    const struct source_box *box;
    const struct span *more;
    size_t count;
};

static size_t longer_match(size_t longest, const char *text, struct span secret)
{
    size_t length = secret.length > 0 ? match_length(text, secret) : 0;
    return length > longest ? length : longest;
}

static size_t longest_match(const struct hidden *hidden, const char *text)
{
    size_t longest = 0;
    for (uint32_t i = 0; i < hidden->box->values.parameters->count; i++)
        longest = longer_match(longest, text, hidden->box->values.secret[i].value);
    for (size_t i = 0; i < hidden->count; i++)
        longest = longer_match(longest, text, hidden->more[i]);
    return longest;
}

/* The end of the secrets that begin at `text`, those that overlap included. */
static size_t covered(const struct hidden *hidden, const char *text)
{
    size_t end = longest_match(hidden, text);
    for (size_t at = 1; at < end; at++) {
        size_t length = longest_match(hidden, text + at);
        if (length > 0 && at + length > end)
            end = at + length;
    }
    return end;
}

void source_redact(const struct source *source, char *text)
{
    source_redact_with(source, NULL, 0, text);
}

void source_redact_with(
    const struct source *source, const struct span *secrets, size_t count, char *text)
{
    static const char mark[] = "[secret]";
    const struct hidden hidden = {(const struct source_box *)source, secrets, count};
    char *out = text;
    while (*text) {
        size_t length = covered(&hidden, text);
        if (length == 0) {
            *out++ = *text++;
        } else if (length >= sizeof mark - 1) {
            (void)memcpy(
                out, mark, sizeof mark - 1); /* never past what was read: it is no longer */
            out += sizeof mark - 1;
            text += length;
        } else { /* no room for the mark */
            (void)memset(out, '*', length);
            out += length;
            text += length;
        }
    }
    *out = '\0';
}
