# SPDX-License-Identifier: Apache-2.0
"""Faults 1 to 91, as far as they come over the network: what the application does, and what must come of it, by listing and time."""
from case import (EVERY, FOR_GOOD, LINKS, NUMBERED, OFFSETS, ONCE, ONE_PAGE, PAGED, RECOVERY, STREAMS, TIMES, TOKENS, WITH_TOTAL, KEYSETS, Case,
                  Expect, fine, partial, retried)
from catalogue import entry, without

USERS, PAGE = 40, 10
BODIES = ["users_by_cursor", "users_by_link", "users_by_scim", "users_in_one"]  # one of each form of body
NAMED_TOTAL = [stream for stream in WITH_TOTAL if stream not in ONE_PAGE]


def script(stream, when, actions, page=2):
    """The rules that let the actions strike at that time; a listing of one page has no second one."""
    path = STREAMS[stream][0]
    if stream in ONE_PAGE:
        page = 1
    selector = {ONCE: f"nth={page} once", FOR_GOOD: f"nth={page}-999999", RECOVERY: "nth=1 once"}[when]
    return "".join(f"{path} {selector} {action}\n" for action in ([actions] if isinstance(actions, str) else actions))


def times_of(stream, times):
    return [when for when in times if not (when == RECOVERY and stream in ONE_PAGE)]


def cases(number, title, actions, streams, expects, page=2, **more):
    """expects: by time, or one for all times that are named."""
    for stream in streams:
        for when in times_of(stream, expects):
            yield Case(number, title, stream, when, script(stream, when, actions, page), expects[when], **more)


def asked_again(number, title, actions, streams, *words, **more):
    """R: once is made good; for good, the page before is kept and the run says why."""
    for stream in streams:
        kept = {"pages": 0 if stream in ONE_PAGE else more.get("page", 2) - 1}
        yield from cases(number, title, actions, [stream], {
            ONCE: retried(counts={"created": USERS}), RECOVERY: retried(),
            FOR_GOOD: partial(*words, retries="some", counts=kept)}, **more)


def given_up(number, title, actions, streams, *words, retries="none", page=2, **more):
    """X, P: not tried again, and said; the next run is whole."""
    for stream in streams:
        kept = 0 if stream in ONE_PAGE else page - 1
        yield from cases(number, title, actions, [stream], {
            ONCE: partial(*words, retries=retries, counts={"pages": kept, "created": kept * PAGE}),
            FOR_GOOD: partial(*words, retries=retries, counts={"pages": kept}),
            RECOVERY: partial(*words, retries=retries)}, page=page, **more)


def too_few(number, title, actions, streams, page=2):
    """P: the total says more than came."""
    for stream in streams:
        word = "none of the declared ends" if stream in OFFSETS else "items"
        yield from cases(number, title, actions, [stream], {FOR_GOOD: partial(word)}, page=page)


def unharmed(number, title, actions, streams, times=TIMES, **more):
    """S."""
    yield from cases(number, title, actions, streams, {when: fine(counts={"created": USERS} if when == ONCE else {}) for when in times}, **more)


# ---------------------------------------------------------------------- network --------------------------------------------------------


@entry(1, "NXDOMAIN", "network", "R")
def nxdomain():
    for stream in ("users_by_page", "users_by_cursor", "users_in_one"):
        yield Case(1, "name of RFC 2606", stream, ONCE, "", partial("resolve", retries="some"), url="http://nobody.invalid/at/{tenant}")


@entry(5, "RST before the status", "network", "R")
def reset_before():
    # A kept connection that dies before the status is opened anew by the library, which is no retry of the engine's; a fresh one is.
    for stream in EVERY:
        yield from cases(5, "reset", "drop", [stream], {
            ONCE: fine(counts={"created": USERS}), RECOVERY: fine(), FOR_GOOD: partial("Failure when receiving", retries="some")})


@entry(6, "RST inside the body", "network", "R")
def reset_inside():
    for at in (1, 2500):
        yield from asked_again(6, f"after {at} bytes", f"reset {at}", EVERY, "receive")
    for at in (0, 700):
        yield from asked_again(6, f"after {at} bytes", f"reset {at}", BODIES, "receive")


