import logging

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

_logger = logging.getLogger(__name__)

OCCASIONS = [("answer", "Answering"), ("suggestion", "Accepted suggestion")]
KINDS = [("coupon", "Coupon"), ("gift", "Small gift"), ("draw", "Prize draw")]


class AftersaleRewardRule(models.Model):
    """What a company gives for an occasion: the same to everybody, whatever the answer says."""

    _name = "aftersale.reward.rule"
    _description = "Reward Rule"
    _inherit = ["aftersale.export.mixin"]
    _order = "company_id, occasion, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True, help="As customers read it: “a coupon of 10 %”, “a tea towel”.")
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", required=True, index=True, default=lambda self: self.env.company)
    currency_id = fields.Many2one(related="company_id.currency_id")
    occasion = fields.Selection(OCCASIONS, required=True, default="answer", help="What is thanked for.")
    kind = fields.Selection(KINDS, required=True, default="coupon")
    program_id = fields.Many2one(
        "loyalty.program",
        "Coupon Program",
        ondelete="restrict",
        check_company=True,
        domain="[('program_type', '=', 'coupons'), ('company_id', 'in', [company_id, False])]",
        help="Its coupons are given. For a draw: the winners get one; empty = the prize is handed over.",
    )
    value = fields.Monetary(required=True, help="What one costs the company; it counts against the monthly budget.")
    valid_days = fields.Integer("Valid For (days)", required=True, default=90)
    error_message = fields.Char("Last Problem", readonly=True, copy=False)
    reward_ids = fields.One2many("aftersale.reward", "rule_id")
    reward_count = fields.Integer("Rewards", compute="_compute_reward_count")

    _occasion_unique = models.UniqueIndex(
        "(company_id, occasion) WHERE active",
        "An occasion has one reward, the same for everybody: archive the other one first.",
    )
    _value_positive = models.Constraint(
        "CHECK(value > 0)", "Say what one reward costs: without it the budget would never be used up."
    )
    _valid_positive = models.Constraint("CHECK(valid_days > 0)", "A reward is valid for a day at least.")
    _coupon_program = models.Constraint(
        "CHECK(kind <> 'coupon' OR program_id IS NOT NULL)", "Choose the program whose coupons are given."
    )

    def _compute_reward_count(self):
        counts = dict(self.env["aftersale.reward"]._read_group([("rule_id", "in", self.ids)], ["rule_id"], ["__count"]))
        for rule in self:
            rule.reward_count = counts.get(rule, 0)

    @api.constrains("program_id", "kind")
    def _check_program(self):
        for rule in self.filtered("program_id"):
            program = rule.program_id
            if program.program_type != "coupons":
                raise ValidationError(
                    self.env._("“%s” does not give single coupons. Choose a program of the type Coupons.", program.name)
                )
            if not program.reward_ids:
                raise ValidationError(
                    self.env._(
                        "“%s” has no reward: its coupons would buy nothing. Add one to the program.", program.name
                    )
                )

    def action_open_rewards(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("aftersale_followup_loyalty.aftersale_reward_action")
        return {**action, "domain": [("rule_id", "=", self.id)]}

    # ------------------------------------------------------------
    # Issuing
    # ------------------------------------------------------------

    @api.model
    def _get_active(self, company, occasion):
        """Return the rule of ``company`` for ``occasion`` (in sudo); none while the company has no budget."""
        company = company.sudo()
        if company.aftersale_reward_budget <= 0:
            return self.sudo().browse()
        domain = [("company_id", "=", company.id), ("occasion", "=", occasion), ("active", "=", True)]
        return self.sudo().search(domain, limit=1)

    def _issue_isolated(self, method, records):
        """Return the rewards that ``method`` makes for ``records``; what fails is noted, and stops no answer."""
        self.ensure_one()
        try:
            with self.env.cr.savepoint():
                return getattr(self, method)(records)
        except OperationalError:
            # Another transaction was faster, and the whole request runs again: no fault of the rule.
            raise
        except Exception as error:
            _logger.warning("No reward by %s", self, exc_info=True)
            self.error_message = str(error)[:500]
            return self.env["aftersale.reward"]

    def _issue(self, records):
        """Return a reward for each of ``records``, follow-ups or suggestions of this company, made now.

        Nothing of an answer is read here: follow-ups are rewarded before their feedback exists. Whom the budget or the
        limit of one a customer leaves out keeps a row that says so; an occasion that has its row gets no other.
        """
        Reward = self.env["aftersale.reward"]
        source = "followup_id" if self.occasion == "answer" else "feedback_id"
        here = Domain("occasion", "=", self.occasion) & Domain(source, "in", records.ids)
        records = records.filtered("partner_id") - Reward.search(here)[source]
        if not records:
            return Reward
        # From here on others of this company wait: what is counted below holds until the end.
        budget = self.env["aftersale.reward.budget"]._lock(self.company_id)
        left, cost = budget._get_left(), self._get_cost()
        served = Reward._get_served(self.company_id, records.partner_id.commercial_partner_id)
        vals_list = []
        for record in records:
            customer = record.partner_id.commercial_partner_id.id
            reason = "cap" if customer in served else "budget" if cost > left else False
            if not reason:
                served.add(customer)
                left -= cost
            vals_list.append({**self._prepare_reward(reason), source: record.id, "partner_id": record.partner_id.id})
        rewards = Reward.create(vals_list)
        budget._spend(sum(rewards.mapped("value")))
        rewards._make_cards()
        return rewards

    def _get_cost(self):
        """Return what is taken from the budget at once; of a draw only the prizes cost."""
        return 0 if self.kind == "draw" else self.value

    def _prepare_reward(self, reason=False):
        """Return the values of a reward by this rule, or of the row that says for which ``reason`` there is none."""
        self.ensure_one()
        today = self.company_id._aftersale_today()
        values = {
            "rule_id": self.id,
            "company_id": self.company_id.id,
            "occasion": self.occasion,
            "kind": self.kind,
            "date": today,
        }
        if reason:
            return {**values, "state": "withheld", "reason": reason, "value": 0}
        return {
            **values,
            "state": {"coupon": "given", "gift": "open", "draw": "waiting"}[self.kind],
            "value": self._get_cost(),
            "code": self.env["loyalty.card"]._generate_code(),
            "date_valid": fields.Date.add(today, days=self.valid_days),
        }
