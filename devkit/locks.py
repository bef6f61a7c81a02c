"""File locks: the kernel lets go of them when a process dies, so a killed run blocks nobody."""

import contextlib
import fcntl

from devkit.console import say
from devkit.paths import LOCKS


@contextlib.contextmanager
def exclusive(name):
    LOCKS.mkdir(parents=True, exist_ok=True)
    with (LOCKS / name).open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"  waiting for another ./dev ({name}) …")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
