from collections import Counter
from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import api, models
from odoo.tools import SQL, float_round

from .figures_scope import FILTERS, Scope, counting
from .interval import mean_interval, nps_interval, wilson_interval

TREND_PERIODS = 12
TOP_PROBLEMS = 3


def period_before(date_from, date_to):
    """The period right before: whole calendar months stay whole, anything else keeps its number of days."""
    day = timedelta(days=1)
    if date_from.day == 1 and (date_to + day).day == 1:
        months = (date_to.year - date_from.year) * 12 + date_to.month - date_from.month + 1
        return date_from - relativedelta(months=months), date_from - day
    return date_from - (date_to - date_from) - day, date_from - day


class AftersaleFigures(models.AbstractModel):
    """The one place that computes figures; pages, reports and digests read it.

    A figure is a dictionary `value` (unrounded), `n`, `low`, `high`, `previous`, `weak`, `withheld`; it is absent where
    there is nothing to count. `withheld` asks the reader's page not to show the value. The number of queries is fixed.
    """

    _name = "aftersale.figures"
    _description = "After-sales Figures"

    @api.model
    def _get(
        self, company, date_from, date_to, team=None, cutoff=None, suggestions=None, details=False, only=None, **filters
    ):
        """All figures of a company, or of one of its teams, from the first to the last day (company zone, both count).

        Record rules do not apply here: whoever calls has checked that the user may see the analysis.

        What a filter cannot be applied to is absent. Feedback and follow-ups know all of them; issues know product,
        category and agent; measures know product and category; orders, customers and opportunities know none.

        :param cutoff: the figures as of this moment (naive UTC); None for now
        :param suggestions: feedback chosen to be quoted, without names
        :param details: also what only a report has room for, and takes its time: words, sampling, what was left out
        :param only: the names of the methods of `_get_parts` whose figures are wanted; None for all
        :param filters: a record or value each, empty for all: ``plan``, ``scenario``, ``product`` (or template),
            ``product_category`` (with those below), ``customer_type`` (``new``, ``existing``), ``segment`` (``high``,
            ``other``, as it was when the follow-up was planned; feedback without a follow-up has none), ``channel`` and
            ``user`` (the agent)
        """
        self.env.flush_all()
        # the database's clock, because it is the one that stamps `create_date`
        scope = self._make_scope(company, date_from, date_to, team, cutoff or self.env.cr.now(), filters)
        figures = {
            "date_from": scope.date_from.isoformat(),
            "date_to": scope.date_to.isoformat(),
            "cutoff": scope.cutoff.isoformat(" ", "seconds"),
            "weak_n": scope.company.aftersale_weak_n,
            "min_n": scope.company.aftersale_min_n,
        }
        parts = self._get_parts() + (self._get_detail_parts() if details else [])
        parts = [part for part in parts if only is None or part.__name__ in only]
        for part in filter(scope.knows, parts):
            figures |= {key: value for key, value in part(scope).items() if value is not None}
        if suggestions:
            figures["suggestions"] = self._get_suggestions(scope, suggestions)
        self._judge(scope.company, figures)
        return figures

    def _get_parts(self):
        """Return the methods that compute the figures: each takes a scope and returns {key: figure}.

        Those that can be filtered say by `counting` what they count.
        """
        return [
            self._get_feedback,
            self._get_problems,
            self._get_scores,
            self._get_bonds,
            self._get_quality,
            self._get_contacts,
            self._get_calls,
            self._get_loop,
            self._get_verification,
            self._get_priority_issues,
            self._get_survival,
            self._get_measures,
            self._get_lead_time,
            self._get_coverage,
            self._get_repeat_purchase,
            self._get_recovery,
            self._get_comparisons,
            self._get_problem_scores,
            self._get_measure_effects,
            self._get_customers,
            self._get_growth,
        ]

    def _get_detail_parts(self):
        """Return the methods that compute what is asked for by `details`."""
        return []

    @api.model
    def _make_scope(self, company, date_from, date_to, team, cutoff, filters=None):
        filters = {name: wanted for name, wanted in (filters or {}).items() if wanted}
        if unknown := filters.keys() - FILTERS["aftersale.feedback"].keys():
            raise TypeError(f"Figures have no filter called {', '.join(sorted(unknown))}")
        company = company.sudo()
        periods = [(date_from, date_to)]
        while len(periods) < TREND_PERIODS:
            periods.insert(0, period_before(*periods[0]))
        days = [start for start, _end in periods] + [date_to + timedelta(days=1)]
        bounds = [company._aftersale_moment(day) for day in days]
        team = team.sudo() if team else self.env["crm.team"]
        return Scope(company, team, cutoff, periods, bounds, filters, is_past=cutoff < self.env.cr.now())

    # ------------------------------------------------------------
    # shape of a figure
    # ------------------------------------------------------------

    def _figure(self, scope, value, n, interval=(None, None), previous=None, previous_n=0):
        if not n:
            return None
        return {
            "value": value,
            "n": n,
            "low": interval[0],
            "high": interval[1],
            "previous": previous if previous_n else None,
            "previous_n": previous_n,
            "previous_withheld": previous_n < scope.company.aftersale_min_n,
            "weak": n < scope.company.aftersale_weak_n,
            "withheld": n < scope.company.aftersale_min_n,
        }

    def _rate(self, scope, now, before):
        """Figure of a share; `now` and `before` are (cases that count, all cases)."""
        (hits, n), (hits_before, n_before) = now, before
        return self._figure(
            scope,
            n and hits / n,
            n,
            wilson_interval(hits, n),
            n_before and hits_before / n_before,
            n_before,
        )

    def _mean(self, scope, now, before, floor=1, ceiling=5):
        """Figure of a mean; `now` and `before` are (sum, sum of squares, number)."""
        total, squares, n = now
        figure = self._figure(
            scope,
            n and total / n,
            n,
            mean_interval(total, squares, n, floor, ceiling),
            before[2] and before[0] / before[2],
            before[2],
        )
        if figure and figure["previous"] is not None:
            # the unrounded means are compared: 4.24 after 3.96 is +0.3, although 4.2 and 4.0 are printed
            # and nothing is not less than nothing: -0.02 is no "-0.0"
            figure["change"] = float_round(figure["value"] - figure["previous"], precision_digits=1) + 0.0
        return figure

    def _count_all(self, sums):
        """Return the numbers of {(…, is this period): (…, number)}, as `_withhold_differences` takes a total."""
        counts = {"n": 0, "previous_n": 0}
        for key, row in sums.items():
            counts["n" if key[-1] else "previous_n"] += row[-1]
        return counts

    def _withhold_differences(self, scope, total, parts):
        """Withhold more parts of a total, the smallest first, where the total less those shown told of too few.

        :param total: a figure, or its numbers `n` and `previous_n` alone
        """
        for number, withheld in (("n", "withheld"), ("previous_n", "previous_withheld")):
            shown = sorted((part for part in parts if not part[withheld]), key=lambda part: part[number])
            while shown and 0 < total[number] - sum(part[number] for part in shown) < scope.company.aftersale_min_n:
                shown.pop(0)[withheld] = True

    def _names(self, records):
        """{id: {language: name}}, so that a frozen report still reads in its reader's language."""
        names = {record.id: {} for record in records}
        # English, too, where it is switched off: it is what texts are translated from, and may be switched on later
        for code in {"en_US", *(code for code, _label in self.env["res.lang"].get_installed())}:
            for record in records.sudo().with_context(lang=code):
                names[record.id][code] = record.name
        return names

    # ------------------------------------------------------------
    # what customers said
    # ------------------------------------------------------------

    def _feedback_where(self, scope, since):
        """Valid feedback from a moment on, to the end of the period."""
        return SQL(
            "%s AND %s AND f.date >= %s AND f.date < %s",
            scope.where("f", "aftersale.feedback"),
            scope.valid("f"),
            since,
            scope.bounds[-1],
        )

    def _read_feedback(self, scope):
        """Counts of the valid feedback of each period, oldest first: one pass over the feedback of all periods."""
        rows = self.env.execute_query_dict(
            SQL(
                """
                SELECT width_bucket(f.date, %(bounds)s) AS bucket,
                       COUNT(*) AS feedback,
                       COUNT(*) FILTER (WHERE f.score > 0) AS rated,
                       COALESCE(SUM(f.score), 0)::float AS total,
                       COALESCE(SUM(f.score * f.score), 0)::float AS squares,
                       COUNT(*) FILTER (WHERE f.score >= 4) AS satisfied,
                       COUNT(f.nps) AS nps,
                       COUNT(*) FILTER (WHERE f.nps IN ('9', '10')) AS promoters,
                       COUNT(*) FILTER (WHERE f.nps IN ('0', '1', '2', '3', '4', '5', '6')) AS detractors,
                       COUNT(*) FILTER (WHERE f.suggestion_state <> 'none') AS suggestions,
                       COUNT(*) FILTER (WHERE f.suggestion_state = 'adopted'
                                          AND f.suggestion_adopted_date > %(cutoff)s IS NOT TRUE) AS adopted
                  FROM aftersale_feedback f
                 WHERE %(where)s
              GROUP BY 1
                """,
                bounds=scope.bounds,
                cutoff=scope.cutoff,
                where=self._feedback_where(scope, scope.bounds[0]),
            )
        )
        buckets = {row["bucket"]: Counter(row) for row in rows}
        return [buckets.get(number, Counter()) for number in range(1, len(scope.periods) + 1)]

    @counting("aftersale.feedback")
    def _get_feedback(self, scope):
        """Satisfaction, CSAT, NPS and the share that recommends, suggestions and the trends."""
        answers = self._read_feedback(scope)
        before, now = answers[-2:]
        trends = self._get_trends(scope, answers)

        def sums(row):
            return row["total"], row["squares"], row["rated"]

        def nps(row):
            return row["nps"] and 100 * (row["promoters"] - row["detractors"]) / row["nps"]

        def rate(hits, cases):
            return self._rate(scope, (now[hits], now[cases]), (before[hits], before[cases]))

        interval = nps_interval(now["promoters"], now["detractors"], now["nps"])
        return {
            "feedback": now["feedback"],
            "satisfaction": self._mean(scope, sums(now), sums(before)),
            "csat": rate("satisfied", "rated"),
            "recommendation": rate("promoters", "nps"),
            "nps": self._figure(scope, nps(now), now["nps"], interval, nps(before), before["nps"]),
            "suggestion_adoption": rate("adopted", "suggestions"),
            "trend": trends["satisfaction"],
            "trends": trends,
        }

    def _read_problems(self, scope):
        """Valid feedback with a problem tag, as {whether this period or the one before: {tag id, None for all: n}}."""
        field = self.env["aftersale.feedback"]._fields["tag_ids"]
        rows = self.env.execute_query(
            SQL(
                """
                SELECT bucket, tag_id, COUNT(DISTINCT feedback_id)
                  FROM (SELECT f.date >= %(since)s AS bucket, r.%(tag)s AS tag_id, f.id AS feedback_id
                          FROM %(relation)s r
                          JOIN aftersale_feedback f ON f.id = r.%(feedback)s
                          JOIN aftersale_tag t ON t.id = r.%(tag)s AND t.is_problem
                         WHERE %(where)s) tagged
              GROUP BY GROUPING SETS ((bucket, tag_id), (bucket))
                """,
                since=scope.bounds[-2],
                relation=SQL.identifier(field.relation),
                feedback=SQL.identifier(field.column1),
                tag=SQL.identifier(field.column2),
                where=self._feedback_where(scope, scope.bounds[-3]),
            )
        )
        return {side: {tag_id: n for is_now, tag_id, n in rows if is_now == side} for side in (True, False)}

    @counting("aftersale.feedback")
    def _get_problems(self, scope):
        """The most frequent problem tags, and how they moved. Shares may add up to more than 100 %."""
        counts = self._read_problems(scope)
        totals = {side: tags.pop(None, 0) for side, tags in counts.items()}
        ranked = {side: sorted(tags.items(), key=lambda row: (-row[1], row[0])) for side, tags in counts.items()}
        before = {tag_id: (rank, n) for rank, (tag_id, n) in enumerate(ranked[False], start=1)}
        top = ranked[True][:TOP_PROBLEMS]
        tags = self.env["aftersale.tag"].sudo().browse([tag_id for tag_id, _n in top])
        names = self._names(tags)
        products = self._get_products_hit(scope, tags)
        problems = []
        for tag, (_tag_id, n) in zip(tags, top, strict=True):
            rank_before, n_before = before.get(tag.id, (None, 0))
            problems.append(
                {
                    "tag_id": tag.id,
                    "code": tag.code,
                    "name": names[tag.id],
                    "n": n,
                    "share": n / totals[True],
                    "total": totals[True],
                    "products": products.get(tag.id, []),
                    "previous_rank": rank_before,
                    "previous_share": n_before / totals[False] if totals[False] else None,
                    "previous_withheld": totals[False] < scope.company.aftersale_min_n,
                    "weak": totals[True] < scope.company.aftersale_weak_n,
                    "withheld": totals[True] < scope.company.aftersale_min_n,
                }
            )
        return {"top_problems": problems, "problem_feedback": totals[True]}
