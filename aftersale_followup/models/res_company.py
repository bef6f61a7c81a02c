from datetime import datetime, time, timedelta

from pytz import timezone, utc

from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import ormcache


class ResCompany(models.Model):
    _inherit = "res.company"

    aftersale_team_id = fields.Many2one("crm.team", "After-sales Team", check_company=True)
    aftersale_all_teams = fields.Boolean("Supervisors See All Teams")
    aftersale_phone = fields.Char("Service Line", help="Number named in scripts and messages; empty = company phone.")
    # planning
    aftersale_new_months = fields.Integer("New Customer (months)", default=3)
    aftersale_transit_days = fields.Integer("Transit Days", default=0)
    aftersale_hour_from = fields.Float("Contact From", default=9.0)
    aftersale_hour_to = fields.Float("Contact Until", default=18.0)
    aftersale_cap_days = fields.Integer("Days Between Contacts", default=7)
    aftersale_cap_same_days = fields.Integer("Days Between Contacts of One Kind", default=30)
    aftersale_cap_periodic_days = fields.Integer("Days Between Periodic Contacts", default=90)
    aftersale_cap_year = fields.Integer("Contacts a Year", default=6)
    aftersale_attempt_max = fields.Integer("Phone Attempts", default=3)
    # feedback
    aftersale_low_score = fields.Integer("Low Score", default=2)
    aftersale_recurring_count = fields.Integer("Recurring Problem (times)", default=3)
    aftersale_recurring_days = fields.Integer("Recurring Problem (days)", default=30)
    aftersale_repeat_months = fields.Integer("Second Complaint (months)", default=3)
    aftersale_hide_answers = fields.Boolean("Agents Do Not See Individual Answers")
    aftersale_seconds_per_question = fields.Float("Fastest Believable Answer (seconds a question)", default=2.0)
    aftersale_masking = fields.Boolean(
        "Mask Contact Data", default=True, help="Numbers and addresses are shown in full only to who is in charge."
    )
    # issues
    aftersale_issue_policy = fields.Selection(
        [("problems", "For every problem"), ("high", "For high priority only")],
        "Open Issues",
        default="problems",
        required=True,
    )
    aftersale_contact_days = fields.Integer("Supervisor Contact (working days)", default=3)
    aftersale_contact_days_safety = fields.Integer("Supervisor Contact, Safety (working days)", default=1)
    aftersale_resolution_days = fields.Integer("Resolution, High Priority (working days)", default=5)
    aftersale_resolution_days_normal = fields.Integer("Resolution, Normal (working days)", default=10)
    aftersale_verification_days = fields.Integer("Verification (days)", default=7)
    # improvement
    aftersale_effect_days = fields.Integer("Effect Measured Over (days)", default=30)
    # figures
    aftersale_weak_n = fields.Integer("Weak Figures Below", default=30)
    aftersale_min_n = fields.Integer("Withheld Figures Below", default=5)
    aftersale_report_recipient_ids = fields.Many2many(
        "res.partner",
        "aftersale_report_recipient_rel",
        "company_id",
        "partner_id",
        "Report Recipients",
        check_company=True,
    )

    _aftersale_hours = models.Constraint(
        "CHECK(aftersale_hour_from >= 0 AND aftersale_hour_to > aftersale_hour_from AND aftersale_hour_to <= 24)",
        "Contact hours must start before they end.",
    )
    _aftersale_effect_days = models.Constraint(
        "CHECK(aftersale_effect_days > 0)", "An effect is measured over at least one day."
    )
    _aftersale_low_score = models.Constraint(
        "CHECK(aftersale_low_score BETWEEN 1 AND 5)", "The low score must lie between 1 and 5."
    )

    _aftersale_not_negative = models.Constraint(
        "CHECK(LEAST(aftersale_new_months, aftersale_transit_days, aftersale_cap_days, aftersale_cap_same_days, "
        "aftersale_cap_periodic_days, aftersale_cap_year, aftersale_attempt_max, aftersale_recurring_count, "
        "aftersale_recurring_days, aftersale_repeat_months, aftersale_contact_days, aftersale_contact_days_safety, "
        "aftersale_resolution_days, aftersale_resolution_days_normal, aftersale_verification_days, aftersale_weak_n, "
        "aftersale_min_n, aftersale_seconds_per_question) >= 0)",
        "The numbers of the after-sales settings cannot be negative.",
    )

    def _aftersale_managers(self):
        """Return the after-sales managers who work in this company."""
        self.ensure_one()
        managers = self.env.ref("aftersale_followup.group_manager").sudo().all_user_ids
        return managers.filtered(lambda user: user.active and not user.share and self in user.company_ids)

    def _aftersale_supervisor(self, team):
        """Return who decides about the work of ``team``: its leader, else of the after-sales team, else a manager."""
        self.ensure_one()
        leaders = team.user_id | self.sudo().aftersale_team_id.user_id
        able = leaders.filtered(lambda user: user.active and user.has_group("aftersale_followup.group_supervisor"))
        return (able or self._aftersale_managers())[:1]

    def _aftersale_hides_answers(self, user=None):
        """Return whether the setting keeps single answers from ``user`` (or the one who asks): from agents only."""
        self.ensure_one()
        user = user or self.env.user
        return self.sudo().aftersale_hide_answers and not user.has_group("aftersale_followup.group_supervisor")

    # ------------------------------------------------------------
    # Calendar: the one place that knows what a working day is
    # ------------------------------------------------------------

    def _aftersale_tz(self):
        """Return the name of the company's time zone: its calendar's, else its partner's, else UTC."""
        self.ensure_one()
        company = self.sudo()
        return company.resource_calendar_id.tz or company.partner_id.tz or "UTC"

    def _aftersale_today(self):
        """Return today's date in the company's time zone."""
        return self._aftersale_date(fields.Datetime.now())

    def _aftersale_date(self, moment):
        """Return the company's calendar date of ``moment`` (naive UTC)."""
        return utc.localize(moment).astimezone(timezone(self._aftersale_tz())).date()

    def _aftersale_moment(self, date, hour=0.0, zone=None):
        """Return the naive UTC moment of ``hour`` on ``date``, in company time or in that of the time zone ``zone``."""
        local = datetime.combine(date, time()) + timedelta(hours=hour)
        return timezone(zone or self._aftersale_tz()).localize(local).astimezone(utc).replace(tzinfo=None)

    def _aftersale_workdays(self, date_from, date_to):
        """Return the sorted working dates of the company from ``date_from`` to ``date_to``, both included.

        Working days are those of the company's calendar without its public holidays, plus the make-up working days
        of `aftersale.workday`. A company without a calendar works from Monday to Friday.
        """
        self.ensure_one()
        return list(self._aftersale_get_workdays(date_from, date_to)) if date_from <= date_to else []

    @ormcache("self.id", "date_from", "date_to")
    def _aftersale_get_workdays(self, date_from, date_to):
        """Return the working dates as a tuple, from the cache: cleared when the calendar changes."""
        company = self.sudo()
        calendar = company.resource_calendar_id
        if calendar:
            zone = timezone(company._aftersale_tz())
            start = zone.localize(datetime.combine(date_from, time()))
            end = zone.localize(datetime.combine(date_to + timedelta(days=1), time()))
            leaves = [("time_type", "=", "leave"), ("company_id", "in", [False, company.id])]
            intervals = calendar._work_intervals_batch(start, end, domain=leaves, tz=zone)[False]
            days = {interval[0].astimezone(zone).date() for interval in intervals}
        else:
            span = (date_to - date_from).days + 1
            days = {date_from + timedelta(days=n) for n in range(span)}
            days = {day for day in days if day.weekday() < 5}
        makeup = company.env["aftersale.workday"].search(
            Domain("company_id", "=", company.id) & Domain("date", ">=", date_from) & Domain("date", "<=", date_to)
        )
        return tuple(sorted(days | set(makeup.mapped("date"))))

    def _aftersale_add_workdays(self, date, count):
        """Return the ``count``-th working day after ``date``; for 0 the first working day from ``date`` on."""
        start = date if count == 0 else date + timedelta(days=1)
        wanted = max(count, 1)
        span, days = 2 * wanted + 14, []
        # A calendar closed for good must not loop for ever: after three years every day counts.
        while len(days) < wanted and span < 1500:
            days = self._aftersale_workdays(start, start + timedelta(days=span))
            span *= 4
        return days[wanted - 1] if len(days) >= wanted else start + timedelta(days=wanted - 1)

    def _aftersale_next_workday(self, date):
        """Return ``date`` itself when it is a working day, else the next one."""
        return self._aftersale_add_workdays(date, 0)
