from odoo import models
from odoo.tools import SQL


class AftersaleFigures(models.AbstractModel):
    """How the headline figures moved over the last periods. The last point of a trend is the figure itself."""

    _inherit = "aftersale.figures"

    def _get_trends(self, scope, answers):
        """Return {key: one point a period, oldest first}; `answers` are the counts of the feedback of each period.

        Each point has its dates, `value` (None without a case), `n` and `withheld`.
        """
        counts = {
            "satisfaction": [(row["total"], row["rated"]) for row in answers],
            "csat": [(row["satisfied"], row["rated"]) for row in answers],
            "nps": [(100 * (row["promoters"] - row["detractors"]), row["nps"]) for row in answers],
            "response_rate": self._read_responses(scope),
        }
        if scope.is_whole_company:
            counts["complaint_rate"] = self._read_complaints(scope)
        return {key: self._draw(scope, points) for key, points in counts.items()}

    def _draw(self, scope, points):
        return [
            {
                "date_from": start.isoformat(),
                "date_to": end.isoformat(),
                "value": total / n if n else None,
                "n": n,
                "withheld": n < scope.company.aftersale_min_n,
            }
            for (start, end), (total, n) in zip(scope.periods, points, strict=True)
        ]

    def _read_buckets(self, scope, query):
        """Return the two counts of each period out of rows (number of the period, count, count)."""
        rows = {bucket: (hits or 0, n or 0) for bucket, hits, n in self.env.execute_query(query)}
        return [rows.get(number, (0, 0)) for number in range(1, len(scope.periods) + 1)]

    def _read_responses(self, scope):
        """(answered, contacted) of the follow-ups that came due in each period."""
        return self._read_buckets(
            scope,
            SQL(
                """
                SELECT width_bucket(date_planned, %(days)s), COUNT(*) FILTER (WHERE answered), COUNT(*)
                  FROM (SELECT u.date_planned, u.dropped_contact_date <= %(cutoff)s AS dropped,
                               u.state = 'done' AND u.date_done > %(cutoff)s IS NOT TRUE AS answered,
                               EXISTS (SELECT FROM aftersale_attempt a
                                        WHERE a.followup_id = u.id AND a.create_date <= %(cutoff)s
                                          AND a.outcome <> 'contested' AND a.is_passed_over IS NOT TRUE) AS tried
                          FROM aftersale_followup u
                     LEFT JOIN aftersale_channel c ON c.id = u.channel_id
                         WHERE %(where)s AND u.date_planned BETWEEN %(first)s AND %(last)s
                           AND c.code IS DISTINCT FROM 'inbound') due
                 WHERE tried OR dropped
              GROUP BY 1
                """,
                days=[start for start, _end in scope.periods],
                cutoff=scope.cutoff,
                where=scope.where("u", "aftersale.followup"),
                first=scope.periods[0][0],
                last=scope.date_to,
            ),
        )

    def _read_complaints(self, scope):
        """(complaints opened, orders delivered) in each period."""
        return self._read_buckets(
            scope,
            SQL(
                """
                SELECT width_bucket(moment, %(bounds)s), COUNT(*) FILTER (WHERE NOT is_order),
                       COUNT(*) FILTER (WHERE is_order)
                  FROM (SELECT i.create_date AS moment, FALSE AS is_order
                          FROM aftersale_issue i
                         WHERE %(where)s AND i.kind = 'complaint' AND i.state <> 'cancelled'
                           AND i.create_date >= %(since)s AND i.create_date < %(until)s
                         UNION ALL
                        SELECT delivered, TRUE FROM (%(orders)s) orders) cases
              GROUP BY 1
                """,
                bounds=scope.bounds,
                where=scope.where("i", "aftersale.issue"),
                since=scope.bounds[0],
                until=scope.bounds[-1],
                orders=self._delivered_orders(scope, scope.bounds[0]),
            ),
        )
