/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables. Times are milliseconds since 1970 UTC; enumerations are the numbers of their C
 * enums. What a CHECK or a trigger
 * can refuse, it refuses: the books stay balanced whoever writes.
 */
#include "schema.h"

/* Names of things: who is collected, by what, in which streams and scopes. */
#define TABLES_PLACES                                                                              \
    "CREATE TABLE meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;\n"                             \
    "CREATE TABLE kinds(kind INTEGER PRIMARY KEY, name TEXT NOT NULL);\n"                          \
    "CREATE TABLE connections(connection INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,\n"        \
    "  connector TEXT, tenant TEXT, made_ms INTEGER NOT NULL);\n"                                  \
    "CREATE TABLE declarations(declaration INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE,\n"      \
    "  connector TEXT, version TEXT, canonical TEXT, made_ms INTEGER NOT NULL);\n"                 \
    "CREATE TABLE streams(stream INTEGER PRIMARY KEY,\n"                                           \
    "  connection INTEGER NOT NULL REFERENCES connections, name TEXT NOT NULL,\n"                  \
    "  position INTEGER NOT NULL DEFAULT 0, enriches INTEGER NOT NULL DEFAULT 0,\n"                \
    "  incremental INTEGER NOT NULL DEFAULT 0, selected INTEGER NOT NULL DEFAULT 1,\n"             \
    "  parent TEXT, shape TEXT, full_mapping TEXT, bookmark BLOB, bookmark_note TEXT,\n"           \
    "  last_full_ms INTEGER, complete_ms INTEGER, complete_proof INTEGER, complete_run INTEGER,\n" \
    "  last_run INTEGER, closed INTEGER NOT NULL DEFAULT 0, UNIQUE(connection, name));\n"          \
    "CREATE TABLE stream_kinds(stream INTEGER NOT NULL REFERENCES streams,\n"                      \
    "  kind INTEGER NOT NULL, PRIMARY KEY(stream, kind)) WITHOUT ROWID;\n"                         \
    "CREATE TABLE requested(declaration INTEGER NOT NULL, stream INTEGER NOT NULL,\n"              \
    "  kind INTEGER NOT NULL, field TEXT NOT NULL,\n"                                              \
    "  PRIMARY KEY(declaration, stream, kind, field)) WITHOUT ROWID;\n"                            \
    "-- states: for each field that is asked for, what its absence means\n"                        \
    "CREATE TABLE mappings(mapping INTEGER PRIMARY KEY, connection INTEGER NOT NULL,\n"            \
    "  kind INTEGER NOT NULL, streams TEXT NOT NULL, declaration INTEGER NOT NULL,\n"              \
    "  states TEXT NOT NULL DEFAULT '{}', UNIQUE(connection, kind, streams, declaration));\n"      \
    "CREATE TABLE scopes(scope INTEGER PRIMARY KEY, stream INTEGER NOT NULL REFERENCES streams,\n" \
    "  parent TEXT NOT NULL DEFAULT '', parent_object INTEGER, closed INTEGER NOT NULL DEFAULT "   \
    "0,\n"                                                                                         \
    "  live INTEGER NOT NULL DEFAULT 0 CHECK(live >= 0),\n"                                        \
    "  missing INTEGER NOT NULL DEFAULT 0 CHECK(missing >= 0),\n"                                  \
    "  filtered INTEGER NOT NULL DEFAULT 0 CHECK(filtered >= 0),\n"                                \
    "  complete_ms INTEGER, complete_run INTEGER, complete_proof INTEGER,\n"                       \
    "  UNIQUE(stream, parent));\n"                                                                 \
    "CREATE INDEX scopes_by_parent ON scopes(parent_object) WHERE parent_object IS NOT NULL;\n"

