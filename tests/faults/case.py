# SPDX-License-Identifier: Apache-2.0
"""A case of the fault matrix as a value: one fault of the catalogue, upon one listing, at one time, and what must come of it."""
from dataclasses import dataclass, field

# Every way in which the sample application pages: stream -> path of its requests, and the proof that its listing can give.
STREAMS = {
    "users_by_page": ("/page/users", "proven"),
    "users_by_last_flag": ("/page/users", "asserted"),
    "users_by_empty_page": ("/page/users", "asserted"),
    "users_by_offset": ("/offset/users", "proven"),
    "users_by_has_more": ("/offset/users", "asserted"),
    "users_by_cursor": ("/cursor/users", "proven"),
    "users_by_absent_cursor": ("/cursor/users", "proven"),
    "users_by_empty_cursor": ("/cursor/users", "proven"),
    "users_by_link": ("/link/users", "proven"),
    "users_by_next_url": ("/next/users", "proven"),
    "users_by_relative_url": ("/next/users", "proven"),
    "users_by_keyset": ("/keyset/users", "proven"),
    "users_by_scim": ("/scim/v2/Users", "proven"),
    "users_in_one": ("/bare/users", "proven"),
    "users_changed": ("/changes/users", "asserted"),
    "groups": ("/link/groups", "proven"),
    "group_members": ("/offset/groups/", "proven"),
}
ONE_PAGE = ["users_in_one"]
NUMBERED = ["users_by_page", "users_by_last_flag", "users_by_empty_page"]
OFFSETS = ["users_by_offset", "users_by_has_more", "users_by_scim"]
TOKENS = ["users_by_cursor", "users_by_absent_cursor", "users_by_empty_cursor"]
LINKS = ["users_by_link", "users_by_next_url", "users_by_relative_url"]
KEYSETS = ["users_by_keyset"]
PAGED = NUMBERED + OFFSETS + TOKENS + LINKS + KEYSETS
EVERY = PAGED + ONE_PAGE
WITH_TOTAL = [stream for stream in EVERY if STREAMS[stream][1] == "proven"]

# When the fault strikes.
ONCE = "once"          # one request, then it is gone; the store is new
FOR_GOOD = "for good"  # every request from then on; the store knows everybody, and one of them left meanwhile
RECOVERY = "recovery"  # the first request after a kill -9 in mid run and a restart
TIMES = (ONCE, FOR_GOOD, RECOVERY)


@dataclass(frozen=True)
class Expect:
    """What a run under a fault must be. None: not looked at. The invariants of check.py hold for every case besides."""
    proof: tuple = None         # allowed; None: what the listing can give without a fault
    reason: tuple = ()          # words of the reason, in any case
    alert: tuple = ()           # words of what is said about the whole connection
    retries: str = None         # "some" or "none"
    counts: dict = field(default_factory=dict)  # member of the run -> its value
    letters: tuple = None       # codes of the open dead letters, sorted
    everybody: bool = None      # every user of the application is live
    held: bool = None           # absences wait for a person
    throttled: bool = None      # time was spent waiting for a rate
    seconds: float = None       # that the run may take
    requests_most: int = None   # that it may send
    strangers: bool = False     # ids that the application does not have are expected
    drift: str = None           # what was reported about the shape


@dataclass(frozen=True)
class Case:
    number: int
    title: str       # of this form of the fault
    stream: str
    when: str
    script: str      # of the sample application
    expect: Expect
    before: tuple = ()          # control requests right before the run under the fault
    healed: Expect = None       # of the run after it, where it is not simply everything
    policy: tuple = ()          # settings beside the common ones; cases with equal ones share a process
    connection: str = ""        # further text of the connection
    url: str = None             # where it goes instead; {upstream}, {other} and {tenant} stand for those
    slow: bool = False          # takes seconds: shares a process with the like
    interrupt_s: float = 0      # ended by SIGTERM after so long: the fault outlasts the test's patience

    def name(self):
        return f"{self.number} {self.title}, {self.stream}, {self.when}"


def fine(retries=None, **more):
    """S: the run is as if nothing had been."""
    return Expect(everybody=True, retries=retries, **more)


def retried(**more):
    """R: asked again with backoff, then as if nothing had been."""
    return fine(retries="some", **more)


def partial(*words, **more):
    """P, X: the run says at which page and why; nothing is concluded from it."""
    return Expect(proof=("partial",), reason=words, **more)
