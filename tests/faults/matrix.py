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

import package  # noqa: F401 (each fills its part of the catalogue)
import process  # noqa: F401
import remote  # noqa: F401
import store  # noqa: F401
import wire  # noqa: F401
from batch import Batch, Site, reference
from catalogue import ENTRIES, KNOWN, NUMBERS
from local import run_case

BATCH = 56          # cases in one process
SHOWN = 6           # failures of one number that are printed
PART = 8            # cases of a probe in one job
PATIENT = {2, 4, 12, 17, 90, 97, 115, 125, 126, 146, 147}  # numbers whose cases take seconds each
SLOWEST = 5         # jobs that are named
QUICK = 2           # cases of one number in the quick check


class Results:
    def __init__(self):
        self.lock = threading.Lock()
        self.cases = collections.Counter()
        self.wrong = collections.defaultdict(list)
        self.known = collections.defaultdict(list)

    def add(self, number, name, sentences):
        with self.lock:
            self.cases[number] += 1
            words, why = KNOWN.get(number, (None, None))
            if sentences and words and all(words in sentence for sentence in sentences):
                self.known[number].append((name, why))
            elif sentences:
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


def parts(probes, quick):
    """What the probes give, a few cases at a time."""
    for made in probes:
        if quick and made.number in PATIENT:
            continue
        listed = [(made, title, function) for title, function in made.probe()]
        if quick:
            listed = listed[len(listed) // 2:len(listed) // 2 + 1]
        for i in range(0, len(listed), PART):
            yield listed[i:i + PART]


def run_all(listed, parts, workers, results):
    sites = [Site() for _ in range(workers)]
    free = list(sites)
    known = reference(sites[0])
    serial = itertools.count()

    def run_batch(site, cases):
        failures, common = Batch(site, f"b{next(serial)}", cases).run(known)
        for i, case in enumerate(cases):
            results.add(case.number, case.name(), failures[i] + [f"the batch: {sentence}" for sentence in common])
        return f"a batch of {len(cases)}, {cases[0].when}, from {cases[0].name()}"

    def run_part(site, part):
        for made, title, function in part:
            results.add(made.number, f"{made.number} {title}", run_case(made.number, next(serial), function, site, known))
        return f"{len(part)} of {part[0][0].number}: {part[0][0].title}"

    def run(job):
        with results.lock:
            site = free.pop()
        began = time.monotonic()
        try:
            what = job[0](site, job[1])
        finally:
            with results.lock:
                free.append(site)
        return time.monotonic() - began, what

    jobs = [(run_part, part) for part in parts] + [(run_batch, cases) for cases in listed]
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        slowest = sorted(pool.map(run, jobs), reverse=True)[:SLOWEST]
    for site in sites:
        site.close()
    for seconds, what in slowest:
        print(f"{seconds:5.1f} s: {what}")


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
            said = f"{wrong} WRONG" if wrong else f"{len(results.known[number])} known" if results.known[number] else "as it must"
            print(f"{number:>4} {results.cases[number]:>5}  {made.outcome[:28]:28} {said:10} {made.category}: {made.title}")
            for reason in sorted({reason for _, reason in results.known[number]}):
                print(f"{'':>10}  known gap: {reason}")


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
    probes = [ENTRIES[number] for number in chosen if number in ENTRIES and ENTRIES[number].probe]
    run_all(list(batches(cases)), list(parts(probes, options.quick)), options.jobs, results)
    if not options.quick:
        for number in KNOWN.keys() & set(chosen) - results.known.keys():
            results.wrong[number].append((str(number), ["no case shows the known gap any more: strike it out in catalogue.py"]))
    for number, failures in sorted(results.wrong.items()):
        for name, sentences in failures[:SHOWN]:
            print(f"FAILED: {name}: {'; '.join(sentences)}", file=sys.stderr)
        if len(failures) > SHOWN:
            print(f"FAILED: {number}: and {len(failures) - SHOWN} more", file=sys.stderr)
    table(results, chosen)
    wrong = sum(len(failures) for failures in results.wrong.values())
    missing = [number for number in chosen if number not in ENTRIES]
    known = sum(len(failures) for failures in results.known.values())
    print(f"\n{sum(results.cases.values())} cases, {wrong} wrong, {known} known gaps, {time.monotonic() - began:.0f} s")
    sys.exit(1 if wrong or missing else 0)


if __name__ == "__main__":
    main()
