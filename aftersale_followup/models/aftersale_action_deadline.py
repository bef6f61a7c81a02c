from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import split_every

from .aftersale_issue_clock import TOLD, WARNED

BATCH = 200
REMINDER = "aftersale_followup.activity_type_action"


class AftersaleAction(models.Model):
    """Who hears of the deadline of a measure: its owner some days before, its supervisor after it, each once."""

    _inherit = "aftersale.action"

    # How far the reminders went, and for which deadline: a new one is reminded of anew.
    reminded = fields.Integer(copy=False, export_string_translation=False)
    reminded_deadline = fields.Date(copy=False, export_string_translation=False)

    @api.model
    def _cron_deadlines(self):
        """Remind of what is due soon, or was due; each step once for a deadline."""
        due = self.search(self._get_unreminded_domain(), order="date_deadline, id")
        left = len(due)
        for batch in split_every(BATCH, due.ids, self.browse):
            for action in batch:
                # One measure that cannot be reminded of keeps no other from it.
                with self.env["aftersale.plan"]._isolated():
                    action._remind()
            left -= len(batch)
            if not self.env["ir.cron"]._commit_progress(len(batch), remaining=left):
                break

    @api.model
    def _get_unreminded_domain(self):
        """Domain of the open measures whose deadline is near or past, and not all reminded of."""
        near = Domain.OR(
            Domain("company_id", "=", company.id) & Domain("date_deadline", "<=", company._aftersale_warning_day())
            for company in self.env["res.company"].sudo().search([])
        )
        return Domain("state", "in", ("planned", "in_progress")) & near

    def _remind(self):
        self.ensure_one()
        company, deadline = self.company_id, self.date_deadline
        level = TOLD if deadline < company._aftersale_today() else WARNED
        if level <= (self.reminded if self.reminded_deadline == deadline else 0):
            return
        supervisor = company._aftersale_supervisor(self.team_id)
        if level == WARNED:
            users, note = self.user_id or supervisor, self.env._("Due on %s.", deadline)
        else:
            users, note = supervisor, self.env._("Was due on %s and is not done.", deadline)
        for user in users:
            self.activity_schedule(
                REMINDER, date_deadline=max(deadline, company._aftersale_today()), note=note, user_id=user.id
            )
        self.sudo().write({"reminded": level, "reminded_deadline": deadline})

    def write(self, vals):
        """What is done, given up or due on another day needs no reminder any more."""
        result = super().write(vals)
        if vals.get("state") in ("done", "cancelled") or "date_deadline" in vals:
            self.sudo().activity_unlink([REMINDER])
        return result