@entry(7, "FIN at every body byte", "network", "R")
def fin():
    for at in (0, 1500):
        yield from asked_again(7, f"after {at} bytes", f"cut {at}", EVERY, "")
    # The first half kilobyte and what follows, byte by byte, on one listing.
    for at in range(2, 600, 4):
        yield from cases(7, f"after {at} bytes", f"cut {at}", [PAGED[at // 4 % len(PAGED)]], {ONCE: retried(counts={"created": USERS})})


@entry(8, "last chunk missing", "network", "R")
def last_chunk():
    yield from asked_again(8, "chunks", "cut-chunks", EVERY, "")


@entry(9, "stall after the headers", "network", "R")
def stall():
    yield from asked_again(9, "after the headers", "stall 30000 0", EVERY, "timeout", slow=True)
    yield from asked_again(9, "in the body", "stall 30000 900", ["users_by_scim", "users_by_link"], "timeout", slow=True)


@entry(10, "one byte a second", "network", "R")
def trickle():
    yield from asked_again(10, "one byte a second", "slow 1 1000", EVERY, "timeout", slow=True)


@entry(11, "dead keep-alive connection reused", "network", "R")
def dead_connection():
    # Reading again on a new connection is the library's affair, and invisible but for the result.
    yield from unharmed(11, "closed after the answer", "close-after", EVERY, page=1)


@entry(13, "latency and jitter", "network", "R")
def latency():
    yield from unharmed(13, "50 ms and up to 100 more", "delay 50 100", EVERY)


@entry(14, "bandwidth collapse", "network", "R")
def bandwidth():
    yield from unharmed(14, "to 20 KB/s", "slow 1000 50", EVERY)


@entry(15, "one-byte slices", "network", "S")
def slices():
    yield from unharmed(15, "every byte by itself", "slow 1", EVERY)


@entry(16, "close-delimited body without an end", "network", "P")
def close_delimited():
    for stream in EVERY:
        # Where the body is whole JSON nothing is lost, but a cut between pages could not be told: no proof.
        yield from cases(16, "whole", "close-delimited", [stream], {when: fine(proof=("asserted",)) for when in times_of(stream, TIMES)})
        yield from asked_again(16, "early", "close-delimited 1200", [stream], "")


# ---------------------------------------------------------------------- HTTP -----------------------------------------------------------


@entry(21, "redirect to another host", "HTTP", "X")
def redirect():
    for code in (301, 302, 303, 307, 308):
        yield from given_up(21, f"status {code}", f"redirect {{other}}/at/stolen/cursor/users {code}", EVERY if code == 302 else BODIES,
                            "refused", str(code))


@entry(22, "redirect loop", "HTTP", "X")
def redirect_loop():
    for code in (301, 302, 307, 308):
        for stream in EVERY if code == 302 else BODIES:
            yield from cases(22, f"status {code}", f"redirect-loop {code}", [stream], {
                ONCE: fine(), RECOVERY: fine(), FOR_GOOD: partial("refused", str(code))})


@entry(23, "200 with a login page", "HTTP", "R, then A")
def login_page():
    for stream in EVERY:
        yield from cases(23, "html", "login-page", [stream], {
            ONCE: retried(counts={"created": USERS}), RECOVERY: retried(),
            FOR_GOOD: partial("html", retries="some", counts={"pages": 0 if stream in ONE_PAGE else 1}, alert=("html",))})


@entry(24, "200 with an error object", "HTTP", "R, then P")
def error_object():
    for code in ("internal", "strange"):
        yield from asked_again(24, f"code {code}", f"error-object {code}", EVERY, code)


@entry(25, "204 or empty in mid-list", "HTTP", "P")
def empty():
    for title, action in (("status 204", "no-content"), ("no bytes", "empty-body")):
        for stream in EVERY:
            yield from cases(25, title, action, [stream], {when: partial("body") for when in times_of(stream, TIMES)})


@entry(26, "401 once", "HTTP", "one refresh, S")
def unauthorized_once():
    yield from cases(26, "401", "status 401", EVERY, {ONCE: fine(counts={"created": USERS}), RECOVERY: fine()})


@entry(27, "401 for good", "HTTP", "A")
def unauthorized():
    yield from cases(27, "401", "status 401", EVERY, {FOR_GOOD: partial("refuses the login", alert=("refuses the login",))})


@entry(28, "403 on one page", "HTTP", "P")
def forbidden():
    yield from given_up(28, "one page", "status 403", PAGED, "forbidden")
    yield from cases(28, "the whole stream", "status 403", EVERY, {
        ONCE: partial("not permitted"), FOR_GOOD: partial("not permitted")}, page=1)
    yield from cases(28, "one parent", "status 403", ["group_members"], {
        when: partial("in one of its scopes: ", counts={"missing": 0}) for when in (ONCE, FOR_GOOD)}, page=3)


@entry(29, "404 on the collection", "HTTP", "P, never \"all deleted\"")
def not_found():
    yield from given_up(29, "a page", "status 404", EVERY, "not_found")
    yield from given_up(29, "the first page", "status 404", PAGED, "not_found", page=1)
    yield from cases(29, "a child's", "status 404", ["group_members"], {ONCE: partial("not_found"), FOR_GOOD: partial("not_found")}, page=3)


@entry(30, "410, cursor expired", "HTTP", "fresh full run")
def cursor_expired():
    cursors = TOKENS + LINKS  # the bound of a keyset is a value, which cannot expire
    yield from cases(30, "410", "status 410", cursors, {ONCE: fine(), RECOVERY: fine(), FOR_GOOD: partial("not_found")})  # in the end even without a cursor
    yield from given_up(30, "410 where no cursor was sent", "status 410", NUMBERED + OFFSETS + KEYSETS + ONE_PAGE, "not_found")


@entry(32, "5xx burst", "HTTP", "R")
def server_errors():
    for status in (500, 503):
        yield from asked_again(32, f"status {status}", f"status {status}", EVERY, "transient")
    for status in (502, 504, 408, 425, 599):
        yield from asked_again(32, f"status {status}", f"status {status}", BODIES, "transient")


@entry(33, "400 for good", "HTTP", "P")
def invalid():
    few, every = (402, 405, 406, 409, 411, 413, 414, 415, 418, 431, 451, 501, 505), (400, 422)
    for status in few + every:
        streams = EVERY if status in every else BODIES
        yield from given_up(33, f"status {status}", f"status {status}", [s for s in streams if s not in OFFSETS], "invalid")
        # By index the second page is asked for with an overlap; a server that refuses it is asked without, and then for good.
        yield from cases(33, f"status {status}", f"status {status}", [s for s in streams if s in OFFSETS], {
            ONCE: fine(counts={"created": USERS}), RECOVERY: fine(), FOR_GOOD: partial("invalid", counts={"pages": 1})})


@entry(34, "unasked 206", "HTTP", "R")
def partial_content():
    yield from asked_again(34, "half the body", "partial", EVERY, "206")
    yield from asked_again(34, "the whole body", "status 206 {{\"items\":[]}}", BODIES, "206")


@entry(35, "304 without a validator", "HTTP", "X")
def not_modified():
    yield from given_up(35, "304", "not-modified", EVERY, "304")


@entry(36, "flood of 1xx", "HTTP", "X")
def interim():
    yield from asked_again(36, "100,000 of 103", "flood 100000", EVERY, "")


@entry(37, "Content-Length with chunked, or two lengths", "HTTP", "X")
def framing():
    yield from asked_again(37, "two lengths", "two-lengths", EVERY, "")
    yield from asked_again(37, "length and chunks", "length-and-chunks", EVERY, "")


@entry(38, "wrong content type", "HTTP", "X")
def content_type():
    for kind in ("text/html", "application/xml"):
        yield from asked_again(38, kind, f"type {kind}", EVERY, "")


# ---------------------------------------------------------------------- body -----------------------------------------------------------


@entry(41, "gzip bomb", "body", "X")
def bomb():
    yield from asked_again(41, "of 64 MiB", "bomb 64", EVERY, "")


@entry(42, "stacked encodings", "body", "X")
def encodings():
    yield from asked_again(42, "gzip, gzip", "encodings", EVERY, "")
    yield from asked_again(42, "gzip that is none", "false-gzip", BODIES, "")


@entry(43, "depth 100,000", "body", "X")
def depth():
    yield from asked_again(43, "100,000 arrays", "deep 100000", EVERY, "byte")


@entry(44, "header bomb", "body", "X")
def header_bomb():
    yield from asked_again(44, "20,000 headers", "headers 20000 20", EVERY, "")
    yield from asked_again(44, "one of 100,000 bytes", "headers 10 100000", BODIES, "")


@entry(45, "string of 1 GB", "body", "X")
def long_string():
    yield from asked_again(45, "1 GiB", "long-string 1024", EVERY, "")


@entry(46, "endless body", "body", "X")
def endless_body():
    yield from asked_again(46, "endless", "endless-body", EVERY, "")


@entry(47, "JSON cut at each byte", "body", "R")
def cut_json():
    yield from asked_again(47, "in the middle", "cut-json 1000", EVERY, "byte")
    yield from asked_again(47, "the last byte", "cut-json -1", EVERY, "byte")
    for at in range(1, 600, 3):
        yield from cases(47, f"at byte {at}", f"cut-json {at}", [PAGED[at // 3 % len(PAGED)]], {ONCE: retried(counts={"created": USERS})})
    for at in range(2, 60):
        yield from cases(47, f"{at} before the end", f"cut-json -{at}", [PAGED[at % len(PAGED)]], {ONCE: retried(counts={"created": USERS})})


@entry(48, "trailing or concatenated JSON", "body", "X")
def trailing():
    yield from asked_again(48, "letters", "trailing xx", EVERY, "byte")
    yield from asked_again(48, "the body twice", "twice", EVERY, "byte")


def letter(number, title, mutation, code, unreadable=False):
    """L: one dead letter, the rest goes on; an item without an id bars proof and absence."""
    for stream in EVERY:
        proof = ("asserted",) if unreadable else None
        yield from cases(number, title, f"item 5 {mutation}", [stream], {
            ONCE: Expect(proof=proof, retries="none", counts={"dead": 1, "created": USERS - 1}, letters=(code,)),
            RECOVERY: Expect(proof=proof, retries="none", counts={"dead": 1}, letters=(code,))})
        # For good, every page from the second on has one. By page number the listing is read again before anybody is concluded to be
        # missing: then the first page has one too, which is more than the share of letters that a run may have. Where a total agrees and
        # all say that they joined before, it is read once.
        if stream in NUMBERED and stream not in WITH_TOTAL and not unreadable:
            yield from cases(number, title, f"item 5 {mutation}", [stream], {FOR_GOOD: partial("dead letters", counts={"dead": 3 + 4})})
        elif stream not in ONE_PAGE:
            yield from cases(number, title, f"item 5 {mutation}", [stream], {FOR_GOOD: Expect(
                proof=("asserted",) if unreadable else None, retries="none", counts={"dead": 3})})


@entry(49, "duplicate member", "body", "L")
def duplicate_member():
    yield from letter(49, "login twice", "duplicate-member", "duplicate_member")


@entry(50, "id of 2^64 and more: as text", "body", "S")
def huge_id():
    yield from cases(50, "2^70", "item 5 id-huge", EVERY, {ONCE: Expect(retries="none", counts={"created": USERS, "dead": 0}, strangers=True)})


@entry(51, "NUL", "body", "L")
def nul():
    yield from letter(51, "in a text", "nul", "nul")


@entry(52, "bad UTF-8, lone surrogate", "body", "L")
def bad_text():
    for mutation, code in (("bad-utf8", "bad_utf8"), ("overlong-utf8", "bad_utf8"), ("lone-surrogate", "lone_surrogate")):
        yield from letter(52, mutation, mutation, code)


@entry(53, "NaN, single quotes", "body", "X")
def no_json():
    for mutation in ("nan", "single-quotes", "comment", "leading-zero"):
        yield from asked_again(53, mutation, f"item 5 {mutation}", EVERY if mutation == "nan" else BODIES, "byte")


@entry(54, "colliding keys", "body", "CPU bounded")
def many_keys():
    yield from cases(54, "200,000 keys", "many-keys 200000", EVERY, {
        ONCE: Expect(proof=("partial", "asserted", "proven"), seconds=10), FOR_GOOD: Expect(proof=("partial", "asserted"), seconds=10)},
        policy=(("body_bytes_most", "8000000"),))


@entry(55, "id null or missing", "body", "L")
def no_id():
    for mutation, code in (("id-null", "id_missing"), ("id-missing", "id_missing"), ("id-empty", "id_empty")):
        yield from letter(55, mutation, mutation, code, unreadable=True)


@entry(56, "id changes type", "body", "L")
def id_type():
    for mutation in ("id-object", "id-true"):
        yield from letter(56, mutation, mutation, "id_type", unreadable=True)


@entry(57, "ids that differ in case or normal form stay distinct", "body", "S")
def id_case():
    path = "{0} nth=2 once item 5 id-case\n{0} nth=2 once item 6 id-other-case\n"
    for stream in PAGED:
        yield Case(57, "ABC-def and abc-DEF", stream, ONCE, path.format(STREAMS[stream][0]),
                   Expect(retries="none", counts={"created": USERS, "duplicate": 0}, strangers=True))


@entry(58, "unknown enum value", "body", "S")
def unknown_word():
    yield from cases(58, "hibernating", "item 5 status-unknown", [s for s in EVERY if s != "users_by_scim"],
                     {ONCE: fine(counts={"created": USERS, "dead": 0}, drift="/status")})


@entry(59, "field renamed", "body", "L and drift")
def renamed():
    yield from cases(59, "login, of one", "item 5 login-missing", [s for s in EVERY if s != "users_by_scim"], {
        ONCE: Expect(retries="none", counts={"dead": 1, "created": USERS - 1}, letters=("field_missing",))})
    yield from cases(59, "login, of all", "item 1 login-missing 10", [s for s in PAGED if s != "users_by_scim"], {
        FOR_GOOD: partial("dead letters", drift="/login")}, page=1)


@entry(60, "secret-looking field", "body", "redacted in logs")
def secret():
    yield from cases(60, "api_token", "item 5 secret", EVERY, {ONCE: fine(counts={"created": USERS})})


# ---------------------------------------------------------------------- paging ---------------------------------------------------------


@entry(61, "next equals self", "paging", "P")
def next_self():
    yield from cases(61, "self", "next-self", TOKENS + LINKS, {when: partial("itself") for when in TIMES})


@entry(62, "cycle of k", "paging", "P")
def cycle():
    for k, word in ((1, "same items"), (2, "in a circle"), (3, "in a circle")):
        yield from cases(62, f"of {k}", f"next-cycle {k}", TOKENS + LINKS, {FOR_GOOD: partial(word)}, page=1)
    yield from cases(62, "back to the start once", "next-cycle 2", TOKENS + LINKS, {ONCE: partial("in a circle")})


@entry(63, "empty page with a next", "paging", "goes on, S")
def empty_page():
    yield from cases(63, "empty", "empty-page", TOKENS + LINKS, {
        ONCE: fine(retries="none", counts={"created": USERS, "pages": 5}), RECOVERY: fine(), FOR_GOOD: partial("endless, or stuck")})


@entry(64, "next missing without the declared end", "paging", "P")
def next_missing():
    undeclared = ["users_by_cursor", "users_by_empty_cursor", "users_by_next_url"]
    yield from cases(64, "not the declared end", "next-missing", undeclared, {when: partial("none of the declared ends") for when in TIMES})
    # Where absence is the declared end, the total still tells.
    declared = ["users_by_absent_cursor", "users_by_link", "users_by_relative_url"]
    yield from cases(64, "the declared end too early", "next-missing", declared, {ONCE: fine(), RECOVERY: fine(), FOR_GOOD: partial("items")})


@entry(65, "item on two pages", "paging", "D")
def overlap():
    for k in (1, 3, 9):
        yield from cases(65, f"{k} items", f"overlap {k}", TOKENS + LINKS + KEYSETS, {
            ONCE: fine(counts={"created": USERS, "duplicate": k}), RECOVERY: fine()})
        # By position the same number of items is pushed out: the total tells, and a second pass heals.
        yield from cases(65, f"{k} items", f"overlap {k}", ["users_by_page", "users_by_offset", "users_by_scim"], {ONCE: fine(), RECOVERY: fine()})


@entry(66, "deletion during offset paging", "paging", "second pass")
def deletion():
    for k in (1, 3):
        yield from cases(66, f"{k} go", f"remove {k}", NAMED_TOTAL, {ONCE: fine(), RECOVERY: fine()})
        yield from cases(66, f"{k} are skipped", f"skip {k}", NAMED_TOTAL, {ONCE: fine(), RECOVERY: fine()})
        yield from too_few(66, f"{k} are skipped", f"skip {k}", NAMED_TOTAL)


@entry(67, "insertion during offset paging", "paging", "second pass")
def insertion():
    for k in (1, 3):
        yield from cases(67, f"{k} come at the end", f"insert {k}", NAMED_TOTAL, {ONCE: fine(), RECOVERY: fine()})


@entry(68, "total changes on the way", "paging", "verified again")
def total_moves():
    for k in (1, -1, 5):
        yield from cases(68, f"by {k}", f"total {k}", NAMED_TOTAL, {ONCE: fine(), RECOVERY: fine()})
    yield from too_few(68, "with every page", "total-drift", NAMED_TOTAL)


@entry(69, "total differs from what was seen", "paging", "P")
def total_differs():
    for k in (1, 7):
        yield from too_few(69, f"by {k}", f"total {k}", WITH_TOTAL, page=1)


@entry(73, "pages out of order", "paging", "cursor held")
def out_of_order():
    yield from unharmed(73, "items in reverse", "reverse", [s for s in EVERY if s not in KEYSETS + OFFSETS])
    # By index a page that does not begin where the one before it ended may hide somebody: read again, and then not believed.
    yield from cases(73, "items in reverse", "reverse", OFFSETS, {ONCE: fine(), RECOVERY: fine(), FOR_GOOD: partial("changed while it was read")})


@entry(74, "next link to another host", "paging", "X")
def next_host():
    yield from cases(74, "another port", "next-host 127.0.0.1:9", ["users_by_link", "users_by_next_url"], {when: partial("") for when in TIMES})
    yield from cases(74, "another name", "next-host elsewhere.test", ["users_by_link", "users_by_next_url"], {when: partial("") for when in TIMES})


@entry(75, "endless pages", "paging", "P")
def endless():
    yield from cases(75, "the same again", "endless", TOKENS + LINKS, {FOR_GOOD: partial("")}, page=1)
    yield from cases(75, "ever new ones", "endless fresh", TOKENS + LINKS, {FOR_GOOD: partial("", strangers=True)}, page=1,
                     policy=(("pages_most", "30"),), healed=Expect(strangers=True))


@entry(76, "server shrinks the page size", "paging", "S")
def shrink():
    for k in (1, 3, 9):
        yield from unharmed(76, f"to {k}", f"shrink {k}", OFFSETS + TOKENS + LINKS + KEYSETS)


@entry(77, "empty first page where there were many", "paging", "held, P")
def empty_listing():
    yield from cases(77, "empty", "empty-listing", EVERY, {FOR_GOOD: Expect(proof=("partial", "proven", "asserted"), held=True)}, page=1)


@entry(70, "equal cursor timestamps", "paging", "overlap, D")
def equal_times():
    for k in (1, 11, 30):
        yield Case(70, f"{k} at one instant", "users_changed", FOR_GOOD, "", fine(counts={"full": False}), before=(
            f"change?in=users&count={k}&number=8",))


@entry(71, "late commit below the cursor", "paging", "look-back, full run")
def late_commit():
    for k in (1, 12):
        yield Case(71, f"{k}, ten minutes late", "users_changed", FOR_GOOD, "", fine(counts={"full": False}), before=(
            f"change?in=users&count={k}&number=8&late=600",), policy=(("look_back", '"1h"'),))


without(72, "cursor finer than its unit", "no case here: the sample application has no finer times; unit.engine.bookmark floors every format")


@entry(78, "replica flap", "paging", "deleted only after two proofs")
def flap():
    for stream in TOKENS + LINKS + KEYSETS:
        path = STREAMS[stream][0]
        yield Case(78, "one is not in the listing, nor in its total", stream, FOR_GOOD, f"{path} nth=2 skip 1\n{path} total -1\n",
                   Expect(strangers=True, counts={"missing": 2, "deleted": 0}))


@entry(79, "id reused for somebody else", "paging", "new object, flagged")
def reuse():
    for stream in PAGED + ONE_PAGE:
        yield Case(79, "another creation time", stream, FOR_GOOD, "", fine(counts={"created": 1}), before=("reuse?number=3",))


@entry(80, "page repeated with a new cursor", "paging", "P")
def repeat():
    yield from cases(80, "repeated", "repeat-page", TOKENS + LINKS, {when: partial("same items") for when in TIMES if when != RECOVERY})


@entry(81, "first page only, \"success\"", "paging", "P")
def first_page_only():
    yield from cases(81, "the total tells", "first-page-only", NAMED_TOTAL, {FOR_GOOD: partial("items")}, page=1)
    yield from cases(81, "the total lies too", "first-page-only lying", NAMED_TOTAL, {
        FOR_GOOD: Expect(proof=("partial", "proven", "asserted"), held=True)}, page=1)


# ---------------------------------------------------------------------- rate -----------------------------------------------------------


@entry(82, "429 with seconds", "rate", "R")
def seconds():
    yield from cases(82, "1", ["status 429", "retry-after 1"], EVERY, {
        ONCE: fine(throttled=True), RECOVERY: fine(throttled=True)}, slow=True)
    yield from cases(82, "1", ["status 429", "retry-after 1"], EVERY, {FOR_GOOD: partial("interrupted")}, interrupt_s=2.5, slow=True)


@entry(83, "429 with a date", "rate", "R")
def date():
    yield from cases(83, "in a second", ["status 429", "retry-after date 1"], EVERY, {
        ONCE: fine(throttled=True), RECOVERY: fine(throttled=True)}, slow=True)


@entry(84, "429 without a header", "rate", "R")
def bare():
    yield from cases(84, "429", "status 429", EVERY, {ONCE: fine(throttled=True), RECOVERY: fine(throttled=True)}, slow=True)


@entry(85, "negative, 10^12, garbage", "rate", "C")
def garbage():
    for value in ("-5", "1000000000000", "soon", "99999999999999999999999", "1e9", "1.5", "Thu, 99 Foo 2026 99:99:99 GMT"):
        yield from cases(85, value, ["status 429", f"header Retry-After: {value}"], BODIES, {
            ONCE: fine(throttled=True), RECOVERY: fine(throttled=True)}, slow=True)


DIALECTS = ("ietf", "ietf-combined", "github", "okta", "gitlab", "zendesk", "atlassian", "microsoft", "linear", "discord")


@entry(87, "remaining 0 on a 200", "rate", "pause, S")
def remaining():
    for dialect in DIALECTS:
        yield from cases(87, dialect, f"rate {dialect} 0 1 100", BODIES[:3], {ONCE: fine(throttled=True), RECOVERY: fine(throttled=True)},
                         slow=True)


@entry(88, "reset by the server's clock", "rate", "corrected")
def server_clock():
    for shift in (3600, -3600, 86400 * 365):
        for dialect in ("github", "okta", "linear", "atlassian"):
            yield from cases(88, f"{dialect}, {shift} s off", [f"date {shift}", f"rate {dialect} 0 1 100"], BODIES[:3], {
                ONCE: fine(throttled=True, counts={"created": USERS})}, slow=True, policy=(("retry_after_most", '"1d"'),))


@entry(89, "budget shared with others", "rate", "AIMD")
def shared():
    yield from cases(89, "20 a second", "limit 20", PAGED, {FOR_GOOD: fine()}, page=1, slow=True)


@entry(91, "Retry-After 0 for ever", "rate", "backoff still grows")
def zero():
    yield from cases(91, "0", ["status 429", "retry-after 0"], EVERY, {ONCE: fine(), RECOVERY: fine()}, slow=True)
    yield from cases(91, "0", ["status 429", "retry-after 0"], EVERY, {FOR_GOOD: partial("interrupted", requests_most=40)}, interrupt_s=2.5,
                     slow=True, policy=(("backoff_first", '"1ms"'), ("backoff_most", '"300ms"')))
