from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date, plaintext2html

from .aftersale_reward_rule import KINDS, OCCASIONS
from .loyalty_card import QUIET_CARD


class AftersaleReward(models.Model):
    """A thank-you, issued once for its occasion, or the row that says why there is none."""

    _name = "aftersale.reward"
    _description = "Reward"
    _inherit = ["mail.thread", "mail.activity.mixin", "aftersale.export.mixin", "aftersale.personal.mixin"]
    _order = "id desc"
    _check_company_auto = True
    # Agents, who may only read, finish the to-do of handing it over.
    _mail_post_access = "read"

    name = fields.Char(compute="_compute_name")
    rule_id = fields.Many2one("aftersale.reward.rule", "What", required=True, index=True, ondelete="restrict")
    company_id = fields.Many2one("res.company", required=True, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    occasion = fields.Selection(OCCASIONS, required=True)
    kind = fields.Selection(KINDS, required=True)
    state = fields.Selection(
        [
            ("waiting", "Waiting for the draw"),
            ("open", "To hand over"),
            ("given", "Given"),
            ("lost", "Not drawn"),
            ("withheld", "Not given"),
        ],
        required=True,
        index=True,
    )
    reason = fields.Selection(
        [("cap", "One per customer and period"), ("budget", "Budget of the month used up")], "Why Not"
    )
    followup_id = fields.Many2one(
        "aftersale.followup", "Follow-up", index="btree_not_null", ondelete="restrict", check_company=True
    )
    feedback_id = fields.Many2one("aftersale.feedback", index="btree_not_null", ondelete="restrict", check_company=True)
    partner_id = fields.Many2one("res.partner", "Customer", index="btree_not_null", ondelete="restrict")
    is_anonymous = fields.Boolean("Anonymous", help="Given on the page for an anonymous answer: nobody knows to whom.")
    date = fields.Date(required=True)
    date_valid = fields.Date("Valid Until")
    value = fields.Monetary(help="Taken from the budget of the month.")
    code = fields.Char(help="What the customer shows or enters.")
    card_id = fields.Many2one("loyalty.card", "Coupon", index="btree_not_null", ondelete="set null")
    draw_id = fields.Many2one("aftersale.reward.draw", index="btree_not_null", ondelete="restrict")
    handed_by_id = fields.Many2one("res.users", "Handed Over By", readonly=True, ondelete="restrict")
    handed_date = fields.Date("Handed Over On", readonly=True)

    _code_unique = models.UniqueIndex("(code) WHERE code IS NOT NULL", "Two rewards cannot share one code.")
    _answer_once = models.UniqueIndex(
        "(followup_id) WHERE occasion = 'answer' AND followup_id IS NOT NULL",
        "This follow-up has its reward already.",
    )
    _suggestion_once = models.UniqueIndex(
        "(feedback_id) WHERE occasion = 'suggestion' AND feedback_id IS NOT NULL",
        "This suggestion has its reward already.",
    )
    _anonymous_unlinked = models.Constraint(
        "CHECK(NOT COALESCE(is_anonymous, FALSE) OR COALESCE(followup_id, feedback_id, partner_id) IS NULL)",
        "The reward for an anonymous answer belongs to nobody.",
    )
    _withheld_explained = models.Constraint(
        "CHECK((state = 'withheld') = (reason IS NOT NULL))", "Say why there is no reward, and only then."
    )

    def _compute_name(self):
        for reward in self:
            reward.name = f"RW/{reward.id:06d}" if reward.id else self.env._("No number yet")

    @api.ondelete(at_uninstall=False)
    def _unlink_except_issued(self):
        raise UserError(self.env._("Rewards are kept: the budget and the limit of one a customer count them."))

    # ------------------------------------------------------------
    # Issuing
    # ------------------------------------------------------------

    @api.model
    def _get_served(self, company, customers):
        """Return the ids of the commercial entities that had a reward of ``company`` lately."""
        since = fields.Date.subtract(company._aftersale_today(), days=company.sudo().aftersale_reward_days)
        recent = self.search(
            [
                ("company_id", "=", company.id),
                ("state", "!=", "withheld"),
                ("date", ">", since),
                ("partner_id.commercial_partner_id", "in", customers.ids),
            ]
        )
        return set(recent.partner_id.commercial_partner_id.ids) | self._get_served_unseen(company, customers, since)

    def _make_cards(self):
        """Make the coupons of these rewards that are given as one, with the reward's code."""
        rewards = self.filtered(lambda r: r.state == "given" and r.rule_id.program_id and not r.card_id)
        gifts = [(reward._prepare_card(), reward._get_occasion()) for reward in rewards]
        for reward, card in zip(rewards, self.env["loyalty.card"]._aftersale_give(gifts), strict=True):
            reward.card_id = card

    def _prepare_card(self):
        self.ensure_one()
        program = self.rule_id.program_id
        return {
            "program_id": program.id,
            "points": program._aftersale_get_points(),
            "code": self.code,
            "expiration_date": self.date_valid,
            "partner_id": self.partner_id.id,
        }

    def _get_occasion(self):
        """Return what is thanked for, in the company's language: coupons are looked at by staff."""
        staff = self.with_context(lang=self.company_id.partner_id.lang or "en_US")
        return dict(self._fields["occasion"]._description_selection(staff.env))[self.occasion]

    # ------------------------------------------------------------
    # Handing over
    # ------------------------------------------------------------

    def _ask_to_hand_over(self):
        """Make a to-do of each reward that somebody has to bring, or to tell, to a known customer."""
        for reward in self.filtered("partner_id"):
            company, user = reward.company_id, reward._get_agent()
            staff = reward.with_context(lang=user.lang)
            note = staff.env._(
                "Give %(customer)s: %(what)s. Code %(code)s, valid until %(date)s. It does not depend on the score. "
                "Whoever knows the code can use it: tell it to this customer alone.",
                customer=reward.partner_id.display_name,
                what=staff.rule_id.name,
                code=reward.code,
                date=format_date(staff.env, reward.date_valid),
            )
            reward.with_context(mail_activity_quick_update=True).activity_schedule(
                "aftersale_followup_loyalty.activity_type_reward",
                date_deadline=company._aftersale_add_workdays(company._aftersale_today(), 5),
                user_id=user.id,
                note=plaintext2html(note),
            )

    def _get_agent(self):
        """Return who brings the reward: the agent who asked, else who leads the team, else a manager who sees it."""
        self.ensure_one()
        source, company = self.feedback_id or self.followup_id, self.company_id
        team = source.team_id or company.aftersale_team_id
        here = self.with_context(allowed_company_ids=company.ids)
        for user in [*source.user_id, *team.user_id, *company._aftersale_managers()]:
            if user.active and company in user.company_ids and here.with_user(user).has_access("read"):
                return user
        return self.env.ref("base.user_root")

    def action_hand_over(self):
        """Note that the customer has it."""
        self.check_access("read")
        rewards = self.sudo()
        if rewards.filtered(lambda reward: reward.state != "open"):
            raise UserError(self.env._("Only what is still to be handed over can be handed over."))
        for reward in rewards:
            reward.write(
                {
                    "state": "given",
                    "handed_by_id": self.env.uid,
                    "handed_date": reward.company_id._aftersale_today(),
                }
            )
        rewards.activity_unlink(["aftersale_followup_loyalty.activity_type_reward"])

    # ------------------------------------------------------------
    # Personal data
    # ------------------------------------------------------------

    def _get_anonymous_values(self):
        """The coupon stays good for whoever holds it, and no longer says whose it is; nothing of ours leads to it."""
        self.card_id.with_context(**QUIET_CARD).partner_id = False
        return dict.fromkeys(("partner_id", "followup_id", "feedback_id", "card_id", "code"), False)
