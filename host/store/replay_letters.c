/* SPDX-License-Identifier: Apache-2.0 */
/* Dead letters read for a replay, newest first, and settled: replayed, superseded, or failing
 * still. */
#include "replay_letters.h"

#include "base/memory.h"
#include "sums.h"

/* ------------------------------------------------------------------ reading ------------------- */

static struct span numbers_of(const struct replaying *on)
{
    return on->order->letter_count ? bytes_span(&on->letters) : (struct span){NULL, 0};
}

static bool write_numbers(struct replaying *on, struct fault *fault)
{
    const struct replay_order *order = on->order;
    for (size_t i = 0; i < order->letter_count; i++)
        if (!bytes_format(
                &on->letters, fault, "%c%lld", i ? ',' : '[', (long long)order->letters[i]))
            return false;
    return bytes_append_char(&on->letters, ']', fault);
}

/* Numbers that were asked for must exist; those that are closed have nothing to be done. */
bool replay_letters_asked(struct replaying *on, struct fault *fault)
{
    int64_t unknown = 0;
    struct sql_handle *sql = &on->store->sql;
    if (on->order->letter_count == 0)
        return true;
    if (!write_numbers(on, fault) ||
        !sql_integer(sql, SQL_REPLAY_UNKNOWN, &unknown, fault, "t", numbers_of(on)) ||
        !sql_integer(sql, SQL_REPLAY_CLOSED, &on->sums->closed, fault, "t", numbers_of(on)))
        return false;
    return unknown == 0 ||
           fault_set(fault, FAULT_NOT_FOUND,
               "there is no dead letter %lld; muster dead list shows them", (long long)unknown);
}

bool replay_letters_scope(struct replaying *on, struct arena *arena, int64_t after,
    struct replay_scope *scope, bool *ret_found, struct fault *fault)
{
    struct span connection, stream, parent;
    AUTO_ROW *row = NULL;
    enum sql_step step = sql_one(&on->store->sql, SQL_REPLAY_SCOPE, &row, fault, "izz", after,
        on->order->connection, on->order->stream);
    *ret_found = step == SQL_ROW;
    if (step != SQL_ROW)
        return step == SQL_END;
    bool good = sql_copy(row, 2, arena, &connection, fault) &&
                sql_copy(row, 4, arena, &stream, fault) && sql_copy(row, 5, arena, &parent, fault);
    if (good)
        *scope = (struct replay_scope){.scope = sqlite3_column_int64(row, 0),
            .connection = sqlite3_column_int64(row, 1),
            .stream = sqlite3_column_int64(row, 3),
            .connection_name = connection.data,
            .stream_name = stream.data,
            .parent = parent.length ? parent : (struct span){NULL, 0},
            .parent_object = sqlite3_column_int64(row, 6),
            .closed = sqlite3_column_int(row, 7) != 0};
    return good;
}

/* Adds the letter of a row. */
static bool read_letter(struct turn *turn, sqlite3_stmt *row, size_t *bytes, struct fault *fault)
{
    struct kept_letter *letters =
        memory_grow(turn->letters, turn->letter_count, &turn->capacity, sizeof *letters);
    if (!letters)
        return fault_memory(fault);
    turn->letters = letters;
    struct kept_letter *letter = &letters[turn->letter_count];
    *letter = (struct kept_letter){.letter = sqlite3_column_int64(row, 0),
        .batch = sqlite3_column_int64(row, 1),
        .run = sqlite3_column_int64(row, 2),
        .item = sqlite3_column_int64(row, 3),
        .page = sqlite3_column_int64(row, 4),
        .fate = REPLAY_FAILS};
    if (!sqlite3_column_int(row, 9))
        return sums_refuse_letter(letter->letter, fault);
    if (!sql_copy(row, 5, turn->arena, &letter->reason, fault) ||
        !sql_copy(row, 6, turn->arena, &letter->pointer, fault) ||
        !sql_copy(row, 7, turn->arena, &letter->id, fault) ||
        !sql_copy(row, 8, turn->arena, &letter->raw, fault))
        return false;
    turn->letter_count++;
    *bytes += letter->raw.length;
    return true;
}

static bool read_rows(struct turn *turn, int64_t run, int64_t letter, struct fault *fault)
{
    struct sql_handle *sql = &turn->on->store->sql;
    size_t bytes = 0;
    AUTO_ROW *row = sql_start(sql, SQL_REPLAY_LETTERS, fault, "iiit", turn->scope->scope, run,
        letter, numbers_of(turn->on));
    if (!row)
        return false;
    enum sql_step step;
    bool good = true;
    while (good && (step = sql_next(sql, row, fault)) == SQL_ROW) {
        const struct kept_letter *last =
            turn->letter_count ? &turn->letters[turn->letter_count - 1] : NULL;
        bool same = last && last->batch == sqlite3_column_int64(row, 1) &&
                    last->item == sqlite3_column_int64(row, 3);
        turn->more = last && !same &&
                     (turn->letter_count >= REPLAY_LETTERS_MAX || bytes >= REPLAY_BYTES_MAX);
        if (turn->more)
            break;
        turn->item_count += !same;
        good = read_letter(turn, row, &bytes, fault);
    }
    return good && (turn->more || step == SQL_END);
}

