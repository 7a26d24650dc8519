/* SPDX-License-Identifier: Apache-2.0 */
/*
 * muster/connector.h: how a connector describes an application. Public, stable ABI, version 1.
 *
 * A connector is a shared object that holds one object and nothing else:
 *
 *     const struct muster_connector muster_connector = { MUSTER_CONNECTOR_HEADER, ... };
 *
 * It declares endpoints, page formats and schema mappings. It holds no code: the host refuses a
 * file with an executable segment, a constructor or an import, and never calls into one. Retry,
 * time-outs, throttling, concurrency, commits, TLS, redirects and deletion are the host's; there is
 * no member for any of them.
 *
 * Rules of the ABI
 *  - `abi` and `size` come first. Members are only ever appended. A shorter structure of an older
 *    connector reads as zero in its missing members; a longer one of a newer connector is accepted
 * if what the host does not know is all zero, and refused otherwise.
 *  - Zero, or a null pointer, always means the default that the member's comment names.
 *  - Lists carry a count and a stride, so that their elements can grow by the same rule.
 *  - Integers have a fixed width. Strings are UTF-8, end with NUL, at most MUSTER_STRING_MAX bytes.
 *  - Little-endian or big-endian, 64-bit: whatever the host is; the ELF header says it and is
 * checked.
 *
 * "Pointer" below always is a JSON Pointer (RFC 6901): "" is the whole value, "/a/b" a member, and
 * where the text says so "-" stands for each element of an array. "Template" is a text in which
 * {name} is replaced by a parameter or, in streams with a parent, {parent.name} by a field of the
 * parent; in a URL the value is percent-encoded (RFC 3986, all but unreserved), "{{" and "}}" are
 * literal braces.
 */
#ifndef MUSTER_CONNECTOR_H
#define MUSTER_CONNECTOR_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MUSTER_ABI         1u
#define MUSTER_STRING_MAX  4096u /* bytes of one string, without its NUL */
#define MUSTER_LIST_MAX    512u  /* elements of one list */
#define MUSTER_STREAMS_MAX 256u  /* streams of one connector */

/* The two members every connector begins with. */
#define MUSTER_CONNECTOR_HEADER .abi = MUSTER_ABI, .size = (uint32_t)sizeof(struct muster_connector)

/* A list of `type`, written in place: .fields = MUSTER_LIST(struct muster_field, {...}, {...}) */
#define MUSTER_LIST(type, ...)                                                   \
    {                                                                            \
        .items = (const type[]){__VA_ARGS__},                                    \
        .count = (uint32_t)(sizeof((const type[]){__VA_ARGS__}) / sizeof(type)), \
        .stride = (uint32_t)sizeof(type)                                         \
    }

/* ------------------------------------------------------------------ parameters ---------------- */

enum muster_parameter_type {
    MUSTER_TEXT = 0,    /* any UTF-8 text without control characters, 1 to 4096 bytes */
    MUSTER_INTEGER = 1, /* decimal, -2^63 to 2^63-1 */
    MUSTER_BOOLEAN = 2, /* true or false */
    MUSTER_URL = 3,     /* absolute http or https URL without user, query or fragment */
    MUSTER_HOST = 4     /* host name or address, optionally with a port */
};

/* A value that the operator fills in, under `parameters` or, where `secret` is set, under
 * `secrets`. "base_url" is always there, as a MUSTER_URL: it overrides the connector's base URL. */
struct muster_parameter {
    const char *name;          /* [a-z][a-z0-9_]{0,63}; unique in the connector */
    const char *summary;       /* one sentence for the operator */
    const char *default_value; /* null: none */
    const char
        *pattern;  /* POSIX extended regular expression that the whole value matches; null: any */
    uint32_t type; /* enum muster_parameter_type */
    uint32_t required; /* 1: configuration without it is refused */
    uint32_t secret;   /* 1: given by reference only, never logged, shown or stored */
    uint32_t reserved; /* 0 */
};

