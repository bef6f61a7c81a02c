from odoo import api, fields, models
from odoo.tools import plaintext2html

from .aftersale_issue import OPEN_STATES
from .aftersale_issue_compensation import COMPENSATIONS


class AftersaleTag(models.Model):
    """What a problem sets going by its name alone."""

    _inherit = "aftersale.tag"

    tell_department = fields.Boolean(
        "Tell Department at Once",
        help="As soon as an issue names this problem, the head of the department gets a to-do, else somebody of it. "
        "Without a department, or when nobody of it uses Odoo, the supervisor does.",
    )
    proposal_kind = fields.Selection(
        COMPENSATIONS,
        "Proposed Compensation",
        help="Offered on issues with this problem; granted only when somebody takes it over, within the limits.",
    )
    proposal_amount = fields.Float(
        "Proposed Amount", digits=(16, 2), help="In the currency of the company. 0: whoever grants it decides."
    )

    _proposal_positive = models.Constraint(
        "CHECK(COALESCE(proposal_amount, 0) >= 0)", "A proposed amount is not negative."
    )


class AftersaleIssue(models.Model):
    _inherit = "aftersale.issue"

    compensation_proposal = fields.Char("Proposed", compute="_compute_compensation_proposal", compute_sudo=True)

    @api.depends("tag_ids.proposal_kind", "tag_ids.proposal_amount", "compensation_kind", "compensation", "state")
    @api.depends_context("lang")
    def _compute_compensation_proposal(self):
        kinds = dict(self.env["aftersale.tag"]._fields["proposal_kind"]._description_selection(self.env))
        for issue in self:
            tag = issue._get_proposing_tag()
            amount = tag.proposal_amount and issue.currency_id.format(tag.proposal_amount)
            issue.compensation_proposal = " · ".join(filter(None, (kinds.get(tag.proposal_kind), amount)))

    def _get_proposing_tag(self):
        """Return the tag whose compensation is proposed, while the issue is open and none was chosen."""
        self.ensure_one()
        if self.compensation_kind or self.compensation or self.state not in OPEN_STATES:
            return self.env["aftersale.tag"]
        return self.tag_ids.filtered("proposal_kind")[:1]

    def action_take_proposal(self):
        """Enter the compensation that the classification proposes, as the user would by hand: the limits hold."""
        for issue in self:
            if tag := issue._get_proposing_tag():
                values = {"compensation_kind": tag.proposal_kind}
                if tag.proposal_amount:
                    values["compensation"] = tag.proposal_amount
                issue.write(values)

    @api.model_create_multi
    def create(self, vals_list):
        issues = super().create(vals_list)
        for issue in issues:
            issue._tell_departments(issue.tag_ids)
        return issues

    def write(self, vals):
        before = {issue: issue.tag_ids for issue in self} if "tag_ids" in vals else {}
        result = super().write(vals)
        for issue, tags in before.items():
            issue._tell_departments(issue.tag_ids - tags)
        return result

    def _tell_departments(self, tags):
        """Put the problems ``tags``, new on this issue, on the list of the departments that are told at once."""
        self.ensure_one()
        told = tags.sudo().filtered("tell_department")
        if not told or self.state not in OPEN_STATES:
            return
        issue = self.sudo()
        for user, problems in told.grouped(lambda tag: issue._get_department_user(tag.department_id)).items():
            issue.activity_schedule(
                "aftersale_followup.activity_type_department",
                note=plaintext2html(f"{', '.join(problems.mapped('display_name'))}: {issue.title}"),
                user_id=(user or self.env.user).id,
            )

    def _get_department_user(self, department):
        """Return who hears of the issue for ``department``, else the issue's: its head, else a member who sees it."""
        # Of employees nothing is read but their users.
        department = department or self.department_id
        here = self.with_context(allowed_company_ids=self.company_id.ids)
        for user in department.manager_id.user_id | department.member_ids.user_id:
            if user.active and here.with_user(user).has_access("read"):
                return user
        return self._get_supervisor()
