import json
from datetime import timedelta

from babel.dates import format_skeleton

from odoo import api, fields, models
from odoo.tools import SQL
from odoo.tools.misc import babel_locale_parse, get_lang

# Weeks shown on a plan's card: these before the current one, and these after it.
WEEKS_PAST, WEEKS_AHEAD = 4, 3
CONTACTED = ("ready", "done", "unreachable", "refused", "expired")
NOT_HELD = ("skipped", "cancelled")


class AftersalePlan(models.Model):
    """Figures on the cards of the plans, counted in one query for all of them, with the rights of who looks."""

    _inherit = "aftersale.plan"

    followup_count = fields.Integer(compute="_compute_dashboard")
    planned_count = fields.Integer("Planned", compute="_compute_dashboard")
    week_count = fields.Integer(
        "This Week",
        compute="_compute_dashboard",
        help="Contacts of this week, from Monday on: what is planned and what was done already.",
    )
    late_count = fields.Integer(
        "Overdue", compute="_compute_dashboard", help="Their planned day is over, and nobody contacted them yet."
    )
    done_count = fields.Integer("Answered", compute="_compute_dashboard")
    response_rate = fields.Float(
        "Response (%)", compute="_compute_dashboard", help="Answered, of all that were contacted so far."
    )
    dashboard_graph = fields.Text(
        compute="_compute_dashboard", help="Contacts of the last and the next weeks, by their planned day."
    )

    @api.depends_context("uid", "lang", "allowed_company_ids")
    def _compute_dashboard(self):
        monday = self._get_monday()
        found = self._read_weeks()
        for plan in self:
            weeks = found.get(plan._origin.id, {})
            totals = [sum(column) for column in zip(*weeks.values(), strict=True)] or [0] * 6
            plan.followup_count, plan.planned_count, plan.done_count, asked, plan.late_count, _held = totals
            plan.response_rate = 100.0 * plan.done_count / asked if asked else 0.0
            held = {week: figures[-1] for week, figures in weeks.items()}
            plan.week_count = held.get(monday, 0)
            plan.dashboard_graph = json.dumps(self._prepare_graph(held, monday))

    def _get_monday(self):
        today = self.env.company._aftersale_today()
        return today - timedelta(days=today.weekday())

    def _read_weeks(self):
        """Return {plan id: {Monday, or None without a day: (all, planned, answered, contacted, late, to be held)}}."""
        Followup = self.env["aftersale.followup"]
        if not self.ids:
            return {}
        query = Followup._search([("plan_id", "in", self.ids)])
        late = Followup._search([("plan_id", "in", self.ids), ("is_late", "=", True)])
        columns = {n: Followup._field_to_sql(query.table, n, query) for n in ("id", "plan_id", "state", "date_planned")}
        week = SQL("date_trunc('week', %s)::date", columns["date_planned"])
        query.groupby = SQL("%s, 2", columns["plan_id"])
        rows = self.env.execute_query(
            query.select(
                columns["plan_id"],
                week,
                SQL("COUNT(*)"),
                SQL("COUNT(*) FILTER (WHERE %s = 'planned')", columns["state"]),
                SQL("COUNT(*) FILTER (WHERE %s = 'done')", columns["state"]),
                SQL("COUNT(*) FILTER (WHERE %s IN %s)", columns["state"], CONTACTED),
                SQL("COUNT(*) FILTER (WHERE %s IN %s)", columns["id"], late.subselect()),
                SQL("COUNT(*) FILTER (WHERE %s NOT IN %s)", columns["state"], NOT_HELD),
            )
        )
        found = {}
        for plan_id, monday, *figures in rows:
            found.setdefault(plan_id, {})[monday] = figures
        return found

    def _prepare_graph(self, held, monday):
        """Return what Odoo's dashboard graph shows: one bar for each week of ``held`` around ``monday``."""
        locale = babel_locale_parse(get_lang(self.env).code)
        bars = []
        for number in range(-WEEKS_PAST, WEEKS_AHEAD + 1):
            week = monday + timedelta(weeks=number)
            label = format_skeleton("Md", week, locale=locale)
            bars.append({"label": label, "value": held.get(week, 0), "type": "past" if number < 0 else "future"})
        return [{"key": self.env._("Follow-ups"), "values": bars}]

    def action_view_followups(self):
        """Open the follow-ups of this plan; the button's context says which of them."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("aftersale_followup.aftersale_followup_action")
        action.update(domain=[("plan_id", "=", self.id)], context={"default_plan_id": self.id})
        return action

    def action_preview(self):
        """Open the preview of what this plan is going to do, calculated."""
        self.ensure_one()
        company = self.company_id or self.env.company
        preview = self.env["aftersale.preview"].create({"plan_ids": self.ids, "company_id": company.id})
        preview.action_calculate()
        return preview._reopen()
