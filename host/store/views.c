/* SPDX-License-Identifier: Apache-2.0 */
/* The views (CONTRACT, Store), generated from the table of kinds. Times become RFC 3339 text,
 * numbers of enums their words. */
#include "schema.h"

/* Milliseconds as RFC 3339 UTC; null stays null. */
#define TIME(column) "strftime('%Y-%m-%dT%H:%M:%fZ'," column "/1000.0,'unixepoch')"
#define PROOF(column) \
    "CASE " column    \
    " WHEN 3 THEN 'proven' WHEN 2 THEN 'asserted' WHEN 1 THEN 'partial' ELSE 'none' END"
#define STATE(column) \
    "CASE " column    \
    " WHEN 0 THEN 'live' WHEN 1 THEN 'missing' WHEN 2 THEN 'deleted' ELSE 'filtered' END"
#define HEX(column) "lower(hex(" column "))"

struct view {
    const char *name;
    const char *select;
};

#define SUM(column) "coalesce(sum(s." column "),0) AS " column

/* SQL reads better as it is written than as a formatter breaks it. */
/* clang-format off */
static const struct view views[] = {
    {"run",
        "SELECT r.run, c.name AS connection, t.name AS stream, r.what, r.round,\n"
        "  CASE WHEN r.ended_ms IS NULL THEN 'running' ELSE " PROOF("r.proof") " END AS proof,\n"
        "  r.reason, r.full, r.why_full, count(s.scope_run) AS scopes, " SUM("pages") ", "
        SUM("received") ", " SUM("created") ", " SUM("changed") ", " SUM("unchanged") ",\n  "
        SUM("duplicate") ", " SUM("filtered") ", " SUM("dead") ", " SUM("reappeared") ", "
        SUM("conflicts") ", " SUM("missing") ", " SUM("deleted") ", " SUM("held") ",\n"
        "  (SELECT count(*) FROM drifts x WHERE x.first_run = r.run) AS drift,\n"
        "  r.requests, r.retries, r.throttled_ms, " TIME("r.started_ms") " AS started_at,\n  "
        TIME("r.ended_ms") " AS ended_at, " HEX("d.hash") " AS declaration\n"
        "FROM runs r JOIN streams t ON t.stream = r.stream\n"
        "JOIN connections c ON c.connection = t.connection\n"
        "LEFT JOIN declarations d ON d.declaration = r.declaration\n"
        "LEFT JOIN scope_runs s ON s.run = r.run GROUP BY r.run"},
    {"scope",
        "SELECT s.run, s.scope, c.name AS connection, t.name AS stream,\n"
        "  nullif(p.parent, '') AS parent,\n"
        "  CASE WHEN s.ended = 0 THEN 'running' ELSE " PROOF("s.proof") " END AS proof, s.reason,\n"
        "  s.end_signal, s.full, nullif(s.total, -1) AS total, s.distinct_items, s.pages, s.received,"
        "\n  s.created, s.changed, s.unchanged, s.duplicate, s.filtered, s.dead, s.reappeared,\n"
        "  s.conflicts, s.unreadable, s.missing, s.deleted, s.held, s.restarts, s.restart_reason,\n  "
        TIME("s.started_ms") " AS started_at, " TIME("s.ended_ms") " AS ended_at\n"
        "FROM scope_runs s JOIN scopes p ON p.scope = s.scope\n"
        "JOIN streams t ON t.stream = p.stream JOIN connections c ON c.connection = t.connection"},
    {"batch",
        "SELECT b.batch, b.run, c.name AS connection, t.name AS stream,\n"
        "  nullif(p.parent, '') AS parent, b.kind, b.scope, b.sequence, b.epoch, b.received, b.created,\n"
        "  b.changed, b.unchanged, b.duplicate, b.filtered, b.dead, b.reappeared, b.conflicts,\n"
        "  b.unreadable, b.orphans, b.superseded, b.distinct_items, b.seen_count, b.position, "
        TIME("b.at_ms") " AS at, " HEX("b.link") " AS link\n"
        "FROM batches b JOIN scopes p ON p.scope = b.scope\n"
        "JOIN streams t ON t.stream = p.stream JOIN connections c ON c.connection = t.connection"},
    {"dead_letter",
        "SELECT l.letter, c.name AS connection, t.name AS stream, nullif(p.parent, '') AS parent,\n"
        "  l.run, l.batch, b.sequence AS page,\n"
        "  l.item, l.records, l.code, l.reason, l.why, l.pointer, l.id, l.raw, l.state,\n  "
        TIME("l.at_ms") " AS at, " TIME("l.closed_ms") " AS closed_at, l.closed_by, l.closed_reason,"
        "\n  l.closed_run AS replay_run, l.closed_batch AS replay_batch, l.now_reason, l.now_why,\n"
        "  l.now_pointer, " TIME("l.tried_ms") " AS tried_at, " HEX("n.hash") " AS tried_declaration,\n  "
        HEX("d.hash") " AS declaration\n"
        "FROM dead_letters l JOIN scopes p ON p.scope = l.scope\n"
        "JOIN streams t ON t.stream = p.stream JOIN connections c ON c.connection = t.connection\n"
        "LEFT JOIN batches b ON b.batch = l.batch\n"
        "LEFT JOIN declarations d ON d.declaration = l.declaration\n"
        "LEFT JOIN declarations n ON n.declaration = l.now_declaration"},
    {"checkpoint",
        "SELECT c.name AS connection, t.name AS stream, NULL AS parent, 'bookmark' AS what,\n"
        "  t.bookmark AS value, t.bookmark_note AS note, t.complete_run AS run, NULL AS sequence\n"
        "FROM streams t JOIN connections c ON c.connection = t.connection\n"
        "WHERE t.bookmark IS NOT NULL OR t.bookmark_note IS NOT NULL\n"
        "UNION ALL SELECT c.name, t.name, nullif(p.parent, ''), 'position', s.position,\n"
        "  s.restart_reason, s.run, s.sequence\n"
        "FROM scope_runs s JOIN runs r ON r.run = s.run JOIN scopes p ON p.scope = s.scope\n"
        "JOIN streams t ON t.stream = p.stream JOIN connections c ON c.connection = t.connection\n"
        "WHERE r.ended_ms IS NULL AND s.ended = 0"},
    {"drift",
        "SELECT d.drift, c.name AS connection, t.name AS stream, d.what AS kind, d.path,\n"
        "  nullif(d.type, '') AS type, d.count, d.first_run, d.last_run, " TIME("d.first_ms")
        " AS first_seen, " TIME("d.last_ms") " AS last_seen\n"
        "FROM drifts d JOIN streams t ON t.stream = d.stream\n"
        "JOIN connections c ON c.connection = t.connection"},
    {"hold",
        "SELECT h.hold, c.name AS connection, t.name AS stream, nullif(p.parent, '') AS parent,\n"
        "  h.run, h.count, h.of_live, h.reason, h.state, " TIME("h.at_ms") " AS at, "
        TIME("h.decided_ms") " AS decided_at, h.decided_by\n"
        "FROM holds h JOIN scopes p ON p.scope = h.scope\n"
        "JOIN streams t ON t.stream = p.stream JOIN connections c ON c.connection = t.connection"},
    /* A kind is as complete as the least complete of the selected streams that give it. */
    {"verdict",
        "WITH given AS (SELECT t.connection, k.kind, t.stream, t.name, t.closed, t.complete_ms,\n"
        "    t.complete_proof, r.proof, r.reason, t.last_run, (SELECT count(*) FROM dead_letters l\n"
        "      JOIN scopes p ON p.scope = l.scope WHERE l.state = 'open' AND p.stream = t.stream) AS letters,\n"
        "    CASE WHEN t.last_run IS NULL THEN 0 WHEN t.closed THEN 1 WHEN r.proof >= 2 THEN r.proof + 1\n"
        "      ELSE 2 END AS rank\n"
        "  FROM streams t JOIN stream_kinds k ON k.stream = t.stream\n"
        "  LEFT JOIN runs r ON r.run = t.last_run WHERE t.selected AND NOT t.enriches),\n"
        "summed AS (SELECT connection, kind, count(*) AS streams, min(rank) AS least,\n"
        "    max(last_run) AS last_run, count(complete_ms) AS complete_streams,\n"
        "    min(complete_ms) AS complete_ms, min(complete_proof) AS complete_proof,\n"
        "    group_concat(CASE WHEN rank < 3 OR (rank = 3 AND letters) THEN name || ': ' || CASE rank\n"
        "      WHEN 0 THEN 'not collected' WHEN 1 THEN 'not permitted' ELSE coalesce(reason, 'partial') END\n"
        "      || CASE WHEN letters THEN printf(' (%d dead letters open)', letters) ELSE '' END END,\n"
        "      '; ') AS gaps\n"
        "  FROM given GROUP BY connection, kind)\n"
        "SELECT c.name AS connection, k.name AS kind,\n"
        "  CASE WHEN s.last_run IS NULL THEN 'not collected' WHEN s.least = 4 THEN 'proven'\n"
        "    WHEN s.least = 3 THEN 'asserted' WHEN s.least = 1 AND s.streams = 1 THEN 'not permitted'\n"
        "    ELSE 'partial' END AS verdict,\n"
        "  CASE WHEN s.complete_streams = s.streams THEN "
        TIME("s.complete_ms") " END AS complete_as_of,\n"
        "  CASE WHEN s.complete_streams = s.streams THEN " PROOF("s.complete_proof")
        " ELSE 'none' END AS proof,\n"
        "  s.gaps,\n"
        "  coalesce((SELECT count FROM tallies a WHERE a.connection = c.connection\n"
        "    AND a.kind = k.kind AND a.state = 0), 0) AS live,\n"
        "  coalesce((SELECT count FROM tallies a WHERE a.connection = c.connection\n"
        "    AND a.kind = k.kind AND a.state = 1), 0) AS missing,\n"
        "  coalesce((SELECT count FROM tallies a WHERE a.connection = c.connection\n"
        "    AND a.kind = k.kind AND a.state = 2), 0) AS deleted,\n"
        "  (SELECT count(*) FROM dead_letters l JOIN scopes p ON p.scope = l.scope\n"
        "    JOIN stream_kinds x ON x.stream = p.stream AND x.kind = k.kind\n"
        "    JOIN streams t ON t.stream = p.stream\n"
        "    WHERE l.state = 'open' AND t.connection = c.connection) AS dead,\n"
        "  coalesce((SELECT sum(h.count) FROM holds h JOIN scopes p ON p.scope = h.scope\n"
        "    JOIN stream_kinds x ON x.stream = p.stream AND x.kind = k.kind\n"
        "    JOIN streams t ON t.stream = p.stream\n"
        "    WHERE h.state = 'open' AND t.connection = c.connection), 0) AS held,\n"
        "  s.last_run,\n"
        "  (SELECT count(*) FROM rounds r WHERE r.connection = c.connection\n"
        "    AND r.state = 'failed' AND r.round > coalesce((SELECT max(d.round) FROM rounds d\n"
        "      WHERE d.connection = c.connection AND d.state = 'done'), 0)) AS failures,\n"
        "  (SELECT " TIME("max(r.ended_ms)") " FROM rounds r\n"
        "    WHERE r.connection = c.connection AND r.state = 'failed') AS failed_at\n"
        "FROM connections c CROSS JOIN kinds k\n"
        "LEFT JOIN summed s ON s.connection = c.connection AND s.kind = k.kind"},
};
/* clang-format on */

