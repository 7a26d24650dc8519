/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration file as a value: libconfig text, read strictly (CONTRACT, Configuration). */
#ifndef MUSTER_CONFIG_SETTINGS_H
#define MUSTER_CONFIG_SETTINGS_H

#include "base/fault.h"
#include "base/bytes.h"

struct secret_pool;

/* When a listing by page number alone is read a second time. Such pages cannot overlap, so that
 * objects may slip between two of them unseen (engine/probe.c). */
enum second_pass {
    SECOND_PASS_DRIFT = 0, /* where its total moved or does not agree, or something would go missing
                            */
    SECOND_PASS_ALWAYS = 1 /* always: only two listings of the same items prove anything */
};

/* Host policy: defaults that need no tuning, and hard bounds that no file can exceed. One table
 * (policy.c) holds name, default, least and most of each. Durations in ms.
 *
 * In the file a key of the group `policy` is the member's name. A duration can be written in two
 * ways: without the suffix as text with a unit (connect_timeout = "10s"), or with it as a number or
 * text (connect_timeout_ms = 10000). A bare number without the suffix is refused, since it does not
 * say its unit. */
struct policy_settings {
    int64_t attempts_max;     /* tries of one request in all, without waits for a rate limit: 6 */
    int64_t backoff_first_ms; /* 500 */
    int64_t backoff_most_ms;  /* 60,000 */
    int64_t retry_after_most_ms;  /* what a server may ask us to wait: 900,000 */
    int64_t wait_most_ms;         /* from a request's first failure until it is given up, all waits
                                     included: 90,000,000, so that a limit by the day can pass */
    int64_t retry_budget_percent; /* retries, as a share of requests: 20 */
    int64_t concurrency_most;     /* requests under way per origin and credential: 8 */
    int64_t rate_per_second;      /* requests a second per origin and credential; 0: what the server
                                     states */
    int64_t connect_timeout_ms;   /* 10,000 */
    int64_t low_speed_ms;         /* slower than 100 bytes/s for this long is broken: 30,000 */
    int64_t request_timeout_ms;   /* 300,000 */
    int64_t body_bytes_most;      /* decoded bytes of one answer: 64 MiB */
    int64_t pages_most;           /* pages of one scope's run: 1,000,000 */
    int64_t empty_pages_most;     /* pages in a row without a new record: 20 */
    int64_t run_bytes_most;       /* decoded bytes of one run: 64 GiB */
    int64_t window_pages; /* pages requested ahead of their commit, as far as the queues have room:
                             32 */
    int64_t dead_letters_percent; /* above this share of a run it is partial: 5 */
    int64_t absence_most;         /* held above max(this, percent): 3 */
    int64_t absence_percent;      /* 5 */
    int64_t second_pass;          /* enum second_pass: drift */
    int64_t direct_reads_most;    /* missing objects that one run reads directly: 50 */
    int64_t breaker_failures;     /* failures in a row that open it: 10, more than the tries of
                                     one request, whose trouble may be its own */
    int64_t breaker_open_ms;      /* 30,000 */
    int64_t unavailable_most_ms;  /* without a sound answer for so long, and the breaker open: the
                                     round fails: 300,000 */
    int64_t quarantine_failures;  /* rounds failed in a row: 3 */
    int64_t look_back_ms;         /* incremental, where the declaration names none: 300,000 */
    int64_t resume_age_most_ms;   /* an unfinished run older than this starts anew: 86,400,000 */
    int64_t queue_bytes_most;     /* all queues together: 32 MiB */
    int64_t drain_ms;             /* how long SIGTERM waits for pages under way: 20,000 */
};

struct setting_pair {
    const char *name, *value;
    unsigned line;
};

struct connection_settings {
    const char *name; /* [a-zA-Z0-9][a-zA-Z0-9._-]{0,63}, unique */
    const char *connector;
    const char *base_url; /* NULL: the connector's */
    const char *tenant;
    struct setting_pair *parameters;
    size_t parameter_count;
    struct setting_pair *secrets; /* values are references: file:, env:, credential: */
    size_t secret_count;
    struct setting_pair *labels;
    size_t label_count;
    struct setting_pair *classify; /* login pattern (POSIX extended) -> account class; the first
                                      that matches decides. In the file: classify = ( { login =
                                      "^svc-"; class = "service"; }, ... ); */
    size_t classify_count;
    const char **streams; /* the selection; none: all */
    size_t stream_count;
    int64_t every_ms;      /* 0: only by hand */
    int64_t full_every_ms; /* how often an incremental stream is read whole; default 1 day */
    bool allow_http, allow_private;
    const char *ca_file,
        *client_cert;  /* absolute; client_cert is PEM with its key, kept like a secret file */
    const char *proxy; /* http, https, socks5 or socks5h URL with a port */
    const char *file;  /* where it is written: the settings' file, or one that it includes */
    unsigned line;
};

struct settings {
    const char *path;       /* the file */
    const char *store_path; /* absolute */
    const char *seal_key; /* reference to the key that rotated refresh tokens are sealed with; NULL:
                             none */
    const char *connectors_directory; /* absolute */
    bool require_signature;           /* refused as not yet supported where true */
    const char *listen;               /* NULL: no listener */
    struct policy_settings policy;
    struct connection_settings *connections;
    size_t connection_count;
    struct secret_pool *secret_pool; /* where sources keep what they read; NULL: each has its own */
};

#define SETTINGS_CONNECTIONS_MAX 100000u

/* Reads and checks the file alone; plugins and secrets are source.h's. Relative paths, those of
 * included files too, are relative to the directory of `path`. Unknown and duplicate keys, wrong
 * types, integers that libconfig would wrap, include loops: FAULT_CONFIGURATION, "FILE:LINE: KEY:
 * …", with a guess at what was meant; FAULT_MEMORY. Without a `store` the default is
 * /var/lib/muster/muster.db; without `connectors`, the compiled-in directory. */
bool settings_read(
    const char *path, struct settings **ret_settings, struct fault *fault) MUST_CHECK;
void settings_free(struct settings *settings); /* NULL is fine */
struct policy_settings policy_settings_default(void);

#endif
