# SPDX-License-Identifier: Apache-2.0
"""The fault matrix: every case of every number, in batches, on as many workers as there are cores; a table at the end.

usage: matrix.py [--quick] [--jobs N] [NUMBER...]
"""
import argparse
import collections
import concurrent.futures
import itertools
import os
import sys
import threading
import time

import remote  # noqa: F401 (fills the catalogue)
from batch import Batch, Site, reference
from catalogue import ENTRIES, NUMBERS

BATCH = 56          # cases in one process
SHOWN = 6           # failures of one number that are printed
QUICK = 2           # cases of one number in the quick check


class Results:
    def __init__(self):
        self.lock = threading.Lock()
        self.cases = collections.Counter()
        self.wrong = collections.defaultdict(list)

    def add(self, number, name, sentences):
        with self.lock:
            self.cases[number] += 1
            if sentences:
                self.wrong[number].append((name, sentences))


def batches(cases):
    """Cases that can share a process: the same time, policy and pace; numbers are mixed, so that the sound are beside the sick."""
    groups = collections.defaultdict(list)
    for case in cases:
        groups[(case.when, case.policy, case.slow, case.interrupt_s)].append(case)
    for group in groups.values():
        count = -(-len(group) // BATCH)
        for i in range(count):
            yield group[i::count]


def spread(cases):
    """A few of each number, as far apart as its list goes, and none that takes seconds."""
    of_number = collections.defaultdict(list)
    for case in cases:
        if not case.slow:
            of_number[case.number].append(case)
    return [listed[i * (len(listed) - 1) // max(QUICK - 1, 1)] for listed in of_number.values() for i in range(min(QUICK, len(listed)))]


def run_batches(listed, workers, results):
    sites = [Site() for _ in range(workers)]
    free = list(sites)
    known = reference(sites[0])
    serial = itertools.count()

    def run(cases):
        with results.lock:
            site, label = free.pop(), f"b{next(serial)}"
        began = time.monotonic()
        try:
            failures, common = Batch(site, label, cases).run(known)
        finally:
            with results.lock:
                free.append(site)
        for i, case in enumerate(cases):
            results.add(case.number, case.name(), failures[i] + [f"the batch: {sentence}" for sentence in common])
        return time.monotonic() - began, cases

    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        slowest = sorted(pool.map(run, listed), key=lambda done: -done[0])[:3]
    for site in sites:
        site.close()
    for seconds, cases in slowest:
        print(f"a batch of {len(cases)} took {seconds:.1f} s: {cases[0].when}, from {cases[0].name()}")


def table(results, chosen):
    print(f"\n{'no.':>4} {'cases':>5}  {'must be':28} {'outcome':10} fault")
    for number in chosen:
        made = ENTRIES.get(number)
        if made is None:
            print(f"{number:>4} {'-':>5}  {'':28} {'MISSING':10} the catalogue has no entry")
        elif made.why:
            print(f"{number:>4} {'-':>5}  {'':28} {'no case':10} {made.title}: {made.why}")
        else:
            wrong = len(results.wrong[number])
            said = "as it must" if wrong == 0 else f"{wrong} WRONG"
            print(f"{number:>4} {results.cases[number]:>5}  {made.outcome[:28]:28} {said:10} {made.category}: {made.title}")


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--quick", action="store_true", help="a spread of the cases: under 20 s")
    arguments.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1))
    arguments.add_argument("numbers", type=int, nargs="*")
    options = arguments.parse_args()
    chosen = options.numbers or list(NUMBERS)
    began = time.monotonic()
    cases = [case for number in chosen if number in ENTRIES and ENTRIES[number].cases for case in ENTRIES[number].cases()]
    if options.quick:
        cases = spread(cases)
    results = Results()
    run_batches(list(batches(cases)), options.jobs, results)
    for number, failures in sorted(results.wrong.items()):
        for name, sentences in failures[:SHOWN]:
            print(f"FAILED: {name}: {'; '.join(sentences)}", file=sys.stderr)
        if len(failures) > SHOWN:
            print(f"FAILED: {number}: and {len(failures) - SHOWN} more", file=sys.stderr)
    table(results, chosen)
    wrong = sum(len(failures) for failures in results.wrong.values())
    print(f"\n{sum(results.cases.values())} cases, {wrong} wrong, {time.monotonic() - began:.0f} s")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