struct muster_parameter_list {
    const struct muster_parameter *items;
    uint32_t count, stride;
};

/* A name with a value template: a header, a query parameter, a body field. A pair whose template
 * names a parameter that is not set (and has no default) is left out. */
struct muster_pair {
    const char *name;
    const char *value;        /* template */
    uint32_t first_page_only; /* 1: not sent with the second and later pages of a listing */
    uint32_t full_only;       /* 1: sent in full runs only, not in incremental ones */
};

struct muster_pair_list {
    const struct muster_pair *items;
    uint32_t count, stride;
};

/* ------------------------------------------------------------------ conditions ---------------- */

enum muster_operator {
    MUSTER_EQUALS =
        0, /* text, number (by its literal) or true/false equal `value`; null value: present */
    MUSTER_NOT_EQUALS = 1, /* present and not equal */
    MUSTER_PRESENT = 2,    /* there, and not null */
    MUSTER_ABSENT = 3,     /* not there, or null */
    MUSTER_IS_NULL = 4,    /* there, and null */
    MUSTER_CONTAINS = 5    /* text that contains `value` */
};

/* A test of one value. A condition with a null pointer is "not declared". */
struct muster_condition {
    const char *pointer;
    const char *value;
    uint32_t op; /* enum muster_operator */
    uint32_t reserved;
};

struct muster_condition_list {
    const struct muster_condition *items;
    uint32_t count, stride;
};

/* ------------------------------------------------------------------ authentication ------------ */

enum muster_auth_scheme {
    MUSTER_AUTH_NONE = 0,
    MUSTER_AUTH_API_KEY = 1, /* `secret` in a header, query parameter or cookie called `name` */
    MUSTER_AUTH_BEARER = 2,  /* Authorization: Bearer `secret` (RFC 6750) */
    MUSTER_AUTH_BASIC = 3,   /* `username`, `secret` (RFC 7617) */
    MUSTER_AUTH_CLIENT_CREDENTIALS = 4, /* OAuth 2.0 client credentials (RFC 6749 section 4.4) */
    MUSTER_AUTH_REFRESH_TOKEN = 5       /* OAuth 2.0 refresh token (RFC 6749 section 6) */
};

enum muster_place {
    MUSTER_IN_DEFAULT = 0,
    MUSTER_IN_QUERY = 1,
    MUSTER_IN_HEADER = 2,
    MUSTER_IN_BODY = 3,
    MUSTER_IN_COOKIE = 4
};

/* Says where secrets go, never what they are. Members ending in "parameter" name a parameter. */
struct muster_auth {
    uint32_t scheme;    /* enum muster_auth_scheme */
    uint32_t place;     /* API key: IN_HEADER (default), IN_QUERY, IN_COOKIE.
                                              OAuth: client authentication in Basic (default, IN_HEADER)
                           or IN_BODY */
    const char *name;   /* API key: header, query parameter or cookie. Default "X-API-Key" */
    const char *prefix; /* text put before the secret, as "Token "; bearer: default "Bearer " */
    const char *secret_parameter;        /* key, token, password, or OAuth client secret */
    const char *username_parameter;      /* basic: user; OAuth: client id */
    const char *refresh_token_parameter; /* OAuth refresh token: the first one, a secret. Those that
                              the application gives in its place the host keeps, sealed, and uses */
    const char *token_url;    /* OAuth: template; must be on a declared origin or the base URL's */
    const char *scope;        /* OAuth: template; null: not sent */
    const char *access_token; /* pointer into the token answer; default "/access_token" */
    const char *expires_in;   /* pointer; default "/expires_in" */
    const char *rotated_refresh_token; /* pointer; default "/refresh_token" */
    uint32_t expires_format;           /* enum muster_time_format; default seconds from now */
    uint32_t reserved;
    struct muster_pair_list extra; /* further form fields of the token request */
};

/* ------------------------------------------------------------------ envelope, error words ----- */

