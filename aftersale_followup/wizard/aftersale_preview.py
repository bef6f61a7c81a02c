from contextlib import contextmanager
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.agent_load import AgentLoad

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

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company, ondelete="cascade"
    )
    days = fields.Integer("Days Ahead", default=30, required=True)
    plan_ids = fields.Many2many("aftersale.plan", string="Plans", help="Empty: every live plan.")
    cap_days = fields.Integer("Days Between Contacts", compute="_compute_tried", store=True, readonly=False)
    cap_same_days = fields.Integer(
        "Days Between Contacts of One Kind", compute="_compute_tried", store=True, readonly=False
    )
    cap_periodic_days = fields.Integer(
        "Days Between Periodic Contacts", compute="_compute_tried", store=True, readonly=False
    )
    cap_year = fields.Integer("Contacts a Year", compute="_compute_tried", store=True, readonly=False)
    capacity = fields.Integer("Contacts an Agent and Day", compute="_compute_tried", store=True, readonly=False)
    window_shift = fields.Integer(
        "Longer Windows (days)",
        help="So many days are added to the end of every plan's window, to see what it changes.",
    )
    line_ids = fields.One2many("aftersale.preview.line", "preview_id", "Contacts")
    planned_count = fields.Integer("Contacts to Make", compute="_compute_counts")
    skipped_count = fields.Integer("Not Asked", compute="_compute_counts")
    hours_needed = fields.Float(compute="_compute_counts")
    hours_available = fields.Float(compute="_compute_counts")
    full_days = fields.Integer(compute="_compute_counts", help="Days on which every agent is full.")

    _days_range = models.Constraint("CHECK(days BETWEEN 1 AND 92)", "A preview looks 1 to 92 days ahead.")
    _not_negative = models.Constraint(
        "CHECK(LEAST(cap_days, cap_same_days, cap_periodic_days, cap_year, capacity, window_shift) >= 0)",
        "The numbers to try out cannot be negative.",
    )

    @api.depends("company_id")
    def _compute_tried(self):
        for preview in self:
            for name, field in TRIED.items():
                preview[name] = preview.company_id[field]

    def _compute_display_name(self):
        for preview in self:
            preview.display_name = self.env._("The next %s days", preview.days)

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
            days = company._aftersale_workdays(*preview._get_period())
            load = AgentLoad(company, days)
            a_day = {day: sum(not load.is_absent(agent, day) for agent in agents) * preview.capacity for day in days}
            hours = company.aftersale_contact_minutes / 60.0
            calls = Line._read_group(
                mine + [("state", "=", "planned"), ("channel_id.is_automatic", "=", False)], ["date:day"], ["__count"]
            )
            preview.hours_needed = sum(count for _day, count in calls) * hours
            preview.hours_available = sum(a_day.values()) * hours
            preview.full_days = sum(day in a_day and count >= a_day[day] for day, count in calls)

    def _get_period(self):
        """Return the first and the last day of the preview, in company time."""
        today = self.company_id._aftersale_today()
        return today, today + timedelta(days=self.days)

    def _get_plans(self):
        plans = self.plan_ids or self.env["aftersale.plan"].search([("active", "=", True)])
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
        """Return what is planned already, and the calls that wait, as values of lines; late ones are for today."""
        first, last = self._get_period()
        followups = self.env["aftersale.followup"].search(
            [
                ("company_id", "=", self.company_id.id),
                ("plan_id", "in", self._get_plans().ids),
                ("date_planned", "<=", last),
                "|",
                ("state", "=", "planned"),
                *("&", ("state", "=", "ready"), ("channel_id.is_automatic", "=", False)),
            ]
        )
        return [
            {
                "source": "planned",
                "state": "planned",
                "date": max(followup.date_planned, first),
                "plan_id": followup.plan_id.id,
                "user_id": followup.user_id.id,
                "partner_id": followup.partner_id.id,
                "channel_id": (followup.channel_id or followup.sudo()._get_next_channel()).id,
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
                    "channel_id": self._get_channel(row).id,
                    "order_id": row["order_id"],
                    "explanation": row["why"],
                }
                for row in rows
                if first <= row["date_planned"] <= last and self._may_see(row)
            ]

    def _get_channel(self, row):
        plan = self.env["aftersale.plan"].sudo().browse(row["plan_id"])
        return plan._get_possible_channels(self.env["res.partner"].sudo().browse(row["partner_id"]))[:1]

    def _may_see(self, row):
        """Return whether the user will see the follow-up that the planner would make: as the record rules say."""
        team = self.env["crm.team"].sudo().browse(row["team_id"] or ())
        everything = self.company_id.aftersale_all_teams or self.env.user.has_group("aftersale_followup.group_manager")
        return everything or not team or team.user_id == self.env.user

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
