# SPDX-License-Identifier: Apache-2.0
"""Runs many cases in one process: each is a connection of its own to an application of its own, so that a batch costs one start of muster
and shows besides that nobody's trouble becomes anybody else's. Two connections of every batch have no fault and must come out as ever."""
import http.client
import json
import signal
import subprocess

from case import FOR_GOOD, ONCE, RECOVERY, STREAMS, Expect
from changes import Changes
from check import CONTENT, judge
from lab import Lab, Upstream

USERS, PAGE = 40, 10
DEPARTED = 7  # the number of who leaves before a run under a lasting fault
CONTROLS = ("users_by_page", "users_by_cursor")
COMMON = {"attempts_max": "3", "backoff_first": '"2ms"', "backoff_most": '"10ms"', "retry_after_most": '"1s"', "empty_pages_most": "3",
          "body_bytes_most": "400000", "look_back": '"1s"', "breaker_open": '"100ms"', "low_speed": '"1s"', "request_timeout": '"3s"',
          "connect_timeout": '"300ms"'}
PATIENCE_S = 60


class Site:
    """The servers that a worker's cases share."""

    def __init__(self):
        options = ("--users", USERS, "--groups", 6, "--page-max", PAGE, "--record-bytes", 300)
        self.main, self.other = Upstream(*options), Upstream(*options)
        self.line = http.client.HTTPConnection(self.main.address, timeout=10)
        self.first = {}

    def ask(self, method, path, body=b""):
        self.line.request(method, path, body=body)
        answer = self.line.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{method} {path}: {answer.status} {text!r}")
        return json.loads(text) if text else None

    def control(self, tenant, order, body=b""):
        return self.ask("POST", f"/at/{tenant}/_control/{order}", body)

    def ids(self, tenant, collection="users"):
        return {item["id"] for item in self.ask("GET", f"/at/{tenant}/bare/{collection}")}

    def first_ids(self, collection):
        """Of the objects that every application begins with."""
        if collection not in self.first:
            self.first[collection] = self.ids("first", collection)
        return self.first[collection]

    def close(self):
        self.line.close()
        self.main.close()
        self.other.close()


