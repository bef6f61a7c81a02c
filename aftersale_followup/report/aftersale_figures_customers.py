from math import inf

from dateutil.relativedelta import relativedelta

from odoo import models
from odoo.tools import SQL

from .figures_scope import OBSERVED, counting


class AftersaleFigures(models.AbstractModel):
    """The figures about customers: who was asked, who buys again, who stays, what they are worth.

    A customer is a commercial entity, an order a confirmed one; revenue is untaxed, in the currency of the company.
    Figures that wait for what follows are about the period of 90 days earlier, and leave out what is younger than that.
    """

    _inherit = "aftersale.figures"

    def _contacts(self, scope, since, until):
        """Query of (customer, date) of each contact; channels passed over and what customers began are none."""
        return SQL(
            """
            SELECT u.commercial_partner_id AS customer, a.date
              FROM aftersale_attempt a
              JOIN aftersale_followup u ON u.id = a.followup_id
         LEFT JOIN aftersale_channel c ON c.id = u.channel_id
             WHERE %(where)s AND a.company_id = %(company)s AND a.create_date <= %(cutoff)s
               AND a.outcome <> 'contested' AND a.is_passed_over IS NOT TRUE
               AND a.date >= %(since)s AND a.date < %(until)s
               AND u.commercial_partner_id IS NOT NULL AND c.code IS DISTINCT FROM 'inbound'
         UNION ALL
            SELECT u.commercial_partner_id, u.dropped_contact_date
              FROM aftersale_followup u
         LEFT JOIN aftersale_channel c ON c.id = u.channel_id
             WHERE %(where)s AND u.dropped_contact_date <= %(cutoff)s
               AND u.dropped_contact_date >= %(since)s AND u.dropped_contact_date < %(until)s
               AND u.commercial_partner_id IS NOT NULL AND c.code IS DISTINCT FROM 'inbound'
            """,
            where=scope.where("u", "aftersale.followup"),
            company=scope.company.id,
            cutoff=scope.cutoff,
            since=since,
            until=until,
        )

    def _purchases(self, scope, until):
        """Query of (customer, date, amount) of each order before ``until``, as of the cutoff."""
        return SQL(
            """
            SELECT p.commercial_partner_id AS customer, s.date_order AS date,
                   s.amount_untaxed / COALESCE(NULLIF(s.currency_rate, 0), 1) AS amount
              FROM sale_order s
              JOIN res_partner p ON p.id = s.partner_id
             WHERE s.state = 'sale' AND s.company_id = %s AND s.date_order < %s AND s.date_order <= %s
            """,
            scope.company.id,
            until,
            scope.cutoff,
        )

    def _get_coverage(self, scope):
        """Customers contacted since their delivery, by the cutoff, of those with a delivery in the period."""
        if not scope.is_whole_company:
            return {}
        rows = self.env.execute_query(
            SQL(
                """
                  WITH contact AS (%(contacts)s)
                SELECT is_now, COUNT(*) FILTER (WHERE c.last >= d.since), COUNT(*)
                  FROM (SELECT o.delivered >= %(since)s AS is_now, p.commercial_partner_id AS customer,
                               MIN(o.delivered) AS since
                          FROM (%(delivered)s) o
                          JOIN sale_order s ON s.id = o.order_id
                          JOIN res_partner p ON p.id = s.partner_id
                      GROUP BY 1, 2) d
             LEFT JOIN (SELECT customer, MAX(date) AS last FROM contact GROUP BY 1) c USING (customer)
              GROUP BY 1
                """,
                since=scope.bounds[-2],
                delivered=self._delivered_orders(scope),
                contacts=self._contacts(scope, scope.bounds[-3], scope.cutoff),
            )
        )
        return {"coverage": self._rate(scope, *self._sides(rows))}

    @counting("aftersale.followup")
    def _get_repeat_purchase(self, scope):
        """Customers asked who ordered again within 90 days of it; beside them those who ordered and were not asked.

        Of these the days count from their first order of the period. The groups differ in more than having been asked:
        who is not asked had a reason not to be, so that their difference alone proves nothing.
        """
        rows = self.env.execute_query(
            SQL(
                """
                WITH contact AS (%(contacts)s), purchase AS (%(purchases)s), watched AS (
                     SELECT TRUE AS asked, date >= %(now)s AS is_now, customer, MIN(date) AS since
                       FROM contact
                      WHERE date < %(end)s
                   GROUP BY 2, 3
                  UNION ALL
                     SELECT FALSE, b.is_now, b.customer, b.since
                       FROM (SELECT date >= %(now)s AS is_now, customer, MIN(date) AS since
                               FROM purchase
                              WHERE date >= %(start)s AND date < %(end)s
                           GROUP BY 1, 2) b
                      WHERE %(whole)s AND NOT EXISTS (
                            SELECT FROM contact c
                             WHERE c.customer = b.customer AND c.date <= b.since + %(observed)s
                               AND c.date >= CASE WHEN b.is_now THEN %(now)s ELSE %(start)s END))
              SELECT asked, is_now, COUNT(*) FILTER (WHERE again), COUNT(*)
                FROM (SELECT w.asked, w.is_now, w.customer, BOOL_OR(p.customer IS NOT NULL) AS again
                        FROM watched w
                   LEFT JOIN purchase p ON p.customer = w.customer AND p.date > w.since
                                       AND p.date <= w.since + %(observed)s
                       WHERE w.since + %(observed)s <= %(cutoff)s
                    GROUP BY 1, 2, 3) followed
            GROUP BY 1, 2
                """,
                **self._cohort(scope),
                contacts=self._contacts(scope, scope.cohorts[0], scope.bounds[-1]),
                purchases=self._purchases(scope, scope.bounds[-1]),
                whole=scope.is_whole_company,
            )
        )
        figure, others = (
            self._rate(scope, *self._sides([row[1:] for row in rows if row[0] is asked])) for asked in (True, False)
        )
        return {"repeat_purchase": figure, "repeat_purchase_not_asked": others}

    def _cohort(self, scope):
        """Values of the queries about what follows within 90 days."""
        start, now, end = scope.cohorts
        return {"start": start, "now": now, "end": end, "observed": OBSERVED, "cutoff": scope.cutoff}

    def _sides(self, rows):
        """(cases that count, all cases) of this period and of the one before."""
        counts = {is_now: (hits, n) for is_now, hits, n in rows}
        return counts.get(True, (0, 0)), counts.get(False, (0, 0))

    # ------------------------------------------------------------
    # years of purchases
    # ------------------------------------------------------------

    def _years(self, scope):
        """Values of both sides: 24 and 12 months before the end of this period and of the one before, and the ends."""
        moment = scope.company._aftersale_moment
        rows = []
        for is_now, (_start, end), until in (
            (True, scope.periods[-1], scope.bounds[-1]),
            (False, scope.periods[-2], scope.bounds[-2]),
        ):
            day = end + relativedelta(days=1)
            months = [moment(day - relativedelta(months=n)) for n in (24, 12)]
            rows.append(SQL("(%s, %s, %s, %s)", is_now, *months, until))
        return SQL("(VALUES %s) AS side (is_now, since, middle, until)", SQL(", ").join(rows))

    def _get_customers(self, scope):
        """Retention, churn and lifetime value.

        Retention: customers with an order in the 12 months to the end of the period and in the 12 months before these,
        of those with an order in the latter; churn is the rest. Lifetime value: revenue since the first order, mean and
        median of all customers, and by segment (high-value by the revenue of 12 months).
        """
        if not scope.is_whole_company:
            return {}
        rows = self.env.execute_query_dict(
            SQL(
                """
                WITH customer AS (
                     SELECT is_now, customer, SUM(amount) AS revenue, BOOL_OR(date >= middle) AS late,
                            BOOL_OR(date >= since AND date < middle) AS early,
                            %(limit)s > 0 AND ROUND(COALESCE(SUM(amount) FILTER (WHERE date >= middle), 0), %(digits)s)
                                              >= %(limit)s AS is_high
                       FROM %(sides)s
                       JOIN (%(purchases)s) p ON p.date < side.until
                   GROUP BY is_now, customer)
              SELECT is_now, is_high, COUNT(*) AS n, SUM(revenue)::float AS total,
                     SUM(revenue * revenue)::float AS squares,
                     PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY revenue::float) AS median,
                     COUNT(*) FILTER (WHERE early) AS early, COUNT(*) FILTER (WHERE early AND late) AS kept
                FROM customer
            GROUP BY GROUPING SETS ((is_now, is_high), (is_now))
                """,
                limit=scope.company.aftersale_high_value,
                digits=scope.company.currency_id.decimal_places,
                sides=self._years(scope),
                purchases=self._purchases(scope, scope.bounds[-1]),
            )
        )
        table = {(row["is_now"], row["is_high"]): row for row in rows}
        now, before = (table.get((is_now, None), {"kept": 0, "early": 0}) for is_now in (True, False))
        value = self._get_value(scope, table, None)
        segments = [
            {"segment": segment, **figure}
            for segment, is_high in (("high", True), ("other", False))
            if (figure := self._get_value(scope, table, is_high))
        ]
        if value:
            self._withhold_differences(scope, value, segments)
        lost = [(side["early"] - side["kept"], side["early"]) for side in (now, before)]
        return {
            "retention": self._rate(scope, (now["kept"], now["early"]), (before["kept"], before["early"])),
            "churn": self._rate(scope, *lost),
            "lifetime_value": value and {**value, "segments": segments},
        }

    def _get_value(self, scope, table, is_high):
        """Figure of the mean revenue of customers, with its median."""
        rows = [table.get((is_now, is_high)) for is_now in (True, False)]
        sums = [(row["total"], row["squares"], row["n"]) if row else (0.0, 0.0, 0) for row in rows]
        figure = self._mean(scope, *sums, -inf, inf)
        return figure and {**figure, "median": rows[0]["median"]}

    @counting("aftersale.followup")
    def _get_growth(self, scope):
        """Revenue of customers contacted in the period: 12 months to its end, to the 12 months before; 1 = the same.

        Only of those who ordered in the earlier 12 months: others have nothing to grow from.
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT is_now, SUM(late)::float, SUM(early)::float, COUNT(*)
                  FROM (SELECT side.is_now, p.customer,
                               COALESCE(SUM(p.amount) FILTER (WHERE p.date >= middle), 0) AS late,
                               SUM(p.amount) FILTER (WHERE p.date < middle) AS early
                          FROM %(sides)s
                          JOIN (SELECT DISTINCT date >= %(since)s AS is_now, customer
                                  FROM (%(contacts)s) contact) c ON c.is_now = side.is_now
                          JOIN (%(purchases)s) p ON p.customer = c.customer AND p.date >= side.since
                                                AND p.date < side.until
                      GROUP BY 1, 2) customer
                 WHERE early > 0
              GROUP BY 1
                """,
                sides=self._years(scope),
                since=scope.bounds[-2],
                contacts=self._contacts(scope, scope.bounds[-3], scope.bounds[-1]),
                purchases=self._purchases(scope, scope.bounds[-1]),
            )
        )
        sides = {is_now: (late / early, n) for is_now, late, early, n in rows}
        (value, n), (previous, previous_n) = (sides.get(is_now, (0, 0)) for is_now in (True, False))
        return {"sales_growth": self._figure(scope, value, n, previous=previous, previous_n=previous_n)}
