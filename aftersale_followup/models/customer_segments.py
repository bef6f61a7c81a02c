from collections import namedtuple

from dateutil.relativedelta import relativedelta

from odoo import fields
from odoo.tools import SQL

# first, last: naive UTC moments of the first and the last confirmed order; the rest is said by the last one.
Purchases = namedtuple("Purchases", "first last revenue order_id partner_id team_id user_id amount")
ORDER_FIELDS = (
    "state",
    "company_id",
    "partner_id",
    "date_order",
    "amount_untaxed",
    "amount_total",
    "currency_rate",
    "team_id",
    "user_id",
)


class CustomerSegments:
    """What customers bought from a company, and which segments that puts them in; read in one grouped query.

    A customer is a commercial entity. Revenue and amounts are in the company's currency.

    :param company: the company whose confirmed orders and settings count
    :param customers: ids of commercial entities; None: everybody with a confirmed order
    """

    def __init__(self, company, customers=None):
        self.company = company
        self._limits = {}
        self.purchases = self._read(customers) if customers is None or customers else {}

    def _read(self, customers):
        env = self.company.env
        env["sale.order"].flush_model(ORDER_FIELDS)
        env["res.partner"].flush_model(["commercial_partner_id"])
        chosen = SQL("TRUE") if customers is None else SQL("p.commercial_partner_id = ANY(%s)", list(customers))
        rows = env.execute_query(
            SQL(
                """WITH bought AS (
                   SELECT p.commercial_partner_id AS customer_id, MIN(o.date_order) AS first,
                          (ARRAY_AGG(o.id ORDER BY o.date_order DESC, o.id DESC))[1] AS last_id,
                          SUM(o.amount_untaxed / COALESCE(NULLIF(o.currency_rate, 0), 1))
                              FILTER (WHERE o.date_order >= %(since)s) AS revenue
                     FROM sale_order o
                     JOIN res_partner p ON p.id = o.partner_id
                    WHERE o.state = 'sale' AND o.company_id = %(company)s AND %(chosen)s
                 GROUP BY p.commercial_partner_id)
                   SELECT b.customer_id, b.first, o.date_order, COALESCE(b.revenue, 0), o.id, o.partner_id, o.team_id,
                          o.user_id, o.amount_total / COALESCE(NULLIF(o.currency_rate, 0), 1)
                     FROM bought b
                     JOIN sale_order o ON o.id = b.last_id""",
                since=fields.Datetime.now() - relativedelta(months=12),
                company=self.company.id,
                chosen=chosen,
            )
        )
        return {customer_id: Purchases(*values) for customer_id, *values in rows}

    def customer_type(self, customer_id, moment):
        """Return `existing` when the first confirmed order is older than the setting (3 months), else `new`."""
        bought = self.purchases.get(customer_id)
        if moment not in self._limits:
            self._limits[moment] = moment - relativedelta(months=self.company.aftersale_new_months)
        return "existing" if bought and bought.first < self._limits[moment] else "new"

    def is_high_value(self, customer_id):
        """Return whether the untaxed revenue of the last 12 months reaches the setting; 0 there: nobody is."""
        bought, threshold = self.purchases.get(customer_id), self.company.aftersale_high_value
        return bool(bought and threshold) and self.company.currency_id.compare_amounts(bought.revenue, threshold) >= 0

    def customer_value(self, customer_id):
        """Return `high` or `other`, as plans name it."""
        return "high" if self.is_high_value(customer_id) else "other"

    def top_fifth(self):
        """Return the revenue of 12 months from which a customer belongs to the fifth that bought most, or 0.0."""
        revenues = sorted((bought.revenue for bought in self.purchases.values() if bought.revenue > 0), reverse=True)
        return float(revenues[(len(revenues) - 1) // 5]) if revenues else 0.0
