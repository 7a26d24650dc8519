/* SPDX-License-Identifier: Apache-2.0 */
/* Every statement that the store prepares, once, by name. Parameters are numbered in the order of
 * their binding. */
#ifndef MUSTER_STORE_STATEMENTS_H
#define MUSTER_STORE_STATEMENTS_H

#define SQL_BATCH_COLUMNS                                                                   \
    "batch,run,scope,sequence,epoch,received,created,changed,unchanged,duplicate,filtered," \
    "dead,reappeared,conflicts,unreadable,orphans,distinct_items,seen_count,seen,position," \
    "bookmark,at_ms,link,kind,superseded"

#define SQL_SUM_COLUMNS                                                                \
    "received,created,changed,unchanged,duplicate,filtered,dead,reappeared,conflicts," \
    "unreadable,distinct_items"

/* What absence of a field means: asked for by a stream of the mapping or by one that enriches;
 * closed where only closed ones ask. By way of the connection's streams: a declaration may have
 * hundreds of connections. */
#define SQL_STATES                                                                           \
    "UPDATE mappings SET states=(SELECT json_group_object(field,word) FROM"                  \
    " (SELECT q.field,CASE min(t.closed) WHEN 1 THEN 'not_permitted' ELSE 'absent' END word" \
    " FROM streams t CROSS JOIN requested q ON q.declaration=mappings.declaration"           \
    " AND q.stream=t.stream AND q.kind=mappings.kind"                                        \
    " WHERE t.connection=mappings.connection AND (t.enriches"                                \
    " OR t.stream IN (SELECT value FROM json_each(mappings.streams))) GROUP BY q.field))"    \
    " WHERE connection="

/*
 * What the sums of rows are over (sums.h), each column at its place. Those of a contribution and of
 * a version stand where they stand in the object's row, with nothing where they have no such
 * column.
 */
#define SQL_OBJECT_SUMMED                                                            \
    "object,scope,state,shared,failed,kind,connection,id,incarnation,bytes_hash,"    \
    "content_hash,mapping,run,first_ms,seen_ms,version_ms,absent_run,absent_proven," \
    "evidence,fields,volatiles,raw,attributes,carry"
#define SQL_CONTRIBUTION_SUMMED                                         \
    "object,scope,state,NULL,failed,NULL,NULL,NULL,NULL,bytes_hash,"    \
    "content_hash,mapping,run,NULL,NULL,NULL,absent_run,absent_proven," \
    "NULL,fields,volatiles,raw,attributes,carry"
#define SQL_HISTORY_SUMMED                                          \
    "object,scope,state,NULL,NULL,NULL,NULL,NULL,NULL,NULL,"        \
    "content_hash,mapping,from_run,NULL,NULL,valid_from,NULL,NULL," \
    "evidence,fields,NULL,raw,attributes,NULL,valid_to,to_run"
#define SQL_HOLD_SUMMED                                                                   \
    "hold,run,scope,after_batch,proven,count,of_live,reason,keys,state,at_ms,decided_ms," \
    "decided_by"
#define SQL_LETTER_SUMMED                                                                   \
    "letter,batch,run,scope,declaration,item,records,code,reason,why,pointer,id,raw,state," \
    "at_ms,closed_ms,closed_by,closed_reason,now_reason,now_why,now_pointer,"               \
    "now_declaration,tried_ms,closed_run,closed_batch"

/* The place of a column of these rows and what it was; what it becomes follows. */
#define AT_SCOPE          ",2,scope,"
#define AT_STATE          ",3,state,"
#define AT_SHARED         ",4,shared,"
#define AT_FAILED         ",5,failed,"
#define AT_KIND           ",6,kind,"
#define AT_CONNECTION     ",7,connection,"
#define AT_ID             ",8,id,"
#define AT_INCARNATION    ",9,incarnation,"
#define AT_BYTES_HASH     ",10,bytes_hash,"
#define AT_MAPPING        ",12,mapping,"
#define AT_RUN            ",13,run,"
#define AT_FIRST_MS       ",14,first_ms,"
#define AT_SEEN_MS        ",15,seen_ms,"
#define AT_VERSION_MS     ",16,version_ms,"
#define AT_ABSENT_RUN     ",17,absent_run,"
#define AT_ABSENT_PROVEN  ",18,absent_proven,"
#define AT_EVIDENCE       ",19,evidence,"
#define AT_VOLATILES      ",21,volatiles,"
#define AT_CARRY          ",24,carry,"
#define AT_VALID_TO       ",25,NULL,"
#define AT_TO_RUN         ",26,NULL,"
#define SUM_WITH(changes) "sum=row_sum_change(sum" changes ")"

/* Objects by the hash of their name: see slots_index. */
#define SQL_NAMED                                                \
    "(SELECT object FROM recent_lookups WHERE hash=?1 UNION ALL" \
    " SELECT object FROM lookups WHERE hash=?1) l"