#define VIEW_COUNT (sizeof views / sizeof views[0])

/* A field's value: of the version, or of the latest volatile values. The incarnation is part of the
 * key and kept beside. */
static bool append_field(
    struct bytes *into, const struct kind_field *field, bool volatiles, struct fault *fault)
{
    struct span name = span_of(field->name);
    bool key = volatiles && span_equal_text(name, "incarnation");
    if (!bytes_format(into, fault, "  coalesce(json_extract(o.fields,'$.%s')", field->name))
        return false;
    if (volatiles && !bytes_format(into, fault, ",json_extract(o.volatiles,'$.%s')", field->name))
        return false;
    return bytes_format(into, fault, "%s%s) AS \"%s\",\n", volatiles ? "" : ",NULL",
        key ? ",o.incarnation" : "", field->name);
}

/* What each field that has no value is: null, absent, not_permitted or not_requested. */
static bool append_states(
    struct bytes *into, const struct kind *kind, bool volatiles, struct fault *fault)
{
    if (!bytes_append_text(into, "  json_patch('{}',json_object(", fault))
        return false;
    for (size_t i = 0; i < kind->field_count; i++) {
        const char *name = kind->fields[i].name;
        bool key = volatiles && span_equal_text(span_of(name), "incarnation");
        if (!bytes_format(into, fault, "%s'%s',CASE coalesce(json_type(o.fields,'$.%s')",
                i ? ",\n    " : "", name, name) ||
            (volatiles && !bytes_format(into, fault, ",json_type(o.volatiles,'$.%s')", name)) ||
            !bytes_format(into, fault,
                "%s,'none') WHEN 'null' THEN 'null' WHEN 'none' THEN "
                "coalesce(json_extract(m.states,'$.%s'),'not_requested') END",
                key ? ",o.incarnation" : "", name))
            return false;
    }
    return bytes_append_text(into, ")) AS field_state", fault);
}

