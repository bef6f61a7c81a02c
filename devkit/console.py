"""What `./dev` says, and how it shows that a long step is alive. All of it goes to standard error."""

import subprocess
import sys
import time

from devkit import process
from devkit.paths import LOG

BEAT = 15  # seconds between two signs of life where there is no terminal


class Stop(Exception):
    """End the command with a message a reader can act on."""

    def __init__(self, message, code=2):
        super().__init__(message)
        self.code = code


def say(message):
    print(message, file=sys.stderr, flush=True)


def step(title, command, log, **options):
    """Run a long command with its output in a log file; show title, progress and duration; Stop when it fails."""
    LOG.mkdir(parents=True, exist_ok=True)
    path = LOG / f"{log}.log"
    started = time.monotonic()
    live = sys.stderr.isatty()
    sys.stderr.write(f"  {title} …" + ("" if live else "\n"))
    sys.stderr.flush()
    with path.open("wb") as output:
        child = process.start(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, **options)
        try:
            beat = BEAT
            while True:
                try:
                    code = child.wait(timeout=1)
                    break
                except subprocess.TimeoutExpired:
                    seconds = time.monotonic() - started
                    if live:
                        sys.stderr.write(f"\r  {title} … {seconds:.0f} s")
                    elif seconds >= beat:
                        beat += BEAT
                        say(f"    … still at it, {seconds:.0f} s")
                    sys.stderr.flush()
        except BaseException:
            child.terminate()
            child.wait()
            raise
    seconds = time.monotonic() - started
    if code:
        tail = path.read_text(errors="replace").splitlines()[-25:]
        sys.stderr.write("\n")
        raise Stop(f"{title}: failed (exit {code}).\n" + "\n".join(tail) + f"\nThe whole log: {path}", code=1)
    say((f"\r  {title}: " if live else f"  {title}: ") + f"done in {seconds:.0f} s" + (" " * 10 if live else ""))
