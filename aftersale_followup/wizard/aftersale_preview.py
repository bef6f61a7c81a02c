from contextlib import contextmanager
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

# Settings of the company that can be tried out with another value: {field of the preview: field of the company}.
TRIED = {
    "cap_days": "aftersale_cap_days",
    "cap_same_days": "aftersale_cap_same_days",
    "cap_periodic_days": "aftersale_cap_periodic_days",
    "cap_year": "aftersale_cap_year",
    "capacity": "aftersale_agent_capacity",
}


class _Rollback(Exception):
    """Ends a trial."""


class AftersalePreview(models.TransientModel):
    """Who will be contacted in the next days, by whom, and who will not, and why."""

    _name = "aftersale.preview"
    _description = "Preview of Contacts"
    _rec_name = "company_id"

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company, ondelete="cascade"
    )
    days = fields.Integer("Days Ahead", default=30, required=True)
    plan_ids = fields.Many2many("aftersale.plan", string="Plans", help="Empty: every live plan.")
    cap_days = fields.Integer("Days Between Contacts", default=lambda self: self._default_tried("cap_days"))
    cap_same_days = fields.Integer(
        "Days Between Contacts of One Kind", default=lambda self: self._default_tried("cap_same_days")
    )
    cap_periodic_days = fields.Integer(
        "Days Between Periodic Contacts", default=lambda self: self._default_tried("cap_periodic_days")
    )
    cap_year = fields.Integer("Contacts a Year", default=lambda self: self._default_tried("cap_year"))
    capacity = fields.Integer("Contacts an Agent and Day", default=lambda self: self._default_tried("capacity"))
    window_shift = fields.Integer(
        "Longer Windows (days)",
        help="So many days are added to the end of every plan's window, to see what it changes.",
    )
    line_ids = fields.One2many("aftersale.preview.line", "preview_id", "Contacts")
    planned_count = fields.Integer("Contacts", compute="_compute_counts")
    skipped_count = fields.Integer("Not Asked", compute="_compute_counts")
    hours_needed = fields.Float("Hours Needed", compute="_compute_counts")
    hours_available = fields.Float("Hours Available", compute="_compute_counts")
    full_days = fields.Integer("Full Days", compute="_compute_counts", help="Days on which every agent is full.")

    _days_range = models.Constraint("CHECK(days BETWEEN 1 AND 92)", "A preview looks 1 to 92 days ahead.")
    _not_negative = models.Constraint(
        "CHECK(LEAST(cap_days, cap_same_days, cap_periodic_days, cap_year, capacity, window_shift) >= 0)",
        "The numbers to try out cannot be negative.",
    )

    @api.model
    def _default_tried(self, name):
        return self.env.company[TRIED[name]]

    @api.depends("line_ids.state", "line_ids.date", "line_ids.user_id")
    def _compute_counts(self):
        Line = self.env["aftersale.preview.line"]
        for preview in self:
            company = preview.company_id
            mine = [("preview_id", "=", preview.id)]
            counts = dict(Line._read_group(mine, ["state"], ["__count"]))
            preview.planned_count = counts.get("planned", 0)
            preview.skipped_count = counts.get("skipped", 0)
            agents = preview._get_agents()
            workdays = company._aftersale_workdays(*preview._get_period())
            minutes = company.aftersale_contact_minutes
            preview.hours_needed = preview.planned_count * minutes / 60.0
            preview.hours_available = len(agents) * len(workdays) * preview.capacity * minutes / 60.0
            a_day = Line._read_group(mine + [("state", "=", "planned")], ["date:day"], ["__count"])
            preview.full_days = sum(count >= max(len(agents), 1) * preview.capacity for _day, count in a_day)

    def _get_period(self):
        """Return the first and the last day of the preview, in company time."""
        today = self.company_id._aftersale_today()
        return today, today + timedelta(days=self.days)

    def _get_plans(self):
        live = self.env["aftersale.plan"].search([("trigger", "!=", "manual")])
        plans = self.plan_ids or live
        return plans.filtered(lambda plan: not plan.company_id or plan.company_id == self.company_id)

    def _get_agents(self):
        plans = self._get_plans()
        return self.env["res.users"].union(*[plan._get_agents_of_plan(self.company_id) for plan in plans])

    # ------------------------------------------------------------
    # Asking the planner
    # ------------------------------------------------------------

    def action_calculate(self):
        """Ask the planner what it would do, and show it."""
        self.ensure_one()
        if self.company_id not in self.env.companies:
            raise UserError(self.env._("Choose one of your companies."))
        self.line_ids.unlink()
        values = self._get_stored() + self._get_expected()
        self.env["aftersale.preview.line"].create([{"preview_id": self.id, **vals} for vals in values])
        return self._reopen()

    def _reopen(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Preview"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
        }

    def action_view_lines(self):
        """Open the contacts of this preview by plan, day and agent."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("aftersale_followup.aftersale_preview_line_action")
        return {**action, "domain": [("preview_id", "=", self.id)]}

    def _get_stored(self):
        """Return what is planned already and does not change, as values of lines."""
        first, last = self._get_period()
        followups = self.env["aftersale.followup"].search(
            [
                ("company_id", "=", self.company_id.id),
                ("plan_id", "in", self._get_plans().ids),
                ("state", "=", "planned"),
                ("date_planned", ">=", first),
                ("date_planned", "<=", last),
            ]
        )
        return [
            {
                "source": "planned",
                "state": "planned",
                "date": followup.date_planned,
                "plan_id": followup.plan_id.id,
                "user_id": followup.user_id.id,
                "partner_id": followup.partner_id.id,
                "order_id": followup.order_id.id,
                "followup_id": followup.id,
                "explanation": followup.explanation,
            }
            for followup in followups
        ]

    def _get_expected(self):
        """Return what the planner makes of what is expected, as values of lines; nothing of it is kept."""
        first, last = self._get_period()
        with self._trial():
            rows = self._get_plans()._preview_rows(self.company_id, last)
            return [
                {
                    "source": "expected",
                    "state": row["state"],
                    "skip_reason": row.get("skip_reason"),
                    "date": row["date_planned"],
                    "plan_id": row["plan_id"],
                    "user_id": row["user_id"],
                    "partner_id": row["partner_id"],
                    "order_id": row["order_id"],
                    "explanation": row["why"],
                }
                for row in rows
                if first <= row["date_planned"] <= last
            ]

    @contextmanager
    def _trial(self):
        """Give the company and the plans the values to try out, and take them back whatever happens."""
        company, plans = self.company_id.sudo(), self._get_plans().sudo().with_context(tracking_disable=True)
        values = {field: self[name] for name, field in TRIED.items() if self[name] != company[field]}
        try:
            with self.env.cr.savepoint():
                if values:
                    company.write(values)
                if self.window_shift:
                    for rule in [*plans, *plans.touchpoint_ids]:
                        rule.delay_max += self.window_shift
                yield
                raise _Rollback
        except _Rollback:
            self.env.invalidate_all()
