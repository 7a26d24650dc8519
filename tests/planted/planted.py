#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests the tests: plants one bug after the other in a copy of the tree, builds what its catchers need, and runs them.

    planted.py --work DIR [--jobs N] [--list] [NAME...]

N copies are worked on at the same time, each with one compiler and one test at a time; whoever is free takes the next bug.
Every bug of bugs.py must be caught: each of the tests that it names fails (or does not end). Before any bug is planted,
all of these tests must pass on the copy as it is; else nothing could be said. A bug whose text is not in its file exactly
once is stale and fails the run: a list that nobody maintains proves nothing.
"""
import argparse
import concurrent.futures
import os
import pathlib
import queue
import re
import shutil
import subprocess
import sys
import time

from bugs import BUGS

ROOT = pathlib.Path(__file__).resolve().parents[2]
COPIED = ["CMakeLists.txt", "CMakePresets.json", "LICENSE", "README.md", "host", "plugin-api", "plugins", "tests", "packaging"]
TEST_SECONDS = 120  # a catcher that takes longer under a bug hangs, which is a failure too

# The targets that a test needs, by its name.
TARGETS = [
    (re.compile(r"unit\.(\w+)\.(\w+)"), lambda m: [f"unit_{m[1]}_{m[2]}"]),
    (re.compile(r"simulation\.\w+"), lambda m: ["simulation_test"]),
    (re.compile(r"plugins\.(\w+)"), lambda m: [f"plugins_{m[1]}"]),
    (re.compile(r"fuzz\.(\w+)\.replay"), lambda m: [f"fuzz_{m[1]}_replay"]),
    (re.compile(r"inject\.system"), lambda m: ["muster", "muster_upstream", "muster_connectors", "inject_preload"]),
    (re.compile(r"inject\.(\w+)"), lambda m: [f"inject_{m[1]}"]),
    (re.compile(r"scenario\.\w+"), lambda m: ["muster", "muster_upstream", "muster_connectors", "connector_oauth"]),
]


def targets(tests):
    found = set()
    for test in tests:
        for pattern, names in TARGETS:
            match = pattern.fullmatch(test)
            if match:
                found.update(names(match))
                break
        else:
            sys.exit(f"planted: {test}: no rule says what to build for it")
    return sorted(found)


def copy_tree(to):
    """What differs is copied, with its time, so that a second run builds only that; what is gone is removed."""
    wanted = set()
    for top in COPIED:
        source = ROOT / top
        for path in [source] if source.is_file() else source.rglob("*"):
            if path.is_dir() or "node_modules" in path.parts or "__pycache__" in path.parts:
                continue
            target = to / path.relative_to(ROOT)
            wanted.add(target)
            if not target.exists() or target.read_bytes() != path.read_bytes():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, target)
    for path in list(to.rglob("*")):
        if path.is_file() and path not in wanted and to / "build" not in path.parents:
            path.unlink()


def run(command, log, seconds=None):
    with open(log, "ab") as out:
        try:
            return subprocess.run(command, stdout=out, stderr=subprocess.STDOUT, timeout=seconds).returncode
        except subprocess.TimeoutExpired:
            return -1


class Copy:
    def __init__(self, work):
        self.tree = work
        self.build = work / "build"
        self.log = work / "build" / "planted.log"
        self.build.mkdir(parents=True, exist_ok=True)
        self.log.write_bytes(b"")

    def configure(self):
        # Neither optimised nor with debug information: most of the time would go there. Without -Werror: a bug may leave a variable unused.
        return run(["cmake", "-S", self.tree, "-B", self.build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug",
                    "-DCMAKE_C_FLAGS_DEBUG=-O0"], self.log) == 0

    def make(self, tests):
        return run(["cmake", "--build", self.build, "-j", "1", "--target", *targets(tests)], self.log) == 0

    def failed(self, tests):
        """The tests that fail; ctest's own list of them tells a failure from a test that was not built."""
        pattern = "^(" + "|".join(re.escape(test) for test in tests) + ")$"
        output = subprocess.run(["ctest", "--test-dir", self.build, "-R", pattern, "--timeout", str(TEST_SECONDS),
                                 "--no-tests=error", "-j", "1"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        with open(self.log, "a", encoding="utf-8") as log:
            log.write(output.stdout)
        if "Not Run" in output.stdout or "No tests were found" in output.stdout:
            sys.exit(f"planted: one of {', '.join(tests)} could not be run; see {self.log}")
        return re.findall(r"^\s*\d+ - (\S+) \(", output.stdout, re.MULTILINE)


def plant(copy, bug):
    """The files as they were, by path; None where the bug is stale."""
    before = {}
    for edit in bug.edits:
        path = copy.tree / edit.file
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        if text.count(edit.old) != 1:
            restore(before)
            print(f"  {bug.name}: stale: its text is in {edit.file} {text.count(edit.old)} times")
            return None
        before.setdefault(path, text)
        path.write_text(text.replace(edit.old, edit.new), encoding="utf-8")
    return before


def restore(before):
    for path, text in before.items():
        path.write_text(text, encoding="utf-8")


def attempt(copy, bug):
    before = plant(copy, bug)
    if before is None:
        return False
    started = time.monotonic()
    try:
        if not copy.make(bug.caught_by):
            print(f"  {bug.name}: does not build with the bug in; see {copy.log}")
            return False
        failed = copy.failed(bug.caught_by)
    finally:
        restore(before)
    seconds = time.monotonic() - started
    missing = [test for test in bug.caught_by if test not in failed]
    caught = ", ".join(failed) if failed else "NOT CAUGHT"
    print(f"  {bug.name:34} {caught}" + (f"; not by {', '.join(missing)}" if failed and missing else "") + f"  [{seconds:.1f} s]",
          flush=True)
    return not missing


def prepare(copy, tests, own):
    """Builds all tests; of those that pass without a bug, each copy runs its own share. What is wrong, if anything."""
    copy_tree(copy.tree)
    if not copy.configure() or not copy.make(tests):
        return f"the tree does not build as it is; see {copy.log}"
    if own and (broken := copy.failed(own)):
        return f"without any bug these fail already: {', '.join(broken)}; see {copy.log}"
    return None


def cost(bug):
    """The slow ones first, so that no worker ends with one of them alone: what is no unit test takes seconds, and what hangs a minute."""
    return bug.hangs, sum(not test.startswith("unit.") for test in bug.caught_by)


def in_turn(copies):
    """Tries a bug in whichever copy is free."""
    free = queue.SimpleQueue()
    for copy in copies:
        free.put(copy)

    def try_one(bug):
        copy = free.get()
        try:
            return attempt(copy, bug)
        finally:
            free.put(copy)
    return try_one


def main():
    parser = argparse.ArgumentParser(description="plants bugs and shows which test catches each")
    parser.add_argument("--work", type=pathlib.Path, required=True, help="folder for the copies of the tree")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1), help="copies that are worked on at the same time")
    parser.add_argument("--list", action="store_true", help="print the bugs and leave")
    parser.add_argument("names", nargs="*", help="these only")
    options = parser.parse_args()
    chosen = [bug for bug in BUGS if not options.names or bug.name in options.names]
    if options.list:
        for bug in chosen:
            print(f"{bug.name:34} {bug.promise:12} {bug.what}")
        return 0
    if len({bug.name for bug in BUGS}) != len(BUGS) or not chosen:
        sys.exit("planted: two bugs of one name, or none of that name")
    tests = sorted({test for bug in chosen for test in bug.caught_by})
    os.environ["CTEST_OUTPUT_ON_FAILURE"] = "1"
    copies = [Copy(options.work.resolve() / str(i + 1)) for i in range(min(options.jobs, len(chosen)))]
    with concurrent.futures.ThreadPoolExecutor(len(copies)) as pool:
        for wrong in pool.map(lambda i: prepare(copies[i], tests, tests[i::len(copies)]), range(len(copies))):
            if wrong:
                sys.exit(f"planted: {wrong}")
        print(f"{len(chosen)} bugs, {len(tests)} tests that pass without them", flush=True)
        ordered = sorted(chosen, key=cost, reverse=True)
        survivors = [bug for bug, caught in zip(ordered, pool.map(in_turn(copies), ordered)) if not caught]
    for bug in survivors:
        print(f"FAILED: {bug.name}: {bug.what}")
    print(f"{len(chosen) - len(survivors)} of {len(chosen)} caught")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
