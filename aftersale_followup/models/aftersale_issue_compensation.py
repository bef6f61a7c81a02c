from datetime import timedelta

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

COMPENSATIONS = [
    ("discount", "Discount"),
    ("gift", "Gift"),
    ("refund", "Refund"),
    ("replacement", "Replacement"),
    ("coupon", "Coupon"),
]


class AftersaleIssue(models.Model):
    """What a customer is granted for a loss: one compensation an issue, within limits, else approved."""

    _inherit = "aftersale.issue"

    compensation_kind = fields.Selection(
        COMPENSATIONS,
        copy=False,
        tracking=True,
    )
    compensation = fields.Monetary(copy=False, tracking=True)  # granted or asked for
    compensation_state = fields.Selection(
        [("requested", "To Approve"), ("granted", "Granted"), ("declined", "Declined")],
        "Approval",
        copy=False,
        readonly=True,
        index="btree_not_null",
        tracking=True,
    )
    compensation_user_id = fields.Many2one("res.users", "Decided By", copy=False, readonly=True, ondelete="set null")
    compensation_date = fields.Datetime("Decided On", copy=False, readonly=True)
    may_approve = fields.Boolean(compute="_compute_may_approve", export_string_translation=False)

    _compensation_positive = models.Constraint(
        "CHECK(COALESCE(compensation, 0) >= 0)", "A compensation is an amount from 0 on."
    )
    # Per customer and year: what was granted is added up at each request.
    _compensation_granted = models.Index(
        "(commercial_partner_id, company_id, compensation_date) WHERE compensation_state = 'granted'"
    )

    @api.model_create_multi
    def create(self, vals_list):
        issues = super().create(vals_list)
        issues.filtered("compensation")._judge_compensation()
        return issues

    def write(self, vals):
        result = super().write(vals)
        if "compensation" in vals:
            self._judge_compensation()
        return result

    @api.depends("compensation", "compensation_state")
    @api.depends_context("uid")
    def _compute_may_approve(self):
        for issue in self:
            issue.may_approve = issue.compensation_state == "requested" and issue._is_within_limits(self.env.user)

    def _get_granted(self):
        """Return what the customer was granted for other issues in the last 365 days, in company currency."""
        self.ensure_one()
        since = fields.Datetime.now() - timedelta(days=365)
        domain = (
            Domain("commercial_partner_id", "=", self.commercial_partner_id.id)
            & Domain("company_id", "=", self.company_id.id)
            & Domain("compensation_state", "=", "granted")
            & Domain("compensation_date", ">=", since)
            & Domain("id", "!=", self.id)
        )
        [(total,)] = self.sudo()._read_group(domain, [], ["compensation:sum"])
        return total

    def _is_within_limits(self, user):
        """Return whether ``user`` may grant the compensation: by role, and within what a customer gets in a year."""
        self.ensure_one()
        if user.has_group("aftersale_followup.group_manager"):
            return True
        company = self.company_id.sudo()
        if user.has_group("aftersale_followup.group_supervisor"):
            limit = company.aftersale_compensation_supervisor
        else:
            limit = company.aftersale_compensation_agent
        compare = company.currency_id.compare_amounts
        return (
            compare(self.compensation, limit) <= 0
            and compare(self._get_granted() + self.compensation, company.aftersale_compensation_customer) <= 0
        )

    def _judge_compensation(self):
        """Grant what the user may grant; ask who may for the rest."""
        for issue in self.sudo():
            if not issue.compensation:
                issue._decide_compensation(False)
            elif self.env.uid == SUPERUSER_ID or issue._is_within_limits(self.env.user):
                issue._decide_compensation("granted")
            else:
                issue.compensation_state = "requested"
                issue._ask_for_approval()

    def _decide_compensation(self, state):
        who = self.env.uid if state else False
        self.write(
            {
                "compensation_state": state,
                "compensation_user_id": who,
                "compensation_date": state and fields.Datetime.now(),
            }
        )
        self.activity_unlink(["aftersale_followup.activity_type_compensation"])

    def _ask_for_approval(self):
        """Put the request on the list of the supervisor, or of a manager where that is above a supervisor's limit."""
        self.ensure_one()
        supervisor = self._get_supervisor()
        able = supervisor.filtered(self._is_within_limits) or self._get_managers()[:1] or supervisor
        self.activity_unlink(["aftersale_followup.activity_type_compensation"])
        note = self.env._(
            "%(user)s asks for %(amount)s for %(issue)s.",
            user=self.env.user.name,
            amount=self.currency_id.format(self.compensation),
            issue=self.display_name,
        )
        for user in able:
            self.activity_schedule("aftersale_followup.activity_type_compensation", note=note, user_id=user.id)

    def action_approve(self):
        """Grant the compensation that somebody asked for."""
        self._check_approver()
        self.sudo()._decide_compensation("granted")

    def action_decline(self):
        """Do not grant the compensation; the amount stays to be seen."""
        self._check_approver()
        self.sudo()._decide_compensation("declined")

    def _check_approver(self):
        self.check_access("write")
        for issue in self:
            if issue.compensation_state != "requested":
                raise UserError(self.env._("Nothing is to be approved for %s.", issue.display_name))
            if not issue._is_within_limits(self.env.user):
                raise UserError(
                    self.env._(
                        "This is above what you may grant, or above what a customer gets in a year. Ask your manager."
                    )
                )
