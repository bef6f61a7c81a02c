from datetime import timedelta
from statistics import median

from .figures_oracle import WATCHED, Oracle, months_before


class WorkOracle(Oracle):
    """The figures about contacts, issues, measures and purchases."""

    # ------------------------------------------------------------
    # contacts
    # ------------------------------------------------------------

    def due(self, side, keep=lambda row: True):
        """Follow-ups that came due, with how far they came: [(row, names of the steps)]."""
        start, end = self.periods[-1 - side]
        today = self.local(self.cutoff)
        found = []
        for row in self.followups:
            if start <= row.planned <= end and row.channel != self.world.about["inbound"] and keep(row):
                steps = self._steps(row)
                if row.planned <= today or "contacted" in steps:
                    found.append((row, steps))
        return found

    def _steps(self, row):
        dropped = row.dropped if row.dropped and row.dropped <= self.cutoff else None
        moments = [attempt.date for attempt in self.tried[row.id]]
        contacted = bool(moments or dropped)
        allowed = contacted or row.state not in ("skipped", "cancelled")
        steps = {"allowed"} if allowed else set()
        if allowed or row.state == "skipped":
            steps.add("due")
        if allowed and (contacted or row.deadline < self.local(self.cutoff)):
            steps.add("decided")
        if contacted:
            steps.add("contacted")
            if self.local(min(filter(None, [*moments, row.dropped]))) <= row.deadline:
                steps.add("in_time")
            was_reached = row.dropped_reached and row.dropped_reached <= self.cutoff
            if row.state == "done" and row.answered <= self.cutoff:
                steps |= {"answered", "reached"}
            if was_reached or row.id in self.reached:
                steps.add("reached")
        return steps

    def contacts(self):
        def share(step, of, keep=lambda row: True):
            return self.rate(lambda side: [step in steps for _row, steps in self.due(side, keep) if of in steps])

        now = self.due(0)
        skipped = [row.skip_reason for row, _steps in now if row.state == "skipped"]
        channels = {
            code: figure
            for id_, code in self.world.about["channel_codes"].items()
            if (figure := share("answered", "contacted", lambda row, id_=id_: row.channel == id_))
        }
        phone = self.world.about["phone"]
        own = {row.id for row in self.followups}
        steps = ("due", "contacted", "reached", "answered")
        return {
            "followup_rate": share("contacted", "allowed"),
            "in_time_rate": share("in_time", "decided"),
            "response_rate": share("answered", "contacted"),
            "channels": channels,
            "funnel": {
                **{step: sum(step in taken for _row, taken in now) for step in steps},
                "skipped": {reason: skipped.count(reason) for reason in skipped},
            },
            "reached_rate": self.rate(
                lambda side: [
                    a.outcome == "reached"
                    for tried in (self.tried[id_] for id_ in own)
                    for a in tried
                    if a.channel == phone and self.within(a.date, side) and a.outcome not in ("sent", "bounced")
                ]
            ),
        }

    def contact_moments(self):
        """(customer, moment) of each contact."""
        for row in self.followups:
            if row.customer and row.channel != self.world.about["inbound"]:
                for attempt in self.tried[row.id]:
                    yield row.customer, attempt.date
                if row.dropped and row.dropped <= self.cutoff:
                    yield row.customer, row.dropped

    # ------------------------------------------------------------
    # issues and measures
    # ------------------------------------------------------------

    def loop(self):
        if self.issues is None:
            return {}
        today = self.local(self.cutoff)
        states = [(row, self._state(row)) for row in self.issues]

        def contacted(side):
            start, end = self.periods[-1 - side]
            for row in self.issues:
                deadline = row.contact_deadline
                if row.priority != "0" and deadline and start <= deadline <= end:
                    has_contact = self._has_contact(row)
                    if has_contact or deadline < today:
                        yield has_contact and self.local(row.contacted) <= deadline

        def closed(side):
            return [state == "closed" and not row.waiver for row, state in resolved(side)]

        def resolved(side):
            return [
                (row, state) for row, state in states if state in ("done", "closed") and self.within(row.done, side)
            ]

        ended = [row for row, state in states if state == "closed" and self.within(row.closed, 0)]

        found = {
            "contact_in_time": self.rate(contacted),
            "closed_loop": self.rate(closed),
            "closure_survival": self.rate(self._survivals),
            "loop": {
                "opened": sum(self.within(row.created, 0) for row in self.issues),
                "resolved": len(resolved(0)),
                "closed": len(ended),
                "waived": sum(bool(row.waiver) for row in ended),
                **{wanted: sum(state == wanted for _row, state in states) for wanted in ("new", "processing", "done")},
                "overdue": sum(self._next(row) < today for row in self.issues if self._next(row)),
            },
        }
        if self.whole:
            found["complaint_rate"] = self.ratio(
                lambda side: sum(row.kind == "complaint" and self.within(row.created, side) for row in self.issues),
                lambda side: len(self.delivered(side)),
            )
        return found

    def _next(self, row):
        state = self._state(row)
        if state in ("new", "processing"):
            is_waiting = row.waiting and row.waiting <= self.local(self.cutoff)
            dates = [] if is_waiting else [row.resolution_deadline, row.promised]
            dates.append(None if self._has_contact(row) else row.contact_deadline)
            return min(filter(None, dates), default=None)
        return row.verification_deadline if state == "done" else None

    def _survivals(self, side):
        for row in self.issues:
            if row.state == "closed" and row.customer and self.within(row.closed, side, WATCHED):
                if row.closed + WATCHED <= self.cutoff:
                    yield not any(
                        new is not row
                        and new.state != "cancelled"
                        and (new.customer, new.product, new.category) == (row.customer, row.product, row.category)
                        and row.closed < new.created <= row.closed + WATCHED
                        for new in self.world.issues
                    )

    def verification(self):
        def failures(side):
            results = {}
            for row in self.said(side):
                issue = row.followup and row.followup.issue
                if issue and row.scenario == "resolution_check":
                    failed = row.resolved not in (None, "fully") or 0 < row.score < 3
                    results[id(issue)] = results.get(id(issue), False) or failed
            return results.values()

        return {"reopened": self.rate(failures)}

    def measures(self):
        if self.actions is None:
            return {}
        today = self.local(self.cutoff)

        def in_time(side):
            start, end = self.periods[-1 - side]
            for row in self.actions:
                done = row.done and row.done <= self.cutoff
                if start <= row.deadline <= end and (done or row.deadline < today):
                    yield bool(done) and self.local(row.done) <= row.deadline

        return {"measures_in_time": self.rate(in_time)}

    def trends(self):
        """{key: one point a period, oldest first}; what orders are held against for the whole company only."""

        def draw(count):
            return [self.point(side, *count(side)) for side in reversed(range(12))]

        def satisfied(side):
            scores = self.scores(side)
            return sum(score >= 4 for score in scores), len(scores)

        def points(side):
            rows = [row.nps for row in self.said(side) if row.nps is not None]
            return 100 * sum((nps >= 9) - (nps <= 6) for nps in rows), len(rows)

        def answered(side):
            contacted = [steps for _row, steps in self.due(side) if "contacted" in steps]
            return sum("answered" in steps for steps in contacted), len(contacted)

        def complaints(side):
            opened = sum(row.kind == "complaint" and self.within(row.created, side) for row in self.issues)
            return opened, len(self.delivered(side))

        trends = {
            "satisfaction": draw(lambda side: (sum(self.scores(side)), len(self.scores(side)))),
            "csat": draw(satisfied),
            "nps": draw(points),
            "response_rate": draw(answered),
        }
        return {"trends": trends | ({"complaint_rate": draw(complaints)} if self.whole else {})}

    # ------------------------------------------------------------
    # customers
    # ------------------------------------------------------------

    def delivered(self, side):
        """[(order, moment)] of the orders whose delivery was completed."""
        found = []
        for order in self.world.orders:
            moves = [move for move in order.moves if not move.returns]
            done = [move.date for move in moves if move.state == "done" and move.is_out]
            if done and all(move.state in ("done", "cancel") for move in moves) and self.within(max(done), side):
                found.append((order, max(done)))
        return found

    def _again(self, customer, since):
        return any(since < row.date <= since + WATCHED for row in self.bought[customer])

    def customers(self):
        """Figures that follow one customer; those that orders are held against for the whole company only."""
        moments = list(self.contact_moments())
        found = {
            "repeat_purchase": self.rate(lambda side: self._repeats(side, moments)),
            "recovery": self.rate(self._recoveries),
            "sales_growth": self._growth(moments),
        }
        if self.whole:
            found["coverage"] = self.rate(lambda side: self._covered(side, moments))
            found["repeat_purchase_not_asked"] = self.rate(lambda side: self._unasked(side, moments))
            found |= self._years()
        return found

    def _covered(self, side, moments):
        since = {}
        for order, moment in self.delivered(side):
            since[order.customer] = min(moment, since.get(order.customer, moment))
        for customer, moment in since.items():
            yield any(who == customer and moment <= date < self.cutoff for who, date in moments)

    def _repeats(self, side, moments):
        since = {}
        for customer, moment in moments:
            if self.within(moment, side, WATCHED):
                since[customer] = min(moment, since.get(customer, moment))
        return [self._again(who, moment) for who, moment in since.items() if moment + WATCHED <= self.cutoff]

    def _unasked(self, side, moments):
        start = self.periods[-1 - side][0] - WATCHED
        for customer in set(self.world.about["commercial"].values()):
            bought = [row.date for row in self.bought[customer] if self.within(row.date, side, WATCHED)]
            if bought and min(bought) + WATCHED <= self.cutoff:
                since = min(bought)
                asked = [m for who, m in moments if who == customer and self.local(m) >= start and m <= since + WATCHED]
                if not asked:
                    yield self._again(customer, since)

    def _recoveries(self, side):
        return [
            bool(following and following.score >= 4) or self._again(customer, row.date)
            for customer, row, following in self.low_scores(side)
        ]

    def low_scores(self, side):
        """(customer, first low score, the next one or None) of the customers of whom all that follows is known."""
        low = {}
        for row in sorted(self.valid, key=lambda row: (row.date, row.id)):
            if row.customer and 1 <= row.score <= 2 and self.within(row.date, side, WATCHED):
                low.setdefault(row.customer, row)
        for customer, row in low.items():
            if row.date + WATCHED <= self.cutoff:
                later = [
                    new
                    for new in self.world.feedback
                    if self.is_valid(new)
                    and new.customer == customer
                    and new.score
                    and new.created <= self.cutoff
                    and (row.date, row.id) < (new.date, new.id)
                    and new.date <= row.date + WATCHED
                ]
                yield customer, row, min(later, key=lambda new: (new.date, new.id), default=None)

    def _span(self, side, first, last):
        """Days from ``first`` to ``last`` months before the end of the period."""
        end = self.periods[-1 - side][1] + timedelta(days=1)
        return months_before(end, first), months_before(end, last)

    def _spent(self, customer, start, end):
        return [row.amount / row.rate for row in self.bought[customer] if start <= self.local(row.date) < end]

    def _years(self):
        everybody = set(self.world.about["commercial"].values())
        ever = months_before(self.periods[0][0], 240)

        def kept(side):
            early, late = self._span(side, 24, 12), self._span(side, 12, 0)
            return [bool(self._spent(who, *late)) for who in everybody if self._spent(who, *early)]

        def worth(side, is_high=None):
            start, end = self._span(side, 12, 0)
            for who in everybody:
                high = sum(self._spent(who, start, end)) >= self.world.about["high_value"]
                if (spent := self._spent(who, ever, end)) and is_high in (None, high):
                    yield sum(spent)

        def value(is_high=None):
            limit = float("inf")
            figure = self.mean(lambda side: worth(side, is_high), -limit, limit)
            return figure and {**figure, "median": median(worth(0, is_high))}

        segments = [("high", value(True)), ("other", value(False))]
        total = value()
        self.keep_secret(total, [figure for _segment, figure in segments if figure])
        return {
            "retention": self.rate(kept),
            "churn": self.rate(lambda side: [not stays for stays in kept(side)]),
            "lifetime_value": total and {**total, "segments": [{"segment": s, **f} for s, f in segments if f]},
        }

    def _growth(self, moments):
        def sums(side):
            asked = {customer for customer, moment in moments if self.within(moment, side)}
            spent = [
                (self._spent(who, *self._span(side, 12, 0)), self._spent(who, *self._span(side, 24, 12)))
                for who in asked
            ]
            rows = [(sum(late), sum(early)) for late, early in spent if sum(early) > 0]
            return rows

        now, before = sums(0), sums(1)
        return self._shape(
            now,
            before,
            lambda rows: sum(late for late, _early in rows) / sum(early for _late, early in rows),
            lambda rows: (None, None),
        )
