import secrets

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from odoo.addons.aftersale_followup.models.sampling import rank

# Set by the draw itself, never by a user: a seed that can be chosen, or tried, chooses the winner.
DRAWN_FIELDS = {"seed", "state", "date_drawn", "drawn_by_id", "record", "entry_count"}


class AftersaleRewardDraw(models.Model):
    """Draws the prizes among those who answered. Anybody can compute the winners again from the seed that was used."""

    _name = "aftersale.reward.draw"
    _description = "Prize Draw"
    _inherit = ["aftersale.export.mixin"]
    _order = "date_to desc, id desc"
    _check_company_auto = True

    name = fields.Char(compute="_compute_name", store=True, readonly=False, precompute=True, required=True)
    company_id = fields.Many2one("res.company", required=True, index=True, default=lambda self: self.env.company)
    currency_id = fields.Many2one(related="company_id.currency_id")
    rule_id = fields.Many2one(
        "aftersale.reward.rule",
        "Prize",
        required=True,
        ondelete="restrict",
        check_company=True,
        domain="[('kind', '=', 'draw'), ('company_id', '=', company_id)]",
    )
    date_from = fields.Date("Answers From", required=True, default=lambda self: fields.Date.today().replace(day=1))
    date_to = fields.Date("To", required=True, default=fields.Date.context_today)
    prize_count = fields.Integer("Number of Prizes", required=True, default=1)
    state = fields.Selection([("draft", "Planned"), ("done", "Drawn")], required=True, default="draft", readonly=True)
    waiting_count = fields.Integer("Waiting to Be Drawn", compute="_compute_waiting_count")
    entry_count = fields.Integer("Took Part", readonly=True, copy=False)
    seed = fields.Char(readonly=True, copy=False, help="Drawn at random together with the winners.")
    date_drawn = fields.Datetime("Drawn On", readonly=True, copy=False)
    drawn_by_id = fields.Many2one("res.users", readonly=True, copy=False, ondelete="restrict")
    record = fields.Text(readonly=True, copy=False, help="Every entry by its place, with the number that decided it.")
    reward_ids = fields.One2many("aftersale.reward", "draw_id", "Entries", readonly=True)
    winner_ids = fields.Many2many("aftersale.reward", compute="_compute_winner_ids", string="Winners")

    _prizes_positive = models.Constraint("CHECK(prize_count > 0)", "A draw has one prize at least.")
    _period = models.Constraint("CHECK(date_from <= date_to)", "The period ends before it begins.")

    @api.depends("rule_id", "date_to")
    def _compute_name(self):
        for draw in self:
            draw.name = f"{draw.rule_id.name or self.env._('Draw')} {draw.date_to or ''}".strip()

    @api.depends("rule_id", "date_from", "date_to", "state")
    def _compute_waiting_count(self):
        for draw in self:
            draw.waiting_count = len(draw._get_entries()) if draw.state == "draft" else 0

    @api.depends("reward_ids.state")
    def _compute_winner_ids(self):
        for draw in self:
            draw.winner_ids = draw.reward_ids.filtered(lambda reward: reward.state in ("open", "given"))

    @api.constrains("rule_id")
    def _check_rule(self):
        for draw in self:
            if draw.rule_id.kind != "draw":
                raise ValidationError(self.env._("“%s” is given at once: there is nothing to draw.", draw.rule_id.name))

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su and any(DRAWN_FIELDS & vals.keys() for vals in vals_list):
            raise UserError(self.env._("Seed and winners come from the draw alone."))
        return super().create(vals_list)

    def write(self, vals):
        if not self.env.su:
            if DRAWN_FIELDS & vals.keys():
                raise UserError(self.env._("Seed and winners come from the draw alone."))
            if self.filtered(lambda draw: draw.state == "done"):
                raise UserError(self.env._("What is drawn stays as it is."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_drawn(self):
        if self.filtered(lambda draw: draw.state == "done"):
            raise UserError(self.env._("What is drawn stays as it is."))

    def _get_entries(self):
        """Return the rewards that wait for this draw (in sudo)."""
        return (
            self.env["aftersale.reward"]
            .sudo()
            .search(
                [
                    ("rule_id", "=", self.rule_id.id),
                    ("state", "=", "waiting"),
                    ("date", ">=", self.date_from),
                    ("date", "<=", self.date_to),
                ]
            )
        )

    def _rank(self, entries):
        """Return ``entries`` in the order in which they are drawn by the seed; the same whenever it is computed."""
        self.ensure_one()
        return entries.sorted(lambda entry: rank(self.seed, entry.id))

    def action_draw(self):
        """Draw the winners, once: their prizes are given, and everything is written down.

        :raises UserError: when there is nobody to draw from, or the prizes exceed what is left of the budget
        """
        self.check_access("write")
        for draw in self.sudo():
            draw._draw(self.env.uid)

    def _draw(self, uid):
        budget = self.env["aftersale.reward.budget"]._lock(self.company_id)
        entries = self._get_entries()
        if self.state == "done" or not entries:
            raise UserError(self.env._("Nobody waits for this draw."))
        self.seed = secrets.token_hex(16)
        ranked = self._rank(entries)
        winners, others = ranked[: self.prize_count], ranked[self.prize_count :]
        cost = self.rule_id.value * len(winners)
        if cost > budget._get_left():
            raise UserError(
                self.env._(
                    "The prizes cost %(cost)s; %(left)s is left of this month's budget.",
                    cost=self.currency_id.format(cost),
                    left=self.currency_id.format(budget._get_left()),
                )
            )
        budget._spend(cost)
        coupon = bool(self.rule_id.program_id)
        valid = fields.Date.add(self.company_id._aftersale_today(), days=self.rule_id.valid_days)
        winners.write({"state": "given" if coupon else "open", "value": self.rule_id.value, "date_valid": valid})
        others.write({"state": "lost"})
        ranked.write({"draw_id": self.id})
        winners._make_cards()
        winners._tell()
        self.write(
            {
                "state": "done",
                "date_drawn": fields.Datetime.now(),
                "drawn_by_id": uid,
                "entry_count": len(ranked),
                "record": self._describe(ranked),
            }
        )

    def _describe(self, ranked):
        """Return the record of the draw: a line an entry, by place, with code and deciding number, without names."""
        return "\n".join(
            f"{place}. {entry.name} {entry.code} {rank(self.seed, entry.id).hex()[:16]}"
            for place, entry in enumerate(ranked, 1)
        )

    def action_check(self):
        """Compute the winners again from seed and entries, and say whether they are the same."""
        self.ensure_one()
        self.check_access("read")
        draw = self.sudo()
        if draw.state != "done":
            raise UserError(self.env._("There is nothing to check before the draw."))
        same = draw._rank(draw.reward_ids)[: len(draw.winner_ids)] == draw._rank(draw.winner_ids)
        same = same and len(draw.reward_ids) == draw.entry_count
        message = (
            self.env._("The seed leads to the same winners.")
            if same
            else self.env._("The seed leads to other winners: the draw was changed afterwards.")
        )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {"type": "success" if same else "danger", "message": message, "sticky": not same},
        }