/* How an answer with status 200 says that it is an error. Without one, the status decides alone. */
struct muster_envelope {
    struct muster_condition
        success; /* holds in every good answer; an answer without it is an error */
    struct muster_condition failure; /* holds in every error answer (either this or `success`) */
    const char *code;                /* pointer to the API's error code */
    const char *message; /* pointer to its message, shown to the operator with secrets removed */
};

enum muster_class { /* zero is not a class: an error word must name one */
    MUSTER_CLASS_TRANSIENT = 1,
    MUSTER_CLASS_THROTTLED = 2,
    MUSTER_CLASS_AUTH_EXPIRED = 3,
    MUSTER_CLASS_AUTH_DENIED = 4,
    MUSTER_CLASS_FORBIDDEN = 5,
    MUSTER_CLASS_NOT_FOUND = 6,
    MUSTER_CLASS_CURSOR_EXPIRED = 7,
    MUSTER_CLASS_INVALID = 8
};

/* The API's own word -> the host's class. Rules are tried in order, a stream's before the
 * connector's; the first whose every condition holds decides. No rule can make an error into a
 * success. */
struct muster_error_word {
    uint32_t status;              /* HTTP status this rule is for; 0: any */
    uint32_t class_;              /* enum muster_class */
    const char *code;             /* equals the value at envelope.code; null: any */
    struct muster_condition also; /* a further condition on the body */
    const char *header;           /* header name that must be there; null: none */
    const char *header_value;     /* its value, compared without case; null: any */
};

struct muster_error_word_list {
    const struct muster_error_word *items;
    uint32_t count, stride;
};

/* ------------------------------------------------------------------ requests ------------------ */

enum muster_method { MUSTER_GET = 0, MUSTER_POST = 1 };
enum muster_body { MUSTER_BODY_NONE = 0, MUSTER_BODY_JSON = 1, MUSTER_BODY_FORM = 2 };

struct muster_request {
    uint32_t method;  /* enum muster_method; POST only for listings that read (search endpoints) */
    uint32_t body;    /* enum muster_body */
    const char *path; /* template, appended to the base URL; starts with "/" */
    struct muster_pair_list query;
    struct muster_pair_list headers;
    struct muster_pair_list
        fields; /* body: form fields, or members of a JSON object; a name that begins with "/" is a
                                        pointer, and its value is then JSON text */
};

/* ------------------------------------------------------------------ paging -------------------- */

enum muster_paging_kind {
    MUSTER_PAGING_NONE = 0,   /* one request is the whole listing */
    MUSTER_PAGING_NUMBER = 1, /* page number from `start`, +1 */
    MUSTER_PAGING_OFFSET =
        2, /* offset from `start`, plus the items received before any filter. Each
              page but the first is asked for one item early: see `size_max` */
    MUSTER_PAGING_CURSOR = 3, /* a token at `next`, sent back in `parameter` */
    MUSTER_PAGING_LINK = 4,   /* RFC 8288 Link: rel="next", or a URL at `next` */
    MUSTER_PAGING_KEYSET = 5, /* the value at `key` of the last item, sent in `parameter` */
    MUSTER_PAGING_SCIM = 6    /* startIndex and count (RFC 7644 section 3.4.2.4) */
};

/* The signals that end a listing. A listing ends only by a signal declared here; anything else that
 * looks like an end makes the run partial. Several may be declared: any of them ends it. Combine
 * with |. */
enum muster_end {
    MUSTER_END_SINGLE = 1u << 0,      /* the one answer is the whole (paging NONE; implied there) */
    MUSTER_END_TOTAL_PAGES = 1u << 1, /* the page number reaches the value at `total_pages` */
    MUSTER_END_TOTAL = 1u << 2,       /* items received reach the total (pointer or header) */
    MUSTER_END_HAS_MORE_FALSE = 1u << 3, /* `has_more` is false */
    MUSTER_END_LAST_TRUE = 1u << 4,      /* `last` is true */
    MUSTER_END_EMPTY_PAGE = 1u << 5,     /* a page without items */
    MUSTER_END_NEXT_ABSENT = 1u << 6,    /* no member at `next`, or no Link with rel="next" */
    MUSTER_END_NEXT_NULL = 1u << 7,      /* null at `next` */
    MUSTER_END_NEXT_EMPTY = 1u << 8,     /* "" at `next` */
    MUSTER_END_DELTA = 1u << 9           /* the token at delta.token is there (mode DELTA) */
};

