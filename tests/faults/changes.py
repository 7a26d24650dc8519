# SPDX-License-Identifier: Apache-2.0
"""Waits for what a process does to the files of a folder, by inotify: no looking again and again. A commit can be read once the store's
anchor is written, which comes after it (host/store/anchor.h), so a condition on the store is asked anew at each change and at no other time."""
import ctypes
import os
import select
import time

CHANGED, CREATED = 0x2, 0x100  # IN_MODIFY, IN_CREATE
C = ctypes.CDLL(None, use_errno=True)


class Changes:
    """Of one folder, from now on."""

    def __init__(self, folder):
        self.descriptor = C.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK)
        if self.descriptor < 0 or C.inotify_add_watch(self.descriptor, os.fsencode(folder), CHANGED | CREATED) < 0:
            raise OSError(ctypes.get_errno(), f"{folder} cannot be watched")

    def until(self, condition, process, seconds):
        """Whether it came true, before the process ended and before the time was up."""
        ended, deadline = os.pidfd_open(process.pid), time.monotonic() + seconds
        try:
            while not condition():
                ready = select.select([self.descriptor, ended], [], [], max(deadline - time.monotonic(), 0))[0]
                if self.descriptor not in ready:
                    return condition()
                os.read(self.descriptor, 65536)
            return True
        finally:
            os.close(ended)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.descriptor)
