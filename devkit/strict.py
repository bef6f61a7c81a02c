"""pytest plugin of ./dev test: a skipped test is a failed one, and the counts are kept for the one summary."""

import json
import os
from pathlib import Path

import pytest

COUNTS = "DEV_TEST_COUNTS"  # environment variable: the file to write the counts to


def _refuse(report):
    """Turn a skip (also an expected failure) into a failure that says why it was skipped."""
    if report.outcome == "skipped":
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else getattr(report, "wasxfail", "")
        report.outcome = "failed"
        report.longrepr = f"{reason}\nNothing may be skipped: make it run, or delete it."
        if hasattr(report, "wasxfail"):
            del report.wasxfail


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item, call):
    report = yield
    _refuse(report)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report(collector):
    report = yield
    _refuse(report)
    return report


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter):
    if COUNTS in os.environ:
        stats = terminalreporter.stats
        failed = len(stats.get("failed", ())) + len(stats.get("error", ()))
        Path(os.environ[COUNTS]).write_text(json.dumps({"passed": len(stats.get("passed", ())), "failed": failed}))
