from odoo import api, fields, models
from odoo.fields import Domain


class AftersaleAction(models.Model):
    _name = "aftersale.action"
    _description = "Improvement Measure"
    _inherit = ["mail.thread", "mail.activity.mixin", "aftersale.export.mixin"]
    _order = "date_deadline, id"
    _check_company_auto = True
    _mail_post_access = "read"

    name = fields.Char("Measure", required=True, tracking=True, help="What is done; customers read it, too.")
    kind = fields.Selection(
        [
            ("training", "Training"),
            ("process", "Process"),
            ("technology", "Technology"),
            ("product", "Product"),
            ("supplier", "Supplier"),
            ("staffing", "Staffing"),
            ("information", "Information"),
        ],
        required=True,
        default="process",
        tracking=True,
    )
    state = fields.Selection(
        [("planned", "Planned"), ("in_progress", "Under Way"), ("done", "Done"), ("cancelled", "Cancelled")],
        "Status",
        required=True,
        default="planned",
        copy=False,
        index=True,
        tracking=True,
        group_expand="_group_expand_state",
    )
    company_id = fields.Many2one("res.company", required=True, index=True, default=lambda self: self.env.company)
    team_id = fields.Many2one(
        "crm.team",
        index=True,
        ondelete="restrict",
        default=lambda self: self._default_team_id(),
        help="Whose supervisor looks after the measure; empty = every supervisor.",
    )
    # what it is about
    issue_ids = fields.Many2many(
        "aftersale.issue", "aftersale_action_issue_rel", "action_id", "issue_id", "Issues", copy=False
    )
    suggestion_ids = fields.Many2many(
        "aftersale.feedback",
        "aftersale_action_suggestion_rel",
        "action_id",
        "feedback_id",
        "Suggestions",
        copy=False,
        groups="aftersale_followup.group_agent",
        help="Customers' suggestions that this measure puts into practice.",
    )
    feedback_ids = fields.Many2many(
        "aftersale.feedback",
        compute="_compute_feedback_ids",
        groups="aftersale_followup.group_agent",
        help="The feedback of its issues, and the suggestions it puts into practice.",
    )
    tag_ids = fields.Many2many(
        "aftersale.tag",
        "aftersale_action_tag_rel",
        "action_id",
        "tag_id",
        "Problem",
        compute="_compute_tag_ids",
        store=True,
        readonly=False,
        ondelete="restrict",
        help="The effect is measured by how often customers name these problems.",
    )
    product_ids = fields.Many2many(
        "product.product", string="Products", ondelete="restrict", help="Empty: the effect counts all products."
    )
    # who and until when
    department_id = fields.Many2one(
        "hr.department", index="btree_not_null", ondelete="set null", check_company=True, tracking=True
    )
    department_ids = fields.Many2many("hr.department", string="Cooperating Departments", check_company=True)
    user_id = fields.Many2one(
        "res.users", "Owner", index=True, tracking=True, domain=[("share", "=", False)], ondelete="restrict"
    )
    date_deadline = fields.Date("Deadline", index=True, tracking=True)
    date_done = fields.Datetime("Done On", copy=False)
    is_overdue = fields.Boolean("Overdue", compute="_compute_is_overdue", search="_search_is_overdue")
    is_editable = fields.Boolean(compute="_compute_is_editable", export_string_translation=False)
    expected_effect = fields.Text(tracking=True)
    target_rate = fields.Float(
        "Target (per 100)", aggregator="avg", help="How many of 100 answers may still name the problem."
    )
    note = fields.Text("What Was Done", help="Steps and milestones.")
    cancel_reason = fields.Char("Reason for Cancelling", copy=False)
    # the effect: measured, never typed in
    rate_before = fields.Float("Before (per 100)", readonly=True, copy=False, aggregator="avg")
    rate_after = fields.Float("After (per 100)", readonly=True, copy=False, aggregator="avg")
    sample_before = fields.Integer("Feedback Before", readonly=True, copy=False)
    sample_after = fields.Integer("Feedback After", readonly=True, copy=False)
    change_low = fields.Float("Change, at Best", readonly=True, copy=False, aggregator=None)
    change_high = fields.Float("Change, at Worst", readonly=True, copy=False, aggregator=None)
    effect = fields.Selection(
        [("proven", "Proven"), ("no_evidence", "No evidence"), ("worse", "Worse")],
        "Measured Effect",
        readonly=True,
        copy=False,
        tracking=True,
    )
    date_effect = fields.Datetime("Measured On", readonly=True, copy=False)

    issue_count = fields.Integer(compute="_compute_issue_count")
    feedback_count = fields.Integer(compute="_compute_feedback_ids", groups="aftersale_followup.group_agent")
    followup_ids = fields.One2many("aftersale.followup", "action_id", "Follow-ups")
    followup_count = fields.Integer(compute="_compute_followup_count", groups="aftersale_followup.group_agent")

    _working_has_owner = models.Constraint(
        "CHECK(state NOT IN ('in_progress', 'done') OR (user_id IS NOT NULL AND date_deadline IS NOT NULL))",
        "A measure in progress needs an owner and a deadline.",
    )
    _done_dated = models.Constraint(
        "CHECK((state = 'done') = (date_done IS NOT NULL))", "A measure is done on a day, and only then has one."
    )
    _cancelled_documented = models.Constraint(
        "CHECK(state <> 'cancelled' OR COALESCE(cancel_reason, '') <> '')", "A cancelled measure needs a reason."
    )
    _target_range = models.Constraint("CHECK(target_rate BETWEEN 0 AND 100)", "The target lies between 0 and 100.")
    _unmeasured = models.Index("(company_id, date_done) WHERE state = 'done' AND date_effect IS NULL")

    def _default_team_id(self):
        """Return the team the user leads, so that who plans a measure also sees it."""
        company = self.env.company
        return self.env["crm.team"].search(
            [("user_id", "=", self.env.uid), ("company_id", "in", (False, company.id))], limit=1
        )

    # ------------------------------------------------------------
    # Computes
    # ------------------------------------------------------------

    @api.depends("issue_ids")
    def _compute_tag_ids(self):
        """The problems of the issues are the measure's, too; others can be added by hand."""
        for action in self:
            action.tag_ids = action.tag_ids | action.issue_ids.tag_ids.filtered("is_problem")

    @api.depends("issue_ids.feedback_ids", "suggestion_ids")
    def _compute_feedback_ids(self):
        for action in self:
            action.feedback_ids = action.issue_ids.feedback_ids | action.suggestion_ids
            action.feedback_count = len(action.feedback_ids)

    @api.depends("state")
    @api.depends_context("uid")
    def _compute_is_editable(self):
        """Tell the form whether the user may change what was agreed."""
        supervises = self._may_supervise()
        for action in self:
            action.is_editable = supervises and action.state in ("planned", "in_progress")

    @api.depends("issue_ids")
    def _compute_issue_count(self):
        for action in self:
            action.issue_count = len(action.issue_ids)

    @api.depends_context("uid")
    def _compute_followup_count(self):
        counts = dict(
            self.env["aftersale.followup"]._read_group([("action_id", "in", self.ids)], ["action_id"], ["__count"])
        )
        for action in self:
            action.followup_count = counts.get(action, 0)

    def _get_late_domain(self, company):
        return Domain("state", "in", ("planned", "in_progress")) & Domain(
            "date_deadline", "<", company._aftersale_today()
        )

    @api.depends("state", "date_deadline", "company_id")
    def _compute_is_overdue(self):
        """The deadline has passed in the company's zone and the measure is not done."""
        for company, actions in self.grouped("company_id").items():
            late = actions.filtered_domain(self._get_late_domain(company or self.env.company))
            for action in actions:
                action.is_overdue = action in late

    def _search_is_overdue(self, operator, value):
        if operator != "in":
            return NotImplemented
        return Domain.OR(
            Domain("company_id", "=", company.id) & self._get_late_domain(company) for company in self.env.companies
        )

    @api.model
    def _group_expand_state(self, states, domain):
        """Show every column but "Cancelled", which nobody can drop a measure into without a reason."""
        return [state for state, _label in self._fields["state"].selection if state != "cancelled"]

    # ------------------------------------------------------------
    # Buttons
    # ------------------------------------------------------------

    def action_start(self):
        """Start the measures."""
        self.write({"state": "in_progress"})

    def action_done(self):
        """Finish the measures: who reported the problem is asked whether it is noticed, then the effect is measured."""
        self.write({"state": "done"})

    def action_resume(self):
        """Take finished measures up again; their effect is measured anew."""
        self.write({"state": "in_progress"})

    def action_cancel(self):
        """Cancel measures; the guard asks for the reason."""
        self.write({"state": "cancelled"})

    def action_replan(self):
        """Plan cancelled measures again."""
        self.write({"state": "planned"})

    def action_view_issues(self):
        """Open the issues behind the measure."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("aftersale_followup.aftersale_issue_action")
        action.update(domain=[("action_ids", "in", self.ids)], context={"create": False})
        return action

    def action_view_feedback(self):
        """Open what customers said about it."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("aftersale_followup.aftersale_feedback_action")
        action.update(domain=[("id", "in", self.feedback_ids.ids)], context={})
        return action

    def action_view_followups(self):
        """Open the follow-ups that asked whether the improvement is noticed."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("aftersale_followup.aftersale_followup_action")
        action.update(domain=[("action_id", "=", self.id)], context={"create": False})
        return action
