from collections import defaultdict
from datetime import timedelta
from fractions import Fraction
from math import sqrt
from statistics import correlation, mean, stdev

from .figures_oracle import WATCHED, Z, months_before
from .figures_oracle_details import DetailsOracle


class EffectsOracle(DetailsOracle):
    """The figures about what measures, compensations and follow-ups bring, and those by member of staff."""

    def effects(self):
        found = {"recovery_scores": self._next_scores(), "recovery_cost": self._recovery_cost()}
        found["problem_scores"] = self._problem_scores()
        if self.actions is not None:
            found["measure_effects"] = self._measure_effects()
        if self.whole:
            for key, days in (("repeat_purchase", self._days), ("retention", self._years_apart)):
                found[f"{key}_effect"] = self._comparison(days)
        return found

    def _measure_effects(self):
        def measured(side):
            rows = [row for row in self.world.actions if row.effect and self._counts(row)]
            return [row.effect for row in rows if row.measured <= self.cutoff and self.within(row.measured, side)]

        figure = self.rate(lambda side: [effect == "proven" for effect in measured(side)])
        kinds = ("proven", "no_evidence", "worse")
        return figure and {**figure, **{kind: measured(0).count(kind) for kind in kinds}}

    # ------------------------------------------------------------
    # recovery
    # ------------------------------------------------------------

    def _low(self, side):
        """(low score, the next one or None, recovered, granted) of each customer of the cohort."""
        for customer, row, following in self.low_scores(side):
            granted = [
                issue.compensation
                for issue in self.world.issues
                if issue.customer == customer
                and issue.compensation_state == "granted"
                and issue.created <= self.cutoff
                and row.date <= issue.compensated <= row.date + WATCHED
            ]
            recovered = bool(following and following.score >= 4) or self._again(customer, row.date)
            yield row.score, following and following.score, recovered, sum(granted)

    def _next_scores(self):
        pairs = [[(low, after) for low, after, *_rest in self._low(side) if after] for side in (0, 1)]
        figure = self.mean(lambda side: [after - low for low, after in pairs[side]], -4, 4)
        return figure and {
            **figure,
            "before": mean(float(low) for low, _after in pairs[0]),
            "after": mean(float(after) for _low, after in pairs[0]),
        }

    def _recovery_cost(self):
        sides = [list(self._low(side)) for side in (0, 1)]

        def cost(rows):
            return sum(row[3] for row in rows) / sum(row[2] for row in rows)

        def interval(_recovered):
            rows = sides[0]
            if len(rows) < 2:
                return None, None
            apart = [row[3] - cost(rows) * row[2] for row in rows]
            half = Z * sqrt(len(rows)) * stdev(apart) / sum(row[2] for row in rows)
            return max(0, cost(rows) - half), cost(rows) + half

        recovered = [[row for row in rows if row[2]] for rows in sides]
        figure = self._shape(recovered[0], [], lambda _rows: cost(sides[0]), interval)
        if figure:
            n = len(recovered[1])
            figure |= {"previous": cost(sides[1]) if n else None, "previous_n": n, "previous_withheld": n < 5}
        return figure

    # ------------------------------------------------------------
    # differences
    # ------------------------------------------------------------

    def _differs(self, now, before=None):
        """Figure of a difference: ``now`` has its value, its ends, both shares and both numbers."""
        if not now:
            return None
        smaller, smaller_before = (min(side["n"], side["n_others"]) if side else 0 for side in (now, before))
        return {
            **now,
            "previous": before["value"] if before else None,
            "previous_n": smaller_before,
            "previous_withheld": smaller_before < 5,
            "weak": smaller < 30,
            "withheld": smaller < 5,
        }

    def _problem_scores(self):
        rated = [row for row in self.said(0) if row.score]
        found = []
        for tag, name in self.world.about["problem_names"].items():
            groups = [[row.score <= 2 for row in rated if (tag in row.tags) is named] for named in (True, False)]
            if all(groups):
                (share, low, high), (others, low_others, high_others) = (
                    (sum(rows) / len(rows), *self._wilson(rows)) for rows in groups
                )
                figure = self._differs(
                    {
                        "value": share - others,
                        "low": share - others - sqrt((share - low) ** 2 + (high_others - others) ** 2),
                        "high": share - others + sqrt((high - share) ** 2 + (others - low_others) ** 2),
                        "share": share,
                        "others": others,
                        "n": len(groups[0]),
                        "n_others": len(groups[1]),
                    }
                )
                phi = correlation([tag in row.tags for row in rated], [row.score <= 2 for row in rated])
                found.append((-len(groups[0]), tag, {"code": name, "phi": phi, **figure}))
        return [figure for _n, _tag, figure in sorted(found, key=lambda row: row[:2])[:10]]

    def _days(self, side):
        end = self.periods[-1 - side][1] + timedelta(days=1)
        return end - 2 * WATCHED, end - WATCHED, end

    def _years_apart(self, side):
        end = self.periods[-1 - side][1] + timedelta(days=1)
        return months_before(end, 24), months_before(end, 12), end

    def _comparison(self, days):
        return self._differs(*(self._compare(*days(side)) for side in (0, 1)))

    def _compare(self, since, start, end):
        """Customers with an order from ``since`` to ``start``: of those alike then, who was asked, who not?"""
        asked = {who for who, moment in self.contact_moments() if since <= self.local(moment) < start}
        alike = defaultdict(lambda: ([], []))
        opening = self.opening(start)
        for customer in set(self.world.about["commercial"].values()):
            early = [row for row in self.bought[customer] if self.local(row.date) < start]
            if early and self.local(max(row.date for row in early)) >= since:
                spent = sum(self._spent(customer, months_before(start, 12), start))
                group = (
                    self.local(min(row.date for row in early)) < months_before(start, 3),
                    spent >= self.world.about["high_value"],
                    sum(opening - max(row.date for row in early) >= timedelta(days) for days in (30, 90, 180)),
                )
                stays = any(start <= self.local(row.date) < end for row in self.bought[customer])
                alike[group][customer not in asked].append(stays)
        return self._standardised([groups for groups in alike.values() if all(groups)])

    def _standardised(self, strata):
        """Weighted by n m / (n + m), with Sato's variance; see `standardised_difference`."""
        if not strata:
            return None
        weights = [1 / (Fraction(1, len(asked)) + Fraction(1, len(others))) for asked, others in strata]
        shares = [
            sum(w * Fraction(sum(groups[of]), len(groups[of])) for w, groups in zip(weights, strata, strict=True))
            / sum(weights)
            for of in (0, 1)
        ]
        difference, spread = shares[0] - shares[1], 0
        for asked, others in strata:
            n, m, x, y = (Fraction(number) for number in (len(asked), len(others), sum(asked), sum(others)))
            spread += difference * (n**2 * y - m**2 * x + n * m * (m - n) / 2) / (n + m) ** 2
            spread += (x * (m - y) + y * (n - x)) / (2 * (n + m))
        half = Z * sqrt(spread) / sum(weights) if spread > 0 else None  # nothing varies, or so it is estimated
        return {
            "value": float(difference),
            "low": None if half is None else max(-1, difference - half),
            "high": None if half is None else min(1, difference + half),
            "share": float(shares[0]),
            "others": float(shares[1]),
            "n": sum(len(asked) for asked, _others in strata),
            "n_others": sum(len(others) for _asked, others in strata),
        }

    # ------------------------------------------------------------
    # staff
    # ------------------------------------------------------------

    def staff(self):
        """{role: {name: counts, response, average and averages by channel}}."""
        served = {
            "agents": (lambda row: row.user, lambda row: row.user),
            "salespeople": (lambda row: row.sales_user, lambda row: row.followup and row.followup.sales_user),
            "deliverers": (lambda row: row.delivery_user, lambda row: row.followup and row.followup.delivery_user),
        }
        return {role: self._people(*who) for role, who in served.items()}

    def _people(self, asked, said):
        table = {}
        for id_, name in self.world.about["user_names"].items():
            own = {side: [s for _row, s in self.due(side, lambda row, i=id_: asked(row) == i)] for side in (0, 1)}
            satisfaction = self.mean(lambda side, i=id_: self.scores(side, lambda row: said(row) == i))
            if not satisfaction and not own[0]:
                continue
            table[name] = {
                **{step: sum(step in steps for steps in own[0]) for step in ("due", "contacted", "answered")},
                "response": self.rate(
                    lambda side, own=own: ["answered" in steps for steps in own[side] if "contacted" in steps]
                ),
                "satisfaction": satisfaction,
                "scores": self._by_channel(satisfaction, lambda row, i=id_: said(row) == i),
            }
        total = {"n": len(self.scores(0)), "previous_n": len(self.scores(1))}
        people = [row for _name, row in sorted(table.items()) if row["satisfaction"]]
        self.keep_secret(total, [row["satisfaction"] for row in people])
        for row in people:
            for name in ("withheld", "previous_withheld"):
                if row["satisfaction"][name]:
                    row["scores"] = [{**figure, name: True} for figure in row["scores"]]
        return table

    def _by_channel(self, total, keep):
        """Averages by channel. What those shown leave over of the total is nothing, or enough not to tell."""
        found = []
        for id_, code in self.world.about["channel_order"]:
            figure = self.mean(lambda side, id_=id_: self.scores(side, lambda row: keep(row) and row.channel == id_))
            if figure:
                found.append({"code": code, **figure})
        if found:
            self.keep_secret(total, found)
        return found
