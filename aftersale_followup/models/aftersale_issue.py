from odoo import api, fields, models
from odoo.fields import Domain

OPEN_STATES = ("new", "processing", "done")


class AftersaleIssue(models.Model):
    _name = "aftersale.issue"
    _description = "After-sales Issue"
    _inherit = ["mail.thread", "mail.activity.mixin", "aftersale.export.mixin"]
    _order = "priority desc, id desc"
    _rec_names_search = ["name", "title"]
    _check_company_auto = True

    name = fields.Char("Number", default=lambda self: self.env._("No number yet"), copy=False, readonly=True)
    title = fields.Char(required=True, help="The problem in the customer's words.")
    kind = fields.Selection(
        [("complaint", "Complaint"), ("problem", "Problem")], required=True, default="complaint", tracking=True
    )
    state = fields.Selection(
        [
            ("new", "New"),
            ("processing", "In Progress"),
            ("done", "Done"),
            ("closed", "Closed"),
            ("cancelled", "Cancelled"),
        ],
        "Status",
        required=True,
        default="new",
        copy=False,
        index=True,
        tracking=True,
        group_expand="_group_expand_state",
    )
    # Empty once made anonymous.
    partner_id = fields.Many2one("res.partner", "Customer", index=True, ondelete="restrict")
    commercial_partner_id = fields.Many2one(
        related="partner_id.commercial_partner_id", store=True, precompute=True, index=True
    )
    feedback_ids = fields.Many2many(
        "aftersale.feedback", "aftersale_issue_feedback_rel", "issue_id", "feedback_id", copy=False, check_company=True
    )
    category_id = fields.Many2one(
        "aftersale.category", compute="_compute_category_id", store=True, index=True, ondelete="restrict"
    )
    tag_ids = fields.Many2many("aftersale.tag", string="Classification", ondelete="restrict")
    product_id = fields.Many2one("product.product", index="btree_not_null", ondelete="restrict")
    order_id = fields.Many2one("sale.order", index="btree_not_null", ondelete="set null", check_company=True)
    priority = fields.Selection(
        [("0", "Normal"), ("1", "High"), ("2", "Urgent")], required=True, default="0", index=True, tracking=True
    )
    problem_text = fields.Text("What the Customer Told", compute="_compute_problem_text", compute_sudo=True)
    priority_reasons = fields.Char("Why High", compute="_compute_priority_reasons", compute_sudo=True)
    color = fields.Integer(related="category_id.color")
    department_id = fields.Many2one("hr.department", index="btree_not_null", ondelete="set null", check_company=True)
    user_id = fields.Many2one(
        "res.users",
        "Responsible",
        index=True,
        tracking=True,
        domain=[("share", "=", False)],
        ondelete="restrict",
        group_expand="_group_expand_user_id",
    )
    solver_ids = fields.Many2many(
        "res.users",
        "aftersale_issue_solver_rel",
        string="Worked on It",
        copy=False,
        help="Everybody responsible since the last opening: they do not verify.",
    )
    team_id = fields.Many2one("crm.team", index=True, ondelete="restrict")
    company_id = fields.Many2one("res.company", required=True, index=True, default=lambda self: self.env.company)
    currency_id = fields.Many2one(related="company_id.currency_id")
    # clocks
    contact_deadline = fields.Date("Contact By", copy=False)
    date_contacted = fields.Datetime("Contacted On", copy=False, readonly=True)
    resolution_deadline = fields.Date("Resolve By", copy=False, tracking=True)
    promised_date = fields.Date(copy=False, tracking=True, help="Date told to the customer.")
    is_overdue = fields.Boolean("Overdue", compute="_compute_is_overdue", search="_search_is_overdue")
    # handling
    root_cause = fields.Text(tracking=True)
    whys = fields.Text("Five Whys", help="Each answer is asked again why, until the cause is one that can be removed.")
    lesson = fields.Text(help="What others can learn from this case.")
    solution = fields.Text(tracking=True, help="What was done, in words the customer reads.")
    compensation = fields.Monetary(help="In company currency; above the limits of the settings somebody approves it.")
    date_done = fields.Datetime("Done On", copy=False, readonly=True)
    verification_followup_ids = fields.One2many("aftersale.followup", "issue_id", "Verifications")
    verification_deadline = fields.Date("Verify By", copy=False)
    date_closed = fields.Datetime("Closed On", copy=False, readonly=True)
    reopen_count = fields.Integer("Reopened", copy=False, readonly=True)
    waiver_reason = fields.Selection(
        [
            ("unreachable", "Customer cannot be reached"),
            ("no_contact_wanted", "Customer wants no contact"),
            ("no_reply", "No reply to the result"),
        ],
        copy=False,
    )
    waiver_note = fields.Text(copy=False)
    confirmed_by_id = fields.Many2one(
        "aftersale.feedback",
        index="btree_not_null",
        ondelete="restrict",
        copy=False,
        readonly=True,
        help="Answer to the second follow-up that confirmed the solution.",
    )
    cancel_reason = fields.Char("Reason for Cancelling", copy=False)
    action_ids = fields.Many2many(
        "aftersale.action", "aftersale_action_issue_rel", "issue_id", "action_id", "Improvement Measures", copy=False
    )
    action_count = fields.Integer("Measures", compute="_compute_action_count")
    customer_notified_date = fields.Datetime("Customer Told On", copy=False, readonly=True)

    _closed_documented = models.Constraint(
        "CHECK(state NOT IN ('done', 'closed') OR (COALESCE(root_cause, '') <> '' AND COALESCE(solution, '') <> ''))",
        "An issue that is done needs a root cause and a solution.",
    )
    _open_has_customer = models.Constraint(
        "CHECK(state IN ('closed', 'cancelled') OR partner_id IS NOT NULL)", "An open issue needs its customer."
    )
    _processing_has_user = models.Constraint(
        "CHECK(state NOT IN ('processing', 'done') OR user_id IS NOT NULL)",
        "An issue in progress needs a responsible user.",
    )
    _closed_confirmed = models.Constraint(
        "CHECK(state <> 'closed' OR confirmed_by_id IS NOT NULL "
        "OR (waiver_reason IS NOT NULL AND COALESCE(waiver_note, '') <> ''))",
        "An issue is closed by the customer's confirmation, or by a supervisor's written waiver.",
    )
    _cancelled_explained = models.Constraint(
        "CHECK(state <> 'cancelled' OR COALESCE(cancel_reason, '') <> '')", "A cancelled issue needs the reason."
    )
    _board = models.Index("(company_id, state, priority DESC, id DESC)")

    @api.depends("name", "title")
    def _compute_display_name(self):
        for issue in self:
            issue.display_name = f"{issue.name} {issue.title or ''}".strip()

    @api.depends("tag_ids.category_id")
    def _compute_category_id(self):
        for issue in self:
            issue.category_id = (issue.tag_ids.filtered("is_problem") or issue.tag_ids)[:1].category_id

    @api.depends("feedback_ids.detail")
    @api.depends_context("uid")
    def _compute_problem_text(self):
        """Tell who is to solve it what happened, where they do not see the answers themselves."""
        answers = self._get_hidden_answers()
        for issue in self:
            issue.problem_text = "\n".join(
                filter(None, answers.get(issue, issue.feedback_ids.browse()).mapped("detail"))
            )

    @api.depends("feedback_ids", "reopen_count")
    @api.depends_context("lang", "uid")
    def _compute_priority_reasons(self):
        """Say in the reader's language what makes the issue urgent: its answers, and that it came back."""
        answers = self._get_hidden_answers()
        for issue in self:
            reasons = answers.get(issue, issue.feedback_ids)._get_priority_reasons()
            if issue.reopen_count:
                reasons.append(self.env._("Reopened"))
            issue.priority_reasons = ", ".join(reasons)

    def _get_hidden_answers(self):
        """Return {issue: its answers} of those whose answers the user does not see.

        They are searched for (in sudo): the value of the field, once the user has read it, is what they may see.
        """
        hidden = self.filtered(lambda issue: issue.company_id._aftersale_hides_answers())
        if not hidden:
            return {}
        answers = (
            self.env["aftersale.feedback"].sudo().search([("issue_ids", "in", hidden._origin.ids)], order="date, id")
        )
        return {issue: answers.filtered(lambda f, issue=issue: issue._origin in f.issue_ids) for issue in hidden}

    def _get_due_date_domain(self, today):
        open_contact = Domain("contact_deadline", "<", today) & Domain("date_contacted", "=", False)
        solving = Domain("resolution_deadline", "<", today) | Domain("promised_date", "<", today)
        unsolved = Domain("state", "in", ("new", "processing")) & (
            open_contact | (solving & Domain("waiting_date", "=", False))
        )
        unverified = Domain("state", "=", "done") & Domain("verification_deadline", "<", today)
        return unsolved | unverified

    @api.depends(
        *("state", "contact_deadline", "date_contacted", "resolution_deadline", "promised_date", "waiting_date"),
        "verification_deadline",
    )
    def _compute_is_overdue(self):
        """A clock of the current step has run out; days count in the company's zone."""
        for company, issues in self.grouped("company_id").items():
            today = (company or self.env.company)._aftersale_today()
            late = issues.filtered_domain(self._get_due_date_domain(today))
            for issue in issues:
                issue.is_overdue = issue in late

    def _search_is_overdue(self, operator, value):
        if operator != "in":
            return NotImplemented
        return Domain.OR(
            Domain("company_id", "=", company.id) & self._get_due_date_domain(company._aftersale_today())
            for company in self.env.companies
        )
