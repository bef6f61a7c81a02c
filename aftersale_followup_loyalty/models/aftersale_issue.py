from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.aftersale_followup.models.aftersale_followup_message import LINK

from .loyalty_card import QUIET_CARD


# A compensation of the kind coupon is a coupon: made when it is granted, once, and told to the customer.
class AftersaleIssue(models.Model):
    _inherit = "aftersale.issue"

    coupon_code = fields.Char(
        compute="_compute_coupon_code",
        compute_sudo=True,
        groups="aftersale_followup.group_agent",
        help="Whoever knows it can use the coupon: tell it to this customer alone.",
    )

    @api.depends("compensation_state")
    def _compute_coupon_code(self):
        cards = self._get_coupons().grouped("aftersale_issue_id")
        for issue in self:
            issue.coupon_code = cards.get(issue._origin, self.env["loyalty.card"]).code

    def _get_coupons(self):
        return self.env["loyalty.card"].sudo().search([("aftersale_issue_id", "in", self.ids)])

    def _filter_given(self):
        """Return those whose customer has the coupon, of the issue itself or of one that was merged into it."""
        # sudo: what was merged may have been another agent's
        family = self.sudo()
        while merged := self.sudo().search([("merged_into_id", "in", family.ids), ("id", "not in", family.ids)]):
            family |= merged
        given = family._get_coupons().aftersale_issue_id
        present = {issue._get_present() for issue in given}
        return self.filtered(lambda issue: issue.sudo() in given or issue.sudo() in present)

    def _check_mergeable(self, target):
        """A coupon that is asked for is decided before the merge: one issue gives one coupon."""
        result = super()._check_mergeable(target)
        both = self | target
        asked = both.filtered(lambda i: i.compensation_state == "requested" and i.compensation_kind == "coupon")
        if asked and both._filter_given():
            raise UserError(
                self.env._(
                    "%s asks for a coupon, and the customer has one already. Approve or decline it before merging.",
                    asked[0].display_name,
                )
            )
        return result

    def write(self, vals):
        """Give the coupon as soon as it is granted, by whom or in which order ever; what was given stays as it is."""
        if {"compensation", "compensation_kind"} & vals.keys() and not self.env.su:
            for issue in self._filter_given():
                raise UserError(
                    self.env._("The customer has the coupon of %s. What was granted stays as it is.", issue.name)
                )
        result = super().write(vals)
        if {"compensation_kind", "compensation_state"} & vals.keys():
            self.sudo()._give_coupons()
        return result

    def _give_coupons(self):
        """Make the coupons that are granted and not there yet, and tell the customers.

        An issue that took others over counts theirs: what they gave is not given again.
        """
        granted = self.filtered(lambda i: i.compensation_state == "granted" and i.compensation_kind == "coupon")
        if not granted:
            return
        missing = granted - granted._filter_given()
        cards = self.env["loyalty.card"]._aftersale_give(
            [(issue._prepare_coupon(), issue.name) for issue in missing.filtered("compensation")]
        )
        cards._aftersale_tell()

    def _prepare_coupon(self):
        self.ensure_one()
        company = self.company_id
        program = company.aftersale_compensation_program_id
        if not program:
            raise UserError(
                self.env._(
                    "No coupon can be granted yet: a manager chooses the program of its coupons under "
                    "Configuration → Settings → Issues → Compensation by Coupon."
                )
            )
        today = company._aftersale_today()
        currency = program.currency_id or company.currency_id
        amount = company.currency_id._convert(self.compensation, currency, company, today)
        return {
            "program_id": program.id,
            "partner_id": self.partner_id.id,
            "points": program._aftersale_get_points(amount),
            "expiration_date": fields.Date.add(today, days=company.aftersale_compensation_days),
            "aftersale_issue_id": self.id,
        }

    def _forget_traces(self):
        """The coupon stays good for whoever holds it; neither it nor its messages tell whose it is."""
        cards = self._get_coupons().with_context(**QUIET_CARD)
        self.env["mail.message"].sudo().search([("model", "=", cards._name), ("res_id", "in", cards.ids)]).unlink()
        cards.write({"partner_id": False, "aftersale_issue_id": False})
        return super()._forget_traces()


class LoyaltyCard(models.Model):
    _name = "loyalty.card"
    _inherit = ["loyalty.card", "aftersale.message.mixin"]

    def _get_asked_followup(self):
        return self.aftersale_issue_id._get_asked_followup()

    def _aftersale_tell(self):
        """Queue the mail with the code to each customer who may be written to; else an agent tells it."""
        cards = self.sudo().with_context(aftersale_link=LINK)
        template = self.env.ref("aftersale_followup_loyalty.mail_template_coupon_compensation", False)
        reachable = cards.aftersale_issue_id._filter_reachable()
        mailed = cards.filtered(lambda card: template and card.aftersale_issue_id in reachable)
        if mailed:
            mailed._queue_mails(template)
        for issue in (cards - mailed).aftersale_issue_id:
            issue.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=self.env._("Tell the customer the code of the coupon"),
                user_id=(issue.user_id or issue._get_supervisor() or self.env.user).id,
            )
