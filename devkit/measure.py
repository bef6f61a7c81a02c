"""Measuring for ./dev bench. benchmarks/README.md says how a benchmark file looks."""

import statistics
import time

RUNS = 9


def row(name, ours, peer=None, unit="s", budget=None):
    """One line of the table. `budget`: the largest ratio ours / peer, or the largest `ours` without a peer."""
    ratio = ours / peer if peer else None
    measured = ours if ratio is None else ratio
    return {
        "name": name,
        "ours": ours,
        "peer": peer,
        "unit": unit,
        "ratio": ratio,
        "budget": budget,
        "holds": None if budget is None else measured <= budget,
    }


def timed(work):
    """Seconds one call takes, or what it measured itself when it returns a number."""
    started = time.perf_counter()
    result = work()
    return result if isinstance(result, int | float) else time.perf_counter() - started


class Context:
    """What a benchmark's run(context) is given."""

    def __init__(self, databases, runs=RUNS):
        self.databases = databases  # devkit.database.Databases: create, copy, drop; .server.sql; .environment
        self.runs = max(runs, RUNS)

    def medians(self, *works):
        """Run each work in turn, that many times, so that a slow minute hits all of them; the median of each.

        One round before them is not counted: it fills the caches for everybody.
        """
        times = [[] for _work in works]
        for round_number in range(self.runs + 1):
            for work, seconds in zip(works, times, strict=True):
                taken = timed(work)
                if round_number:
                    seconds.append(taken)
        return [statistics.median(seconds) for seconds in times]

    def compare(self, name, ours, peer=None, unit="s", budget=None):
        """The row of one work, beside its peer if there is one."""
        medians = self.medians(ours, peer) if peer else [*self.medians(ours), None]
        return row(name, *medians, unit=unit, budget=budget)
