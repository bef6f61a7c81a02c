from odoo import api, fields, models
from odoo.tools import SQL


class AftersaleRewardBudget(models.Model):
    """What a company spent on rewards in a month. One row a month, which also makes issuing go one after the other."""

    _name = "aftersale.reward.budget"
    _description = "Monthly Reward Budget"
    _inherit = ["aftersale.export.mixin"]
    _order = "month desc, company_id"
    _rec_name = "month"
    # Written with every reward, also with that of an anonymous answer: neither a time nor an author.
    _log_access = False

    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    currency_id = fields.Many2one(related="company_id.currency_id")
    month = fields.Date(required=True, readonly=True, help="Its first day.")
    spent = fields.Monetary(readonly=True)
    budget = fields.Monetary(compute="_compute_left", help="Of the settings as they are now.")
    left = fields.Monetary(compute="_compute_left")

    _month_unique = models.UniqueIndex("(company_id, month)", "A company has one budget a month.")

    @api.depends("spent", "company_id.aftersale_reward_budget")
    def _compute_left(self):
        for row in self:
            row.budget = row.company_id.sudo().aftersale_reward_budget
            row.left = row._get_left()

    @api.model
    def _lock(self, company):
        """Return the row of this month, held until the end of the transaction.

        The row is written, not only locked: a transaction that began before another one spent something would not see
        it. PostgreSQL refuses it here instead, and Odoo runs its request again.
        """
        month = company._aftersale_today().replace(day=1)
        query = SQL(
            """INSERT INTO aftersale_reward_budget AS b (company_id, month, spent) VALUES (%s, %s, 0)
                ON CONFLICT (company_id, month) DO UPDATE SET spent = b.spent RETURNING id""",
            company.id,
            month,
        )
        self.flush_model()
        self.env.cr.execute(query, log_exceptions=False)  # two rewards at once are no error
        row = self.sudo().browse(self.env.cr.fetchone()[0])
        row.invalidate_recordset()
        return row

    def _get_left(self):
        """Return how much may still be spent in this month, never less than nothing."""
        self.ensure_one()
        return max(self.company_id.sudo().aftersale_reward_budget - self.spent, 0)

    def _spend(self, amount):
        self.ensure_one()
        self.spent += amount