#define JOINS                                                                              \
    "LEFT JOIN scopes p ON p.scope = o.scope LEFT JOIN streams t ON t.stream = p.stream\n" \
    "LEFT JOIN mappings m ON m.mapping = o.mapping\n"                                      \
    "LEFT JOIN declarations d ON d.declaration = m.declaration\n"

/* Texts one after the other; NULL ends them. Not a format: strftime's percent signs are SQL's. */
static bool append_all(struct bytes *into, const char *const *texts, struct fault *fault)
{
    for (; *texts; texts++)
        if (!bytes_append_text(into, *texts, fault))
            return false;
    return true;
}
#define APPEND(into, fault, ...) append_all(into, (const char *const[]){__VA_ARGS__, NULL}, fault)

/* The present version of each object. */
static bool append_kind(
    struct bytes *into, const char *create, const struct kind *kind, struct fault *fault)
{
    if (!APPEND(into, fault, create, " \"", kind->name,
            "\" AS SELECT c.name AS connection, t.name AS stream, o.id,\n"
            "  " STATE("o.state") " AS state, " TIME(
                "o.first_ms") " AS first_seen,\n"
                              "  " TIME(
                                  "CASE o.state WHEN 0 THEN "
                                  "max(o.seen_ms,coalesce(p.complete_ms,0)) "
                                  "ELSE o.seen_ms END") " AS last_seen,\n"
                                                        "  " TIME(
                                                            "o.version_ms") " AS last_changed, "
                                                                            "o.attributes,\n"))
        return false;
    for (size_t i = 0; i < kind->field_count; i++)
        if (!append_field(into, &kind->fields[i], true, fault))
            return false;
    return append_states(into, kind, true, fault) &&
           APPEND(into, fault,
               ",\n  CASE o.failed WHEN 0 THEN 'ok' ELSE 'failed' END AS mapping, o.raw, o.run,\n"
               "  o.evidence, " HEX("o.content_hash") " AS content_hash, " HEX(
                   "d.hash") " AS declaration, o.object\n"
                             "FROM objects o LEFT JOIN connections c ON c.connection = "
                             "o.connection\n" JOINS) &&
           bytes_format(into, fault, "WHERE o.kind = %d;\n", (int)kind->kind);
}

