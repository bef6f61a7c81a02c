from datetime import datetime, time, timedelta, timezone
from fractions import Fraction
from math import sqrt
from statistics import NormalDist, mean, stdev

WATCHED = timedelta(days=90)
Z = round(NormalDist().inv_cdf(0.975), 6)


def months_before(day, months):
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    while True:
        try:
            return day.replace(year=year, month=month + 1)
        except ValueError:  # 31 April
            day -= timedelta(days=1)


class Oracle:
    """The figures of a `World`, computed row by row from their definitions: slow, plain, and knowing no SQL.

    :param periods: (first day, last day), oldest first, the one asked for last
    """

    def __init__(self, world, periods, cutoff, team=None, filters=None):
        self.world, self.periods, self.cutoff = world, periods, cutoff
        self.team, self.filters = team, filters or {}
        self.whole = not team and not filters
        self.feedback = [row for row in world.feedback if self._counts(row)]
        self.valid = [row for row in self.feedback if self.is_valid(row)]
        self.followups = [row for row in world.followups if self._counts(row)]
        self.tried = {row.id: [] for row in world.followups}
        self.contested, self.reached = set(), set()
        for attempt in world.attempts:
            if attempt.created <= cutoff:
                if attempt.outcome == "reached":
                    self.reached.add(attempt.followup.id)
                if attempt.outcome == "contested":
                    self.contested.add(attempt.followup.id)
                elif not attempt.is_passed_over:
                    self.tried[attempt.followup.id].append(attempt)
        self.bought = {customer: [] for customer in world.about["commercial"].values()}
        for order in world.orders:
            if order.state == "sale" and order.date <= cutoff:
                self.bought[order.customer].append(order)
        self.issues = self.actions = None
        if self.filters.keys() <= {"product", "product_category", "user"}:
            self.issues = [row for row in world.issues if row.state != "cancelled" and self._counts(row)]
        if self.filters.keys() <= {"product", "product_category"}:
            self.actions = [row for row in world.actions if row.state != "cancelled" and self._counts(row)]

    # ------------------------------------------------------------
    # what counts, and when
    # ------------------------------------------------------------

    def _counts(self, row):
        return (
            row.created <= self.cutoff
            and (not self.team or row.team == self.team)
            and all(getattr(self, f"_is_{name}")(row, wanted) for name, wanted in self.filters.items())
        )

    def is_corrected(self, row):
        return row.corrected is not None and row.corrected <= self.cutoff

    def is_valid(self, row):
        """Whether the answer counted at the cutoff, whatever was decided about it later."""
        if row.decided_on and row.decided_on > self.cutoff:
            suspicious = row.evidence != "suspicious" and row.is_doubted
        else:
            suspicious = row.evidence == "suspicious"
        return not suspicious and not self.is_corrected(row)

    def _state(self, row):
        """What had become of the issue at the cutoff."""
        if row.state in ("done", "closed") and row.done > self.cutoff:
            return "processing"
        return "done" if row.state == "closed" and row.closed > self.cutoff else row.state

    def _has_contact(self, row):
        return bool(row.contacted) and row.contacted <= self.cutoff

    def _is_plan(self, row, wanted):
        return row.plan == wanted

    def _is_scenario(self, row, wanted):
        return row.scenario == wanted

    def _is_product(self, row, wanted):
        return wanted in (row.products if hasattr(row, "products") else [row.product])

    def _is_product_category(self, row, wanted):
        products = row.products if hasattr(row, "products") else [row.product]
        return any(self.world.about["lines"].get(product) == wanted for product in products)

    def _is_customer_type(self, row, wanted):
        return row.type == wanted

    def _is_segment(self, row, wanted):
        followup = row.followup if hasattr(row, "followup") else row
        return bool(followup) and followup.is_high == (wanted == "high")

    def _is_channel(self, row, wanted):
        return row.channel == wanted

    def _is_user(self, row, wanted):
        return row.user == wanted

    def local(self, moment):
        return moment.replace(tzinfo=timezone.utc).astimezone(self.world.zone).date()

    def opening(self, day):
        """The moment at which the day begins for the company, in UTC."""
        local = datetime.combine(day, time()).replace(tzinfo=self.world.zone)
        return local.astimezone(timezone.utc).replace(tzinfo=None)

    def within(self, moment, side, earlier=timedelta()):
        """Whether the moment lies in the period asked for (0), the one before (1), …; or that of days earlier."""
        start, end = self.periods[-1 - side]
        return moment is not None and start - earlier <= self.local(moment) <= end - earlier

    # ------------------------------------------------------------
    # shapes
    # ------------------------------------------------------------

    def rate(self, cases):
        """Figure of a share; ``cases(side)`` gives one boolean each."""
        now, before = list(cases(0)), list(cases(1))
        return self._shape(now, before, lambda rows: float(Fraction(sum(rows), len(rows))), self._wilson)

    def _wilson(self, rows):
        """Both shares from which the observed one lies ``Z`` standard errors away."""
        n, share = len(rows), sum(rows) / len(rows)
        # (share - p)² = Z² p (1 - p) / n, solved for p
        a, b, c = 1 + Z**2 / n, -(2 * share + Z**2 / n), share**2
        root = sqrt(max(b**2 - 4 * a * c, 0))
        return (-b - root) / (2 * a), (-b + root) / (2 * a)

    def ratio(self, hits, cases):
        """Figure of more hits than cases, perhaps: counts of two kinds of things."""
        figure = self.rate(lambda side: [True] * min(hits(side), cases(side)) + [False] * (cases(side) - hits(side)))
        if figure:
            figure["value"] = hits(0) / cases(0)
            figure["previous"] = hits(1) / cases(1) if cases(1) else None
            if hits(0) > cases(0):
                figure["low"] = figure["high"] = None
        return figure

    def mean(self, values, floor=1, ceiling=5):
        """Figure of a mean, with its change; ``values(side)`` gives the numbers."""
        now, before = list(values(0)), list(values(1))

        def interval(rows):
            if len(rows) < 2:
                return None, None
            half = Z * stdev(rows) / sqrt(len(rows))
            return max(floor, mean(rows) - half), min(ceiling, mean(rows) + half)

        figure = self._shape(now, before, lambda rows: float(Fraction(sum(map(Fraction, rows)), len(rows))), interval)
        if figure and before:
            figure["change"] = figure["value"] - figure["previous"]  # shown with one decimal
        return figure

    def _shape(self, now, before, value, interval):
        if not now:
            return None
        low, high = interval(now)
        return {
            "value": value(now),
            "n": len(now),
            "low": low,
            "high": high,
            "previous": value(before) if before else None,
            "previous_n": len(before),
            "previous_withheld": len(before) < 5,
            "weak": len(now) < 30,
            "withheld": len(now) < 5,
        }

    def keep_secret(self, total, parts):
        """Withhold parts, the smallest first, until those shown leave nothing of the total, or enough not to tell."""
        for number, withheld in (("n", "withheld"), ("previous_n", "previous_withheld")):
            for figure in sorted(parts, key=lambda figure: figure[number]):
                rest = total[number] - sum(part[number] for part in parts if not part[withheld])
                if 0 < rest < 5 and not figure[withheld]:
                    figure[withheld] = True

    # ------------------------------------------------------------
    # what customers said
    # ------------------------------------------------------------

    def said(self, side):
        return [row for row in self.valid if self.within(row.date, side)]

    def scores(self, side, keep=lambda row: True):
        return [row.score for row in self.said(side) if row.score and keep(row)]

    def _is_adopted(self, row):
        return row.suggestion_state == "adopted" and not (row.adopted and row.adopted > self.cutoff)

    def words(self):
        nps = {side: [row.nps for row in self.said(side) if row.nps is not None] for side in (0, 1)}
        points = {side: [100 * ((n >= 9) - (n <= 6)) for n in values] for side, values in nps.items()}

        def spread(rows):
            half = Z * sqrt(sum((row - mean(rows)) ** 2 for row in rows)) / len(rows)
            return max(-100, mean(rows) - half), min(100, mean(rows) + half)

        return {
            "feedback": len(self.said(0)),
            "satisfaction": self.mean(self.scores),
            "csat": self.rate(lambda side: [score >= 4 for score in self.scores(side)]),
            "nps": self._shape(points[0], points[1], lambda rows: float(Fraction(sum(rows), len(rows))), spread),
            "recommendation": self.rate(lambda side: [n >= 9 for n in nps[side]]),
            "suggestion_adoption": self.rate(
                lambda side: [self._is_adopted(row) for row in self.said(side) if row.suggestion_state != "none"]
            ),
            "suggestion_lead_time": self.mean(self._lead_times, 0, float("inf")),
            "stability": self.rate(
                lambda side: [
                    row.stability != "worse"
                    for row in self.said(side)
                    if row.type == "existing" and row.stability not in (None, "unknown")
                ]
            ),
            "loyalty": self.mean(
                lambda side: [row.loyalty for row in self.said(side) if row.type == "existing" and row.loyalty]
            ),
            "feedback_quality": self.rate(self._qualities),
            "trend": [self._point(side) for side in reversed(range(12))],
        }

    def _lead_times(self, side):
        return [
            Fraction(int((row.decided - row.date).total_seconds()), 86400)
            for row in self.valid
            if self.within(row.decided, side) and row.decided <= self.cutoff
        ]

    def _qualities(self, side):
        for row in self.feedback:
            if self.within(row.date, side) and not self.is_corrected(row):
                texts = [(row.detail or "").strip(), (row.suggestion or "").strip()]
                doubted = not self.is_valid(row) or row.followup and row.followup.id in self.contested
                yield bool(row.score and not doubted and (row.tags or max(map(len, texts)) >= 10))

    def _point(self, side):
        scores = self.scores(side)
        return self.point(side, sum(scores), len(scores))

    def point(self, side, total, n):
        start, end = (day.isoformat() for day in self.periods[-1 - side])
        return {"date_from": start, "date_to": end, "value": total / n if n else None, "n": n, "withheld": n < 5}

    def splits(self):
        """Scores by what they are about and by whom they come from, by name; none without an answer."""
        about = self.world.about
        areas = {
            name: self.mean(lambda side, area=area: [row.areas[area] for row in self.said(side) if area in row.areas])
            for area, name in about["area_names"].items()
        }
        products = {
            name: self.mean(lambda side, id_=id_: self.scores(side, lambda row: id_ in row.products))
            for id_, name in about["product_names"].items()
        }
        types = {
            kind: self.mean(lambda side, kind=kind: self.scores(side, lambda row: row.type == kind))
            for kind in ("new", "existing")
        }
        teams = {
            name: self.mean(lambda side, id_=id_: self.scores(side, lambda row: row.team == id_))
            for id_, name in about["team_names"].items()
        }
        total = {"n": len(self.scores(0)), "previous_n": len(self.scores(1))}
        for parts in (types, teams):
            self.keep_secret(total, [figure for figure in parts.values() if figure])
        tables = {"areas": areas, "products": products, "customer_types": types}
        if not self.team:
            tables["teams"] = teams
        return {kind: {name: figure for name, figure in figures.items() if figure} for kind, figures in tables.items()}

    def problems(self):
        """(name, number, share, share of before) of the three most frequent problem tags."""
        names = self.world.about["problem_names"]
        tables = []
        for side in (0, 1):
            told = [row for row in self.said(side) if set(row.tags) & names.keys()]
            counts = {tag: sum(tag in row.tags for row in told) for tag in names}
            tables.append((len(told), counts))
        (total, counts), (total_before, counts_before) = tables
        ranked = sorted((tag for tag in names if counts[tag]), key=lambda tag: (-counts[tag], tag))
        return [
            (
                names[tag],
                counts[tag],
                counts[tag] / total,
                counts_before[tag] / total_before if total_before else None,
            )
            for tag in ranked[:3]
        ]
