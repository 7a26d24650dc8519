# SPDX-License-Identifier: Apache-2.0
"""The catalogue: an entry for each number, in a table that its modules fill."""
from dataclasses import dataclass
from typing import Callable

NUMBERS = range(1, 157)
CATEGORIES = ((1, 20, "network"), (21, 40, "HTTP"), (41, 60, "body"), (61, 81, "paging"), (82, 91, "rate"), (92, 96, "clock"),
              (97, 111, "store"), (112, 126, "process"), (127, 142, "plugin"), (143, 147, "configuration"), (148, 156, "webhook and admin"))


@dataclass(frozen=True)
class Entry:
    number: int
    title: str
    category: str
    outcome: str             # the letters of the catalogue, or its words
    cases: Callable = None   # gives the cases for batches
    probe: Callable = None   # or gives (title, function of a stand) pairs, which say what is wrong
    why: str = ""            # there is no case: why


ENTRIES = {}
# Gaps of the host: number -> (words that all that is wrong with such a case contains, why). Printed in the table; one that no case of a
# whole matrix shows any more is an error.
KNOWN = {}


def _add(made):
    if made.number in ENTRIES:
        raise ValueError(f"fault {made.number} has two entries")
    ENTRIES[made.number] = made


def entry(number, title, category, outcome):
    def keep(function):
        _add(Entry(number, title, category, outcome, cases=function))
        return function
    return keep


def probe(number, title, category, outcome):
    def keep(function):
        _add(Entry(number, title, category, outcome, probe=function))
        return function
    return keep


def without(number, title, why):
    category = next(name for first, last, name in CATEGORIES if first <= number <= last)
    _add(Entry(number, title, category, "", why=why))
