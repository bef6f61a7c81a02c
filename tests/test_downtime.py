"""A server that stood still for days: nobody is lost, the calls are spread over days with room, none comes at night.

Design invariant 10. The days are made to pass by moving what is stored back, while the server is down.
"""

from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from loop_clock import Clock
from loop_company import Company
from loop_inside import sell_in_bulk

DAYS = 12  # longer than the longest window
CALLS, MAILS, MISSED = 90, 10, 5
CAPACITY = 1  # of each of 20 agents: the calls need five days
JOBS = ("ir_cron_contact", "ir_cron_sweep")


def zone_at_noon():
    """A zone where it is about noon now: what is before the opening and what after the closing is the same day."""
    ahead = 12 - datetime.now(UTC).hour  # of UTC; the names of these zones count the other way
    return ZoneInfo(f"Etc/GMT{-ahead:+d}")


class Downtime:
    """A company whose customers wait, and whose server stops for days."""

    def __init__(self, databases, name, server, smtp):
        self.serve = lambda: server(name, smtp_port=smtp.port)
        self.served = self.serve()
        self.zone = zone_at_noon()
        self.company, self.clock = Company(self.served), Clock(databases, self.served)
        self.clock.let_only()
        self.company.set_up()
        self.company.call("resource.calendar", "write", [self.company.calendar], {"tz": self.zone.key})
        self.orders = sell_in_bulk(databases, name, CALLS + MAILS + 2 * MISSED)
        self.clock.sql("UPDATE res_company SET aftersale_agent_capacity = %s", CAPACITY)
        # The company's hours count for its customers, and most of these want to be called.
        self.clock.sql(
            "UPDATE res_partner SET tz = NULL WHERE id IN (SELECT partner_id FROM sale_order WHERE id = ANY(%s))",
            self.orders,
        )
        self.clock.sql(
            "UPDATE res_partner p SET aftersale_channel_id = c.id FROM aftersale_channel c WHERE c.code = 'phone'"
            " AND p.id IN (SELECT partner_id FROM sale_order WHERE id = ANY(%s))",
            self.orders[MAILS:],
        )

    def plan(self, missed):
        """Plan all but those that are missed, as if their import came after the last sweep."""
        self.clock.sql("UPDATE sale_order SET state = 'draft' WHERE id = ANY(%s)", missed)
        self.run("ir_cron_sweep")
        self.clock.sql("UPDATE sale_order SET state = 'sale' WHERE id = ANY(%s)", missed)

    def run(self, *crons):
        for cron in crons:
            self.clock.let_only(cron)
            self.clock.run(cron)
        self.clock.let_only()

    def pass_days(self):
        """The server stops, and days pass."""
        self.served.stop()
        self.clock.move_back(datetime.now(ZoneInfo("Asia/Shanghai")).date() - timedelta(days=DAYS))
        self.clock.sql(f"UPDATE aftersale_followup SET date_next = date_next - interval '{DAYS} days'")
        self.clock.sql(
            "UPDATE aftersale_plan"
            f" SET date_start = date_start - {DAYS}, sweep_date = sweep_date - interval '{DAYS} days'"
        )

    def set_hours(self, opens, closes):
        """The contact hours at the customers' place; today is a working day, also on a Sunday."""
        self.clock.sql("UPDATE res_company SET aftersale_hour_from = %s, aftersale_hour_to = %s", opens, closes)
        self.clock.sql(
            "INSERT INTO aftersale_workday (date, company_id) SELECT %s, id FROM res_company ON CONFLICT DO NOTHING",
            self.today,
        )

    @property
    def today(self):
        return datetime.now(self.zone).date()

    def rows(self):
        """(order, state, reason, agent, day, local moment of the next step) of all follow-ups."""
        return self.clock.sql(
            "SELECT order_id, state, skip_reason, user_id, date_planned,"
            " date_next AT TIME ZONE 'UTC' AT TIME ZONE %s FROM aftersale_followup WHERE order_id = ANY(%s)",
            self.zone.key,
            self.orders,
        )


@pytest.mark.parametrize("hours", [(14, 18), (6, 10)], ids=["before the opening", "after the closing"])
def test_after_days_of_downtime_nobody_is_lost_and_no_day_is_flooded(databases, database, server, smtp, hours):
    shop = Downtime(databases, database(demo=False, lang="zh_CN"), server, smtp)
    late, recent = shop.orders[-2 * MISSED : -MISSED], shop.orders[-MISSED:]
    shop.plan(missed=late + recent)
    assert len(shop.rows()) == CALLS + MAILS
    shop.pass_days()
    assert all(row[4] < shop.today for row in shop.rows()), "else nothing is overdue"
    # Delivered yesterday, while nobody swept.
    back = f"+ interval '{DAYS - 1} days'"
    shop.clock.sql(
        f"UPDATE stock_move m SET date = m.date {back} FROM sale_order_line l"
        " WHERE l.id = m.sale_line_id AND l.order_id = ANY(%s)",
        recent,
    )
    shop.clock.sql(f"UPDATE stock_picking SET date_done = date_done {back} WHERE sale_id = ANY(%s)", recent)

    shop.set_hours(*hours)
    shop.served = shop.serve()
    shop.run(*JOBS)
    rows = {row[0]: row[1:] for row in shop.rows()}
    assert len(shop.rows()) == len(rows) == len(shop.orders), "lost, or planned twice"
    assert {rows[order][:2] for order in late} == {("skipped", "too_old")}  # with its reason, not silently
    waiting = {order: row for order, row in rows.items() if order not in late}
    assert {row[0] for row in waiting.values()} == {"planned"}, "somebody was contacted outside the hours"
    for _state, _reason, _agent, day, moment in waiting.values():
        assert moment.date() == day >= shop.today
        assert hours[0] <= moment.hour < hours[1]
        assert day.weekday() < 5 or day == shop.today
    calls = Counter(waiting[order][2:4] for order in shop.orders[MAILS : -2 * MISSED])
    assert max(calls.values()) <= CAPACITY, calls
    assert len({day for _agent, day in calls}) >= CALLS / CAPACITY / 20
    # What leaves by itself does not wait for an agent: it goes out at the next opening.
    assert len({waiting[order][3] for order in shop.orders[:MAILS]}) == 1

    # The opening of the first day comes: its calls are on the lists, the mails are written, the others wait.
    first = min(row[3] for row in waiting.values())
    shop.set_hours(0, 24)
    shop.clock.sql(
        "UPDATE aftersale_followup SET date_planned = %s, date_next = (now() AT TIME ZONE 'UTC') - interval '1 minute'"
        " WHERE date_planned = %s AND state = 'planned'",
        shop.today,
        first,
    )
    shop.run("ir_cron_contact")
    ready = {row[0] for row in shop.rows() if row[1] == "ready"}
    assert ready == {order for order, row in waiting.items() if row[3] == first}
    assert shop.served.errors() == []
