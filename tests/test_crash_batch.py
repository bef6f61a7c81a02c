"""A kill in the middle of a large batch: 5,000 delivered orders are planned and contacted, each time killed half-way.

Design invariants 1 and 3: after the restart everybody is planned and contacted, and nobody twice. One customer in ten
is written to, the others are put on the agents' call lists: a minute of this test, not five.
"""

import os
import signal
from contextlib import closing

import pytest
from conftest import wait_for
from loop_clock import Clock
from loop_company import Company
from loop_inside import sell_in_bulk, waiting

ORDERS = 5000
MAILED = ORDERS // 10


class Killed:
    """A database whose server is killed and started again; its jobs sleep until they are called."""

    def __init__(self, databases, name, server, pid_file, smtp):
        self.databases, self.name, self.pid_file = databases, name, pid_file
        self.serve = lambda: server(name, "--pidfile", str(pid_file), "--max-cron-threads=1", smtp_port=smtp.port)
        self.served = self.serve()
        self.company, self.clock = Company(self.served), Clock(databases, self.served)
        self.clock.let_only()
        self.company.set_up()

    def start_job(self, cron):
        self.clock.let_only(cron)
        self.clock.wake(cron)

    def kill_amid(self, cron, table, count, what):
        """Start a job and kill Odoo itself, not the command around it, amid a batch: as it adds to this table."""
        self.start_job(cron)
        wait_for(lambda: count() > ORDERS // 10, 60, what)
        with closing(self.databases.server.connect(self.name)) as connection:
            connection.autocommit = False
            connection.cursor().execute(f"LOCK TABLE {table} IN SHARE MODE")
            waiting(self.databases, self.name, 1)
            os.kill(int(self.pid_file.read_text()), signal.SIGKILL)
            self.served.process.wait(30)
        assert ORDERS // 10 < count() < ORDERS, "the kill came too late to prove anything"

    def go_on(self, cron, count, what, rests=False):
        """Start the server again; the job is still due. Where it rests after each thousand, no minute is waited."""
        self.served = self.serve()
        wait_for(lambda: count() == ORDERS or (rests and self.clock.nudge()), 120, what)
        wait_for(lambda: self.clock.is_idle(cron), 60, f"the end of {cron}")


@pytest.fixture
def killed(databases, database, server, tmp_path, smtp):
    return Killed(databases, database(demo=False, lang="zh_CN"), server, tmp_path / "odoo.pid", smtp)


def test_a_kill_amid_5000_loses_nobody_and_asks_nobody_twice(databases, killed):
    clock = killed.clock
    orders = sell_in_bulk(databases, killed.name, ORDERS)
    planned = "SELECT count(*) FROM aftersale_followup WHERE order_id = ANY(%s) AND state = %s"

    def count(state="planned"):
        return clock.sql(planned, orders, state)[0][0]

    killed.kill_amid("ir_cron_sweep", "aftersale_followup", count, "the first rows to be planned")
    killed.go_on("ir_cron_sweep", count, "all to be planned", rests=True)
    assert clock.sql(
        "SELECT count(*), count(DISTINCT order_id), count(DISTINCT partner_id), count(user_id), count(explanation)"
        " FROM aftersale_followup WHERE order_id = ANY(%s)",
        orders,
    ) == [(ORDERS,) * 5]

    clock.sql(
        "UPDATE res_partner p SET aftersale_channel_id = c.id FROM aftersale_channel c"
        " WHERE c.code = 'phone' AND p.id IN (SELECT partner_id FROM sale_order WHERE id = ANY(%s))",
        [order for number, order in enumerate(orders) if number % 10],  # in each batch some are written to
    )
    clock.sql(
        "UPDATE aftersale_followup SET date_planned = (now() AT TIME ZONE 'Asia/Shanghai')::date,"
        " date_next = (now() AT TIME ZONE 'UTC') - interval '1 minute' WHERE order_id = ANY(%s)",
        orders,
    )
    clock.open_today()
    killed.kill_amid("ir_cron_contact", "mail_mail", lambda: count("ready"), "the first rows to be contacted")
    _check_messages(clock, orders)  # state, attempt and mail are written together, or not at all
    killed.go_on("ir_cron_contact", lambda: count("ready"), "all to be contacted")
    assert _check_messages(clock, orders) == MAILED
    assert clock.sql("SELECT count(*) FROM aftersale_followup WHERE error_count > 0") == [(0,)]
    assert killed.served.errors() == []


def _check_messages(clock, orders):
    """Each follow-up that was written to has one mail and one attempt, no other has any; how many have."""
    facts = clock.sql(
        """SELECT (SELECT count(*) FROM mail_mail mail JOIN mail_message m ON m.id = mail.mail_message_id
                    WHERE m.model = 'aftersale.followup' AND m.res_id = f.id),
                  (SELECT count(*) FROM aftersale_attempt WHERE followup_id = f.id AND outcome = 'sent'),
                  (f.state = 'ready' AND c.code = 'email')::int, count(*)
             FROM aftersale_followup f LEFT JOIN aftersale_channel c ON c.id = f.channel_id
            WHERE f.order_id = ANY(%s)
         GROUP BY 1, 2, 3""",
        orders,
    )
    assert {fact[:3] for fact in facts} <= {(0, 0, 0), (1, 1, 1)}
    return sum(number for mails, _attempts, _written, number in facts if mails)
