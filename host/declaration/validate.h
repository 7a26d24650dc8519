/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Validation of meaning: whether a declaration that is well-formed can be carried out, and cannot
 * do harm. Every problem is one sentence, "stream users: field login: what is wrong; what to do",
 * and all of them are collected.
 *
 * validate.c leads; validate_auth, _request, _stream, _paging and _mapping check one topic each;
 * validate_text has what they share: names, pointers, conditions, templates, URLs, headers.
 */
#ifndef MUSTER_DECLARATION_VALIDATE_H
#define MUSTER_DECLARATION_VALIDATE_H

#include "declaration/kind.h"
#include "declaration/template.h"
#include "refusal.h"

#define CHECK_PLACE_MAX 192u

struct check {
    const struct muster_connector *connector;
    const struct muster_stream *stream; /* the one being checked; NULL: the connector itself */
    struct arena *arena;                /* scratch */
    struct intake_report *report;
    bool out_of_memory;
};

/* Adds every problem of the connector to the report. False with FAULT_MEMORY alone. */
bool validate_connector(const struct muster_connector *connector, struct intake_report *report,
    struct fault *fault) MUST_CHECK;

/* Topics. */
void check_parameters(struct check *check);
void check_auth(struct check *check);
void check_request(struct check *check, const char *where, const struct muster_request *request);
void check_read_one(struct check *check, const struct muster_read_one *read_one);
void check_delta(struct check *check, const struct muster_stream *stream);
void check_incremental(struct check *check, const struct muster_stream *stream);
void check_stream(struct check *check, const struct muster_stream *stream);
void check_paging(struct check *check, const struct muster_stream *stream);
void check_mapping(struct check *check, const struct muster_stream *stream);
void check_error_words(struct check *check, const struct muster_error_word_list *words);

/* A problem at `where` (the member, as error_words[2]; NULL: the stream or connector itself). */
void check_problem(struct check *check, const char *where, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Writes a place: check_place(where, "%s.%s", outer, "name"). */
void check_place(char where[CHECK_PLACE_MAX], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* [a-z][a-z0-9_]{0,63}, where `dash` also with "-". A null name is a problem. */
void check_name(struct check *check, const char *where, const char *name, bool dash);
/* A pointer that is there must parse. `elements`: "-" may stand for each element. */
void check_pointer(struct check *check, const char *where, const char *pointer, bool elements);
void check_condition(
    struct check *check, const char *where, const struct muster_condition *condition);

/* What a template may name besides the connector's parameters, and how. */
enum template_use {
    USE_SECRET = 1u << 0, /* secret parameters */
    USE_ID = 1u << 1,     /* {id} */
    USE_BOUND = 1u << 2,  /* {bound} */
    USE_PARENT = 1u << 3, /* {parent.name} */
    USE_UNSET = 1u << 4   /* parameters that may be without a value: the text is then left out */
};
/* Returns the USE_ bits of what the template names. */
unsigned check_template(struct check *check, const char *where, const char *text, unsigned use);

enum pair_place { PAIR_QUERY, PAIR_HEADER, PAIR_FORM, PAIR_JSON };
unsigned check_pairs(struct check *check, const char *where, const struct muster_pair_list *pairs,
    enum pair_place place, unsigned use);
/* A header name (RFC 9110 section 5.1), as in answers; and one that a connector may set, which
 * leaves out the host's own. */
void check_header_name(struct check *check, const char *where, const char *name);
void check_header(struct check *check, const char *where, const char *name);

/* scheme://host[:port][/path] as a template, without user, query and fragment; `origin`: without a
 * path too. */
void check_url(struct check *check, const char *where, const char *url, bool origin);
/* The origin of a URL template as it is written: "https://{tenant}.example.com", or "{base_url}".
 * Nothing if it has none. */
struct span url_origin(const char *url);

/* The parameter of that name, with base_url, which always is there; NULL: none. */
const struct muster_parameter *check_parameter(const struct check *check, struct span name);
/* Whether it is sure to have a value. */
bool parameter_is_set(const struct muster_parameter *parameter);
bool is_boolean_word(const char *text);

#endif
