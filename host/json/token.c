/* SPDX-License-Identifier: Apache-2.0 */
/* The strict readers of strings and numbers. What is wrong with a string's content does not stop
 * them: its end is still known. */
#include "token.h"

#include "json/gate.h"
#include "scan.h"
#include "text.h"

static const char *broken(
    struct token *token, const char *where, enum fault_code code, const char *sentence)
{
    token->broken = sentence;
    token->code = code;
    token->where = where;
    return NULL;
}

static void unsound(struct token *token, const char *where, const char *sentence)
{
    if (token->unsound)
        return;
    token->unsound = sentence;
    token->where = where;
}

static const char *read_escape(const char *at, const char *end, struct token *token)
{
    uint32_t code;
    const char *after = text_escape(at, end, &code);
    if (!after)
        return broken(token, at, FAULT_SYNTAX,
            "no escape of JSON: after a backslash comes one of \"\\/bfnrt, or u and four "
            "hexadecimal digits");
    token->escaped = true;
    if (code == 0)
        unsound(token, at, "\\u0000, a NUL character, in a string");
    else if (code >= 0xD800 && code <= 0xDFFF)
        unsound(token, at, "half of a surrogate pair in a string");
    return after;
}

/* A byte that is no plain character and no backslash; past it, or past the UTF-8 that begins
 * with it. */
static const char *read_other(const char *at, const char *end, struct token *token)
{
    if ((unsigned char)*at < 0x20) {
        unsound(token, at,
            *at ? "an unescaped control character in a string" : "a NUL byte in a string");
        return at + 1;
    }
    const char *after = scan_utf8(at, end);
    if (after < end && (unsigned char)*after >= 0x80) {
        unsound(token, after, "malformed UTF-8 in a string");
        after++;
    }
    return after;
}

const char *token_string(const char *at, const char *end, struct token *ret_token)
{
    struct token token = {0};
    const char *from = at;
    while (at && (at = scan_plain(at, end)) < end && *at != '"')
        at = *at == '\\' ? read_escape(at, end, &token) : read_other(at, end, &token);
    if (at == end)
        at = broken(&token, at, FAULT_SYNTAX, "the text ends inside a string; it was cut");
    else if (at && (size_t)(at - from) > JSON_STRING_MAX)
        at = broken(&token, from - 1, FAULT_LIMIT, "a string longer than 4 MiB");
    *ret_token = token;
    return at ? at + 1 : NULL;
}

static inline const char *digits(const char *at, const char *end)
{
    while (at < end && (unsigned char)(*at - '0') <= 9)
        at++;
    return at;
}

const char *token_number(const char *at, const char *end, struct token *ret_token)
{
    const char *from = at, *whole = at + (*at == '-');
    at = digits(whole, end);
    if (at == whole)
        return broken(ret_token, at, FAULT_SYNTAX, "a number without digits");
    if (*whole == '0' && at - whole > 1)
        return broken(ret_token, whole, FAULT_SYNTAX, "a number with a leading zero");
    if (at < end && *at == '.') {
        const char *fraction = at + 1;
        at = digits(fraction, end);
        if (at == fraction)
            return broken(ret_token, at, FAULT_SYNTAX, "a number without digits after its point");
    }
    if (at < end && (*at | 0x20) == 'e') {
        const char *exponent = at + 1;
        exponent += exponent < end && (*exponent == '+' || *exponent == '-');
        at = digits(exponent, end);
        if (at == exponent)
            return broken(ret_token, at, FAULT_SYNTAX, "a number without digits in its exponent");
    }
    if ((size_t)(at - from) > JSON_NUMBER_MAX)
        return broken(ret_token, from, FAULT_LIMIT, "a number of more than 64 characters");
    return at;
}