enum muster_step { MUSTER_STEP_RECEIVED = 0, MUSTER_STEP_ASKED = 1 };

/* What may happen to the places of a listing while it is read. It decides what one reading can
 * prove: a loose listing of several pages is proven only where two listings show the same. */
enum muster_stability {
    MUSTER_STABILITY_DEFAULT = 0, /* of NUMBER, OFFSET and SCIM: LOOSE; of the others: FIXED */
    MUSTER_STABILITY_FIXED = 1,   /* OFFSET, SCIM: sorted by what an object never changes, as its id
                                     or its creation, so that places shift only where others join
                                     or leave; of the API's own accord, or as the request asks for.
                                     Others: the next page begins where the last one ended. Not
                                     for NUMBER: its pages cannot overlap, and shifts go unseen */
    MUSTER_STABILITY_LOOSE = 2    /* an object may slip from a page that is still to come into one
                                     that was read: sorted by what can change, or in no documented
                                     order; a token or URL that hides an offset or a page number */
};

/* The total that an API states: an independent witness of completeness. */
struct muster_total {
    const char *pointer; /* in the listing's body; null: none */
    const char *header;  /* response header; null: none */
    const char *parent;  /* name of a parent field (see muster_parent) that holds it; null: none */
    uint32_t exact;      /* 1: the API documents it as exact; only then can it prove completeness */
    uint32_t first_page_only; /* 1: later pages do not carry it */
};

struct muster_paging {
    uint32_t kind; /* enum muster_paging_kind */
    uint32_t
        ends; /* enum muster_end, combined; required for every kind but NONE; SCIM: default TOTAL */
    uint32_t place;        /* where `parameter` goes: IN_QUERY (default), IN_HEADER, IN_BODY */
    uint32_t step;         /* enum muster_step, offset only */
    int64_t start;         /* first page number or offset; SCIM: default 1 */
    const char *parameter; /* name of the page, offset, cursor or bound parameter; a pointer for
                              IN_BODY JSON. Defaults: NUMBER "page", OFFSET "offset", CURSOR
                              "cursor", SCIM "startIndex" */
    const char
        *size_parameter; /* name of the page-size parameter; null: none; SCIM default "count" */
    uint32_t size;       /* items asked for; 0: 100 */
    uint32_t size_max; /* what the API allows; 0: `size`. OFFSET and SCIM ask each page for the last
                          item of the one before it again, so that shifts are seen: where it is
                          larger than `size`, pages of one item more are asked for */
    const char
        *next; /* CURSOR: pointer to the token. LINK: pointer to the URL; null: the Link header */
    const char *initial;  /* CURSOR, KEYSET: the first token; null: the parameter is left out of the
                             first request */
    const char *key;      /* KEYSET: pointer in the item */
    const char *has_more; /* pointer to a boolean */
    const char *last;     /* pointer to a boolean */
    const char *total_pages; /* pointer to an integer */
    struct muster_total total;
    int64_t ceiling; /* the listing never gives more than this many items in all; reaching it is
                        truncation */
    struct muster_condition truncated; /* holds where the API says that it left something out */
    uint32_t cursor_lifetime_s;        /* 0: unknown */
    uint32_t stability;                /* enum muster_stability; not for NONE */
};

/* ------------------------------------------------------------------ incremental --------------- */

enum muster_stream_mode {
    MUSTER_FULL = 0,
    MUSTER_INCREMENTAL = 1, /* by a time or counter in the items: muster_incremental */
    MUSTER_DELTA = 2        /* by a token that each run's last page gives: muster_delta */
};

