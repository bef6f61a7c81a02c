from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.tools import SQL

from .aftersale_analysis import MAX_ERRORS

ISSUE_HOUR = 8.0
# How many periods of a kind are made up for after a standstill.
CATCH_UP = 12


class AftersaleAnalysis(models.Model):
    """When analyses are due."""

    _inherit = "aftersale.analysis"

    @api.model
    def _period_around(self, period, date):
        """First and last day of the week, month or quarter a day belongs to."""
        if period == "week":
            start = date - timedelta(days=date.weekday())
            return start, start + timedelta(days=6)
        months = 3 if period == "quarter" else 1
        start = date.replace(day=1, month=(date.month - 1) // months * months + 1)
        return start, start + relativedelta(months=months, days=-1)

    @api.model
    def _cron_issue(self):
        """Issue the analyses that are due and not yet issued, oldest first; of companies and of the teams chosen.

        Due is the first working day after the period, 8 o'clock in the company. A standstill loses none: everything
        ended and not issued is due, as far back as the first feedback, but no more than twelve periods of a kind. What
        is switched on later, quarters and teams, begins with the period that ended last. One that cannot even be
        drafted stops no other.
        """
        commit_progress = self.env["ir.cron"]._commit_progress
        due = self._get_due()
        commit_progress(remaining=len(due))
        for company, team, period, date_from, date_to in due:
            with self.env["aftersale.plan"]._isolated():
                self._issue_due(company, team, period, date_from, date_to)
            if not commit_progress(1):
                break

    @api.model
    def _issue_due(self, company, team, period, date_from, date_to):
        """Issue one analysis that is due, or have it reviewed, unless another worker is at it."""
        if not self._try_lock_period(company, team, period, date_from):
            return
        Analysis = self.with_company(company).with_context(allowed_company_ids=company.ids)
        key = {"company_id": company.id, "team_id": team.id, "period": period, "date_from": date_from, "version": 1}
        draft = Analysis.search([(field, "=", value) for field, value in key.items()], order="id", limit=1)
        if not draft:
            draft = Analysis.create({**key, "date_to": date_to})
        draft._issue_or_review()

    @api.model
    def _try_lock_period(self, company, team, period, date_from):
        """Whether nobody else issues this analysis right now; until the next commit nobody else will.

        The unique index makes sure of it; the lock only spares the loser a draft that cannot be issued.
        """
        key = f"aftersale.analysis:{company.id}:{team.id or 0}:{period}:{date_from}"
        return self.env.execute_query(SQL("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", key))[0][0]

    @api.model
    def _get_due(self):
        """(company, team or none, period, first day, last day) of all that is due, oldest first."""
        first_seen = self._get_first_activity()
        companies = self.env["res.company"].sudo().browse(first_seen)
        known = self.search_fetch(
            [("company_id", "in", companies.ids), ("version", "=", 1)],
            # not the figures, which are big
            ["company_id", "team_id", "period", "date_from", "state", "error_count", "in_review", "date_issue"],
            order="date_from desc",
        )
        settled = {analysis._get_key() for analysis in known if analysis._is_settled()}
        begun = {analysis._get_key()[:3]: analysis.date_from for analysis in known}
        due = []
        for company in companies:
            # a team can have moved to another company since it was chosen
            teams = company.aftersale_report_team_ids.filtered(lambda team, company=company: team.company_id <= company)
            for team in [self.env["crm.team"].sudo(), *teams]:
                ended = []
                for period in company._aftersale_report_periods():
                    days = list(self._get_ended_periods(company, period, first_seen[company.id]))
                    if days and (team or period == "quarter"):
                        start = begun.get((company.id, team.id, period), days[0][0])
                        days = [day for day in days if day[0] >= start]
                    ended += [(period, *day) for day in days if (company.id, team.id, period, day[0]) not in settled]
                active = self._get_active_periods(company, team, ended)
                due += [(company, team, *period) for period in ended if period in active]
        return sorted(due, key=lambda row: (row[4], row[2], row[0].id, row[1].id or 0))

    def _get_key(self):
        """Return what all versions of an analysis have in common."""
        return self.company_id.id, self.team_id.id, self.period, self.date_from

    def _is_settled(self):
        """Return whether the scheduled action has nothing left to do with this analysis."""
        return self.state == "issued" or self.error_count >= MAX_ERRORS

    @api.model
    def _get_first_activity(self):
        """{company id: its first day with valid feedback or a follow-up that was due}."""
        first = {
            company.id: company._aftersale_date(moment)
            for company, moment in self.env["aftersale.feedback"]._read_group(
                [("is_valid", "=", True)], ["company_id"], ["date:min"]
            )
        }
        for company, date in self.env["aftersale.followup"]._read_group(
            [("date_planned", "!=", False)], ["company_id"], ["date_planned:min"]
        ):
            first[company.id] = min(date, first.get(company.id, date))
        return first

    @api.model
    def _get_ended_periods(self, company, period, first_day):
        """Periods whose report is due by now, newest first, back to the first day or the limit of catching up."""
        now = fields.Datetime.now()
        date_from, date_to = self._period_around(period, company._aftersale_today())
        for _number in range(CATCH_UP):
            date_from, date_to = self._period_around(period, date_from - timedelta(days=1))
            if date_to < first_day:
                return
            if company._aftersale_moment(company._aftersale_add_workdays(date_to, 1), ISSUE_HOUR) <= now:
                yield date_from, date_to

    @api.model
    def _get_active_periods(self, company, team, periods):
        """Those of the periods in which something happened: nobody needs a report about nothing."""
        if not periods:
            return set()
        values = SQL(", ").join(
            SQL(
                "(%s, %s, %s, %s, %s)",
                number,
                company._aftersale_moment(date_from),
                company._aftersale_moment(date_to + timedelta(days=1)),
                date_from,
                date_to,
            )
            for number, (_period, date_from, date_to) in enumerate(periods)
        )
        self.env["aftersale.feedback"].flush_model(["company_id", "team_id", "date", "is_valid"])
        self.env["aftersale.followup"].flush_model(["company_id", "team_id", "date_planned", "state"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT number
                  FROM (VALUES %(values)s) AS period (number, since, until, date_from, date_to)
                 WHERE EXISTS (SELECT 1 FROM aftersale_feedback
                                WHERE company_id = %(company)s AND %(team)s AND is_valid
                                  AND date >= since AND date < until)
                    OR EXISTS (SELECT 1 FROM aftersale_followup
                                WHERE company_id = %(company)s AND %(team)s AND state NOT IN ('skipped', 'cancelled')
                                  AND date_planned BETWEEN date_from AND date_to)
                """,
                values=values,
                company=company.id,
                team=SQL("team_id = %s", team.id) if team else SQL("TRUE"),
            )
        )
        return {periods[number] for (number,) in rows}
