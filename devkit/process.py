"""Running the process a command is about: signals go through, nothing survives."""

import ctypes
import os
import signal
import subprocess

PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PR_SET_PDEATHSIG = 1


def _die_with_parent():
    """Linux: if ./dev itself is killed, its child is told to end."""
    try:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    except (OSError, AttributeError):
        pass


def start(command, own_group=False, **options):
    return subprocess.Popen(command, preexec_fn=_die_with_parent, start_new_session=own_group, **options)


def run(command, **options):
    """Run in the foreground and return the exit code. Ctrl-C reaches the child through the terminal by itself."""
    # A handler that does nothing, not SIG_IGN: the child would inherit the latter.
    signal.signal(signal.SIGINT, lambda _received, _frame: None)
    process = start(command, **options)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda received, _frame: process.send_signal(received))
    code = process.wait()
    return 128 - code if code < 0 else code


def end(process, patience=20):
    """End a process started with own_group and everything it started."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            pass
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass
    process.wait()
