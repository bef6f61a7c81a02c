from odoo import api, fields, models
from odoo.tools import format_date

# Cards are told to customers by our message, in their language.
QUIET_CARD = {"tracking_disable": True, "mail_notrack": True, "mail_create_nolog": True, "loyalty_no_mail": True}


# Coupons that are given to customers: as a reward, or for a loss.
class LoyaltyCard(models.Model):
    _inherit = "loyalty.card"

    aftersale_issue_id = fields.Many2one(
        "aftersale.issue", "Compensation For", copy=False, readonly=True, ondelete="set null"
    )

    _aftersale_issue_unique = models.UniqueIndex(
        "(aftersale_issue_id) WHERE aftersale_issue_id IS NOT NULL", "An issue is compensated with one coupon."
    )

    @api.model
    def _aftersale_give(self, gifts):
        """Make a coupon of each of ``gifts``, pairs of values and the reason that stands in its history."""
        cards = self.sudo().with_context(**QUIET_CARD).create([values for values, _reason in gifts])
        cards.env["loyalty.history"].create(
            [
                {"card_id": card.id, "issued": card.points, "description": reason}
                for card, (_values, reason) in zip(cards, gifts, strict=True)
            ]
        )
        return cards

    def _aftersale_get_lang(self):
        """Return the language of the customer whom the coupon is for."""
        self.ensure_one()
        issue = self.sudo().aftersale_issue_id
        return issue.partner_id.lang or issue.company_id.partner_id.lang

    def _aftersale_get_placeholders(self):
        """Return the texts that stand in the message about the coupon, in the environment's language."""
        self.ensure_one()
        card = self.sudo()
        return {
            **card.aftersale_issue_id._get_placeholders(),
            "code": card.code,
            "date": format_date(self.env, card.expiration_date),
        }


class LoyaltyProgram(models.Model):
    _inherit = "loyalty.program"

    def _aftersale_get_points(self, amount=None):
        """Return the points of a new coupon: worth ``amount`` where points are money, else enough for one use.

        :param amount: in the currency of the program
        """
        self.ensure_one()
        reward = self.reward_ids[:1]
        if amount and reward.reward_type == "discount" and reward.discount_mode == "per_point" and reward.discount:
            return amount / reward.discount
        return max(self.reward_ids.mapped("required_points"), default=1)