/* What was done: rounds, runs, scopes of runs, and the ledger. */
#define TABLES_RUNS                                                                               \
    "CREATE TABLE rounds(round INTEGER PRIMARY KEY,\n"                                            \
    "  connection INTEGER NOT NULL REFERENCES connections, declaration INTEGER NOT NULL,\n"       \
    "  fingerprint BLOB, full INTEGER NOT NULL, state TEXT NOT NULL DEFAULT 'open'\n"             \
    "    CHECK(state IN ('open','done','failed','superseded')),\n"                                \
    "  reason TEXT, started_ms INTEGER NOT NULL, ended_ms INTEGER);\n"                            \
    "CREATE INDEX rounds_by_connection ON rounds(connection, round);\n"                           \
    "CREATE TABLE runs(run INTEGER PRIMARY KEY, round INTEGER NOT NULL REFERENCES rounds,\n"      \
    "  stream INTEGER NOT NULL REFERENCES streams, declaration INTEGER NOT NULL,\n"               \
    "  mapping TEXT, full INTEGER NOT NULL, why_full TEXT, bound BLOB, proof INTEGER NOT NULL "   \
    "DEFAULT 0,\n"                                                                                \
    "  reason TEXT, complete INTEGER NOT NULL DEFAULT 0, requests INTEGER NOT NULL DEFAULT 0,\n"  \
    "  retries INTEGER NOT NULL DEFAULT 0, throttled_ms INTEGER NOT NULL DEFAULT 0,\n"            \
    "  started_ms INTEGER NOT NULL, ended_ms INTEGER, UNIQUE(round, stream));\n"                  \
    "CREATE INDEX runs_by_stream ON runs(stream, run);\n"                                         \
    "CREATE TABLE scope_runs(scope_run INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES "     \
    "runs,\n"                                                                                     \
    "  scope INTEGER NOT NULL REFERENCES scopes, full INTEGER NOT NULL,\n"                        \
    "  ended INTEGER NOT NULL DEFAULT 0, proof INTEGER NOT NULL DEFAULT 0, reason TEXT,\n"        \
    "  end_signal TEXT, total INTEGER NOT NULL DEFAULT -1, position BLOB, bookmark BLOB,\n"       \
    "  sequence INTEGER NOT NULL DEFAULT 0, seen_after INTEGER NOT NULL DEFAULT 0,\n"             \
    "  restarts INTEGER NOT NULL DEFAULT 0, restart_reason TEXT,\n"                               \
    "  live_before INTEGER NOT NULL DEFAULT 0, withdrawn INTEGER NOT NULL DEFAULT 0,\n"           \
    "  pages INTEGER NOT NULL DEFAULT 0, received INTEGER NOT NULL DEFAULT 0,\n"                  \
    "  created INTEGER NOT NULL DEFAULT 0, changed INTEGER NOT NULL DEFAULT 0,\n"                 \
    "  unchanged INTEGER NOT NULL DEFAULT 0, duplicate INTEGER NOT NULL DEFAULT 0,\n"             \
    "  filtered INTEGER NOT NULL DEFAULT 0, dead INTEGER NOT NULL DEFAULT 0,\n"                   \
    "  reappeared INTEGER NOT NULL DEFAULT 0, conflicts INTEGER NOT NULL DEFAULT 0,\n"            \
    "  unreadable INTEGER NOT NULL DEFAULT 0, distinct_items INTEGER NOT NULL DEFAULT 0,\n"       \
    "  missing INTEGER NOT NULL DEFAULT 0, deleted INTEGER NOT NULL DEFAULT 0,\n"                 \
    "  held INTEGER NOT NULL DEFAULT 0, started_ms INTEGER NOT NULL, ended_ms INTEGER,\n"         \
    "  UNIQUE(run, scope),\n"                                                                     \
    "  CHECK(received = created + changed + unchanged + duplicate + filtered + dead));\n"         \
    "CREATE INDEX scope_runs_by_scope ON scope_runs(scope, run);\n"                               \
    "-- seen: which objects and ids the batch was the first of its run to list (seen.h)\n"        \
    "CREATE TABLE batches(batch INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES runs,\n"     \
    "  scope INTEGER NOT NULL REFERENCES scopes, sequence INTEGER NOT NULL,\n"                    \
    "  epoch INTEGER NOT NULL DEFAULT 0,\n"                                                       \
    "  received INTEGER NOT NULL CHECK(received >= 0), created INTEGER NOT NULL CHECK(created "   \
    ">= 0),\n"                                                                                    \
    "  changed INTEGER NOT NULL CHECK(changed >= 0),\n"                                           \
    "  unchanged INTEGER NOT NULL CHECK(unchanged >= 0),\n"                                       \
    "  duplicate INTEGER NOT NULL CHECK(duplicate >= 0),\n"                                       \
    "  filtered INTEGER NOT NULL CHECK(filtered >= 0), dead INTEGER NOT NULL CHECK(dead >= 0),\n" \
    "  reappeared INTEGER NOT NULL CHECK(reappeared BETWEEN 0 AND changed),\n"                    \
    "  conflicts INTEGER NOT NULL CHECK(conflicts BETWEEN 0 AND duplicate),\n"                    \
    "  unreadable INTEGER NOT NULL, orphans INTEGER NOT NULL CHECK(orphans BETWEEN 0 AND "        \
    "filtered),\n"                                                                                \
    "  distinct_items INTEGER NOT NULL, seen_count INTEGER NOT NULL, seen BLOB,\n"                \
    "  position BLOB, bookmark BLOB, at_ms INTEGER NOT NULL, link BLOB NOT NULL,\n"               \
    "  UNIQUE(run, scope, sequence),\n"                                                           \
    "  CONSTRAINT books_balance\n"                                                                \
    "    CHECK(received = created + changed + unchanged + duplicate + filtered + dead));\n"       \
    "CREATE TABLE dead_letters(letter INTEGER PRIMARY KEY, batch INTEGER NOT NULL,\n"             \
    "  run INTEGER NOT NULL, scope INTEGER NOT NULL, declaration INTEGER NOT NULL,\n"             \
    "  item INTEGER NOT NULL, records INTEGER NOT NULL CHECK(records >= 0), code TEXT NOT "       \
    "NULL,\n"                                                                                     \
    "  reason TEXT, why TEXT, pointer TEXT, id TEXT, raw BLOB,\n"                                 \
    "  state TEXT NOT NULL DEFAULT 'open'\n"                                                      \
    "    CHECK(state IN ('open','replayed','discarded','superseded')),\n"                         \
    "  at_ms INTEGER NOT NULL, closed_ms INTEGER, closed_by TEXT, closed_reason TEXT);\n"         \
    "CREATE INDEX dead_letters_by_batch ON dead_letters(batch);\n"                                \
    "CREATE INDEX dead_letters_open ON dead_letters(scope, run) WHERE state = 'open';\n"

