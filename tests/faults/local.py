# SPDX-License-Identifier: Apache-2.0
"""What the local faults share: a probe that runs its own processes, one stand for each case, and the shim beneath them."""
import os
import subprocess

from batch import COMMON, CONTROLS
from check import CONTENT
from lab import BUILD, Lab

SHIM = BUILD / "tests/faults/libfault_shim.so"
STREAM = CONTROLS[0]


def run_case(number, serial, function, site, reference):
    """What is wrong, as sentences."""
    with Stand(f"n{number}-{serial}", site, reference) as stand:
        try:
            return [sentence for sentence in function(stand) if sentence]
        except Exception as error:  # whatever it is, it is this case's
            return [f"{type(error).__name__}: {error}"]


class Stand:
    """One connection to an application of its own, and a store of its own."""

    def __init__(self, tenant, site, reference):
        self.site, self.reference, self.lab = site, reference, Lab()
        self.tenant = tenant
        self.log = self.lab.folder / "shim.log"
        self.configure()

    def configure(self, extra="", more="", **policy):
        settings = " ".join(f"{name} = {value};" for name, value in {**COMMON, **policy}.items())
        self.lab.configure([(self.tenant, "sample", f"{self.site.main.url}/at/{self.tenant}",
                             f'secrets = {{ token = "file:token"; }}; streams = ["{STREAM}"]; {more}')],
                           extra=f"policy = {{ {settings} }};\n{extra}")

    def environment(self, shim=None, **more):
        extra = {"LD_PRELOAD": str(SHIM), "MUSTER_SHIM": shim, "MUSTER_SHIM_LOG": str(self.log)} if shim else {}
        return {**os.environ, **extra, **more}

    def run(self, *arguments, shim=None, timeout=60, environment=(), **more):
        """Exit status (None: it hung, and was killed) and all that was said."""
        try:
            done = subprocess.run(self.lab.command(*arguments), capture_output=True, text=True, timeout=timeout,
                                  env=self.environment(shim, **dict(environment)), **more)
        except subprocess.TimeoutExpired as late:
            return None, str(late.stderr)
        return done.returncode, done.stdout + done.stderr

    def start(self, *arguments, shim=None):
        return subprocess.Popen(self.lab.command(*arguments), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=self.environment(shim))

    def calls(self):
        """What the shim saw: (call, number, what was done, size of the file)."""
        if not self.log.exists():
            return []
        return [(call, int(number), what, int(size)) for call, number, what, size in map(str.split, self.log.read_text().splitlines())]

    def whole(self):
        """Sentences about everything that is not as after an undisturbed run, which a further sync must reach."""
        status, said = self.run("sync")
        if status != 0:
            yield f"the sync after it ends with {status}: {said[-300:]}"
        yield from self.same()

    def same(self):
        rows = [row[1:] for row in self.lab.query(CONTENT, self.tenant)]
        if rows != self.reference[STREAM]:
            yield f"the content differs from that of an undisturbed run: {len(rows)} rows"
        status, said = self.run("audit")
        if status != 0:
            yield f"the audit ends with {status}: {said[-300:]}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.site.control(self.tenant, "forget")


def must(condition, sentence):
    return "" if condition else sentence


def drops_privileges():
    """Root is allowed everything: what is about rights runs as nobody."""
    return {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
