from odoo import api, models
from odoo.fields import Domain

from .agent_load import AgentLoad
from .planning_window import PlanningWindows

BATCH = 200


class AftersaleFollowup(models.Model):
    """Planned days that the calendar took away: public holidays entered late, a new working schedule."""

    _inherit = "aftersale.followup"

    @api.model
    def _calendar_changed(self):
        """Have the days of what is planned looked at soon; the calendar itself is changed without waiting."""
        self.env.registry.clear_cache()  # holds the working days
        for name in ("ir_cron_redate", "ir_cron_clocks"):
            if cron := self.env.ref(f"aftersale_followup.{name}", raise_if_not_found=False):
                cron.sudo()._trigger()

    @api.model
    def _cron_redate(self):
        """Move what is planned outside its window, on no working day, or for an agent on leave."""
        groups = self._read_group(
            [("state", "=", "planned")],
            ["company_id"],
            ["date_received:min", "date_planned:min", "date_planned:max", "date_deadline:max"],
        )
        for company, received, first, *lasts in groups:
            start = company._aftersale_moment(min(filter(None, (received, first))), 12.0)
            windows = PlanningWindows(company, [], [start])
            windows.between(first, max(lasts))
            followups = self.with_company(company)
            if not (followups._redate(windows) and followups._redate_absent(windows)):
                break

    def _redate(self, windows):
        """Move the misplaced follow-ups of the company of ``windows``; return whether there is time for more."""
        company = windows.company
        misplaced = self._get_misplaced(windows)
        for start in range(0, len(misplaced), BATCH):
            batch = list(misplaced.items())[start : start + BATCH]
            rows = self.union(*[row for row, _window in batch]).try_lock_for_update(allow_referencing=True)
            batch = [(row, window) for row, window in batch if row in rows and row.state == "planned"]
            offers = {row: windows.offer(*window)[0] for row, window in batch}
            load = AgentLoad(company, [day for days in offers.values() for day in days])
            ledger = self.env["aftersale.plan"]._get_ledger([row for row, _window in batch])
            for row, (_first, last) in batch:
                row._redate_one(offers[row], last, windows, ledger, load)
            left = max(len(misplaced) - start - BATCH, 0)
            if not self.env["ir.cron"]._commit_progress(len(batch), remaining=left):
                return False
        return True

    def _get_misplaced(self, windows):
        """Return {follow-up: (first, last day of its window)} of those that the calendar no longer suits.

        Overdue ones are left to `_catch_up`. Windows that do not count in working days keep their ends.
        """
        domain = Domain("state", "=", "planned") & Domain("company_id", "=", windows.company.id)
        coming = domain & Domain("date_planned", ">=", windows.today)
        groups = self._read_group(
            coming & Domain("window_to", ">", 0) & Domain("date_received", "!=", False),
            ["date_received:day", "window_from", "window_to"],
            ["id:recordset"],
        )
        misplaced = {}
        for received, number, to_number, rows in groups:
            first, last = windows.nth(received, number), windows.nth(received, to_number)
            for row in rows:
                if row.date_deadline != last or row.date_planned < first:
                    misplaced[row] = (first, last)
        days = [day for (day,) in self._read_group(coming, ["date_planned:day"])]
        holidays = [day for day in days if not windows.is_workday(day)]
        for row in self.search(coming & Domain("date_planned", "in", holidays)):
            # Without a count of days it is not known where the window began: no day before the planned one.
            misplaced.setdefault(row, (row.date_planned, row.date_deadline))
        return misplaced

    def _redate_one(self, days, last, windows, ledger, load):
        """Give the follow-up a day out of ``days``, unless its own still stands in the window that ends on ``last``."""
        stands = self.date_planned <= last and windows.is_workday(self.date_planned) and self.date_planned >= days[0]
        if stands:
            sentence = self.env._("The working calendar changed: the window now ends on %s.", last)
            self.write({"date_deadline": last, "explanation": self._explained(sentence)})
            return
        free = self.plan_id._get_cap(ledger, self).free(days)
        _user, day = load.pick(free or days, self.user_id)
        sentence = self.env._(
            "Moved from %(old)s to %(day)s: the working calendar changed.", old=self.date_planned, day=day
        )
        self._move_to(day, sentence, date_deadline=last)
