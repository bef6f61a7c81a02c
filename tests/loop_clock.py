"""Time in the tests of the running product: working days counted here, stored dates moved, cron threads woken.

Nothing of the product is patched. What is due is made due by moving the dates that are stored.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from conftest import wait_for

ZONE = ZoneInfo("Asia/Shanghai")  # of the company that loop_company makes
UTC = ZoneInfo("UTC")


def company_date(stored):
    """The company's date of a moment that Odoo stores: text in UTC."""
    return datetime.fromisoformat(stored).replace(tzinfo=UTC).astimezone(ZONE).date()


def company_today():
    return datetime.now(ZONE).date()


def working_day(start, number, holidays=()):
    """The number-th day after start that is no weekend and no holiday; counted on its own, not as the product does."""
    day = start
    while number:
        day += timedelta(days=1)
        number -= day.weekday() < 5 and day not in holidays
    return day


def ended_month():
    """The 15th of the latest month that has ended for nine days or more: its report is due, whatever the holidays."""
    return (company_today() - timedelta(days=40)).replace(day=15)


def month_before(middle):
    """The 15th of the month before."""
    return (middle - timedelta(days=30)).replace(day=15)


def whole_day(day):
    """First and last moment of a company's day as Odoo stores them."""
    start = datetime(day.year, day.month, day.day, tzinfo=ZONE)
    ends = (start, start + timedelta(days=1, seconds=-1))
    return [end.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") for end in ends]


class Clock:
    """Moves the stored dates of one served database."""

    def __init__(self, databases, server):
        self.databases = databases
        self.database = server.database
        self.open_today()

    def open_today(self):
        """Customers may be contacted now: the tests run at night and on Sundays, too.

        Their day need not be the company's: in the evening of UTC it is tomorrow in China.
        """
        self.sql("UPDATE res_company SET aftersale_hour_from = 0, aftersale_hour_to = 24")
        for day in {company_today(), datetime.now(UTC).date()}:
            self.sql(
                "INSERT INTO aftersale_workday (date, company_id) SELECT %s, id FROM res_company"
                " ON CONFLICT DO NOTHING",
                day,
            )

    def sql(self, statement, *parameters):
        return self.databases.server.sql(statement, parameters, database=self.database)

    def make_due(self, followups):
        """The day of these planned follow-ups has come."""
        self.sql(
            "UPDATE aftersale_followup SET date_planned = %s,"
            " date_next = (now() AT TIME ZONE 'UTC') - interval '1 minute'"
            " WHERE id = ANY(%s) AND state = 'planned'",
            company_today(),
            list(followups),
        )

    def wake(self, cron):
        """Let the server's own cron threads run a job (the last part of its external id) now."""
        self.sql(
            "UPDATE ir_cron SET nextcall = (now() AT TIME ZONE 'UTC') - interval '1 minute' FROM ir_model_data d"
            " WHERE d.model = 'ir.cron' AND d.name = %s AND d.res_id = ir_cron.id",
            cron,
        )
        self.nudge()

    def nudge(self):
        """What a trigger does: the threads look for due jobs at once instead of within a minute."""
        self.databases.server.sql("SELECT pg_notify('cron_trigger', %s)", [self.database])

    def let_only(self, *crons):
        """Put all jobs but these (the last part of their external ids) to sleep."""
        self.sql(
            "UPDATE ir_cron SET active = EXISTS (SELECT 1 FROM ir_model_data d WHERE d.model = 'ir.cron'"
            " AND d.res_id = ir_cron.id AND d.name = ANY(%s))",
            list(crons),
        )

    def run(self, cron):
        """Wake a job and wait until it ended."""
        self.wake(cron)
        wait_for(lambda: self.is_idle(cron), 120, f"{cron} to run")

    def is_idle(self, cron):
        query = (
            "SELECT nextcall > (now() AT TIME ZONE 'UTC') FROM ir_cron JOIN ir_model_data d ON d.res_id = ir_cron.id"
            " WHERE d.model = 'ir.cron' AND d.name = %s"
        )
        return self.sql(query, cron)[0][0]

    def move_back(self, day):
        """Move all that happened today to a day in the past; what was planned from today on moves along."""
        days = (company_today() - day).days
        moved = {
            "aftersale_feedback": ("date",),
            "aftersale_attempt": ("date",),
            "aftersale_followup": ("date_received", "date_planned", "date_deadline", "date_sent", "date_done"),
            "aftersale_issue": (
                "create_date",
                "date_contacted",
                "date_done",
                "date_closed",
                "contact_deadline",
                "resolution_deadline",
            ),
            "stock_picking": ("date_done",),
            "stock_move": ("date",),
        }
        for table, columns in moved.items():
            shifts = ", ".join(f"{column} = {column} - interval '{days} days'" for column in columns)
            self.sql(f"UPDATE {table} SET {shifts}")