enum muster_time_format {
    MUSTER_TIME_DEFAULT = 0, /* fields: RFC 3339; expires_format: seconds from now */
    MUSTER_TIME_RFC3339 = 1,
    MUSTER_TIME_EPOCH_S = 2,
    MUSTER_TIME_EPOCH_MS = 3,
    MUSTER_TIME_DATE = 4,       /* YYYY-MM-DD, midnight UTC */
    MUSTER_TIME_COUNTER = 5,    /* incremental only: a number that grows */
    MUSTER_TIME_OPAQUE = 6,     /* incremental only: a text compared byte by byte */
    MUSTER_TIME_HTTP_DATE = 7,  /* RFC 9110 section 5.6.7 */
    MUSTER_TIME_FILETIME = 8,   /* 100 ns since 1601-01-01 */
    MUSTER_TIME_GENERALIZED = 9 /* YYYYMMDDHHMMSS[.f]Z (RFC 4517 section 3.3.13) */
};

enum muster_order { MUSTER_ORDER_NONE = 0, MUSTER_ORDER_RISING = 1, MUSTER_ORDER_FALLING = 2 };

/* Only what changed since the last complete run is asked for, from the highest value of `field`
 * that it saw, less the look-back, floored to the granularity. Full runs follow on the operator's
 * own schedule, and at once where the bound is refused as expired (410, or an error word of that
 * class), where it is older than what the API keeps, or where the declaration changed. A bookmark
 * moves only where every scope of the run was read to its declared end; a counter or opaque
 * bookmark of a stream with a parent only where none of its scopes was empty. */
struct muster_incremental {
    const char *field; /* pointer in the item to the changed time or counter */
    uint32_t format;   /* enum muster_time_format; default RFC 3339 */
    uint32_t order;    /* enum muster_order: the order in which items arrive; where they do not, the
                          bookmark stays */
    struct muster_pair
        bound;          /* where the lower bound goes: name, and a template over {bound}; query */
    uint32_t place;     /* IN_QUERY (default), IN_HEADER, IN_BODY */
    uint32_t exclusive; /* 1: the API returns items strictly above the bound; not for opaque ones */
    uint32_t granularity_s; /* the API compares in units of this many seconds; 0: 1 */
    uint32_t look_back_s;   /* re-read this much before the bound; 0: the host's default */
    uint32_t keeps_s; /* how far back the API keeps changes: a full run follows where the bound
                         is older; 0: for ever */
    uint32_t reserved;
};

/* The last page of a listing gives a token; with it the next run asks for what has changed since.
 * A token that is refused as expired (410, or an error word of that class) makes the run a full
 * one, once, as an expired bound does. Not for streams with a parent. */
struct muster_delta {
    const char
        *token; /* pointer in the body of the last page: the token, or the URL that holds it */
    const char *parameter; /* name under which a token is sent; null: `token` leads to a URL, which
                              is asked for in place of the request */
    uint32_t place;        /* of `parameter`: IN_QUERY (default), IN_HEADER, IN_BODY */
    uint32_t reserved;
};

/* When an item joined the full listing, by the application's own clock: its creation, where objects
 * join by being created only. A loose listing all of whose items joined well before it began, as
 * the Date header of its first answer says, and that agrees with its exact total, lacks nothing:
 * it is proven by one reading. Where an object can leave the listing and come back with the same
 * time, this is not for it. */
struct muster_joined {
    const char *field; /* pointer in the item; null: not declared */
    uint32_t format;   /* enum muster_time_format, of a time; default RFC 3339 */
    uint32_t reserved;
};

/* ------------------------------------------------------------------ mapping ------------------- */

