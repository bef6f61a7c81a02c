from dateutil.relativedelta import relativedelta

from odoo import models
from odoo.tools import SQL

from .figures_scope import OBSERVED, counting
from .interval import difference_interval, phi_coefficient, ratio_interval, standardised_difference

PROBLEMS = 10
EFFECTS = ("proven", "no_evidence", "worse")
# Customers are compared with those whose last order is as long ago; days before the comparison starts.
RECENCY = (30, 90, 180)


class AftersaleFigures(models.AbstractModel):
    """The figures about what follow-ups, measures and compensations bring: differences, each with its interval."""

    _inherit = "aftersale.figures"

    def _contrast(self, scope, now, before=None):
        """Figure of a difference between two groups; the smaller one decides whether it is weak or withheld.

        ``now`` and ``before`` are as from `standardised_difference`. The further keys ``share`` and ``others`` are the
        two that differ, ``n_others`` belongs to the latter.
        """
        if not now:
            return None
        smaller, smaller_before = (min(side["n"], side["n_others"]) if side else 0 for side in (now, before))
        interval, previous = (now["low"], now["high"]), before and before["value"]
        figure = self._figure(scope, now["value"], smaller, interval, previous, smaller_before)
        return {**figure, **{key: now[key] for key in ("n", "n_others", "share", "others")}}

    @counting("aftersale.action")
    def _get_measure_effects(self, scope):
        """Share of proven effects, of those measured in the period; how many of each kind."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT a.date_effect >= %(since)s, a.effect, COUNT(*)
                  FROM aftersale_action a
                 WHERE %(where)s AND a.effect IS NOT NULL AND a.date_effect <= %(cutoff)s
                   AND a.date_effect >= %(before)s AND a.date_effect < %(until)s
              GROUP BY 1, 2
                """,
                since=scope.bounds[-2],
                where=scope.where("a", "aftersale.action"),
                cutoff=scope.cutoff,
                before=scope.bounds[-3],
                until=scope.bounds[-1],
            )
        )
        counts = {(is_now, effect): n for is_now, effect, n in rows}
        now, before = ({effect: counts.get((side, effect), 0) for effect in EFFECTS} for side in (True, False))
        figure = self._rate(scope, *((side["proven"], sum(side.values())) for side in (now, before)))
        return {"measure_effects": figure and {**figure, **now}}

    # ------------------------------------------------------------
    # recovery
    # ------------------------------------------------------------

    @counting("aftersale.feedback")
    def _get_recovery(self, scope):
        """Customers with a low score: do they come back, what do they say next, what was it worth to us.

        Recovered is whose next score is 4 or 5, or who orders again, within 90 days of the low score. The scores before
        and after are of those who gave a next one. The cost is what the customers of the cohort, recovered or not, were
        granted in these days, for each one recovered; what a granted compensation is worth is entered with it.
        """
        sides = self._read_recovery(scope)
        now, before = sides.get(True), sides.get(False)
        shares = [(side["recovered"], side["n"]) if side else (0, 0) for side in (now, before)]
        return {
            "recovery": self._rate(scope, *shares),
            "recovery_scores": self._get_recovery_scores(scope, now, before),
            "recovery_cost": self._get_recovery_cost(scope, now, before),
        }

    def _read_recovery(self, scope):
        """{whether of this cohort or the one before: counts and sums of the customers with a low score in it}."""
        rows = self.env.execute_query_dict(
            SQL(
                """
                WITH purchase AS (%(purchases)s), low AS (
                     SELECT DISTINCT ON (f.date >= %(now)s, f.commercial_partner_id)
                            f.date >= %(now)s AS is_now, f.commercial_partner_id AS customer, f.date AS since, f.id,
                            f.score
                       FROM aftersale_feedback f
                      WHERE %(where)s AND %(low_counts)s AND f.score BETWEEN 1 AND %(score)s
                        AND f.commercial_partner_id IS NOT NULL AND f.date >= %(start)s AND f.date < %(end)s
                   ORDER BY 1, 2, 3, 4), watched AS (
                     SELECT low.is_now, low.score AS before, next.score AS after, COALESCE(granted.amount, 0) AS cost,
                            COALESCE(next.score >= 4, FALSE)
                            OR EXISTS (SELECT FROM purchase p
                                        WHERE p.customer = low.customer AND p.date > low.since
                                          AND p.date <= low.since + %(observed)s) AS recovered
                       FROM low
                  LEFT JOIN LATERAL (SELECT n.score
                                       FROM aftersale_feedback n
                                      WHERE n.commercial_partner_id = low.customer AND n.company_id = %(company)s
                                        AND %(next_counts)s AND n.score > 0 AND n.create_date <= %(cutoff)s
                                        AND (n.date, n.id) > (low.since, low.id) AND n.date <= low.since + %(observed)s
                                   ORDER BY n.date, n.id
                                      LIMIT 1) next ON TRUE
                  LEFT JOIN LATERAL (SELECT SUM(i.compensation) AS amount
                                       FROM aftersale_issue i
                                      WHERE i.commercial_partner_id = low.customer AND i.company_id = %(company)s
                                        AND i.compensation_state = 'granted' AND i.create_date <= %(cutoff)s
                                        AND i.compensation_date >= low.since
                                        AND i.compensation_date <= low.since + %(observed)s) granted ON TRUE
                      WHERE low.since + %(observed)s <= %(cutoff)s)
              SELECT is_now, COUNT(*) AS n, COUNT(*) FILTER (WHERE recovered) AS recovered, COUNT(after) AS pairs,
                     COALESCE(SUM(before) FILTER (WHERE after IS NOT NULL), 0)::float AS before,
                     COALESCE(SUM(after), 0)::float AS after,
                     COALESCE(SUM((after - before) * (after - before)), 0)::float AS squares,
                     SUM(cost)::float AS cost, SUM(cost * cost)::float AS cost_squares,
                     COALESCE(SUM(cost) FILTER (WHERE recovered), 0)::float AS cost_recovered
                FROM watched
            GROUP BY 1
                """,
                **self._cohort(scope),
                purchases=self._purchases(scope, scope.bounds[-1]),
                where=scope.where("f", "aftersale.feedback"),
                low_counts=scope.valid("f"),
                next_counts=scope.valid("n"),
                score=scope.company.aftersale_low_score,
                company=scope.company.id,
            )
        )
        return {row["is_now"]: row for row in rows}

    def _get_recovery_scores(self, scope, now, before):
        """Figure of the mean change from the low score to the next one, with both means."""
        sums = [
            (side["after"] - side["before"], side["squares"], side["pairs"]) if side else (0.0, 0.0, 0)
            for side in (now, before)
        ]
        figure = self._mean(scope, *sums, floor=-4, ceiling=4)
        return figure and {**figure, "before": now["before"] / now["pairs"], "after": now["after"] / now["pairs"]}

    def _get_recovery_cost(self, scope, now, before):
        """Figure of what was granted for each customer recovered."""

        def ratio(side):
            return side["cost"] / side["recovered"] if side and side["recovered"] else None

        recovered, recovered_before = (side["recovered"] if side else 0 for side in (now, before))
        interval = now and ratio_interval(
            now["cost"], now["cost_squares"], now["cost_recovered"], now["recovered"], now["n"]
        )
        return self._figure(scope, ratio(now), recovered, interval, ratio(before), recovered_before)

    # ------------------------------------------------------------
    # problems and low scores
    # ------------------------------------------------------------

    @counting("aftersale.feedback")
    def _get_problem_scores(self, scope):
        """How much more often the score is low where a problem is named: the problems named most often first.

        The difference of two shares, with Newcombe's interval; phi is the correlation of naming it with a low score.
        """
        field = self.env["aftersale.feedback"]._fields["tag_ids"]
        rows = self.env.execute_query(
            SQL(
                """
                WITH rated AS (SELECT f.id, f.score <= %(score)s AS is_low
                                 FROM aftersale_feedback f
                                WHERE f.score > 0 AND %(where)s)
              SELECT r.%(tag)s, COUNT(*) FILTER (WHERE is_low), COUNT(*)
                FROM rated
                JOIN %(relation)s r ON r.%(feedback)s = rated.id
                JOIN aftersale_tag t ON t.id = r.%(tag)s AND t.is_problem
            GROUP BY 1
           UNION ALL
              SELECT NULL, COUNT(*) FILTER (WHERE is_low), COUNT(*)
                FROM rated
                """,
                score=scope.company.aftersale_low_score,
                where=self._feedback_where(scope, scope.bounds[-2]),
                relation=SQL.identifier(field.relation),
                feedback=SQL.identifier(field.column1),
                tag=SQL.identifier(field.column2),
            )
        )
        counts = {tag_id: (low, n) for tag_id, low, n in rows}
        all_low, total = counts.pop(None)
        ranked = sorted(counts, key=lambda tag_id: (-counts[tag_id][1], tag_id))
        tags = self.env["aftersale.tag"].sudo().browse(ranked[:PROBLEMS])
        names = self._names(tags)
        problems = []
        for tag in tags:
            low, n = counts[tag.id]
            cells = (low, n, all_low - low, total - n)
            if total > n:
                low_end, high_end = difference_interval(*cells)
                share, others = low / n, (all_low - low) / (total - n)
                groups = {"share": share, "others": others, "n": n, "n_others": total - n}
                figure = self._contrast(scope, {"value": share - others, "low": low_end, "high": high_end, **groups})
                problems.append({"code": tag.code, "name": names[tag.id], "phi": phi_coefficient(*cells), **figure})
        return {"problem_scores": problems}

    # ------------------------------------------------------------
    # customers asked, and comparable ones
    # ------------------------------------------------------------

    def _get_comparisons(self, scope):
        """Customers asked against comparable ones not asked: how many more order again, how many more stay.

        Everybody who ordered in a time before a day counts; asked is who was contacted in that time; what counts is an
        order in an equal time after that day: 90 days, or 12 months. So who was asked is settled before it is watched
        what follows, for both alike. They are compared within groups of the same type, value and time since the last
        order, as of that day. What no order tells, such as why somebody was not asked, may still differ.
        """
        if not scope.is_whole_company:
            return {}
        rows = self.env.execute_query_dict(
            SQL(
                """
                WITH contact AS (%(contacts)s), purchase AS (%(purchases)s), side AS (
                     SELECT * FROM (VALUES %(sides)s) AS s (kind, is_now, since, start, until, year, new)), asked AS (
                     SELECT DISTINCT kind, is_now, customer
                       FROM side
                       JOIN contact c ON c.date >= since AND c.date < start), bought AS (
                     SELECT kind, is_now, customer, MIN(date) < MIN(new) AS is_existing,
                            BOOL_OR(date >= start) AS again,
                            MIN(start) - MAX(date) FILTER (WHERE date < start) AS age,
                            SUM(amount) FILTER (WHERE date >= year AND date < start) AS revenue
                       FROM side
                       JOIN purchase p ON p.date < until
                   GROUP BY kind, is_now, customer
                     HAVING MAX(date) FILTER (WHERE date < start) >= MIN(since))
              SELECT kind, is_now, is_existing,
                     %(limit)s > 0 AND ROUND(COALESCE(revenue, 0), %(digits)s) >= %(limit)s AS is_high,
                     width_bucket(EXTRACT(EPOCH FROM age), %(recency)s::numeric[]) AS recency,
                     COUNT(*) FILTER (WHERE a.customer IS NOT NULL AND again) AS hits, COUNT(a.customer) AS n,
                     COUNT(*) FILTER (WHERE a.customer IS NULL AND again) AS hits_others,
                     COUNT(*) - COUNT(a.customer) AS n_others
                FROM bought b
           LEFT JOIN asked a USING (kind, is_now, customer)
            GROUP BY 1, 2, 3, 4, 5
            ORDER BY 1, 2, 3, 4, 5
                """,
                limit=scope.company.aftersale_high_value,
                digits=scope.company.currency_id.decimal_places,
                recency=[86400 * days for days in RECENCY],
                **self._comparison_values(scope),
            )
        )
        figures = {}
        for key in ("repeat_purchase", "retention"):
            now, before = (
                standardised_difference(
                    [
                        (row["hits"], row["n"], row["hits_others"], row["n_others"])
                        for row in rows
                        if row["kind"] == key and row["is_now"] is side
                    ]
                )
                for side in (True, False)
            )
            figures[f"{key}_effect"] = self._contrast(scope, now, before)
        return figures

    def _comparison_values(self, scope):
        """Values of the query: the days of both comparisons, now and a period earlier, and what happened in them."""
        moment, months = scope.company._aftersale_moment, scope.company.aftersale_new_months
        sides, starts = [], []
        for is_now, (_first, last) in ((True, scope.periods[-1]), (False, scope.periods[-2])):
            end = last + relativedelta(days=1)
            for kind, start, since in (
                ("repeat_purchase", end - OBSERVED, end - 2 * OBSERVED),
                ("retention", end - relativedelta(months=12), end - relativedelta(months=24)),
            ):
                year, new = start - relativedelta(months=12), start - relativedelta(months=months)
                days = [moment(day) for day in (since, start, end, year, new)]
                sides.append(SQL("(%s, %s, %s, %s, %s, %s, %s)", kind, is_now, *days))
                starts.append(days[:2])
        return {
            "sides": SQL(", ").join(sides),
            "contacts": self._contacts(
                scope, min(since for since, _start in starts), max(start for _s, start in starts)
            ),
            "purchases": self._purchases(scope, scope.bounds[-1]),
        }
