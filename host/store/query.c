/* SPDX-License-Identifier: Apache-2.0 */
/* The questions of the commands, each a statement over the views. */
#include "inside.h"
#include "rows.h"
#include "store/query.h"
#include "sums.h"

enum argument { ARGUMENT_NONE, ARGUMENT_NAME, ARGUMENT_NUMBER };

struct question {
    const char *sql; /* ?1: the argument, null where there is none */
    enum argument argument;
    const char *listed_by; /* NUMBER: the command that shows which there are */
};

static const struct question questions[] = {
    [QUERY_STATUS] = {"SELECT * FROM verdict", ARGUMENT_NONE},
    [QUERY_RUNS] = {"SELECT * FROM run WHERE ?1 IS NULL OR connection=?1 ORDER BY run DESC",
        ARGUMENT_NAME},
    [QUERY_LEDGER] = {"SELECT * FROM batch WHERE run=?1 ORDER BY batch", ARGUMENT_NUMBER,
        "muster runs"},
    [QUERY_DEAD] =
        {"SELECT letter,connection,stream,parent,run,batch,page,item,records,code,reason,"
         "why,pointer,id,state,now_reason,now_pointer,at,closed_at,closed_by,"
         "closed_reason,replay_run,replay_batch,declaration"
         " FROM dead_letter WHERE ?1 IS NULL OR connection=?1 ORDER BY letter",
            ARGUMENT_NAME},
    [QUERY_DEAD_ONE] = {"SELECT * FROM dead_letter WHERE letter=?1", ARGUMENT_NUMBER,
        "muster dead list"},
    [QUERY_HOLDS] = {"SELECT * FROM hold ORDER BY hold", ARGUMENT_NONE},
    [QUERY_FAILURES] = {"SELECT c.name, count(*), max(r.ended_ms) FROM connections c"
                        " JOIN rounds r ON r.connection=c.connection WHERE r.state='failed'"
                        " AND r.round > coalesce((SELECT max(d.round) FROM rounds d"
                        " WHERE d.connection=c.connection AND d.state='done'),0)"
                        " GROUP BY c.connection",
        ARGUMENT_NONE},
    [QUERY_WAITING] = {"SELECT c.name, t.name, coalesce(l.letters,0), coalesce(h.held,0),"
                       " CASE WHEN t.selected THEN t.complete_ms END"
                       " FROM connections c JOIN streams t ON t.connection=c.connection LEFT JOIN"
                       " (SELECT p.stream, count(*) AS letters FROM dead_letters d CROSS JOIN"
                       "  scopes p ON p.scope=d.scope WHERE d.state='open' GROUP BY 1) l"
                       " ON l.stream=t.stream LEFT JOIN (SELECT x.connection, sum(o.count) AS held"
                       "  FROM holds o CROSS JOIN scopes p ON p.scope=o.scope CROSS JOIN streams x"
                       "  ON x.stream=p.stream WHERE o.state='open' GROUP BY 1) h"
                       " ON h.connection=c.connection ORDER BY t.stream",
        ARGUMENT_NONE},
    [QUERY_DRIFT] = {"SELECT * FROM drift WHERE ?1 IS NULL OR connection=?1 ORDER BY drift",
        ARGUMENT_NAME},
};

static bool bind_argument(
    struct rows *rows, const struct question *question, const char *argument, struct fault *fault)
{
    int64_t number;
    int code = SQLITE_OK;
    switch (question->argument) {
    case ARGUMENT_NONE:
        break;
    case ARGUMENT_NAME:
        code = sqlite3_bind_text(rows->statement, 1, argument, -1, SQLITE_STATIC);
        break;
    case ARGUMENT_NUMBER:
        if (!argument || !span_to_int64(span_of(argument), &number))
            return fault_set(fault, FAULT_USAGE, "\"%s\" is not a number; %s lists them",
                argument ? argument : "", question->listed_by);
        code = sqlite3_bind_int64(rows->statement, 1, number);
        break;
    }
    return code == SQLITE_OK || sql_fault(rows->handle, code, fault);
}

struct counting {
    query_row *row;
    void *context;
    int64_t count;
};

static bool count_row(
    void *context, const char *const *names, const struct cell *cells, size_t count)
{
    struct counting *counting = context;
    counting->count++;
    return counting->row(counting->context, names, cells, count);
}

/* What a person is about to look at is what was kept. */
static bool check_letter(struct store *store, const char *argument, struct fault *fault)
{
    int64_t letter = 0;
    return !span_to_int64(span_of(argument), &letter) ||
           sums_whole_letter(&store->sql, letter, fault);
}

bool query_run(struct store *store, enum query query, const char *argument, query_row *row,
    void *context, struct fault *fault)
{
    const struct question *question = &questions[query];
    AUTO_ROWS rows = {.count = 0};
    struct counting counting = {row, context, 0};
    if (!rows_open(&rows, &store->sql, question->sql, 0, fault) ||
        !bind_argument(&rows, question, argument, fault) ||
        (query == QUERY_DEAD_ONE && !check_letter(store, argument, fault)) ||
        !rows_each(&rows, count_row, &counting, NULL, fault))
        return false;
    if (query == QUERY_DEAD_ONE && counting.count == 0)
        return fault_set(fault, FAULT_NOT_FOUND, "there is no dead letter %s", argument);
    return true;
}
