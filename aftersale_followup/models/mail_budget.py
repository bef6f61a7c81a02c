from collections import Counter
from datetime import timedelta
from itertools import repeat

from odoo import fields
from odoo.tools import SQL

HOUR = timedelta(hours=1)
# Keeps the lock of the budget apart from those of others.
LOCK = 1_634_100_333


def hour_of(moment):
    """Return the beginning of the hour of ``moment``."""
    return moment.replace(minute=0, second=0, microsecond=0)


class MailBudget:
    """How many mails to customers a company may still send, and when the others can.

    Two settings of the company: mails an hour (of the clock) and mails a day (of the company); 0 = no limit.

    :param company: one company; its environment is used
    """

    def __init__(self, company):
        company = company.sudo()
        self.env, self.company = company.env, company
        self.per_day, self.per_hour = company.aftersale_mail_day, company.aftersale_mail_hour
        self.is_limited = bool(self.per_day or self.per_hour)
        self.now = fields.Datetime.now()

    def lock(self):
        """Have other transactions that send for this company wait until this one ends."""
        self.env.execute_query(SQL("SELECT pg_advisory_xact_lock(%s, %s)", LOCK, self.company.id))

    def get_room(self):
        """Return how many mails may leave now; meaningful for who holds the lock."""
        taken = self._read_taken()
        return self._left(taken[hour_of(self.now)], self._sum_by_day(taken)[self.company._aftersale_date(self.now)])

    def count_sent(self):
        """Return how many mails left on the company's day so far."""
        return sum(number for hour, number in self._read_taken().items() if hour <= self.now)

    def _sum_by_day(self, by_hour):
        days = Counter()
        for hour, number in by_hour.items():
            days[self.company._aftersale_date(hour)] += number
        return days

    def _read_taken(self):
        """Return {hour: mails that left in it, or are going to} from the company's morning on.

        A transaction does not see what others committed since its first query, so a second cursor looks, too.
        """
        morning = self.company._aftersale_moment(self.company._aftersale_date(self.now))
        query = SQL(
            "SELECT id, date, number FROM aftersale_sending WHERE company_id = %s AND date >= %s",
            self.company.id,
            morning,
        )
        self.env["aftersale.sending"].flush_model()
        rows = set(self.env.execute_query(query))
        with self.env.registry.cursor() as fresh:
            fresh.execute(query)
            rows.update(fresh.fetchall())
        taken = Counter()
        for _id, date, number in rows:
            taken[hour_of(date)] += number
        return taken

    def take(self, number, moment=None):
        """Count ``number`` mails that leave now, or keep their room at a later ``moment``."""
        if number:
            self.env["aftersale.sending"].create(
                {"company_id": self.company.id, "date": moment or self.now, "number": number}
            )

    def get_slots(self, before_waiting=False):
        """Yield the moments (naive UTC) at which mails that find no room may leave, each as often as there is room.

        Inside the company's contact hours, on working days; what waits already keeps its place.

        :param before_waiting: these mails go before the follow-ups that wait, which look for another hour
        """
        company, zone = self.company, self.company._aftersale_tz()
        today = company._aftersale_date(self.now)
        workdays = set(company._aftersale_workdays(today, today + timedelta(days=90)))
        used = self._read_taken()
        if not before_waiting:
            used += self._read_waiting()
        by_day = self._sum_by_day(used)
        moment = hour_of(self.now) + HOUR
        while True:
            moment = company._aftersale_opening(moment, zone, workdays)
            day = company._aftersale_date(moment)
            left = self._left(used[hour_of(moment)], by_day[day])
            by_day[day] += left
            yield from repeat(moment, left)
            moment = hour_of(moment) + HOUR

    def _left(self, in_hour, in_day):
        """Return how many mails more fit, after so many in their hour and on their day."""
        left = [limit - used for limit, used in ((self.per_hour, in_hour), (self.per_day, in_day)) if limit]
        return max(min(left), 0)

    def _read_waiting(self):
        """Return {hour: number} of the follow-ups that were given a later hour."""
        self.env["aftersale.followup"].flush_model(["is_waiting_to_send", "company_id", "date_next", "state"])
        rows = self.env.execute_query(
            SQL(
                """SELECT date_trunc('hour', date_next), count(*) FROM aftersale_followup
                    WHERE is_waiting_to_send AND company_id = %s AND date_next >= %s AND state IN ('planned', 'ready')
                 GROUP BY 1""",
                self.company.id,
                hour_of(self.now) + HOUR,
            )
        )
        return Counter(dict(rows))
