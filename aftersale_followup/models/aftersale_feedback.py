from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tools.misc import clean_context

from .aftersale_plan import CUSTOMER_TYPES, SCENARIOS

PRIORITIES = [("0", "Normal"), ("1", "High")]
SOURCES = [("customer", "Customer"), ("staff", "Staff on behalf")]
# What staff may write on feedback: their own judgement of it. What the customer said, when, about what and under which
# plan never changes: a correction is a second record that names the first.
STAFF_FIELDS = {
    "tag_ids",
    "category_id",
    "is_tag_confirmed",
    "improvement",
    "note",
    "contact_name",
    "evidence",
    "suspicious_reason",
    "suggestion_state",
    "suggestion_answer",
    "is_typical",
    "issue_ids",
    "action_ids",
}
FROZEN_FIELDS = {
    "followup_id",
    "score",
    "score_raw",
    "score_max",
    "nps",
    "resolved",
    "stability",
    "loyalty",
    "detail",
    "suggestion",
    "source",
}


class AftersaleFeedback(models.Model):
    _name = "aftersale.feedback"
    _description = "Customer Feedback"
    _inherit = ["aftersale.export.mixin"]
    _order = "date desc, id desc"
    _check_company_auto = True

    name = fields.Char(compute="_compute_name")
    followup_id = fields.Many2one(
        "aftersale.followup", index="btree_not_null", ondelete="restrict", copy=False, check_company=True
    )
    partner_id = fields.Many2one("res.partner", "Customer", index=True, ondelete="restrict")
    commercial_partner_id = fields.Many2one(
        related="partner_id.commercial_partner_id", store=True, precompute=True, index=True
    )
    contact_name = fields.Char("Contact", help="Who answered.")
    date = fields.Datetime(required=True, default=fields.Datetime.now, index=True)
    channel_id = fields.Many2one("aftersale.channel", ondelete="restrict", help="How it was answered.")
    user_id = fields.Many2one("res.users", "Agent", index=True, ondelete="restrict")
    plan_id = fields.Many2one("aftersale.plan", index="btree_not_null", ondelete="restrict")
    scenario = fields.Selection(SCENARIOS)
    customer_type = fields.Selection(CUSTOMER_TYPES)
    order_id = fields.Many2one("sale.order", index="btree_not_null", ondelete="set null", check_company=True)
    product_ids = fields.Many2many("product.product", string="Products", ondelete="restrict")
    product_line_id = fields.Many2one(
        "product.category",
        compute="_compute_product_line_id",
        store=True,
        precompute=True,
        readonly=False,
        ondelete="set null",
        help="That of the follow-up as it was when planned, else that of the products.",
    )
    team_id = fields.Many2one("crm.team", index=True, ondelete="restrict")
    company_id = fields.Many2one("res.company", required=True, index=True, default=lambda self: self.env.company)
    # what was said
    score = fields.Integer("Score (1–5)", aggregator="avg", help="1 to 5; 0 = not asked.")
    score_raw = fields.Integer("Answer as Given", aggregator=None)
    score_max = fields.Integer("Scale", default=5, aggregator=None)
    nps = fields.Selection([(str(n), str(n)) for n in range(11)], "Recommendation")
    resolved = fields.Selection(
        [("fully", "Fully solved"), ("partly", "Partly solved"), ("no", "Not solved"), ("came_back", "Came back")]
    )
    dimension_ids = fields.One2many("aftersale.feedback.dimension", "feedback_id", "Areas")
    detail = fields.Text("What Happened")
    suggestion = fields.Text(help="What the customer wishes for.")
    improvement = fields.Text("Improvement Proposal", help="What staff propose to do.")
    note = fields.Text("Remark", help="Internal.")
    # classification
    category_id = fields.Many2one("aftersale.category", index=True, ondelete="restrict")
    tag_ids = fields.Many2many("aftersale.tag", string="Classification", ondelete="restrict")
    is_tag_confirmed = fields.Boolean(
        "Classification Confirmed", help="The customer chose the tags, or staff accepted the suggested ones."
    )
    priority = fields.Selection(PRIORITIES, default="0", required=True, index=True)
    is_low_score = fields.Boolean("Low Score", default=False)
    is_recurring = fields.Boolean("Recurring Problem", default=False)
    is_safety = fields.Boolean("Safety Hazard", default=False)
    is_repeat = fields.Boolean("Second Complaint", default=False)
    # trust
    source = fields.Selection(SOURCES, required=True, default="staff")
    evidence = fields.Selection(
        [("recorded", "Recorded"), ("confirmed", "Confirmed"), ("suspicious", "Suspicious")],
        required=True,
        default="recorded",
    )
    suspicious_reason = fields.Char()
    screened_by_id = fields.Many2one("res.users", readonly=True, copy=False, ondelete="restrict")
    screened_date = fields.Datetime("Screened On", readonly=True, copy=False)
    is_valid = fields.Boolean("Counts", compute="_compute_is_valid", store=True, precompute=True, index=True)
    correction_of_id = fields.Many2one("aftersale.feedback", "Corrects", index="btree_not_null", ondelete="restrict")
    correction_ids = fields.One2many("aftersale.feedback", "correction_of_id")
    correction_reason = fields.Char("Reason for the Correction")
    suggestion_state = fields.Selection(
        [
            ("none", "None"),
            ("new", "To evaluate"),
            ("accepted", "Accepted"),
            ("adopted", "Put into practice"),
            ("rejected", "Not adopted"),
        ],
        required=True,
        default="none",
    )
    issue_ids = fields.Many2many(
        "aftersale.issue",
        "aftersale_issue_feedback_rel",
        "feedback_id",
        "issue_id",
        "Issues",
        check_company=True,
    )
    followup_status = fields.Selection(
        [
            ("none", "No follow-up needed"),
            ("new", "New"),
            ("processing", "In Progress"),
            ("done", "Done"),
            ("closed", "Closed"),
            ("cancelled", "Cancelled"),
        ],
        "Follow-up Status",
        compute="_compute_followup_status",
        compute_sudo=True,
    )
    completion_date = fields.Date(compute="_compute_followup_status", compute_sudo=True)
    is_completion_planned = fields.Boolean(
        "Completion Is Planned", compute="_compute_followup_status", compute_sudo=True, export_string_translation=False
    )

    _score_range = models.Constraint("CHECK(score BETWEEN 0 AND 5)", "Satisfaction is scored from 1 to 5.")
    _raw_range = models.Constraint(
        "CHECK(score_max > 0 AND score_raw BETWEEN 0 AND score_max)", "The answer must lie on its scale."
    )
    _correction_of_other = models.Constraint(
        "CHECK(correction_of_id <> id)", "A correction is a second record; it cannot correct itself."
    )
    _correction_explained = models.Constraint(
        "CHECK(correction_of_id IS NULL OR TRIM(COALESCE(correction_reason, '')) <> '')",
        "A correction needs its reason: who reads the figures wants to know why an answer no longer counts.",
    )
    _suspicion_explained = models.Constraint(
        "CHECK(evidence <> 'suspicious' OR TRIM(COALESCE(suspicious_reason, '')) <> '')",
        "Say why the answer is suspicious: it no longer counts in the figures.",
    )
    _followup_once = models.UniqueIndex(
        "(followup_id) WHERE followup_id IS NOT NULL AND correction_of_id IS NULL",
        "This follow-up is already answered.",
    )
    _corrected_once = models.UniqueIndex(
        "(correction_of_id) WHERE correction_of_id IS NOT NULL",
        "This record was corrected already. Correct the later one: of two corrections both would count.",
    )

    def _compute_name(self):
        for feedback in self:
            feedback.name = f"FB/{feedback.id:06d}" if feedback.id else self.env._("No number yet")

    @api.depends("product_ids")
    def _compute_product_line_id(self):
        for feedback in self:
            feedback.product_line_id = feedback.sudo().product_ids._aftersale_line(feedback.sudo().order_id)

    @api.depends("name", "partner_id.name", "score")
    def _compute_display_name(self):
        for feedback in self:
            feedback.display_name = f"{feedback.name} {feedback.partner_id.name or ''}".strip()

    @api.depends("evidence", "correction_ids")
    def _compute_is_valid(self):
        """Only the figures wait for the screening: suspicious and corrected answers do not count."""
        for feedback in self:
            feedback.is_valid = feedback.evidence != "suspicious" and not feedback.correction_ids

    @api.depends(
        "issue_ids.state",
        "issue_ids.date_done",
        "issue_ids.resolution_deadline",
        "issue_ids.action_ids.date_deadline",
        "issue_ids.action_ids.state",
        "action_ids.date_deadline",
        "action_ids.date_done",
        "action_ids.state",
    )
    def _compute_followup_status(self):
        """Show the least advanced linked issue; completion is its end, before that the planned date.

        An answer that led to a measure and to no issue is completed with the measure.
        """
        order = ["new", "processing", "done", "closed", "cancelled"]
        for feedback in self:
            issue = feedback.issue_ids.sorted(lambda i: order.index(i.state))[:1]
            measures = (issue.action_ids if issue else feedback.action_ids).filtered(lambda a: a.state != "cancelled")
            if issue:
                is_open, done = issue.state in ("new", "processing"), issue.date_done
            else:
                is_open = any(measure.state != "done" for measure in measures)
                done = max(measures.mapped("date_done"), default=False) if not is_open else False
            # a measure that is only planned may have no deadline yet
            deadlines = [day for day in measures.mapped("date_deadline") if day]
            planned = is_open and (issue.resolution_deadline or max(deadlines, default=False))
            feedback.followup_status = issue.state or "none"
            feedback.is_completion_planned = bool(planned)
            feedback.completion_date = planned or (done and feedback.company_id._aftersale_date(done))

    @api.model_create_multi
    def create(self, vals_list):
        """The gate: every answer, whatever its way in, is completed, classified and followed up here."""
        gate = self
        if not self.env.su:
            # What the caller may not hand over does not come in as a default of the context either.
            gate = self.with_env(self.env(context=clean_context(self.env.context)))
            vals_list = [self._check_recorded(vals) for vals in vals_list]
        vals_list = [self._classify(self._complete_values(vals)) for vals in vals_list]
        created = super(AftersaleFeedback, gate).create(vals_list)
        # Whoever records an answer need not have the right to read what it is compared with.
        feedback = created.sudo()
        feedback._check_verifier()
        feedback._finish_followups()
        feedback._prioritise()
        feedback._screen()
        checks = feedback.filtered(lambda f: f.followup_id.issue_id and f.scenario == "resolution_check")
        for issue, answers in checks.grouped(lambda f: f.followup_id.issue_id).items():
            for answer in answers:
                issue._verify(answer)
        (feedback - checks)._open_issues()
        return created

    def write(self, vals):
        frozen = FROZEN_FIELDS if self.env.su else vals.keys() - STAFF_FIELDS
        changed = [
            name
            for name in frozen & vals.keys()
            for feedback in self
            if feedback._fields[name].convert_to_write(feedback[name], feedback) != vals[name]
        ]
        if changed:
            raise UserError(self.env._("An answer is not changed. Record a correction with its reason instead."))
        screened = self.filtered(
            lambda f: any(name in vals and f[name] != vals[name] for name in ("evidence", "suspicious_reason"))
        )
        result = super().write(vals)
        if screened and not self.env.su:
            screening = {"screened_by_id": self.env.uid, "screened_date": fields.Datetime.now()}
            super(AftersaleFeedback, screened.sudo()).write(screening)
        if "evidence" in vals:
            # The supervisor decided about an answer: a verification that waited for it goes on.
            for feedback in self.sudo().filtered(lambda f: f.scenario == "resolution_check"):
                for issue in feedback.followup_id.issue_id:
                    issue._verify(feedback)
        return result

    @api.constrains("correction_of_id", "followup_id")
    def _check_correction(self):
        for feedback in self:
            if feedback.correction_of_id and feedback.correction_of_id.followup_id != feedback.followup_id:
                raise ValidationError(self.env._("A correction belongs to the same follow-up as what it corrects."))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_recorded(self):
        raise UserError(self.env._("What a customer said is kept. Record a correction instead of deleting it."))

    def _complete_values(self, vals):
        """Return ``vals`` with the snapshot of the follow-up: who, what, under which plan, as it was."""
        vals = dict(vals)
        followup = self.env["aftersale.followup"].sudo().browse(vals.get("followup_id"))
        corrected = self.sudo().browse(vals.get("correction_of_id"))
        if corrected and vals.get("correction_reason"):
            # The record sheet names the reason beside the answer that counts now.
            vals.setdefault("note", self.env._("Correction: %s", vals["correction_reason"]))
        if followup:
            snapshot = {
                "partner_id": followup.partner_id.id,
                "commercial_partner_id": followup.partner_id.commercial_partner_id.id,
                "contact_name": followup.partner_id.name,
                "channel_id": followup.channel_id.id,
                "user_id": followup.user_id.id,
                "plan_id": followup.plan_id.id,
                "scenario": followup.scenario,
                "customer_type": followup.customer_type,
                "order_id": followup.order_id.id,
                "product_ids": [Command.set(followup.product_ids.ids)],
                "product_line_id": followup.product_line_id.id,
                "team_id": followup.team_id.id,
                "company_id": followup.company_id.id,
            }
            vals = snapshot | vals
        elif corrected:
            names = ("partner_id", "channel_id", "plan_id", "scenario", "customer_type", "order_id", "team_id")
            names += ("company_id", "contact_name", "product_ids", "product_line_id")
            vals = corrected._convert_to_write({name: corrected[name] for name in names}) | vals
        if (vals.get("suggestion") or "").strip():
            vals.setdefault("suggestion_state", "new")
        return vals

    def _get_originals(self):
        """Return the first records (in sudo) of these answers: what those led to, no correction leads to again."""
        originals = self.sudo()
        while corrections := originals.filtered("correction_of_id"):
            originals = originals - corrections | corrections.correction_of_id
        return originals

    def _check_verifier(self):
        """Refuse a verification recorded by the person who solved the issue."""
        for feedback in self.filtered(lambda f: f.source == "staff" and f.scenario == "resolution_check"):
            if feedback.user_id in feedback.followup_id.issue_id.solver_ids:
                raise ValidationError(
                    self.env._("%s worked on this issue and cannot verify it. Ask a colleague.", feedback.user_id.name)
                )

    def _finish_followups(self):
        for feedback in self.filtered(lambda f: f.followup_id and not f.correction_of_id):
            feedback.followup_id._set_state("done", date_done=feedback.date)

    def _is_passed(self):
        """Return whether this answer confirms that the issue is solved.

        Not suspicious, "fully" solved or not asked, and satisfaction of at least 3 or not asked.
        """
        return self.evidence != "suspicious" and self._says_solved()

    def _says_solved(self):
        self.ensure_one()
        return self.resolved in ("fully", False) and (self.score >= 3 or not self.score)

    def _single_product(self):
        """Return the product these answers are about, or none when they are about several."""
        return self.product_ids if len(self.product_ids) == 1 else self.env["product.product"]
