from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain

from .aftersale_plan import ERROR_LIMIT, RANK
from .agent_load import AgentLoad
from .contact_cap import EXEMPT_CLASSES

BATCH = 200


class AftersaleFollowup(models.Model):
    """After days of downtime: calls are spread over the next working days instead of falling on one morning."""

    _inherit = "aftersale.followup"

    @api.model
    def _catch_up(self):
        """Give overdue calls the next days on which their agents have room, urgent ranks first; return whether there
        is time for more.

        Exempt ranks go at once. So does what leaves by an automatic channel: it costs nobody's time. Overdue is what
        was due before the company's day began; far in the west the planned day begins when the company's is over.
        """
        now = fields.Datetime.now()
        overdue = (
            Domain("state", "=", "planned") & Domain("date_next", "<=", now) & Domain("error_count", "<", ERROR_LIMIT)
        )
        for (company,) in self._read_group(overdue, ["company_id"]):
            morning = company._aftersale_moment(company._aftersale_today())
            rows = self.with_company(company).search(
                overdue & Domain("company_id", "=", company.id) & Domain("date_next", "<", morning)
            )
            calls = rows._filter_calls().sorted(lambda f: (RANK[f.contact_class], f.date_planned, f.id))
            if calls and not calls._spread(morning):
                return False
        return True

    def _filter_calls(self):
        """Return the follow-ups that an agent has to work on, and that may wait."""
        return self.filtered(lambda f: f.contact_class not in EXEMPT_CLASSES and not f._get_next_channel().is_automatic)

    def _spread(self, morning):
        """Move the calls, in this order, to the first working days with room; return whether there is time for more."""
        company = self.env.company
        # After the closing today is no day to call any more: its calls would fall on the next one, full already.
        opening = company._aftersale_opening(fields.Datetime.now(), company._aftersale_tz())
        first = company._aftersale_date(opening)
        workdays = company._aftersale_workdays(first, first + timedelta(days=60))
        days = workdays or [company._aftersale_next_workday(first)]
        load = AgentLoad(company, days)
        for start in range(0, len(self), BATCH):
            batch = self[start : start + BATCH].try_lock_for_update(allow_referencing=True)
            batch = batch.filtered(lambda f: f.state == "planned" and f.date_next < morning)
            ledger = self.env["aftersale.plan"]._get_ledger(batch)
            for row in batch:
                row._catch_up_on(days, load, ledger)
            if not self.env["ir.cron"]._commit_progress(len(batch), remaining=max(len(self) - start - BATCH, 0)):
                return False
        return True

    def _catch_up_on(self, days, load, ledger):
        """Move the call to the first of ``days`` with room for it, inside its window if it can be."""
        self.ensure_one()
        free = self.plan_id._get_cap(ledger, self).free(days)
        inside = [day for day in free if day <= self.date_deadline and load.has_room(self.user_id, day)]
        day = load.pick_first(inside or free or days, self.user_id)
        sentence = self.env._(
            "Overdue since %(old)s, moved to %(day)s: the first day on which the agent has room.",
            old=self.date_planned,
            day=day,
        )
        if day > self.date_deadline:
            sentence += " " + self.env._("The window ended on %s.", self.date_deadline)
        self._move_to(day, sentence)
        ledger.move(self, day)