#define SQL_TABLE(X)                                                                             \
    /* transactions, meta */                                                                     \
    X(SQL_BEGIN, "BEGIN IMMEDIATE")                                                              \
    X(SQL_COMMIT, "COMMIT")                                                                      \
    X(SQL_PAGE_SIZE, "PRAGMA page_size")                                                         \
    X(SQL_DATA_VERSION, "PRAGMA data_version")                                                   \
    X(SQL_META_PUT, "INSERT OR REPLACE INTO meta VALUES(?1,?2)")                                 \
    X(SQL_META_GET, "SELECT value FROM meta WHERE name=?1")                                      \
    X(SQL_LAST_OBJECT, "SELECT max(object) FROM objects")                                        \
    X(SQL_LAST_BATCH, "SELECT max(batch) FROM batches")                                          \
    X(SQL_LAST_LETTER, "SELECT max(letter) FROM dead_letters")                                   \
    /* registry */                                                                               \
    X(SQL_CONNECTION_PUT,                                                                        \
        "INSERT INTO connections(name,connector,tenant,made_ms)"                                 \
        " VALUES(?1,?2,?3,?4) ON CONFLICT(name) DO UPDATE SET connector=?2,tenant=?3")           \
    X(SQL_CONNECTION_FIND, "SELECT connection FROM connections WHERE name=?1")                   \
    X(SQL_DECLARATION_PUT,                                                                       \
        "INSERT OR IGNORE INTO"                                                                  \
        " declarations(hash,connector,version,canonical,made_ms) VALUES(?1,?2,?3,?4,?5)")        \
    X(SQL_DECLARATION_FIND, "SELECT declaration FROM declarations WHERE hash=?1")                \
    X(SQL_STREAMS_UNSELECT, "UPDATE streams SET selected=0 WHERE connection=?1")                 \
    X(SQL_STREAM_PUT,                                                                            \
        "INSERT INTO"                                                                            \
        " streams(connection,name,position,enriches,incremental,selected,parent,shape)"          \
        " VALUES(?1,?2,?3,?4,?5,?6,?7,?8) ON CONFLICT(connection,name) DO UPDATE SET"            \
        " position=?3,enriches=?4,incremental=?5,selected=?6,parent=?7,"                         \
        " bookmark=CASE WHEN shape IS ?8 THEN bookmark END,"                                     \
        " bookmark_note=CASE WHEN shape IS ?8 THEN bookmark_note ELSE 'shape changed' END,"      \
        " shape=?8")                                                                             \
    X(SQL_STREAM_FIND, "SELECT stream FROM streams WHERE connection=?1 AND name=?2")             \
    X(SQL_STREAM_KINDS_CLEAR, "DELETE FROM stream_kinds WHERE stream=?1")                        \
    X(SQL_STREAM_KIND_PUT, "INSERT OR IGNORE INTO stream_kinds VALUES(?1,?2)")                   \
    X(SQL_REQUESTED_PUT, "INSERT OR IGNORE INTO requested VALUES(?1,?2,?3,?4)")                  \
    X(SQL_MAPPING_FIND, "SELECT mapping FROM mappings"                                           \
                        " WHERE connection=?1 AND kind=?2 AND streams=?3 AND declaration=?4")    \
    X(SQL_MAPPING_ADD, "INSERT INTO mappings(connection,kind,streams,declaration)"               \
                       " VALUES(?1,?2,?3,?4)")                                                   \
    X(SQL_MAPPING_STATES, SQL_STATES "?1")                                                       \
    X(SQL_MAPPING_STATES_OF_RUN,                                                                 \
        SQL_STATES "(SELECT t.connection FROM runs r"                                            \
                   " JOIN streams t ON t.stream=r.stream WHERE r.run=?1)")                       \
    /* rounds, runs */                                                                           \
    X(SQL_ROUND_FIND, "SELECT round,started_ms,declaration,fingerprint,full FROM rounds"         \
                      " WHERE connection=?1 AND state='open' ORDER BY round DESC LIMIT 1")       \
    X(SQL_ROUND_ADD, "INSERT INTO rounds(connection,declaration,fingerprint,full,started_ms)"    \
                     " VALUES(?1,?2,?3,?4,?5)")                                                  \
    X(SQL_ROUND_END, "UPDATE rounds SET state=?2,reason=?3,ended_ms=?4"                          \
                     " WHERE round=?1 AND state='open'")                                         \
    X(SQL_RUNS_CLOSE, "UPDATE runs SET proof=1,reason=?2,ended_ms=?3"                            \
                      " WHERE round=?1 AND ended_ms IS NULL")                                    \
    X(SQL_SCOPE_RUNS_CLOSE, "UPDATE scope_runs SET ended=1,proof=1,reason=?2,ended_ms=?3"        \
                            " WHERE ended=0 AND run IN (SELECT run FROM runs WHERE round=?1)")   \
    X(SQL_STREAM_PAST, "SELECT stream,last_full_ms,complete_ms,full_mapping,bookmark,"           \
                       "bookmark_note FROM streams WHERE connection=?1 AND name=?2")             \
    X(SQL_RUN_OF_ROUND, "SELECT run,ended_ms,proof,full FROM runs WHERE round=?1 AND stream=?2") \
    X(SQL_RUN_ADD, "INSERT INTO"                                                                 \
                   " runs(round,stream,declaration,mapping,full,why_full,bound,started_ms,"      \
                   "present_before) SELECT ?1,?2,declaration,?3,?4,?5,?6,?7,"                    \
                   "(SELECT coalesce(sum(live+filtered),0) FROM scopes WHERE stream=?2)"         \
                   " FROM rounds WHERE round=?1")                                                \
    X(SQL_STREAM_RUN, "UPDATE streams SET last_run=?2 WHERE stream=?1")                          \
    X(SQL_RUN_FIND, "SELECT run FROM runs WHERE run=?1")                                         \
    X(SQL_RUN_ENDED, "SELECT ended_ms FROM runs WHERE run=?1")                                   \
    X(SQL_RUN_STARTED, "SELECT started_ms FROM runs WHERE run=?1")                               \
    X(SQL_RUN_END, "UPDATE runs SET proof=?2,reason=?3,requests=?4,retries=?5,"                  \
                   "throttled_ms=?6,complete=?7,ended_ms=?8 WHERE run=?1")                       \
    X(SQL_RUN_WIDEN, "UPDATE runs SET full=1,why_full=?2,bound=NULL WHERE run=?1 AND full=0")    \
    X(SQL_SCOPE_RUN_WIDEN, "UPDATE scope_runs SET full=1 WHERE scope_run=?1")                    \
    X(SQL_BOOKMARK_FORGET, "UPDATE streams SET bookmark=NULL,bookmark_note='expired'"            \
                           " WHERE stream=(SELECT stream FROM runs WHERE run=?1)")               \
    X(SQL_STREAM_CLOSED, "UPDATE streams SET closed=?2"                                          \
                         " WHERE stream=(SELECT stream FROM runs WHERE run=?1)")                 \
    X(SQL_STREAM_COMPLETE,                                                                       \
        "UPDATE streams SET bookmark=coalesce(?3,bookmark),"                                     \
        "bookmark_note=CASE WHEN r.full THEN NULL ELSE bookmark_note END,"                       \
        "last_full_ms=CASE WHEN r.full THEN r.started_ms ELSE last_full_ms END,"                 \
        "full_mapping=CASE WHEN r.full THEN r.mapping ELSE full_mapping END,"                    \
        "complete_ms=CASE WHEN ?2>=2 THEN r.started_ms ELSE complete_ms END,"                    \
        "complete_proof=CASE WHEN ?2>=2 THEN ?2 ELSE complete_proof END,"                        \
        "complete_run=CASE WHEN ?2>=2 THEN r.run ELSE complete_run END"                          \
        " FROM runs r WHERE r.run=?1 AND streams.stream=r.stream")                               \
    X(SQL_RUN_SUMS,                                                                              \
        "SELECT coalesce(sum(pages),0),coalesce(sum(received),0),"                               \
        "coalesce(sum(created),0),coalesce(sum(changed),0),coalesce(sum(unchanged),0),"          \
        "coalesce(sum(duplicate),0),coalesce(sum(filtered),0),coalesce(sum(dead),0),"            \
        "coalesce(sum(reappeared),0),coalesce(sum(conflicts),0),coalesce(sum(unreadable),0),"    \
        "coalesce(sum(distinct_items),0),coalesce(sum(missing),0),coalesce(sum(deleted),0),"     \
        "coalesce(sum(held),0) FROM scope_runs WHERE run=?1")                                    \
    /* scopes */                                                                                 \
    X(SQL_SCOPE_PUT, "INSERT INTO scopes(stream,parent) VALUES(?1,?2)"                           \
                     " ON CONFLICT(stream,parent) DO UPDATE SET closed=0")                       \
    X(SQL_SCOPE_PARENT, "UPDATE scopes SET parent_object=?3 WHERE stream=?1 AND parent=?2")      \
    X(SQL_SCOPE_FIND, "SELECT scope FROM scopes WHERE stream=?1 AND parent=?2")                  \
    X(SQL_SCOPE_IS_CHILD, "SELECT parent<>'' FROM scopes WHERE scope=?1")                        \
    X(SQL_SCOPE_NEXT, "SELECT min(scope) FROM scopes WHERE stream=?1 AND scope>?2")              \
    X(SQL_SCOPE_GAIN, "UPDATE scopes SET live=live+?2,missing=missing+?3,"                       \
                      "filtered=filtered+?4 WHERE scope=?1")                                     \
    X(SQL_SCOPE_COMPLETE, "UPDATE scopes SET complete_ms=?2,complete_run=?3,complete_proof=?4"   \
                          " WHERE scope=?1")                                                     \
    X(SQL_SCOPE_CLOSE, "UPDATE scopes SET closed=1 WHERE scope=?1")                              \
    X(SQL_SCOPE_ORPHAN,                                                                          \
        "SELECT s.scope FROM scopes s JOIN objects o"                                            \
        " ON o.object=s.parent_object WHERE s.stream=?1 AND s.closed=0 AND o.state=2 LIMIT 1")   \
    X(SQL_SCOPE_PARENT_OBJECT, "SELECT parent_object FROM scopes WHERE scope=?1")                \
    X(SQL_SCOPE_PARENT_RUN, "SELECT o.run FROM scopes s JOIN objects o"                          \
                            " ON o.object=s.parent_object WHERE s.scope=?1")                     \
    X(SQL_PARENT_SCOPE,                                                                          \
        "SELECT coalesce((SELECT c.scope FROM contributions c JOIN scopes s"                     \
        " ON s.scope=c.scope WHERE c.object=?1 AND c.state=0 AND s.stream=?2 LIMIT 1),"          \
        "(SELECT scope FROM objects WHERE object=?1))")                                          \
    X(SQL_PARENTS, "SELECT object,id,carry FROM objects WHERE scope=?1 AND shared=0"             \
                   " AND state=0 AND object>?2 AND kind=?3"                                      \
                   " UNION ALL SELECT o.object,o.id,c.carry FROM contributions c"                \
                   " JOIN objects o ON o.object=c.object WHERE c.scope=?1 AND c.state=0"         \
                   " AND c.object>?2 AND o.kind=?3 AND o.state=0 AND NOT EXISTS"                 \
                   " (SELECT 1 FROM contributions e JOIN scopes s ON s.scope=e.scope"            \
                   "  WHERE e.object=c.object AND e.state=0 AND e.scope<c.scope AND s.stream="   \
                   "  (SELECT stream FROM scopes WHERE scope=?1)) ORDER BY 1")                   \
    X(SQL_SCOPE_RUN_PUT,                                                                         \
        "INSERT OR IGNORE INTO"                                                                  \
        " scope_runs(run,scope,full,live_before,started_ms)"                                     \
        " SELECT r.run,?2,?3,(SELECT live FROM scopes WHERE scope=?2),?4 FROM runs r"            \
        " WHERE r.run=?1")                                                                       \
    X(SQL_SCOPE_RUN_FIND,                                                                        \
        "SELECT scope_run,ended,proof,sequence,live_before,position,"                            \
        "bookmark," SQL_SUM_COLUMNS ",reason FROM scope_runs WHERE run=?1 AND scope=?2")         \
    X(SQL_SCOPE_RUN_BATCH,                                                                       \
        "UPDATE scope_runs SET position=?2,bookmark=coalesce(?3,bookmark),"                      \
        "sequence=?4,pages=pages+1,received=?5,created=?6,changed=?7,unchanged=?8,"              \
        "duplicate=?9,filtered=?10,dead=?11,reappeared=?12,conflicts=?13,unreadable=?14,"        \
        "distinct_items=?15,withdrawn=?16 WHERE scope_run=?1")                                   \
    X(SQL_SCOPE_RUN_RESTART,                                                                     \
        "UPDATE scope_runs SET position=NULL,bookmark=NULL,"                                     \
        "seen_after=sequence,withdrawn=0,distinct_items=0,restarts=restarts+1,"                  \
        "restart_reason=?2 WHERE scope_run=?1 AND seen_after<sequence")                          \
    X(SQL_SCOPE_RUN_END,                                                                         \
        "UPDATE scope_runs SET ended=1,proof=?2,reason=?3,end_signal=?4,"                        \
        "total=?5,bookmark=coalesce(?6,bookmark),missing=?7,deleted=?8,held=?9,ended_ms=?10,"    \
        "position=NULL WHERE scope_run=?1")                                                      \
    X(SQL_SCOPE_RUN_MISSING, "SELECT missing FROM scope_runs WHERE scope_run=?1")                \
    X(SQL_SCOPE_RUN_DELETED, "SELECT deleted FROM scope_runs WHERE scope_run=?1")                \
    X(SQL_SCOPE_RUN_HELD, "SELECT held FROM scope_runs WHERE scope_run=?1")                      \
    X(SQL_PLACE,                                                                                 \
        "SELECT s.scope_run,t.stream,t.connection,r.declaration,s.sequence,"                     \
        "s.seen_after,s.withdrawn,s.live_before,s.received,s.created,s.changed,s.unchanged,"     \
        "s.duplicate,s.filtered,s.dead,s.reappeared,s.conflicts,s.unreadable,"                   \
        "s.distinct_items,p.live,p.missing,p.filtered,p.complete_ms,t.enriches,s.full,"          \
        "s.ended OR r.ended_ms IS NOT NULL"                                                      \
        " FROM scope_runs s JOIN runs r ON r.run=s.run JOIN scopes p ON p.scope=s.scope"         \
        " JOIN streams t ON t.stream=p.stream WHERE s.run=?1 AND s.scope=?2")                    \
    X(SQL_PLACE_OF_SCOPE,                                                                        \
        "SELECT t.stream,t.connection,coalesce((SELECT declaration"                              \
        " FROM runs r WHERE r.stream=t.stream ORDER BY run DESC LIMIT 1),0),t.enriches,"         \
        "p.complete_ms,p.live,p.missing,p.filtered FROM scopes p"                                \
        " JOIN streams t ON t.stream=p.stream WHERE p.scope=?1")                                 \
    X(SQL_SEEN, "SELECT seen FROM batches WHERE run=?1 AND scope=?2 AND sequence>?3"             \
                " ORDER BY sequence")                                                            \
    X(SQL_TALLY_PUT, "INSERT OR IGNORE INTO tallies VALUES(?1,?2,?3,0)")                         \
    X(SQL_TALLY_GAIN, "UPDATE tallies SET count=count+?4"                                        \
                      " WHERE connection=?1 AND kind=?2 AND state=?3")                           \
    /* ledger */                                                                                 \
    X(SQL_BATCH_ADD, "INSERT INTO batches(" SQL_BATCH_COLUMNS ") VALUES(?1,?2,?3,?4,?5,?6,"      \
                     "?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20,?21,?22,?23,"         \
                     "?24,?25)")                                                                 \
    X(SQL_BATCH_FIND, "SELECT " SQL_SUM_COLUMNS " FROM batches"                                  \
                      " WHERE run=?1 AND scope=?2 AND sequence=?3")                              \
    X(SQL_LETTER_ADD, "INSERT INTO dead_letters(letter,batch,run,scope,declaration,item,"        \
                      "records,code,reason,why,pointer,id,raw,at_ms,sum)"                        \
                      " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,"                  \
                      "row_sum(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,'open',?14))")         \
    X(SQL_LETTERS_SUPERSEDE, "UPDATE dead_letters SET state='superseded',closed_ms=?3,"          \
                             "closed_reason='listed anew in run '||?2"                           \
                             " WHERE scope=?1 AND state='open' AND run<?2")                      \
    X(SQL_DRIFT, "INSERT INTO drifts(stream,what,path,type,count,first_run,last_run,"            \
                 "first_ms,last_ms) VALUES(?1,?2,?3,?4,?5,?6,?6,?7,?7)"                          \
                 " ON CONFLICT(stream,what,path,type) DO UPDATE SET count=count+?5,last_run=?6," \
                 "last_ms=?7")                                                                   \
    /* shapes */                                                                                 \
    X(SQL_SHAPE_SEEN,                                                                            \
        "INSERT INTO shapes(stream,shape,first_run,last_run,items) VALUES(?1,?2,?3,?3,?4)"       \
        " ON CONFLICT(stream,shape) DO UPDATE SET"                                               \
        " items=CASE last_run WHEN ?3 THEN items ELSE 0 END+?4,last_run=?3")                     \
    X(SQL_SHAPE_KNOWN, "SELECT paths IS NOT NULL FROM shapes WHERE stream=?1 AND shape=?2")      \
    X(SQL_SHAPE_PATHS, "UPDATE shapes SET paths=?3 WHERE stream=?1 AND shape=?2")                \
    X(SQL_SHAPE_COUNT, "UPDATE shapes SET items=items+?3 WHERE stream=?1 AND shape=?2")          \
    X(SQL_SHAPES_OF_RUN, "SELECT items,paths FROM shapes WHERE stream=?1 AND last_run=?2")       \
    X(SQL_SHAPES_PRUNE, "DELETE FROM shapes WHERE stream=?1 AND shape IN (SELECT shape"          \
                        " FROM shapes WHERE stream=?1 ORDER BY last_run DESC LIMIT -1"           \
                        " OFFSET ?2)")                                                           \
    X(SQL_PATH_FIND, "SELECT path FROM paths WHERE stream=?1 AND name=?2")                       \
    X(SQL_PATH_TYPES, "SELECT types FROM paths WHERE path=?1")                                   \
    X(SQL_PATH_TYPES_ADD, "UPDATE paths SET types=types|?2 WHERE path=?1")                       \
    X(SQL_PATH_NUMBER, "SELECT count(*) FROM paths WHERE stream=?1")                             \
    X(SQL_PATH_ADD, "INSERT INTO paths(stream,name,types) VALUES(?1,?2,?3)")                     \
    X(SQL_PATHS, "SELECT path,name,items,of_items,vanished FROM paths WHERE stream=?1")          \
    X(SQL_PATH_CONCLUDE, "UPDATE paths SET items=?2,of_items=?3,vanished=?4 WHERE path=?1"       \
                         " AND (items<>?2 OR of_items<>?3 OR vanished<>?4)")                     \
    X(SQL_STREAM_SHAPES_RUN, "SELECT shapes_run FROM streams WHERE stream=?1")                   \
    X(SQL_STREAM_SHAPES_SET, "UPDATE streams SET shapes_run=?2 WHERE stream=?1"                  \
                             " AND shapes_run IS NULL AND EXISTS (SELECT 1 FROM shapes"          \
                             " WHERE stream=?1 AND last_run=?2)")                                \
    X(SQL_RUN_STREAM, "SELECT stream FROM runs WHERE run=?1")                                    \
    X(SQL_RUN_FULL, "SELECT full FROM runs WHERE run=?1")                                        \
    X(SQL_RUN_DRIFT, "SELECT count(*) FROM drifts WHERE first_run=?1 AND what=?2")               \
    X(SQL_LETTERS_OPEN,                                                                          \
        "SELECT count(*) FROM dead_letters l CROSS JOIN scopes p ON p.scope=l.scope"             \
        " WHERE l.state='open' AND p.stream=(SELECT stream FROM runs WHERE run=?1)")             \
    X(SQL_HELD_OPEN,                                                                             \
        "SELECT coalesce(sum(h.count),0) FROM holds h CROSS JOIN scopes p ON p.scope=h.scope"    \
        " CROSS JOIN streams t ON t.stream=p.stream WHERE h.state='open' AND t.connection="      \
        "(SELECT x.connection FROM runs r JOIN streams x ON x.stream=r.stream WHERE r.run=?1)")  \
    /* objects */                                                                                \
    X(SQL_OBJECT_BY_HASH,                                                                        \
        "SELECT o.object,o.connection,o.kind,o.id,o.incarnation,o.scope,"                        \
        "o.state,o.shared,o.failed,o.mapping,o.content_hash,o.bytes_hash FROM " SQL_NAMED        \
        " CROSS JOIN objects o ON o.object=l.object")                                            \
    X(SQL_LOOKUP_ADD, "INSERT INTO recent_lookups VALUES(?1,?2)")                                \
    X(SQL_LOOKUPS_RECENT, "SELECT count(*) FROM recent_lookups")                                 \
    X(SQL_LOOKUPS_MERGE, "INSERT INTO lookups SELECT hash,object FROM recent_lookups"            \
                         " ORDER BY hash,object")                                                \
    X(SQL_LOOKUPS_CLEAR, "DELETE FROM recent_lookups")                                           \
    X(SQL_OBJECT, "SELECT scope,state,shared,kind,mapping,absent_run,absent_proven,"             \
                  "content_hash,bytes_hash,failed FROM objects WHERE object=?1")                 \
    X(SQL_OBJECT_ADD,                                                                            \
        "INSERT INTO objects(object,scope,state,shared,failed,kind,connection,"                  \
        "id,incarnation,bytes_hash,content_hash,mapping,run,first_ms,seen_ms,version_ms,"        \
        "fields,volatiles,raw,attributes,carry,sum) VALUES(?1,?2,0,0,0,?3,?4,?5,?6,?7,?8,?9,"    \
        "?10,?11,?12,?12,?13,?14,?15,?16,?17,?18)")                                              \
    X(SQL_OBJECT_CONTENT,                                                                        \
        "UPDATE objects SET failed=0,bytes_hash=?2,content_hash=?3,"                             \
        "mapping=?4,run=?5,version_ms=?6,seen_ms=?6,fields=?7,volatiles=?8,raw=?9,"              \
        "attributes=?10,carry=?11,evidence=NULL,sum=CASE ?12 WHEN 0 THEN row_sum(object,scope,"  \
        "state,shared,0,kind,connection,id,incarnation,?2,?3,?4,?5,first_ms,?6,?6,absent_run,"   \
        "absent_proven,NULL,?7,?8,?9,?10,?11) END WHERE object=?1")                              \
    X(SQL_OBJECT_STATE, "UPDATE objects SET scope=?2,state=?3,seen_ms=max(seen_ms,?4),"          \
                        "evidence=?5,absent_run=?6,absent_proven=?7," SUM_WITH(AT_SCOPE          \
                            "?2" AT_STATE "?3" AT_SEEN_MS "max(seen_ms,?4)" AT_EVIDENCE          \
                            "?5" AT_ABSENT_RUN "?6" AT_ABSENT_PROVEN "?7") " WHERE object=?1")   \
    X(SQL_OBJECT_VERSION, "UPDATE objects SET run=?2,version_ms=?3," SUM_WITH(                   \
                              AT_RUN "?2" AT_VERSION_MS "?3") " WHERE object=?1")                \
    X(SQL_OBJECT_REFRESH, "UPDATE objects SET bytes_hash=?2,mapping=?3,volatiles=?4,carry=?5,"   \
                          "failed=0," SUM_WITH(AT_BYTES_HASH                                     \
                              "?2" AT_MAPPING "?3" AT_VOLATILES "?4" AT_CARRY "?5" AT_FAILED     \
                              "0") " WHERE object=?1 AND (bytes_hash IS NOT ?2 OR mapping<>?3"   \
                                   " OR volatiles IS NOT ?4 OR carry IS NOT ?5 OR failed)")      \
    X(SQL_OBJECT_VOLATILES, "UPDATE objects SET volatiles=?2,failed=0," SUM_WITH(AT_VOLATILES    \
                                "?2" AT_FAILED "0") " WHERE object=?1"                           \
                                                    " AND (volatiles IS NOT ?2 OR failed)")      \
    X(SQL_OBJECT_FAILED,                                                                         \
        "UPDATE objects SET failed=1," SUM_WITH(AT_FAILED "1") " WHERE object=?1 AND failed=0")  \
    X(SQL_OBJECT_MAPS,                                                                           \
        "UPDATE objects SET failed=0," SUM_WITH(AT_FAILED "0") " WHERE object=?1 AND failed=1")  \
    X(SQL_OBJECT_PROVEN,                                                                         \
        "UPDATE objects SET absent_run=?2,absent_proven=1," SUM_WITH(                            \
            AT_ABSENT_RUN "?2" AT_ABSENT_PROVEN "1") " WHERE object=?1 AND scope=?3")            \
    X(SQL_OBJECT_SHARE, "UPDATE objects SET shared=1,bytes_hash=NULL," SUM_WITH(                 \
                            AT_SHARED "1" AT_BYTES_HASH "NULL") " WHERE object=?1")              \
    X(SQL_HISTORY_ADD,                                                                           \
        "INSERT INTO object_history(object,state,valid_from,valid_to,"                           \
        "from_run,to_run,mapping,scope,content_hash,fields,raw,attributes,evidence,sum)"         \
        " SELECT object,state,version_ms,?2,run,?3,mapping,scope,content_hash,fields,raw,"       \
        "attributes,evidence,row_sum_change(sum" AT_SHARED "NULL" AT_FAILED "NULL" AT_KIND       \
        "NULL" AT_CONNECTION "NULL" AT_ID "NULL" AT_INCARNATION "NULL" AT_BYTES_HASH             \
        "NULL" AT_FIRST_MS "NULL" AT_SEEN_MS "NULL" AT_ABSENT_RUN "NULL" AT_ABSENT_PROVEN        \
        "NULL" AT_VOLATILES "NULL" AT_CARRY "NULL" AT_VALID_TO "?2" AT_TO_RUN "?3"               \
        ") FROM objects WHERE object=?1")                                                        \
    X(SQL_PRESENT_OBJECTS, "SELECT object,state,absent_run,absent_proven FROM objects"           \
                           " WHERE scope=?1 AND shared=0 AND state IN (0,1,3) AND run<=?2")      \
    X(SQL_PRESENT_CONTRIBUTIONS,                                                                 \
        "SELECT object,state,absent_run,absent_proven"                                           \
        " FROM contributions WHERE scope=?1 AND state IN (0,1,3) AND run<=?2")                   \
    X(SQL_CONTRIBUTION_FROM_OBJECT,                                                              \
        "INSERT INTO contributions(object,scope,state,failed,"                                   \
        "bytes_hash,content_hash,mapping,run,absent_run,absent_proven,fields,volatiles,raw,"     \
        "attributes,carry,sum) SELECT object,scope,state,failed,bytes_hash,content_hash,"        \
        "mapping,run,absent_run,absent_proven,fields,volatiles,raw,attributes,carry,"            \
        "row_sum_change(sum" AT_SHARED "NULL" AT_KIND "NULL" AT_CONNECTION "NULL" AT_ID          \
        "NULL" AT_INCARNATION "NULL" AT_FIRST_MS "NULL" AT_SEEN_MS "NULL" AT_VERSION_MS          \
        "NULL" AT_EVIDENCE "NULL)"                                                               \
        " FROM objects WHERE object=?1")                                                         \
    X(SQL_CONTRIBUTION_PUT,                                                                      \
        "INSERT OR REPLACE INTO contributions(object,scope,state,"                               \
        "bytes_hash,content_hash,mapping,run,fields,volatiles,raw,attributes,carry,sum)"         \
        " VALUES(?1,?2,0,?3,?4,?5,?6,?7,?8,?9,?10,?11,row_sum(?1,?2,0,NULL,0,NULL,NULL,NULL,"    \
        "NULL,?3,?4,?5,?6,NULL,NULL,NULL,NULL,NULL,NULL,?7,?8,?9,?10,?11))")                     \
    X(SQL_CONTRIBUTION, "SELECT state,absent_proven,content_hash"                                \
                        " FROM contributions WHERE object=?1 AND scope=?2")                      \
    X(SQL_CONTRIBUTION_STATE,                                                                    \
        "UPDATE contributions SET state=?3,absent_run=?4,"                                       \
        "absent_proven=?5," SUM_WITH(AT_STATE "?3" AT_ABSENT_RUN "?4" AT_ABSENT_PROVEN           \
                                              "?5") " WHERE object=?1 AND scope=?2")             \
    X(SQL_CONTRIBUTION_PROVEN,                                                                   \
        "UPDATE contributions SET absent_run=?2,absent_proven=1," SUM_WITH(                      \
            AT_ABSENT_RUN "?2" AT_ABSENT_PROVEN "1") " WHERE object=?1 AND scope=?3")            \
    X(SQL_CONTRIBUTIONS, "SELECT c.scope,t.stream,t.enriches,c.state,c.content_hash,"            \
                         "c.fields,c.volatiles,c.raw,c.attributes,c.carry,c.sum IS row_sum("     \
                         "c.object,c.scope,c.state,NULL,c.failed,NULL,NULL,NULL,NULL,"           \
                         "c.bytes_hash,c.content_hash,c.mapping,c.run,NULL,NULL,NULL,"           \
                         "c.absent_run,c.absent_proven,NULL,c.fields,c.volatiles,c.raw,"         \
                         "c.attributes,c.carry) FROM contributions c"                            \
                         " JOIN scopes p ON p.scope=c.scope JOIN streams t ON t.stream=p.stream" \
                         " WHERE c.object=?1 ORDER BY t.enriches,t.position,c.scope LIMIT ?2")   \
    /* direct reads: ?3 turns the order, so that each run begins elsewhere */                    \
    X(SQL_SUSPECTS, "SELECT object,id,incarnation FROM (SELECT object,id,incarnation"            \
                    " FROM objects WHERE scope=?1 AND shared=0 AND state=1 AND kind=?2"          \
                    " AND absent_run<?5 UNION ALL SELECT o.object,o.id,o.incarnation"            \
                    " FROM contributions c JOIN objects o ON o.object=c.object"                  \
                    " WHERE c.scope=?1 AND c.state=1 AND o.state=1 AND o.kind=?2"                \
                    " AND c.absent_run<?5)"                                                      \
                    " ORDER BY (object*40503+?3*30011)%65521,object LIMIT ?4")                   \
    X(SQL_CONTROL, "SELECT object,id,incarnation FROM objects WHERE scope=?1 AND shared=0"       \
                   " AND state=0 AND kind=?2 AND object<>?3 UNION ALL"                           \
                   " SELECT o.object,o.id,o.incarnation"                                         \
                   " FROM contributions c JOIN objects o ON o.object=c.object WHERE c.scope=?1"  \
                   " AND c.state=0 AND o.state=0 AND o.kind=?2 AND o.object<>?3 LIMIT 1")        \
    X(SQL_SUSPECT_PARENT, "SELECT o.object,o.id,o.incarnation,o.scope FROM scopes s"             \
                          " JOIN objects o ON o.object=s.parent_object WHERE s.scope=?1"         \
                          " AND o.state<>2 AND o.kind=?2")                                       \
    X(SQL_CONTRIBUTION_NEXT, "SELECT min(scope) FROM contributions"                              \
                             " WHERE object=?1 AND scope>?2 AND state<>2")                       \
    X(SQL_SCOPE_RUN_DELETED_ADD, "UPDATE scope_runs SET deleted=deleted+?2 WHERE scope_run=?1")  \
    /* holds, letters, tokens */                                                                 \
    X(SQL_HOLD_ADD, "INSERT INTO holds(run,scope,after_batch,proven,count,of_live,reason,"       \
                    "keys,at_ms) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)")                            \
    X(SQL_OBJECT_NAME, "SELECT (SELECT name FROM kinds k WHERE k.kind=o.kind)||' '"              \
                       "||substr(id,1,64) FROM objects o WHERE object=?1")                       \
    X(SQL_HOLD_SUPERSEDE, "UPDATE holds SET state='superseded',decided_ms=?2"                    \
                          " WHERE scope=?1 AND state='open'")                                    \
    X(SQL_RUN_ABSENT, "SELECT present_before,absent FROM runs WHERE run=?1")                     \
    X(SQL_RUN_ABSENT_ADD, "UPDATE runs SET absent=absent+?2 WHERE run=?1")                       \
    /* held since earlier runs, where this one has not looked yet; ?4 of them at most */         \
    X(SQL_HELD_ELSEWHERE,                                                                        \
        "SELECT coalesce(sum(count),0) FROM (SELECT h.count FROM holds h CROSS JOIN scopes p"    \
        " ON p.scope=h.scope WHERE h.state='open' AND p.stream=?1 AND h.run<?2 AND h.scope<>?3"  \
        " LIMIT ?4)")                                                                            \
    X(SQL_HOLD_OF_RUN, "SELECT min(hold) FROM holds WHERE run=?1 AND state='open' AND hold>?2")  \
    X(SQL_HOLD_FIND, "SELECT run,scope,after_batch,proven,keys,sum IS row_sum(" SQL_HOLD_SUMMED  \
                     ") FROM holds WHERE hold=?1 AND state='open'")                              \
    X(SQL_HOLD_DECIDE, "UPDATE holds SET state=?2,decided_ms=?3,decided_by=?4 WHERE hold=?1")    \
    X(SQL_HOLD_SEEN,                                                                             \
        "SELECT b.seen FROM scope_runs s JOIN batches b"                                         \
        " ON b.run=s.run AND b.scope=s.scope WHERE s.scope=?1 AND s.run>=?2 AND b.batch>?3")     \
    X(SQL_LETTER_DISCARD, "UPDATE dead_letters SET state='discarded',closed_by=?2,"              \
                          "closed_reason=?3,closed_ms=?4 WHERE letter=?1 AND state='open'")      \
    /* replays */                                                                                \
    X(SQL_REPLAY_SCOPE,                                                                          \
        "SELECT p.scope,c.connection,c.name,t.stream,t.name,p.parent,p.parent_object,p.closed"   \
        " FROM scopes p JOIN streams t ON t.stream=p.stream"                                     \
        " JOIN connections c ON c.connection=t.connection WHERE p.scope>?1"                      \
        " AND (?2 IS NULL OR c.name=?2) AND (?3 IS NULL OR t.name=?3) AND EXISTS (SELECT 1"      \
        " FROM dead_letters l WHERE l.scope=p.scope AND l.state='open')"                         \
        " ORDER BY p.scope LIMIT 1")                                                             \
    X(SQL_REPLAY_LETTERS,                                                                        \
        "SELECT l.letter,l.batch,l.run,l.item,b.sequence,l.reason,l.pointer,l.id,l.raw,"         \
        "(SELECT sum IS row_sum(" SQL_LETTER_SUMMED ") FROM dead_letters s"                      \
        " WHERE s.letter=l.letter) FROM dead_letters l LEFT JOIN batches b ON b.batch=l.batch"   \
        " WHERE l.scope=?1 AND l.state='open' AND (l.run,l.letter)<(?2,?3) AND (?4 IS NULL"      \
        " OR (l.batch,l.item) IN (SELECT d.batch,d.item FROM json_each(?4) j"                    \
        "  JOIN dead_letters d ON d.letter=j.value)) ORDER BY l.run DESC,l.letter DESC")         \
    X(SQL_REPLAY_UNKNOWN, "SELECT j.value FROM json_each(?1) j WHERE NOT EXISTS"                 \
                          " (SELECT 1 FROM dead_letters d WHERE d.letter=j.value) LIMIT 1")      \
    X(SQL_REPLAY_CLOSED, "SELECT count(*) FROM json_each(?1) j JOIN dead_letters d"              \
                         " ON d.letter=j.value WHERE d.state<>'open'")                           \
    X(SQL_REPLAY_ROUND_ADD, "INSERT INTO rounds(connection,declaration,full,state,reason,"       \
                            "started_ms,ended_ms) VALUES(?1,?2,0,'done',?3,?4,?4)")              \
    X(SQL_REPLAY_RUN_ADD, "INSERT INTO runs(round,stream,declaration,full,what,reason,"          \
                          "started_ms,ended_ms) VALUES(?1,?2,?3,0,'replay',?4,?5,?5)")           \
    X(SQL_REPLAY_SCOPE_RUN_END, "UPDATE scope_runs SET ended=1,ended_ms=?2 WHERE scope_run=?1")  \
    X(SQL_REPLAY_RUN_END, "UPDATE runs SET ended_ms=?2 WHERE run=?1")                            \
    /* the newest letter that a run has closed in a scope; null where it is no replay */         \
    X(SQL_REPLAY_NEWEST,                                                                         \
        "SELECT coalesce((SELECT max(l.letter) FROM dead_letters l WHERE l.closed_run=r.run"     \
        " AND l.scope=?2),0) FROM runs r WHERE r.run=?1 AND r.what='replay'")                    \
    X(SQL_SEEN_LATER,                                                                            \
        "SELECT b.seen FROM scope_runs s JOIN batches b"                                         \
        " ON b.run=s.run AND b.scope=s.scope WHERE s.scope=?1 AND s.run>=?2 AND b.batch>?3"      \
        " AND b.batch<=?4 AND b.kind='page'")                                                    \
    X(SQL_REPLAY_SAID,                                                                           \
        "SELECT seen FROM (SELECT b.seen,(SELECT min(l.letter) FROM dead_letters l"              \
        " WHERE l.closed_run=b.run AND l.closed_batch=b.batch) AS least FROM scope_runs s"       \
        " JOIN batches b ON b.run=s.run AND b.scope=s.scope WHERE s.scope=?1"                    \
        " AND b.kind='replay') WHERE least>?2 AND least<=?3")                                    \
    X(SQL_OBJECT_TEXTS, "SELECT fields,volatiles,attributes FROM objects WHERE object=?1")       \
    X(SQL_OBJECT_RUN, "SELECT run FROM objects WHERE object=?1")                                 \
    X(SQL_CONTRIBUTION_RUN, "SELECT run FROM contributions WHERE object=?1 AND scope=?2")        \
    X(SQL_LETTER_REPLAYED,                                                                       \
        "UPDATE dead_letters SET state=?2,closed_by=?3,closed_reason=?4,closed_run=?5,"          \
        "closed_batch=?6,now_reason=NULL,now_why=NULL,now_pointer=NULL,now_declaration=?7,"      \
        "tried_ms=?8,closed_ms=?8 WHERE letter=?1 AND state='open'")                             \
    X(SQL_LETTER_FAILS,                                                                          \
        "UPDATE dead_letters SET now_reason=?2,now_why=?3,now_pointer=?4,now_declaration=?5,"    \
        "tried_ms=?6 WHERE letter=?1 AND state='open' AND (now_reason IS NOT ?2"                 \
        " OR now_why IS NOT ?3 OR now_pointer IS NOT ?4 OR now_declaration IS NOT ?5)")          \
    X(SQL_PARENT_CARRY,                                                                          \
        "SELECT o.id,CASE o.shared WHEN 0 THEN o.carry ELSE (SELECT c.carry FROM contributions"  \
        " c JOIN scopes s ON s.scope=c.scope JOIN streams t ON t.stream=s.stream"                \
        " WHERE c.object=o.object AND c.state=0 AND t.name=?2 ORDER BY c.scope LIMIT 1) END,"    \
        "o.state FROM objects o WHERE o.object=?1")                                              \
    X(SQL_TOKEN_PUT, "INSERT OR REPLACE INTO refresh_tokens VALUES(?1,?2,?3)")                   \
    X(SQL_TOKEN_GET, "SELECT sealed FROM refresh_tokens WHERE credential=?1")                    \
    /* readers */                                                                                \
    X(SQL_READ_BEGIN, "BEGIN")                                                                   \
    X(SQL_READ_END, "COMMIT")                                                                    \
    X(SQL_SCOPE_CONNECTION, "SELECT t.connection FROM scopes p"                                  \
                            " JOIN streams t ON t.stream=p.stream WHERE p.scope=?1")             \
    X(SQL_KNOWN_RANGE, "SELECT object,scope,state,shared,failed,kind,id,incarnation,"            \
                       "bytes_hash FROM objects WHERE object>=?1 AND object<?2")                 \
    X(SQL_KNOWN_ONE, "SELECT o.object,o.scope,o.state,o.shared,o.failed,o.kind,o.id,"            \
                     "o.incarnation,o.bytes_hash FROM " SQL_NAMED " CROSS JOIN objects o"        \
                     " ON o.object=l.object")                                                    \
    /* audit */                                                                                  \
    X(SQL_LEDGER_LINK, "SELECT link FROM batches WHERE batch=?1")                                \
    X(SQL_LEDGER_ALL, "SELECT " SQL_BATCH_COLUMNS " FROM batches ORDER BY batch")                \
    X(SQL_OBJECTS_DAMAGED,                                                                       \
        "SELECT object FROM objects WHERE sum IS NOT row_sum(" SQL_OBJECT_SUMMED ")")            \
    X(SQL_OBJECT_DOUBT, "UPDATE objects SET bytes_hash=NULL,content_hash=NULL WHERE object=?1"   \
                        " AND sum IS NOT row_sum(" SQL_OBJECT_SUMMED ")")                        \
    X(SQL_LETTER_WHOLE,                                                                          \
        "SELECT sum IS row_sum(" SQL_LETTER_SUMMED ") FROM dead_letters WHERE letter=?1")        \
    X(SQL_LETTERS_OF_BATCH, "SELECT coalesce(sum(records),0) FROM dead_letters WHERE batch=?1")

#endif