/* Every version, the present one with an open end. */
static bool append_history(
    struct bytes *into, const char *create, const struct kind *kind, struct fault *fault)
{
    if (!APPEND(into, fault, create, " \"", kind->name,
            "_history\" AS SELECT c.name AS connection, t.name AS stream, o.id,\n"
            "  " STATE("o.state") " AS state, " TIME(
                "o.valid_from") " AS valid_from,\n"
                                "  " TIME("o.valid_to") " AS valid_to, o.from_run, o.to_run, "
                                                        "o.evidence, o.attributes,\n"))
        return false;
    for (size_t i = 0; i < kind->field_count; i++)
        if (!append_field(into, &kind->fields[i], false, fault))
            return false;
    return append_states(into, kind, false, fault) &&
           APPEND(into, fault,
               ",\n  o.raw, " HEX("o.content_hash") " AS content_hash, " HEX(
                   "d.hash") " AS declaration, o.object\n"
                             "FROM (SELECT h.object, x.connection, x.kind, x.id, h.scope, h.state, "
                             "h.valid_from,\n"
                             "    h.valid_to, h.from_run, h.to_run, h.evidence, h.attributes, "
                             "h.fields, h.raw,\n"
                             "    h.content_hash, h.mapping\n"
                             "  FROM object_history h JOIN objects x ON x.object = h.object\n"
                             "  UNION ALL SELECT object, connection, kind, id, scope, state, "
                             "version_ms, NULL, run,\n"
                             "    NULL, evidence, attributes, fields, raw, content_hash, mapping "
                             "FROM objects) o\n"
                             "LEFT JOIN connections c ON c.connection = o.connection\n" JOINS) &&
           bytes_format(into, fault, "WHERE o.kind = %d;\n", (int)kind->kind);
}

bool schema_views(struct bytes *into, bool temporary, struct fault *fault)
{
    const char *create = temporary ? "CREATE TEMP VIEW" : "CREATE VIEW";
    for (size_t i = 0; i < VIEW_COUNT; i++)
        if (!APPEND(into, fault, create, " ", views[i].name, " AS ", views[i].select, ";\n"))
            return false;
    for (size_t i = 0; i < KIND_COUNT; i++)
        if (!append_kind(into, create, kind_at(i), fault) ||
            !append_history(into, create, kind_at(i), fault))
            return false;
    return true;
}

bool schema_drop_views(struct bytes *into, struct fault *fault)
{
    for (size_t i = 0; i < VIEW_COUNT; i++)
        if (!bytes_format(into, fault, "DROP VIEW IF EXISTS \"%s\";\n", views[i].name))
            return false;
    for (size_t i = 0; i < KIND_COUNT; i++)
        if (!bytes_format(into, fault,
                "DROP VIEW IF EXISTS \"%s\";\nDROP VIEW IF EXISTS \"%s_history\";\n",
                kind_at(i)->name, kind_at(i)->name))
            return false;
    return true;
}