/* What is known: objects by surrogate key in the order of their arrival, and the way to them by a
 * keyed hash of their name. */
#define TABLES_OBJECTS                                                                             \
    "CREATE TABLE objects(object INTEGER PRIMARY KEY, scope INTEGER NOT NULL,\n"                   \
    "  state INTEGER NOT NULL, shared INTEGER NOT NULL, failed INTEGER NOT NULL,\n"                \
    "  kind INTEGER NOT NULL, connection INTEGER NOT NULL, id TEXT NOT NULL, incarnation TEXT,\n"  \
    "  bytes_hash BLOB, content_hash BLOB, mapping INTEGER NOT NULL, run INTEGER NOT NULL,\n"      \
    "  first_ms INTEGER NOT NULL, seen_ms INTEGER NOT NULL, version_ms INTEGER NOT NULL,\n"        \
    "  absent_run INTEGER, absent_proven INTEGER, evidence TEXT,\n"                                \
    "  fields TEXT, volatiles TEXT, raw TEXT, attributes TEXT, carry TEXT);\n"                     \
    "CREATE INDEX objects_by_scope ON objects(scope, state) WHERE shared = 0;\n"                   \
    "CREATE TABLE lookups(hash INTEGER NOT NULL, object INTEGER NOT NULL,\n"                       \
    "  PRIMARY KEY(hash, object)) WITHOUT ROWID;\n"                                                \
    "CREATE TABLE contributions(object INTEGER NOT NULL, scope INTEGER NOT NULL,\n"                \
    "  state INTEGER NOT NULL, failed INTEGER NOT NULL DEFAULT 0, bytes_hash BLOB,\n"              \
    "  content_hash BLOB, mapping INTEGER NOT NULL, run INTEGER NOT NULL, absent_run INTEGER,\n"   \
    "  absent_proven INTEGER, fields TEXT, volatiles TEXT, raw TEXT, attributes TEXT, carry "      \
    "TEXT,\n"                                                                                      \
    "  PRIMARY KEY(object, scope)) WITHOUT ROWID;\n"                                               \
    "CREATE INDEX contributions_by_scope ON contributions(scope, state, object);\n"                \
    "CREATE TABLE object_history(version INTEGER PRIMARY KEY, object INTEGER NOT NULL,\n"          \
    "  state INTEGER NOT NULL, valid_from INTEGER NOT NULL, valid_to INTEGER NOT NULL,\n"          \
    "  from_run INTEGER NOT NULL, to_run INTEGER NOT NULL, mapping INTEGER NOT NULL,\n"            \
    "  scope INTEGER NOT NULL, content_hash BLOB, fields TEXT, raw TEXT, attributes TEXT,\n"       \
    "  evidence TEXT);\n"                                                                          \
    "CREATE INDEX history_by_object ON object_history(object, version);\n"                         \
    "CREATE TABLE tallies(connection INTEGER NOT NULL, kind INTEGER NOT NULL,\n"                   \
    "  state INTEGER NOT NULL, count INTEGER NOT NULL CHECK(count >= 0),\n"                        \
    "  PRIMARY KEY(connection, kind, state)) WITHOUT ROWID;\n"                                     \
    "CREATE TABLE holds(hold INTEGER PRIMARY KEY, run INTEGER NOT NULL, scope INTEGER NOT NULL,\n" \
    "  after_batch INTEGER NOT NULL, proven INTEGER NOT NULL, count INTEGER NOT NULL,\n"           \
    "  of_live INTEGER NOT NULL, reason TEXT NOT NULL, keys BLOB NOT NULL,\n"                      \
    "  state TEXT NOT NULL DEFAULT 'open'\n"                                                       \
    "    CHECK(state IN ('open','approved','rejected','superseded')),\n"                           \
    "  at_ms INTEGER NOT NULL, decided_ms INTEGER, decided_by TEXT);\n"                            \
    "CREATE INDEX holds_open ON holds(scope) WHERE state = 'open';\n"                              \
    "CREATE TABLE drifts(drift INTEGER PRIMARY KEY, stream INTEGER NOT NULL, what TEXT NOT NULL,"  \
    "\n"                                                                                           \
    "  path TEXT NOT NULL, type TEXT NOT NULL DEFAULT '', count INTEGER NOT NULL,\n"               \
    "  first_run INTEGER NOT NULL, last_run INTEGER NOT NULL, first_ms INTEGER NOT NULL,\n"        \
    "  last_ms INTEGER NOT NULL, UNIQUE(stream, what, path, type));\n"                             \
    "CREATE TABLE tokens(connection INTEGER PRIMARY KEY, sealed BLOB NOT NULL,\n"                  \
    "  at_ms INTEGER NOT NULL);\n"