static bool group_letters(struct turn *turn, struct fault *fault)
{
    turn->items = arena_allocate_array(turn->arena, turn->item_count + 1, sizeof *turn->items);
    if (!turn->items)
        return fault_memory(fault);
    size_t items = 0;
    for (size_t i = 0; i < turn->letter_count; i++) {
        struct kept_letter *letter = &turn->letters[i];
        if (i == 0 || letter[-1].batch != letter->batch || letter[-1].item != letter->item) {
            turn->items[items] = (struct kept_item){.letters = letter, .index = (uint32_t)items};
            items++;
        }
        turn->items[items - 1].count++;
    }
    return true;
}

bool replay_letters_read(struct turn *turn, int64_t run, int64_t letter, struct fault *fault)
{
    return read_rows(turn, run, letter, fault) && group_letters(turn, fault);
}

/* ------------------------------------------------------------------ ends ---------------------- */

static bool tell(struct turn *turn, const struct kept_letter *letter,
    const struct replay_record *records, size_t count, const char *word, const char *sentence,
    const char *pointer, struct fault *fault)
{
    struct replay_sums *sums = turn->on->sums;
    const struct replay_letter told = {.letter = letter->letter,
        .run = letter->run,
        .page = letter->page,
        .item = letter->item,
        .connection = turn->scope->connection_name,
        .stream = turn->scope->stream_name,
        .parent = turn->scope->parent,
        .id = letter->id,
        .reason = letter->reason,
        .pointer = letter->pointer,
        .fate = letter->fate,
        .now_reason = word,
        .now_why = sentence,
        .now_pointer = pointer,
        .records = records,
        .record_count = count};
    sums->letters++;
    sums->replayed += letter->fate == REPLAY_TAKEN;
    sums->superseded += letter->fate == REPLAY_SUPERSEDED;
    sums->failed += letter->fate == REPLAY_FAILS;
    return turn->on->sink->letter(turn->on->sink->context, &told, fault);
}

static const char newer_text[] = "something newer is known of what it says";
static const char gone_text[] = "the object that it belongs to is gone";

/* The letter is done with, by batch `batch` of run `run` (0: by none). */
static bool close_letter(struct turn *turn, const struct kept_letter *letter, int64_t run,
    int64_t batch, const char *reason, struct fault *fault)
{
    struct sql_handle *sql = &turn->on->store->sql;
    const char *state = letter->fate == REPLAY_TAKEN ? "replayed" : "superseded";
    return batch ? sql_run(sql, SQL_LETTER_REPLAYED, fault, "izzziiii", letter->letter, state,
                       turn->on->order->who, reason, run, batch, turn->declaration, turn->wall_ms)
                 : sql_run(sql, SQL_LETTER_REPLAYED, fault, "izzznnni", letter->letter, state,
                       turn->on->order->who, reason, turn->wall_ms);
}

bool replay_letters_settle(struct turn *turn, const struct kept_item *kept,
    const struct replay_turn *taking, const struct replay_record *records, size_t count,
    struct fault *fault)
{
    for (size_t i = 0; i < kept->count; i++) {
        const struct kept_letter *letter = &kept->letters[i];
        const struct letter *now = letter->now;
        bool good;
        if (now)
            good = sql_run(&turn->on->store->sql, SQL_LETTER_FAILS, fault, "izzzii", letter->letter,
                       now->reason, now->why, now->pointer, turn->declaration, turn->wall_ms) &&
                   tell(turn, letter, NULL, 0, now->reason, now->why, now->pointer, fault);
        else {
            const char *reason = letter->fate == REPLAY_SUPERSEDED ? newer_text : NULL;
            good = close_letter(turn, letter, taking->item.batch->run, taking->item.batch_key,
                       reason, fault) &&
                   tell(turn, letter, records, count, NULL, reason, NULL, fault);
        }
        if (!good)
            return false;
    }
    return true;
}

bool replay_letters_settle_alike(struct turn *turn, enum replay_fate fate, struct fault *fault)
{
    const char *sentence = fate == REPLAY_FAILS ? turn->why_not_text : gone_text;
    for (size_t i = 0; i < turn->letter_count; i++) {
        struct kept_letter *letter = &turn->letters[i];
        letter->fate = fate;
        if ((fate != REPLAY_FAILS && !close_letter(turn, letter, 0, 0, sentence, fault)) ||
            !tell(turn, letter, NULL, 0, turn->why_not, sentence, NULL, fault))
            return false;
    }
    return true;
}