enum muster_kind {
    MUSTER_PERSON = 1,
    MUSTER_ACCOUNT = 2,
    MUSTER_GROUP = 3,
    MUSTER_ROLE = 4,
    MUSTER_RESOURCE = 5,
    MUSTER_ENTITLEMENT = 6,
    MUSTER_GRANT = 7,
    MUSTER_OWNERSHIP = 8,
    MUSTER_CREDENTIAL = 9,
    MUSTER_EVENT = 10
};

/* Where `from` looks. */
enum muster_source {
    MUSTER_FROM_ELEMENT = 0,   /* the element that this record is made of (the item itself, unless
                                  `each` says otherwise) */
    MUSTER_FROM_ITEM = 1,      /* the whole item */
    MUSTER_FROM_PARENT = 2,    /* the parent field called `from` */
    MUSTER_FROM_PARAMETER = 3, /* the parameter called `from` */
    MUSTER_CONSTANT = 4        /* `from` itself */
};

struct muster_value { /* one row of a value map */
    const char *from; /* text; or a number's literal; or true / false */
    const char *to;
};

struct muster_value_list {
    const struct muster_value *items;
    uint32_t count, stride;
};

struct muster_part { /* one part of a composed text */
    const char *from;
    uint32_t source; /* enum muster_source */
    uint32_t reserved;
};

struct muster_part_list {
    const struct muster_part *items;
    uint32_t count, stride;
};

/* The first element of the array at `from` whose member `where` equals `equals`; its member `take`
 * is the value. */
struct muster_pick {
    const char *where;  /* pointer in the element; null: not declared */
    const char *equals; /* text, number literal, or true / false */
    const char *take;   /* pointer in the element */
};

enum muster_field_flag {
    MUSTER_REQUIRED = 1u << 0, /* absent or null: the record goes to the dead letters */
    MUSTER_LOWER = 1u << 1,    /* ASCII lower case */
    MUSTER_TRIM = 1u << 2,     /* without white space at both ends */
    MUSTER_VOLATILE = 1u << 3, /* keeps its latest value only: no history, no change */
    MUSTER_NEGATE = 1u << 4    /* boolean forms: true <-> false */
};

/* One field of a record. Which fields a kind has, and of which type: plugin-api/README.md, or
 * `muster lint --kinds`. */
struct muster_field {
    const char *to; /* the kind's field; "id" is the identity */
    const char
        *from; /* pointer (ELEMENT, ITEM), name (PARENT, PARAMETER) or the text itself (CONSTANT) */
    uint32_t source;           /* enum muster_source */
    uint32_t flags;            /* enum muster_field_flag, combined */
    const char *or_from;       /* tried where `from` is absent or null; same source */
    const char *default_value; /* where nothing was found */
    uint32_t time_format;      /* enum muster_time_format, for time fields */
    uint32_t reserved;
    struct muster_value_list
        values; /* value map; a value not in it becomes "unknown", raw kept, and is drift */
    struct muster_pick pick;
    struct muster_part_list compose; /* parts joined to one text that no two different lists of
                                        parts share; then `from` is null */
};

struct muster_field_list {
    const struct muster_field *items;
    uint32_t count, stride;
};

enum muster_attributes { MUSTER_ATTRIBUTES_KEEP = 0, MUSTER_ATTRIBUTES_NONE = 1 };

/* What one item gives: a record of `kind`, or one for each element at `each`. The first yield is
 * the item's own: its id is the item's, and the witness of completeness counts the item, whether or
 * not the yield's condition holds for it. */
struct muster_yield {
    uint32_t kind;       /* enum muster_kind */
    uint32_t attributes; /* enum muster_attributes: keep the item's bytes beside the mapped fields;
                            for `each` the element's */
    const char *each;    /* pointer to an array in the item: one record for each element; null: the
                            item itself */
    struct muster_condition when; /* on the element; not declared: always */
    struct muster_field_list fields;
};

struct muster_yield_list {
    const struct muster_yield *items;
    uint32_t count, stride;
};

struct muster_filter {  /* items left out on purpose, counted as filtered under this reason */
    const char *reason; /* [a-z][a-z0-9_]{0,63} */
    struct muster_condition when;
};

