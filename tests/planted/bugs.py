# SPDX-License-Identifier: Apache-2.0
"""The bugs that planted.py plants: each is one that a person could write, and breaks one promise of the host.

`promise` says what is broken: a word for the area, or the numbers of the fault catalogue (tests/faults/README.md).
"""
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Edit:
    file: str
    old: str  # stands in the file exactly once
    new: str


@dataclass(frozen=True)
class Bug:
    name: str
    what: str
    promise: str
    caught_by: list  # CTest names; each must fail
    edits: list = field(default_factory=list)
    hangs: bool = False  # a catcher notices by its patience, which takes a minute


def bug(name, what, promise, caught_by, *edits, hangs=False):
    return Bug(name, what, promise, caught_by.split(), [Edit(*edit) for edit in edits], hangs)


BUGS = [
    # ---- retries and pace
    bug("retry_without_backoff", "a failed request is sent again at once", "retry", "unit.policy.retry",
        ("host/policy/retry.c", "*ret_wait_ms = greater(jitter_ms(random, backoff_ms(policy, state->attempts - 1)), server_ms);",
         "*ret_wait_ms = server_ms;")),
    bug("retry_without_budget", "retries cost nothing, so that an outage doubles the traffic", "retry", "unit.policy.retry",
        ("host/policy/retry.c", "    budget->tokens_milli -= MILLI;\n", "")),
    bug("retry_without_jitter", "all connections come back at the same instant", "retry", "unit.policy.retry",
        ("host/policy/retry.c", "return most_ms > 0 ? (int64_t)random_below(random, (uint64_t)most_ms + 1) : 0;",
         "(void)random;\n    return most_ms;")),
    bug("retry_after_ignored", "a server that says when to come back is asked before that", "82, 83", "unit.policy.retry",
        ("host/policy/retry.c", "int64_t wait_ms = greater(server_ms, backoff_ms(policy, state->waits - 1));",
         "int64_t wait_ms = backoff_ms(policy, state->waits - 1);")),
    bug("throttled_uses_attempts", "a rate limit that lasts uses up the attempts and fails the run", "82, 91",
        "unit.policy.retry", ("host/policy/retry.c", "[OUTCOME_THROTTLED] = RULE_THROTTLE,", "[OUTCOME_THROTTLED] = RULE_ATTEMPT,")),
    bug("reset_not_clamped", "a reset of 10^12 seconds stops a connection for ever", "85", "unit.policy.dialect",
        ("host/policy/moment.c", "return ms < 0 ? 0 : ms > most_ms ? most_ms : ms;", "(void)most_ms;\n    return ms < 0 ? 0 : ms;")),
    bug("concurrency_never_lowered", "a 429 leaves as many requests under way as before", "89, 90", "unit.policy.throttle",
        ("host/policy/throttle.c", "greater(MILLI, throttle->concurrency_milli / 2)", "throttle->concurrency_milli")),
    bug("remaining_zero_ignored", "the last of a budget is followed by one more request", "87", "unit.policy.throttle",
        ("host/policy/throttle.c", "window->left - throttle->under_way - window->untold", "window->left - window->untold")),
    # ---- classes
    bug("not_found_is_empty", "a 404 on a collection passes for an empty listing", "29", "unit.policy.classify",
        ("host/policy/classify.c", "{404, 404, OUTCOME_NOT_FOUND},", "{404, 404, OUTCOME_OK},")),
    bug("partial_content_is_whole", "an unasked 206 passes for a page", "34", "unit.policy.classify",
        ("host/policy/classify.c", "    {206, 206, OUTCOME_MALFORMED}, /* a part of something, and no part was asked for */\n", "")),
    bug("connect_failure_is_final", "one refused connection fails the run", "3", "unit.policy.classify",
        ("host/policy/classify.c", "[EXCHANGE_CONNECT] = OUTCOME_TRANSIENT,", "[EXCHANGE_CONNECT] = OUTCOME_INVALID,")),
    bug("token_401_is_renewed", "a token endpoint's 401 asks the token endpoint for a token", "27", "unit.policy.classify",
        ("host/policy/classify.c", "if (status == 401 && classifier->token)", "if (false && classifier->token)")),
    # ---- pages and their ends
    bug("short_page_ends", "a page with fewer items than asked for ends the listing", "76, 81", "unit.page.paging",
        ("host/page/paging.c", "return on->page->item_count == 0;", "return (int64_t)on->page->item_count < items_asked(on);")),
    bug("no_body_ends", "an empty answer ends the listing", "25", "unit.page.page unit.engine.proof",
        ("host/page/page.c", "page.marks |= PAGE_MARK_NO_BODY | PAGE_MARK_EMPTY;", "page.end = PAGE_ENDED;")),
    bug("truncation_unread", "the application says that it cut the listing, and nobody listens", "truncation", "unit.page.paging",
        ("host/page/page.c", "page->marks |= PAGE_MARK_TRUNCATED;", "(void)page;")),
    bug("ceiling_unread", "a listing that stops at its ceiling counts as whole", "ceiling", "unit.page.paging",
        ("host/page/paging.c", "page->marks |= PAGE_MARK_CEILING;", "(void)page;")),
    bug("next_to_another_host", "a next link is followed to wherever it leads", "74", "unit.page.paging",
        ("host/page/paging.c", "if (!span_equal_text(bytes_span(&origin), on->reader->source->origin)) {", "if (false) {")),
    bug("next_is_self", "a next token equal to the one just used is used again", "61", "unit.page.paging",
        ("host/page/paging.c", "if (on->at->token.data && span_equal(token, on->at->token)) {", "if (false) {")),
    bug("login_page_is_json", "an HTML page with status 200 goes to the JSON gate under a false name", "23", "unit.page.page",
        ("host/page/page.c", 'bool html = span_equal_nocase(type, SPAN("text/html")) ||', "bool html = false ||")),
    # ---- the gate
    bug("duplicate_member_last_wins", "of two members of one name the last is believed", "49", "unit.json.items",
        ("host/json/gate.c", "if (result == MEMBERS_TWICE &&\n", "if (false &&\n"),
        ("host/json/gate.c", "return result == MEMBERS_SOUND ||\n", "return true ||\n")),
    bug("trailing_bytes_pass", "what stands behind the JSON text is not looked at", "48", "unit.json.gate",
        ("host/json/gate.c", "return at == gate->end || unexpected(gate, at, \"the end of the text\") != NULL;",
         "return at != NULL;")),
    bug("overlong_utf8_passes", "an overlong form of a byte passes for text", "52", "unit.json.items",
        ("host/json/scan.c", "at[0] < 0xC2", "at[0] < 0xC0")),
    # ---- records
    bug("secret_in_attributes", "declared credential material is stored as it came", "60", "unit.record.cut unit.record.map",
        ("host/record/cut.c", "    copy_until(on, cut->at.data);\n    write(on,",
         "    copy_until(on, cut->at.data);\n    if (cut->kind == CUT_REDACT)\n        return;\n    write(on,")),
    bug("secret_in_message", "a secret that the server repeats is shown", "promise 9", "unit.config.source",
        ("host/config/redact.c", "        size_t length = covered(&hidden, text);", "        size_t length = hidden.count ? 0 : covered(&hidden, text);")),
    # ---- requests
    bug("header_injection", "a parameter with a line break adds a header", "request", "unit.request.request",
        ("host/request/build.c", "if (ascii_is_control(value.data[i]) && value.data[i] != '\\t')", "if (value.data[i] == 0x7F)")),
    bug("dots_in_path", "an id of '..' climbs out of its path", "request", "unit.request.request",
        ("host/request/build.c", "if (value.length == 0 || is_dots(value))", "if (value.length == 0)")),
    bug("path_not_escaped", "an id with a slash asks for something else", "request", "unit.request.request",
        ("host/request/build.c", "        return bytes_append_percent(into, value, build->fault);\n    case ESCAPE_URL:",
         "        return bytes_append(into, value, build->fault);\n    case ESCAPE_URL:")),
    # ---- store and books
    bug("unbalanced_batch", "a batch that does not add up is written", "promise 2", "unit.store.commit",
        ("host/store/commit.c", "    if (given == batch->received)\n        return true;", "    if (given >= 0)\n        return true;"),
        ("host/store/schema.c", '"  CHECK(received =', '"  CHECK(1 OR received ='),
        ("host/store/schema.c", '"    CHECK(received =', '"    CHECK(1 OR received =')),
    bug("batch_written_twice", "a batch whose acknowledgement was lost counts twice", "114", "unit.store.commit",
        ("host/store/commit.c", "    if (found) {\n", "    if (false) {\n")),
    bug("gap_in_batches", "a batch is taken though the one before it is not there", "promise 3", "unit.store.commit",
        ("host/store/commit.c", "place.ended || batch->sequence != place.sequence + 1", "place.ended")),
    bug("assumption_unchecked", "the writer believes that an item is unchanged though it changed meanwhile", "match", "unit.store.known",
        ("host/store/item.c", "if (version < 0 || changes_since(&store->changes, assumed->object, version) != CHANGED_NO) {",
         "if (version < -1) {")),
    bug("dead_letter_is_absence", "an item that could not be mapped counts as gone", "55, 59", "unit.store.absence unit.store.commit",
        ("host/store/item.c", "seen_object(item->seen, &store->addition, row.object, true, fault) == SEEN_FAILED))\n            return false;\n        if (present && slot)",
         "false))\n            return false;\n        if (present && slot)")),
    bug("chain_unchecked", "the audit does not look at the chain", "promise 2", "unit.store.audit",
        ("host/store/audit.c", "if (good && !span_equal(stored, computed))", "if (good && stored.length == 0)")),
    bug("sums_unchecked", "the audit does not look at the sums of rows", "103", "unit.store.sums",
        ("host/store/audit.c", "good = good && sums_damaged(&store->sql, SUMS_ALL, report_row, &audit, fault);", "")),
    bug("damage_merged_away", "what is merged of a damaged row passes for sound", "103", "unit.store.sums",
        ("host/store/merge.c", "(int64_t)gathering.damaged", "INT64_C(0)")),
    bug("damage_exported", "an export shows damaged rows and says nothing", "103", "unit.store.sums",
        ("host/store/export.c", "!sums_whole(&store->sql, now ? SUMS_SHOWN_NOW : SUMS_SHOWN_AS_OF, fault) ||", "")),
    bug("sums_without_a_lane", "a quarter of a text is not in its sum", "103", "unit.base.sum",
        ("host/base/sum.c", "            c = take(c, word_at(at + 2 * WORD));\n", "")),
    bug("asserted_deletes", "what only an asserted run missed is deleted", "promise 4", "unit.store.absence",
        ("host/store/absence.c", "    if (!proven || !earlier)\n", "    if (!earlier)\n")),
    bug("mass_absence_concluded", "half of the objects gone at once are taken for gone", "absence guard", "unit.store.absence unit.policy.absence",
        ("host/policy/absence.c", '        return "more objects missing at once than the guard lets pass";', "        return NULL;")),
    bug("empty_listing_concluded", "an empty listing where there were few takes them all away", "77", "unit.store.absence unit.policy.absence",
        ("host/policy/absence.c", '        return "the listing is empty and was not before";', "        return NULL;")),
    bug("partial_concludes", "a partial run makes objects missing", "promise 4", "unit.store.absence",
        ("host/store/absence.c", "end->proof >= PROOF_ASSERTED && ", "")),
    # ---- configuration
    bug("secret_readable_by_others", "a secret's file is taken whatever its mode", "145", "unit.config.secret",
        ("host/config/secret.c", "if (stat.st_mode & forbidden)", "if (stat.st_mode & forbidden & 0)")),
    # ---- connectors
    bug("executable_segment", "a connector may hold code", "130", "plugins.elf plugins.intake",
        ("host/declaration/elf_check.c", "if (image.executable && (ok || !tells_more(refusal->number)))",
         "if (false && (ok || !tells_more(refusal->number)))")),
    bug("constructor", "a connector may have a constructor", "127", "plugins.elf plugins.intake",
        ("host/declaration/elf_dynamic.c", '    {DT_INIT_ARRAY, "INIT_ARRAY", REFUSAL_CONSTRUCTOR, RUNS_CODE},\n', "")),
    bug("executable_stack", "a connector may ask for an executable stack", "130", "plugins.elf plugins.intake",
        ("host/declaration/elf_check.c", "if (at->p_type == PT_GNU_STACK && (at->p_flags & PF_X))", "if (false)")),
    # ---- the way out
    bug("metadata_address", "the cloud's metadata address is asked", "18", "unit.transport.egress",
        ("host/transport/egress.c", "    {0xA9FE0000, 16}, /* 169.254: link-local */\n", "")),
    bug("mapped_address", "a private address in its v4-mapped form is asked", "18", "unit.transport.egress",
        ("host/transport/egress.c", "    {{{[10] = 0xFF, [11] = 0xFF}, 96}, 12}, /* v4-mapped */\n", "")),
    bug("redirect_followed", "credentials follow a redirect to another host", "21", "unit.transport.transport",
        ("host/transport/options.c", "SET(CURLOPT_FOLLOWLOCATION, 0L);", "SET(CURLOPT_FOLLOWLOCATION, 1L);")),
    bug("certificate_unchecked", "any certificate will do", "17", "unit.transport.transport",
        ("host/transport/options.c", "SET(CURLOPT_SSL_VERIFYPEER, 1L);", "SET(CURLOPT_SSL_VERIFYPEER, 0L);")),
    bug("two_lengths", "an answer with two lengths is read by one of them", "37", "unit.transport.transport",
        ("host/transport/receive.c", "if (framing->lengths > 0 && framing->transfer_encodings > 0)", "if (false)")),
    bug("stacked_encodings", "an answer packed twice is unpacked twice", "42", "unit.transport.transport",
        ("host/transport/receive.c", "if (framing->codings > 1)", "if (false)")),
    bug("bomb_unpacked", "a compressed body is unpacked however much it becomes", "41", "unit.base.coding",
        ("host/base/coding.c", "if (into->length > RATIO_FROM &&", "if (false &&")),
    bug("cut_gzip_whole", "a compressed body that was cut is taken for whole", "16", "unit.base.coding",
        ("host/base/coding.c", "            return Z_BUF_ERROR; /*", "            return Z_STREAM_END; /*")),
    bug("loss_spread", "a loss that is spread over many listings passes the guard", "78", "unit.store.absence",
        ("host/policy/absence.c", "    if (facts->child &&\n", "    if (false &&\n")),
    bug("loss_in_instalments", "what is held of a stream does not count in its next run", "78", "unit.store.absence",
        ("host/store/absence.c", "    facts->missing_elsewhere += held;\n", "")),
    # ---- crashes, disks and memory
    bug("sync_relaxed", "a commit is acknowledged before it is on the disk", "102", "inject.power",
        ("host/store/store.c", "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;", "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;")),
    bug("sync_retried", "what failed to sync is synced again, and taken for safe", "100", "inject.store",
        ("host/store/sql.c", "(void)sqlite3_db_config(handle->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);", "(void)handle;")),
    bug("broken_disk_kept", "a host whose disk has failed runs on", "99, 100", "inject.store",
        ("host/store/execute.c", "atomic_store(&store->failed, store->sql.broken);", "(void)store->sql.broken;")),
    bug("deaf_socket", "one socket that cannot be watched stops all requests for good", "125", "inject.system",
        ("host/transport/pool.c", "        pool->deaf = errno;\n        return 0;\n", "        return -1;\n"), hangs=True),
    bug("page_without_place", "a page is asked for without room for what comes of it", "124", "unit.engine.round inject.memory",
        ("host/engine/pages.c", "|| !engine_reserve(engine, PLACES_PAGE)) {", ") {")),
    bug("declined_request_forgotten", "a request that nobody could send is waited for forever", "124", "unit.engine.round",
        ("host/engine/engine.c", "            scope_declined(object);\n", "            (void)object;\n")),
    # ---- the engine: pages and their proof
    bug("checkpoint_before_data", "the checkpoint of a page is where the next one was already asked for", "promise 3",
        "unit.engine.pages",
        ("host/engine/pages.c", "const struct position *at = page->end == PAGE_GOES_ON ? &page->next : &work->at;",
         "const struct position *at = page->end == PAGE_GOES_ON ? &scope->at : &work->at;")),
    bug("circle_unseen", "a listing that goes in a circle is read until a bound stops it", "62", "unit.engine.proof",
        ("host/engine/proof.c", "page->end == PAGE_GOES_ON && is_cycle(trail, &page->next)", "false")),
    bug("repetition_unseen", "the same page under another cursor counts as a page", "80", "unit.engine.proof",
        ("host/engine/proof.c", "bool same = scope->guards.ids_hash == digest->ids_hash && scope->trail.pages > 1;", "bool same = false;")),
    bug("barren_pages_unseen", "page after page without a new record is read without end", "75", "unit.engine.proof",
        ("host/engine/scope.c", "return scope->guards.barren > round_policy(scope->run->round)->empty_pages_most;", "return false;"), hangs=True),
    bug("dead_share_unseen", "a run of which half went to the dead letters is proven", "dead letters", "unit.engine.letters unit.engine.proof",
        ("host/engine/proof.c", "return dead > DEAD_FEW && dead * 100 > percent * received;", "return false;")),
    bug("failed_commit_unseen", "a page that the store refused is forgotten", "98, promise 3", "unit.engine.round",
        ("host/engine/scope.c", "        scope_fail(scope, \"page %\" PRId64 \": %s\", batch->sequence, fault.text);\n", "")),
    bug("scope_trouble_unseen", "a scope that failed leaves its run proven", "28, promise 4", "unit.engine.round simulation.quick",
        ("host/engine/run.c", "    lower_for_scope(run, scope);\n", "")),
    bug("parent_trouble_unseen", "the children of a listing that was cut are proven", "promise 4", "unit.engine.round simulation.quick",
        ("host/engine/run.c", "if (run->parent >= 0 && round->runs[run->parent].summary.proof < run->summary.proof) {", "if (false) {")),
    bug("resume_from_the_start", "a restart reads a listing anew, over the batches it has", "promise 3", "unit.engine.pages",
        ("host/engine/scope.c", "    if (begin->position.data) {\n", "    if (false) {\n")),
    bug("total_unseen", "a total that differs from what was seen is proven", "69", "unit.engine.proof simulation.quick",
        ("host/engine/proof.c", "    if (sums->distinct + sums->unreadable != scope->total)\n", "    if (false)\n"),
        ("host/engine/proof.c", "if (scope->total_moved || sums->distinct + sums->unreadable != scope->total) {", "if (scope->total_moved) {")),
    bug("moving_total_proven", "a total that moved in both passes is proven", "68", "unit.engine.proof",
        ("host/engine/proof.c", "    else if (scope->total_moved) /* one item gone and one skipped for it leave the sums equal */\n", "    else if (false)\n")),
    bug("probe_unseen", "items that slipped between two pages by index are not missed", "66, 67", "unit.engine.proof",
        ("host/engine/probe.c", "? PROBE_ROUNDED : PROBE_MISSED;", "? PROBE_ROUNDED : PROBE_MET;")),
    bug("gone_without_control", "a 404 is believed though nothing beside it can be read", "absence", "unit.engine.inquiry",
        ("host/engine/inquiry.c", "said == SAID_NOTHING || (control && said != SAID_THERE)", "said == SAID_NOTHING")),
    bug("somebody_else_is_there", "an id that belongs to somebody else by now brings the old one back", "79", "unit.engine.inquiry",
        ("host/engine/inquiry.c", "return span_equal(digest->one_incarnation, wanted->incarnation) ? SAID_THERE : SAID_GONE;", "return SAID_THERE;")),
    # ---- incremental
    bug("bookmark_after_partial", "the bookmark moves though a scope of the run is partial", "71", "unit.engine.bookmark",
        ("host/engine/run.c", "scope->proof < PROOF_ASSERTED || scope->marks & SCOPE_MARK_DISORDER", "scope->marks & SCOPE_MARK_DISORDER"),
        ("host/engine/run.c", ".complete = run->summary.proof >= PROOF_ASSERTED,", ".complete = true,")),
    bug("bookmark_despite_disorder", "the bookmark moves though the order that it builds on does not hold", "73",
        "unit.engine.bookmark",
        ("host/engine/run.c", "scope->proof < PROOF_ASSERTED || scope->marks & SCOPE_MARK_DISORDER", "scope->proof < PROOF_ASSERTED")),
    bug("bound_not_floored", "a bound between two units of the API is sent as it is", "72", "unit.engine.bookmark",
        ("host/engine/bookmark.c", "    number -= ((number % unit) + unit) % unit;\n", "")),
    bug("no_look_back", "what was committed late is never read", "71", "unit.engine.bookmark",
        ("host/engine/bookmark.c", "        number -= look_back_ms;\n", "        number -= 0;\n")),
    # ---- logins
    bug("token_used_before_it_is_kept", "a rotated refresh token is used before it is durable", "39, 118", "unit.engine.login",
        ("host/engine/login.c", "    } else if (rotated) {\n", "    } else if (false) {\n")),
    bug("login_refused_without_end", "a 401 for good is answered with one renewal after the other", "27", "unit.engine.login",
        ("host/engine/listing.c", "if (renewed || scope->renewals++ < ENGINE_RENEWALS_MAX) {", "if (renewed || scope->renewals++ < 1000000) {")),
    # ---- turns, breakers, quarantine
    bug("one_stream_takes_all", "a stream of many scopes keeps the others waiting", "reserve", "unit.engine.lane",
        ("host/engine/lane.c", "        if (!stream || at->asking < stream->asking ||\n            (at->asking == stream->asking && at->turned < stream->turned))",
         "        if (!stream)")),
    bug("breaker_stays_closed", "an application that is down is asked as if it were up", "breaker", "unit.policy.breaker",
        ("host/policy/breaker.c", "breaker->failures >= policy->breaker_failures)", "false)")),
    bug("quarantine_does_not_stretch", "a dead connection is tried as often as on the first day", "quarantine", "unit.policy.breaker",
        ("host/policy/breaker.c", "        wait_ms *= 2;\n", "")),
    # ---- one store, one host
    bug("older_store_taken", "an old backup in the store's place is gone on with", "104, 105", "unit.store.anchor",
        ("host/store/store.c", "return anchor_holds(store, &anchor, fault);", "(void)fault;\n    return true;")),
    bug("two_hosts", "a second host takes the same store", "123", "unit.store.store",
        ("host/store/lock.c", "if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {", "if (flock(descriptor, LOCK_SH | LOCK_NB) != 0) {")),
    # ---- configuration
    bug("unknown_key_taken", "a misspelt key is passed over", "143", "unit.config.settings",
        ("host/config/reading.c", "    return reading_refuse(reading, setting, fault, \"unknown key%s\",\n        guess_text(name, keys, count, sizeof *keys, guess));",
         "    (void)guess;\n    return true;")),
]