/* Refresh tokens by credential: connections that share one share its descendants. The table that
 * this takes the place of was never written to. */
#define TABLES_TOKENS                                                                  \
    "DROP TABLE tokens;\n"                                                             \
    "CREATE TABLE refresh_tokens(credential BLOB PRIMARY KEY, sealed BLOB NOT NULL,\n" \
    "  at_ms INTEGER NOT NULL) WITHOUT ROWID;\n"

const char *schema_tokens(void)
{
    return TABLES_TOKENS;
}

/* New entries of lookups, until they are many (slots.h). */
#define TABLE_RECENT_LOOKUPS                                                        \
    "CREATE TABLE recent_lookups(hash INTEGER NOT NULL, object INTEGER NOT NULL,\n" \
    "  PRIMARY KEY(hash, object)) WITHOUT ROWID;\n"

const char *schema_recent_lookups(void)
{
    return TABLE_RECENT_LOOKUPS;
}

const char *schema_tables(void)
{
    return TABLES_PLACES TABLES_RUNS TABLES_OBJECTS;
}

const char *schema_triggers(void)
{
    return "DROP TRIGGER IF EXISTS letters_match;\n"
           "CREATE TRIGGER letters_match BEFORE INSERT ON batches\n"
           "WHEN NEW.dead <> (SELECT coalesce(sum(records), 0) FROM dead_letters\n"
           "  WHERE batch = NEW.batch) BEGIN\n"
           "  SELECT RAISE(ABORT, 'dead differs from the dead letters written'); END;\n";
}