struct muster_filter_list {
    const struct muster_filter *items;
    uint32_t count, stride;
};

struct muster_redact {   /* credential material: replaced by "[redacted]" in attributes and dead
                            letters */
    const char *pointer; /* in the item; "-" stands for each element */
};

struct muster_redact_list {
    const struct muster_redact *items;
    uint32_t count, stride;
};

/* ------------------------------------------------------------------ streams ------------------- */

enum muster_role { MUSTER_YIELDS = 0, MUSTER_ENRICHES = 1 };
enum muster_items_form { MUSTER_ARRAY = 0, MUSTER_OBJECT = 1 };

struct muster_parent_field {
    const char *name; /* what templates call {parent.name} */
    const char *from; /* pointer in the parent's item */
};

struct muster_parent_field_list {
    const struct muster_parent_field *items;
    uint32_t count, stride;
};

/* This stream runs once for each live object of another stream: one scope each. */
struct muster_parent {
    const char *stream; /* null: no parent */
    struct muster_parent_field_list fields;
    struct muster_condition
        when; /* on the parent's item: only such parents; e.g. has_members is true */
};

/* Reads one object of the first yield's kind. Which answers mean that it is gone, and which that it
 * is only hidden. The host reads missing objects so, and the parent of a listing that is not found;
 * it believes "gone" only where another, live object could be read just before. */
struct muster_read_one {
    struct muster_request request; /* templates may use {id}; path null: not declared */
    uint32_t gone_status[4];       /* default 404, 410 */
    uint32_t hidden_status[4];     /* default 401, 403 */
    const char *object;            /* pointer to the object in the answer; default "" */
};

struct muster_stream {
    const char *name;    /* [a-z][a-z0-9_]{0,63}; unique in the connector */
    const char *summary; /* one sentence */
    uint32_t role;       /* enum muster_role */
    uint32_t mode;       /* enum muster_stream_mode */
    struct muster_request request;
    struct muster_parent parent;
    const char *items; /* pointer to the items; default "": the body itself */
    uint32_t
        items_form; /* enum muster_items_form: an array of items, or one object that is the item */
    uint32_t reserved;
    struct muster_paging paging;
    struct muster_incremental incremental;
    struct muster_yield_list yields;
    struct muster_filter_list filters;
    struct muster_redact_list redact;
    struct muster_condition
        tombstone; /* an item for which this holds says that the object is gone */
    struct muster_read_one read_one;
    struct muster_error_word_list error_words;
    const char *requires_permission; /* what the credential must be allowed, in the application's
                                        words, for messages */
    struct muster_delta delta;
    struct muster_joined joined;
};

struct muster_stream_list {
    const struct muster_stream *items;
    uint32_t count, stride;
};

/* ------------------------------------------------------------------ connector ----------------- */

struct muster_origin {
    const char *url;
}; /* scheme://host[:port], template */

struct muster_origin_list {
    const struct muster_origin *items;
    uint32_t count, stride;
};

struct muster_connector {
    uint32_t abi;              /* MUSTER_ABI */
    uint32_t size;             /* sizeof(struct muster_connector) */
    const char *name;          /* [a-z][a-z0-9_-]{0,63}; what the configuration calls it */
    const char *version;       /* the connector's own, as "1.2.0" */
    const char *vendor;        /* who made it */
    const char *summary;       /* one sentence */
    const char *documentation; /* URL of the API's documentation */
    struct muster_parameter_list parameters;
    const char *base_url;              /* template; null: the operator must write base_url */
    struct muster_origin_list origins; /* further origins that token requests may use */
    struct muster_pair_list headers;   /* sent with every request */
    struct muster_auth auth;
    struct muster_envelope envelope;
    struct muster_error_word_list error_words;
    struct muster_stream_list streams;
};

/* The one symbol of a connector. */
extern const struct muster_connector muster_connector __attribute__((visibility("default")));

#ifdef __cplusplus
}
#endif
#endif
