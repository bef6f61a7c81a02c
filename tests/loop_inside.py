"""Work inside Odoo for the tests of the running product: processes of their own on the served database."""

import subprocess
import textwrap
from contextlib import contextmanager

from conftest import DEV_COMMAND, wait_for

from devkit.paths import ROOT

GATE = 4711
# Read, wait until the others are as far, then work, as the scheduler does: after a collision roll back and run again.
MEET = f"""
from psycopg2 import OperationalError
env.cr.execute("SELECT count(*) FROM aftersale_followup")
print("ready", flush=True)
env.cr.execute("SELECT pg_advisory_xact_lock_shared({GATE})")
for attempt in range(9):
    try:
        env["{{model}}"].{{method}}()
        env.cr.commit()
        print("worked", flush=True)
        break
    except OperationalError:
        env.cr.rollback()
"""
# Thousands of orders, each delivered just now to a customer of its own: copies in SQL of one that Odoo itself sold.
SELL = """
import sys
sys.path.insert(0, {folder!r})
from _planning_work import prepare
prepare(env, {count})
print("sold", flush=True)
"""


def start_inside(name, code):
    """A process of its own that runs code in Odoo's shell; its output is to be read by the caller."""
    worker = subprocess.Popen(
        [*DEV_COMMAND, "odoo", "shell", "-d", name, "--shell-interface=python", "--no-http"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    worker.stdin.write(textwrap.dedent(code))
    worker.stdin.close()
    worker.stdin = None
    return worker


def end_inside(worker, said, timeout=180):
    """Wait for the end of such a process, which must have said this; return its log."""
    output, log = worker.communicate(timeout=timeout)
    assert worker.returncode == 0, log[-3000:]
    assert said in output, log[-3000:]
    return log


@contextmanager
def gate(databases, name):
    """Whoever comes to the gate inside Odoo waits for the end of this block; then all go on at the same moment."""
    connection = databases.server.connect(name)
    try:
        connection.cursor().execute("SELECT pg_advisory_lock(%s)", [GATE])
        yield
    finally:
        connection.close()


def at_once(databases, name, model, method, count=2):
    """Run a method in as many processes, none of which saw in its first snapshot what the others do; their logs."""
    with gate(databases, name):
        workers = [start_inside(name, MEET.format(model=model, method=method)) for _number in range(count)]
        for worker in workers:
            assert worker.stdout.readline() == "ready\n", worker.stderr.read()[-3000:]
    return "".join(end_inside(worker, "worked") for worker in workers)


def sell_in_bulk(databases, name, count):
    """Deliver as many orders, each to a customer of its own with address and number, to be called by 20 agents.

    No follow-up comes of them before the sweep. Returns the ids of the orders.
    """
    before = databases.server.sql("SELECT max(id) FROM sale_order", database=name)[0][0] or 0
    end_inside(start_inside(name, SELL.format(folder=str(ROOT / "benchmarks"), count=count)), "sold")
    rows = databases.server.sql("SELECT id FROM sale_order WHERE id > %s ORDER BY id", [before], database=name)
    ids = [order for (order,) in rows]
    return ids[-count:]  # the first is the pattern


def waiting(databases, name, count):
    """Wait until as many transactions of the database wait for a lock."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'"
    wait_for(lambda: databases.server.sql(query, [name])[0][0] >= count, 60, f"{count} transactions at a lock")