/* A replay is a run of its own, which pulls nothing; its batches say so, and the letters that it
 * closed say which batch took them. */
const char *schema_replays(void)
{
    return "ALTER TABLE runs ADD COLUMN what TEXT NOT NULL DEFAULT 'pull'\n"
           "  CHECK(what IN ('pull','replay'));\n"
           "ALTER TABLE batches ADD COLUMN kind TEXT NOT NULL DEFAULT 'page'\n"
           "  CHECK(kind IN ('page','replay'));\n"
           "ALTER TABLE batches ADD COLUMN superseded INTEGER NOT NULL DEFAULT 0\n"
           "  CHECK(superseded BETWEEN 0 AND filtered);\n"
           "ALTER TABLE dead_letters ADD COLUMN now_reason TEXT;\n"
           "ALTER TABLE dead_letters ADD COLUMN now_why TEXT;\n"
           "ALTER TABLE dead_letters ADD COLUMN now_pointer TEXT;\n"
           "ALTER TABLE dead_letters ADD COLUMN now_declaration INTEGER;\n"
           "ALTER TABLE dead_letters ADD COLUMN tried_ms INTEGER;\n"
           "ALTER TABLE dead_letters ADD COLUMN closed_run INTEGER;\n"
           "ALTER TABLE dead_letters ADD COLUMN closed_batch INTEGER;\n"
           "CREATE INDEX dead_letters_by_replay ON dead_letters(closed_run)\n"
           "  WHERE closed_run IS NOT NULL;\n";
}

/* What a stream's items are made of. shapes: items as the latest run that showed the shape counts
 * them; paths, as keys, null where they are not known. paths: the items that had it, of how many,
 * in the last full run that was complete. */
const char *schema_shapes(void)
{
    return "ALTER TABLE streams ADD COLUMN shapes_run INTEGER;\n"
           "CREATE TABLE shapes(stream INTEGER NOT NULL, shape INTEGER NOT NULL,\n"
           "  first_run INTEGER NOT NULL, last_run INTEGER NOT NULL, items INTEGER NOT NULL,\n"
           "  paths BLOB, PRIMARY KEY(stream, shape)) WITHOUT ROWID;\n"
           "CREATE TABLE paths(path INTEGER PRIMARY KEY, stream INTEGER NOT NULL,\n"
           "  name TEXT NOT NULL, types INTEGER NOT NULL, items INTEGER NOT NULL DEFAULT 0,\n"
           "  of_items INTEGER NOT NULL DEFAULT 0, vanished INTEGER NOT NULL DEFAULT 0,\n"
           "  UNIQUE(stream, name));\n"
           "CREATE INDEX drifts_by_run ON drifts(first_run, what);\n";
}

/* A sum for each row that something is decided upon (sums.h, which also fills them). */
const char *schema_sums(void)
{
    return "ALTER TABLE connections ADD COLUMN sum INTEGER;\n"
           "ALTER TABLE declarations ADD COLUMN sum INTEGER;\n"
           "ALTER TABLE mappings ADD COLUMN sum INTEGER;\n"
           "ALTER TABLE streams ADD COLUMN sum INTEGER;\n"
           "ALTER TABLE scopes ADD COLUMN sum INTEGER;\n"
           "ALTER TABLE runs ADD COLUMN sum INTEGER;\n"
           "ALTER TABLE scope_runs ADD COLUMN sum INTEGER;\n"
           "ALTER TABLE holds ADD COLUMN sum INTEGER;\n"
           "ALTER TABLE dead_letters ADD COLUMN sum INTEGER;\n"
           "ALTER TABLE objects ADD COLUMN sum INTEGER;\n"
           "ALTER TABLE contributions ADD COLUMN sum INTEGER;\n"
           "ALTER TABLE object_history ADD COLUMN sum INTEGER;\n";
}

/* For the guard over all listings of a run: what they had before, and what they would take away. */
const char *schema_absent(void)
{
    return "ALTER TABLE runs ADD COLUMN present_before INTEGER NOT NULL DEFAULT 0;\n"
           "ALTER TABLE runs ADD COLUMN absent INTEGER NOT NULL DEFAULT 0;\n";
}
