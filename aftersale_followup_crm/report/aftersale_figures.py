from odoo import models
from odoo.tools import SQL


class AftersaleFigures(models.AbstractModel):
    _inherit = "aftersale.figures"

    def _get_parts(self):
        return [*super()._get_parts(), self._get_conversion]

    def _get_definitions(self):
        conversion = self.env._("Opportunities that follow-ups led to: those with a confirmed order, of all.")
        return {**super()._get_definitions(), "conversion": (self.env._("Conversion"), conversion)}

    def _get_conversion(self, scope):
        """Return the conversion of the opportunities that follow-ups led to, and what they brought in.

        By the day the opportunity was created. Won is one with a confirmed order; revenue is the untaxed sum of these
        orders in the currency of the company. Wilson interval.
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT l.create_date >= %(since)s, COUNT(*), COUNT(o.revenue), COALESCE(SUM(o.revenue), 0)
                  FROM crm_lead l
             LEFT JOIN LATERAL (
                       SELECT SUM(s.amount_untaxed / COALESCE(NULLIF(s.currency_rate, 0), 1))::float AS revenue
                         FROM sale_order s
                        WHERE s.opportunity_id = l.id AND s.state = 'sale' AND s.date_order <= %(cutoff)s) o ON TRUE
                 WHERE l.is_from_aftersale AND %(where)s AND l.create_date >= %(before)s AND l.create_date < %(until)s
              GROUP BY 1
                """,
                since=scope.bounds[-2],
                before=scope.bounds[-3],
                until=scope.bounds[-1],
                cutoff=scope.cutoff,
                where=scope.where("l"),
            )
        )
        counts = {is_now: (won, leads, revenue) for is_now, leads, won, revenue in rows}
        now, before = counts.get(True, (0, 0, 0.0)), counts.get(False, (0, 0, 0.0))
        figure = self._rate(scope, now[:2], before[:2])
        return {
            "conversion": figure and {**figure, "won": now[0], "revenue": now[2], "previous_revenue": before[2]},
        }
