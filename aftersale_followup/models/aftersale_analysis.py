import logging

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command, Domain

from ..report.withheld import blank_withheld

_logger = logging.getLogger(__name__)

# A report that failed so often waits for somebody to look at it.
MAX_ERRORS = 3
# What issuing sets, for nobody to write.
SYSTEM_FIELDS = {
    "state",
    "name",
    "version",
    "previous_id",
    "figures",
    "seal",
    "print_seals",
    "cutoff",
    "date_sent",
    "sent_partner_ids",
    "error_count",
    "error_message",
    "in_review",
    "date_issue",
    "meeting_id",
    "meeting_date",
}
# All that may still change once an analysis is issued.
OPEN_FIELDS = {"date_sent", "sent_partner_ids", "meeting_id", "print_seals"}


class AftersaleAnalysis(models.Model):
    _name = "aftersale.analysis"
    _description = "After-sales Analysis"
    _inherit = ["mail.thread", "mail.activity.mixin", "aftersale.export.mixin"]
    _mail_post_access = "read"  # issued ones, which nobody writes, can be talked about
    _order = "date_from desc, period, version desc, id desc"
    _check_company_auto = True

    name = fields.Char(default=lambda self: self.env._("No number yet"), required=True, readonly=True, copy=False)
    period = fields.Selection(
        [("week", "Week"), ("month", "Month"), ("quarter", "Quarter")], required=True, default="month"
    )
    date_from = fields.Date("From", required=True)
    date_to = fields.Date("To", required=True)
    company_id = fields.Many2one("res.company", required=True, index=True, default=lambda self: self.env.company)
    team_id = fields.Many2one(
        "crm.team", index=True, ondelete="restrict", check_company=True, help="Empty = the whole company."
    )
    version = fields.Integer(default=1, required=True, readonly=True, copy=False, aggregator=None)
    previous_id = fields.Many2one(
        "aftersale.analysis", "Replaces", readonly=True, copy=False, index="btree_not_null", ondelete="restrict"
    )
    state = fields.Selection(
        [("draft", "Draft"), ("issued", "Issued")], required=True, readonly=True, copy=False, default="draft"
    )
    figures = fields.Json("Stored Figures", readonly=True, copy=False)
    cutoff = fields.Datetime(readonly=True, copy=False, help="The figures are as of this moment.")
    summary = fields.Text(help="What the supervisor makes of the figures; printed on the report.")
    recipient_ids = fields.Many2many(
        "res.partner",
        "aftersale_analysis_recipient_rel",
        "analysis_id",
        "partner_id",
        "Recipients",
        help="Empty = those of the settings.",
    )
    date_sent = fields.Datetime("Sent On", readonly=True, copy=False)
    error_count = fields.Integer("Errors in a Row", readonly=True, copy=False)
    error_message = fields.Text("Last Error", readonly=True, copy=False)

    title = fields.Char(compute="_compute_title")
    headline = fields.Char("Average", compute="_compute_headline")
    headline_problem = fields.Char("First Problem", compute="_compute_headline")
    feedback_count = fields.Integer("Feedback", compute="_compute_headline")
    figures_html = fields.Html("Figures", compute="_compute_figures_html", sanitize=False)

    _issued_unique = models.UniqueIndex(
        "(company_id, COALESCE(team_id, 0), period, date_from, version) WHERE state = 'issued'",
        "This analysis has already been issued. Make a new version of it instead.",
    )
    _dates_ordered = models.Constraint("CHECK(date_from <= date_to)", "The period must end after it starts.")

    # ------------------------------------------------------------
    # compute
    # ------------------------------------------------------------

    @api.depends("period", "date_from", "date_to")
    @api.depends_context("lang")
    def _compute_title(self):
        formatter = self.env["report.aftersale_followup.report_analysis"]
        for analysis in self:
            analysis.title = formatter._format_period(analysis.period, analysis.date_from, analysis.date_to)

    @api.depends("name", "period", "date_from", "date_to", "company_id.name", "version")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for analysis in self:
            analysis.display_name = " ".join(filter(None, [analysis.name, analysis.title]))

    @api.depends("figures")
    @api.depends_context("lang")
    def _compute_headline(self):
        formatter = self.env["report.aftersale_followup.report_analysis"]
        for analysis in self:
            figures = analysis.figures or {}
            analysis.headline = formatter._format_average(figures.get("satisfaction"))
            problems = formatter._format_problems(figures.get("top_problems"))[:1]
            analysis.headline_problem = problems[0]["text"] if problems else False
            analysis.feedback_count = figures.get("feedback", 0)

    @api.depends("figures", "summary", "state")
    @api.depends_context("lang")
    def _compute_figures_html(self):
        formatter = self.env["report.aftersale_followup.report_analysis"]
        for analysis in self:
            analysis.figures_html = analysis.figures and self.env["ir.qweb"]._render(
                "aftersale_followup.report_analysis_body", {"page": formatter._get_page(analysis), "in_form": True}
            )

    @api.onchange("period", "date_from")
    def _onchange_period(self):
        """Widen the day chosen to the whole week, month or quarter around it."""
        if self.period and self.date_from:
            self.date_from, self.date_to = self._period_around(self.period, self.date_from)

    @api.constrains("period", "date_from", "date_to")
    def _check_period(self):
        for analysis in self:
            if (analysis.date_from, analysis.date_to) != self._period_around(analysis.period, analysis.date_from):
                raise ValidationError(
                    self.env._(
                        "%(date_from)s to %(date_to)s is no full week, month or quarter. Choose the first day of one.",
                        date_from=analysis.date_from,
                        date_to=analysis.date_to,
                    )
                )

    # ------------------------------------------------------------
    # an issued analysis never changes
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        """People make drafts; only issuing makes an issued analysis, with its figures."""
        if not self.env.su:
            vals_list = [
                {name: value for name, value in vals.items() if name not in SYSTEM_FIELDS} | {"state": "draft"}
                for vals in vals_list
            ]
        return super().create(vals_list)

    def write(self, vals):
        """Refuse changes of issued analyses, whoever asks; figures and state are nobody's to write."""
        if SYSTEM_FIELDS & vals.keys() and not self.env.su:
            raise AccessError(self.env._("Figures and state of an analysis come from issuing it. Use its buttons."))
        issued = self.filtered(lambda analysis: analysis.state == "issued")
        if issued and not OPEN_FIELDS.issuperset(vals):
            raise UserError(
                self.env._(
                    "Analysis %(names)s is issued and cannot change any more. Make a new version of it to correct it.",
                    names=", ".join(issued.mapped("name")),
                )
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_issued(self):
        issued = self.filtered(lambda analysis: analysis.state == "issued")
        if issued:
            raise UserError(
                self.env._("Analysis %(names)s is issued and must be kept.", names=", ".join(issued.mapped("name")))
            )

    # ------------------------------------------------------------
    # actions
    # ------------------------------------------------------------

    def action_preview(self):
        """Compute the figures of drafts as of now, without issuing anything."""
        self.check_access("write")
        for analysis in self.filtered(lambda analysis: analysis.state == "draft"):
            analysis.sudo()._compute_figures()

    def action_issue(self):
        """Issue the drafts; what went wrong with one is told, not only noted."""
        self.check_access("write")
        drafts = self.filtered(lambda analysis: analysis.state == "draft")
        drafts._issue()
        failed = drafts.filtered(lambda analysis: analysis.state == "draft")
        if failed:
            return {
                "type": "ir.actions.client",
                "tag": "display_notification",
                "params": {
                    "type": "danger",
                    "sticky": True,
                    "title": self.env._("Not issued"),
                    "message": "\n".join(f"{analysis.title}: {analysis.error_message}" for analysis in failed),
                },
            }
        return True

    def action_send(self):
        """Send issued analyses again."""
        # the rule that protects issued analyses refuses any write on them, so the right on the model is asked for
        self.browse().check_access("write")
        self.check_access("read")
        self._check_issued()
        for analysis in self.sudo():
            analysis._send()

    def action_print(self):
        """Open the frozen PDF in the reader's language."""
        self.ensure_one()
        self.check_access("read")
        self._check_issued()
        # sudo: readers may not write on the analysis the PDF belongs to
        pdf = self.sudo()._get_pdf(self.env.lang)
        return {"type": "ir.actions.act_url", "url": f"/web/content/{pdf.id}?download=true", "target": "self"}

    def action_new_version(self):
        """Open a draft that will replace the issued analysis."""
        self.ensure_one()
        self._check_issued()
        self.check_access("create")
        versions = self.search(self._key_domain(), order="version desc")
        draft = self.sudo().copy(
            {
                "version": versions[0].version + 1,
                "previous_id": versions.filtered(lambda analysis: analysis.state == "issued")[0].id,
                "recipient_ids": [Command.set(self.recipient_ids.ids)],
                "head_ids": [Command.set(self.head_ids.ids)],
            }
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": draft.id,
            "views": [(False, "form")],
        }

    def _check_issued(self):
        drafts = self.filtered(lambda analysis: analysis.state != "issued")
        if drafts:
            raise UserError(
                self.env._("%(titles)s is still a draft. Issue it first.", titles=", ".join(drafts.mapped("title")))
            )

    def _key_domain(self):
        """Domain of all versions of this analysis."""
        return (
            Domain("company_id", "=", self.company_id.id)
            & Domain("team_id", "=", self.team_id.id)
            & Domain("period", "=", self.period)
            & Domain("date_from", "=", self.date_from)
        )

    # ------------------------------------------------------------
    # issuing
    # ------------------------------------------------------------

    def _issue(self):
        """Compute, freeze, print and mail each analysis. What fails stays a draft, with the reason, and stops no other.

        Everything of one analysis, its queued mails too, hangs on one savepoint: it is issued as a whole or not at all.
        """
        # sudo: agents' feedback and recipients' data count, whoever presses the button
        for analysis in self.sudo():
            analysis._isolate(analysis._issue_one)

    def _isolate(self, step):
        """Take a step of one analysis as a whole or not at all; what went wrong is kept on it."""
        try:
            with self.env.cr.savepoint():
                step()
        except Exception as error:
            _logger.exception("analysis %s could not be issued", self.id)
            self.write({"error_count": self.error_count + 1, "error_message": str(error)[:2000]})

    def _issue_one(self):
        self.ensure_one()
        if self.state == "issued":
            return
        if self.search_count(
            self._key_domain() & Domain("version", "=", self.version) & Domain("state", "=", "issued")
        ):
            raise UserError(self.env._("%s has already been issued. Make a new version of it instead.", self.title))
        company = self.company_id
        if company._aftersale_today() <= self.date_to:
            raise UserError(
                self.env._("%s is not over yet: what is issued does not change any more. Use Preview.", self.title)
            )
        self._compute_figures()
        name = self.env["ir.sequence"].with_company(company).next_by_code("aftersale.analysis")
        recipients, heads = self.recipient_ids or self._default_recipients(), self.head_ids
        if not (self.recipient_ids or heads):
            heads = self._default_heads()
        self.write(
            {
                "name": name or self.name,
                "state": "issued",
                "recipient_ids": [Command.set(recipients.ids)],
                # who gets all of it needs no part
                "head_ids": [Command.set((heads - recipients).ids)],
                "error_count": 0,
                "error_message": False,
            }
        )
        # now, before anything is printed: the unique index decides who issues when two try
        self.flush_recordset()
        # Demo data: a server that is being installed does not answer wkhtmltopdf. The first who asks gets it printed.
        if self.env.registry.ready:
            self._get_pdf(company.partner_id.lang)
            self._send()

    def _compute_figures(self):
        self.ensure_one()
        cutoff = self.env.cr.now()
        self.write(
            {
                "figures": blank_withheld(
                    self.env["aftersale.figures"]._get(
                        self.company_id,
                        self.date_from,
                        self.date_to,
                        team=self.team_id,
                        cutoff=cutoff,
                        suggestions=self.suggestion_ids,
                        details=True,
                    )
                ),
                "cutoff": cutoff,
            }
        )
