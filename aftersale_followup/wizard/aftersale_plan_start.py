from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain

from ..models.aftersale_plan_start import LOOK_BACK


class AftersalePlanStart(models.TransientModel):
    """What switching a plan on leads to: how many customers, how much work, and what is missing."""

    _name = "aftersale.plan.start"
    _description = "Start a Plan"
    _rec_name = "plan_id"

    plan_id = fields.Many2one("aftersale.plan", required=True, readonly=True, ondelete="cascade")
    trigger = fields.Selection(related="plan_id.trigger")
    interval_months = fields.Integer(related="plan_id.interval_months")
    customer_count = fields.Integer("Matching Customers", compute="_compute_figures")
    waiting_count = fields.Integer(
        "Due at Once",
        compute="_compute_figures",
        help="Never asked before, or asked longer ago than the interval. They are spread evenly over one interval.",
    )
    inactive_count = fields.Integer("Left out as Inactive", compute="_compute_figures")
    per_day = fields.Float("Contacts a Working Day", compute="_compute_figures", digits=(16, 1))
    hours = fields.Float("Hours Needed a Day", compute="_compute_figures")
    agent_count = fields.Integer("Agents", compute="_compute_figures")
    capacity = fields.Integer("Capacity (contacts a day)", compute="_compute_figures")
    warnings = fields.Text(compute="_compute_warnings")
    pause_plan_ids = fields.Many2many(
        "aftersale.plan",
        string="Pause Instead",
        compute="_compute_pause_plan_ids",
        store=True,
        readonly=False,
        help="Running plans that ask the same customers about the same event. A customer hears from one of them only.",
    )

    @api.depends("plan_id")
    def _compute_pause_plan_ids(self):
        for wizard in self:
            wizard.pause_plan_ids = [Command.set(wizard.plan_id._get_rivals().ids)]

    @api.depends("plan_id")
    def _compute_figures(self):
        for wizard in self:
            plan = wizard.plan_id
            companies = plan._get_companies() & self.env.companies
            if plan.trigger == "periodic":
                found = plan._get_start_cycles()
                wizard.customer_count = sum(len(cycles.members) for cycles in found)
                wizard.inactive_count = sum(len(cycles.inactive) for cycles in found)
                wizard.waiting_count = sum(cycle.waiting for c in found for cycle in c.cycles.values())
                per_day = sum(len(cycles.members) / (wizard._count_workdays(cycles.company) or 1) for cycles in found)
            else:
                counts = [(company, plan._count_events(company)) for company in companies]
                wizard.customer_count = sum(count for _company, count in counts)
                wizard.inactive_count = wizard.waiting_count = 0
                per_day = sum(count / (wizard._count_workdays(company) or 1) for company, count in counts)
            agents = {company: plan._get_agents_of_plan(company) for company in companies}
            wizard.agent_count = len(self.env["res.users"].union(*agents.values()))
            wizard.capacity = sum(len(users) * company.aftersale_agent_capacity for company, users in agents.items())
            wizard.per_day = per_day
            wizard.hours = per_day * max(companies.mapped("aftersale_contact_minutes"), default=0) / 60.0

    def _count_workdays(self, company):
        """Return the working days of one interval from today, or of the days an event plan is judged by."""
        today = company._aftersale_today()
        if self.plan_id.trigger == "periodic":
            end = today + relativedelta(months=self.plan_id.interval_months) - timedelta(days=1)
            return len(company._aftersale_workdays(today, end))
        return len(company._aftersale_workdays(today - timedelta(days=LOOK_BACK), today - timedelta(days=1)))

    @api.depends("plan_id")
    def _compute_warnings(self):
        for wizard in self:
            wizard.warnings = "\n".join(wizard._get_warnings())

    def _get_warnings(self):
        """Return in sentences what is missing, or will surprise, when this plan runs."""
        plan = self.plan_id
        companies = plan._get_companies() & self.env.companies
        found = [
            self.env._("No agent is in the team of this plan in %s: its calls would belong to nobody.", company.name)
            for company in companies
            if not plan._get_agents_of_plan(company)
        ]
        if not plan.survey_id:
            found.append(self.env._("The plan has no questionnaire."))
        found += plan._get_missing_pretests(plan.survey_id)
        automatic = plan.channel_ids.filtered("is_automatic")
        if automatic.filtered(lambda channel: channel.code != "sms") and not plan.mail_template_id:
            found.append(self.env._("The plan may write e-mails, but has no text for them."))
        if automatic.filtered(lambda channel: channel.code == "sms") and not plan.sms_template_id:
            found.append(self.env._("The plan may send text messages, but has no text for them."))
        if self.capacity and self.per_day > self.capacity:
            found.append(self.env._("There is more to do on a day than the agents can."))
        year = min(companies.mapped("aftersale_cap_year"), default=0)
        if plan.trigger == "periodic" and plan.interval_months * year < 12:
            found.append(
                self.env._("A customer is contacted at most %s times a year: not every turn will be held.", year)
            )
        return found + self._get_language_warnings()

    def _get_language_warnings(self):
        """Return which texts are missing in which language of the customers; English is always there."""
        texts = {
            self.env._("questionnaire"): [(self.plan_id.survey_id.sudo().question_ids, "title")],
            self.env._("e-mail"): [(self.plan_id.mail_template_id.sudo(), "body_html")],
            self.env._("text message"): [(self.plan_id.sms_template_id.sudo(), "body")],
            self.env._("script"): [(self.plan_id, "script")],
        }
        warnings = []
        for code, name in self._get_customer_languages():
            missing = [
                label
                for label, sources in texts.items()
                if any(self._lacks(record, field, code) for records, field in sources for record in records)
            ]
            if missing:
                warnings.append(
                    self.env._("Missing in %(language)s: %(texts)s.", language=name, texts=", ".join(missing))
                )
        return warnings

    @staticmethod
    def _lacks(record, field, code):
        stored = record._fields[field]._get_stored_translations(record) or {}
        return bool(stored) and code not in stored

    def _get_customer_languages(self):
        """Return [(code, name)] of the languages of those who ordered, except English."""
        companies = self.plan_id._get_companies() & self.env.companies
        ordered = Domain("company_id", "in", companies.ids) & Domain("state", "=", "sale")
        groups = self.env["res.partner"].sudo()._read_group([("sale_order_ids", "any", ordered)], ["lang"])
        spoken = {code for (code,) in groups if code} | set(companies.partner_id.mapped("lang"))
        return [(code, name) for code, name in self.env["res.lang"].get_installed() if code in spoken - {"en_US"}]

    def action_confirm(self):
        """Switch the plan on from today, and pause those it replaces."""
        self.ensure_one()
        if not self.plan_id.survey_id:
            raise UserError(self.env._("The plan has no questionnaire. Choose one first."))
        self.pause_plan_ids.write({"active": False})
        self.plan_id.write({"active": True})
        return {"type": "ir.actions.act_window_close"}