class Batch:
    def __init__(self, site, label, cases):
        self.site, self.cases, self.when = site, cases, cases[0].when
        self.lab = Lab()
        self.tenants = [f"{label}-{i}" for i in range(len(cases))]
        self.controls = [f"{label}-sound-{i}" for i in range(len(CONTROLS))]
        self.failures = {i: [] for i in range(len(cases))}  # case -> sentences
        self.common = []  # what is wrong with the batch as a whole

    # ------------------------------------------------------------------ configuration --------------------------------------------------

    def policy(self):
        settings = {**COMMON, **dict(self.cases[0].policy)}
        return "policy = { " + " ".join(f"{name} = {value};" for name, value in settings.items()) + " };"

    def configure(self):
        connections = []
        for tenant, case in zip(self.tenants, self.cases):
            url = (case.url or "{upstream}/at/{tenant}").format(upstream=self.site.main.url, other=self.site.other.url, tenant=tenant)
            streams = '"groups", "group_members"' if case.stream == "group_members" else f'"{case.stream}"'
            connections.append((tenant, "sample", url, f'secrets = {{ token = "file:{tenant}"; }}; streams = [{streams}]; {case.connection}'))
            self.lab.secret(tenant, tenant)
        for tenant, stream in zip(self.controls, CONTROLS):
            connections.append((tenant, "sample", f"{self.site.main.url}/at/{tenant}",
                                f'secrets = {{ token = "file:{tenant}"; }}; streams = ["{stream}"];'))
            self.lab.secret(tenant, tenant)
        self.lab.configure(connections, extra=self.policy())

    # ------------------------------------------------------------------ runs -----------------------------------------------------------

    def sync(self, interrupt_s=0):
        command = self.lab.command("sync", "--json")
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            output, errors = process.communicate(timeout=interrupt_s or PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGTERM if interrupt_s else signal.SIGABRT)
            try:
                output, errors = process.communicate(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                output, errors = process.communicate()
                self.common.append("sync does not drain within 30 s of SIGTERM")
            if not interrupt_s:
                self.common.append(f"sync takes more than {PATIENCE_S} s")
        if process.returncode not in (0, 1):
            self.common.append(f"sync ends with {process.returncode}: {errors[-600:]}")
        try:
            runs = {(run["connection"], run["stream"]): run for run in json.loads(output)["runs"]}
        except (json.JSONDecodeError, KeyError):
            runs = {}
            self.common.append(f"sync prints {output[-300:]!r}")
        troubled = any(run["proof"] == "partial" or run["held"] for run in runs.values())
        if troubled and process.returncode == 0:
            self.common.append("sync ends with 0 though a run is partial or held")
        return runs, errors

    def sync_killed(self):
        """Until the second page of every case is committed and the third is on its way; then kill -9."""
        for tenant, case in zip(self.tenants, self.cases):
            self.site.control(tenant, "script", f"{STREAMS[case.stream][0]} nth=3-999999 delay 60000\n".encode())
        wanted = 2 * len(self.cases)
        with Changes(self.lab.folder) as changes:
            process = subprocess.Popen(self.lab.command("sync", "--json"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            changes.until(lambda: self.committed() >= wanted, process, PATIENCE_S)
        process.kill()
        _, errors = process.communicate()
        if self.committed() < wanted:
            self.common.append(f"only {self.committed()} of {wanted} pages are committed before the kill: {errors[-300:]}")

    def committed(self):
        try:
            names = ",".join(f"'{tenant}'" for tenant in self.tenants)
            return self.lab.query(f"SELECT count(*) FROM batch WHERE connection IN ({names})")[0][0]
        except Exception:  # there is no store yet, or no view in it
            return 0

    # ------------------------------------------------------------------ a whole batch --------------------------------------------------

    def prepare(self):
        """What was before the fault."""
        if self.when == RECOVERY:
            self.sync_killed()
        elif self.when == FOR_GOOD:
            runs, errors = self.sync()
            for i, (tenant, case) in enumerate(zip(self.tenants, self.cases)):
                if case.url is None:
                    sound = judge(case, Expect(everybody=True), tenant, runs, errors, self.lab, self.site)
                    self.failures[i] += [f"before the fault: {sentence}" for sentence in sound]
                if case.stream.startswith("users"):
                    self.site.control(tenant, f"delete?number={DEPARTED}")

    def under_fault(self):
        for tenant, case in zip(self.tenants, self.cases):
            for order in case.before:
                self.site.control(tenant, order)
            self.site.control(tenant, "script", case.script.format(upstream=self.site.main.url, other=self.site.other.url,
                                                                   tenant=tenant).encode())
        runs, errors = self.sync(self.cases[0].interrupt_s)
        for tenant in self.tenants:
            self.site.control(tenant, "script")
        for i, (tenant, case) in enumerate(zip(self.tenants, self.cases)):
            self.failures[i] += judge(case, case.expect, tenant, runs, errors, self.lab, self.site)

    def healed(self):
        runs, errors = self.sync()
        for i, (tenant, case) in enumerate(zip(self.tenants, self.cases)):
            if case.url is not None:
                continue  # no fault of the application's: there is nothing that heals
            expect = case.healed or Expect(everybody=True, proof=(STREAMS[case.stream][1],))
            self.failures[i] += [f"healed: {sentence}" for sentence in judge(case, expect, tenant, runs, errors, self.lab, self.site)]

    def check_controls(self, reference):
        for tenant, stream in zip(self.controls, CONTROLS):
            rows = self.lab.query(CONTENT, tenant)
            if [row[1:] for row in rows] != reference.get(stream, rows and [row[1:] for row in rows]) or not rows:
                self.common.append(f"the sound connection {stream} beside them differs from what it is alone")

    def run(self, reference):
        self.configure()
        try:
            self.prepare()
            self.under_fault()
            self.healed()
            self.check_controls(reference)
            audit = self.lab.run("audit")
            if audit.returncode != 0:
                self.common.append(f"audit: {audit.stdout}{audit.stderr}")
        except Exception as error:  # whatever it is, it is these cases'
            self.common.append(f"{type(error).__name__}: {error}")
        for tenant in self.tenants + self.controls:
            self.site.control(tenant, "forget")
        return self.failures, self.common


def reference(site):
    """What the sound connections come to when nobody is beside them."""
    lab, content = Lab(), {}
    for stream in CONTROLS:
        tenant = f"reference-{stream}"
        lab.secret(tenant, tenant)
        lab.configure([(tenant, "sample", f"{site.main.url}/at/{tenant}",
                        f'secrets = {{ token = "file:{tenant}"; }}; streams = ["{stream}"];')])
        lab.sync()
        content[stream] = [row[1:] for row in lab.query(CONTENT, tenant)]
    return content
