from datetime import date, datetime, time, timedelta, timezone
from types import SimpleNamespace

from .figures_store import Store

FIRST, LAST = date(2025, 2, 1), date(2026, 4, 10)
CUTOFF = datetime(2026, 4, 12, 9, 30, 15, 250000)
LATER = CUTOFF + timedelta(seconds=1)
# What is said, each with the words of it that count.
WORDS = {
    "": set(),
    "  short  ": {"short"},
    "nine char": {"char"},
    "ten charac": {"charac"},
    "一二三四五六七八九十": set(),
    "\n          \t": set(),
    "It came two days late.": {"late"},
}
OUTCOMES = ("reached", "no_answer", "busy", "wrong_contact", "call_back", "refused", "sent", "bounced", "contested")
STATES = ("planned", "ready", "done", "done", "done", "unreachable", "refused", "expired", "cancelled", "skipped")


class World(Store):
    """Random rows, kept as plain objects and stored by inserts: what the figures are held against knows no SQL.

    :param about: ids by kind (``partners``, ``users``, …), what the rows refer to
    """

    words_of = {None: set(), **WORDS}

    def __init__(self, rng, zone, company, about):
        self.rng, self.zone, self.company, self.about = rng, zone, company, about
        self.followups = [self._followup(number) for number in range(1800)]
        self.attempts = [attempt for row in self.followups for attempt in self._attempts(row)]
        self.feedback = []
        self.issues = [self._issue() for _number in range(600)]
        for row in self.followups:
            if rng.random() < 0.2:
                row.issue, row.scenario = rng.choice(self.issues), "resolution_check"
            if rng.random() < 0.7:
                self._answer(row)
        for _number in range(1500):
            self._answer(None)
        self.actions = [self._action() for _number in range(120)]
        self.orders = [self._order() for _number in range(500)]

    # ------------------------------------------------------------
    # random values
    # ------------------------------------------------------------

    def some(self, kind, chance=0.8):
        return self.rng.choice(self.about[kind]) if self.rng.random() < chance else None

    def day(self):
        return FIRST + timedelta(days=self.rng.randrange((LAST - FIRST).days + 1))

    def moment(self):
        """A moment in UTC, often within two hours of where a month or a week ends in the zone of the company."""
        day = self.day()
        if self.rng.random() < 0.4:
            start = self.rng.choice([day.replace(day=1), day - timedelta(days=day.weekday())])
            local = datetime.combine(start, time()) + timedelta(seconds=self.rng.randrange(-7200, 7200))
        else:
            local = datetime.combine(day, time()) + timedelta(seconds=self.rng.randrange(86400))
        return local.replace(tzinfo=self.zone).astimezone(timezone.utc).replace(tzinfo=None)

    def created(self, moment):
        return LATER if self.rng.random() < 0.04 else min(moment, CUTOFF)

    def _common(self, **values):
        partner = self.some("partners", 0.9)
        return SimpleNamespace(
            id=None,
            partner=partner,
            customer=partner and self.about["commercial"][partner],
            user=self.some("users"),
            team=self.some("teams"),
            **values,
        )

    # ------------------------------------------------------------
    # rows
    # ------------------------------------------------------------

    def _followup(self, number):
        rng, planned = self.rng, self.day()
        row = self._common(
            number=number,
            planned=planned,
            deadline=planned + timedelta(days=rng.randrange(6)),
            created=self.created(datetime.combine(planned, time())),
            state=rng.choice(STATES),
            channel=self.some("channels", 0.95),
            plan=rng.choice(self.about["plans"]),
            scenario=rng.choice(["new_customer", "existing_customer"]),
            type=rng.choice(["new", "existing", None]),
            is_high=rng.random() < 0.3,
            products=rng.sample(self.about["products"], rng.randrange(3)),
            dropped=None,
            dropped_reached=None,
            issue=None,
            sales_user=self.some("users"),
            delivery_user=self.some("users", 0.4),
        )
        if not row.partner:
            row.state = rng.choice(["done", "skipped", "expired"])
        answered = datetime.combine(planned, time(12)) + timedelta(days=rng.randrange(9))
        row.answered = LATER if rng.random() < 0.1 else answered
        row.skip_reason = rng.choice(["contact_cap", "opt_out", "sampled_out"]) if row.state == "skipped" else None
        if rng.random() < 0.1:
            row.dropped = datetime.combine(planned, time(12)) + timedelta(days=rng.randrange(-2, 9))
            row.dropped_reached = row.dropped if rng.random() < 0.5 else None
        return row

    def _attempts(self, followup):
        for _number in range(self.rng.choice([0, 1, 1, 2, 3])):
            hours = self.rng.randrange(-30, 200)
            moment = datetime.combine(followup.planned, time(8)) + timedelta(hours=hours)
            yield SimpleNamespace(
                followup=followup,
                date=moment,
                created=self.created(moment),
                outcome=self.rng.choice(OUTCOMES),
                channel=self.some("channels", 0.95),
                is_passed_over=self.rng.choice([True, False, False, None]),
            )

    def _answer(self, followup):
        rng, moment = self.rng, self.moment()
        row = self._common(date=moment, created=self.created(moment), followup=followup, corrects=None)
        row.is_anonymous = not followup and rng.random() < 0.3
        row.plan = self.some("plans")
        row.type = rng.choice(["new", "existing", "existing", None])
        row.scenario = followup.scenario if followup else None
        row.channel = self.some("channels")
        row.products = rng.sample(self.about["products"], rng.randrange(3))
        if row.is_anonymous:
            row.partner = row.customer = row.user = row.team = None
        self._say(row)
        self.feedback.append(row)
        if rng.random() < 0.08:
            again = SimpleNamespace(**vars(row))
            again.corrects, again.date = row, row.date + timedelta(days=rng.randrange(3))
            self._say(again)
            row.is_valid = False
            again.created = LATER if rng.random() < 0.3 else row.created
            row.corrected = again.created
            self.feedback.append(again)

    def _say(self, row):
        rng = self.rng
        row.score = rng.choice([0, 1, 1, 2, 3, 4, 4, 5, 5, 5])
        row.nps = rng.choice([None, *range(11)])
        row.resolved = rng.choice([None, "fully", "partly", "no", "came_back"])
        row.stability = rng.choice([None, "better", "same", "worse", "unknown"])
        row.loyalty = rng.choice([None, 0, 1, 2, 3, 4, 5])
        row.detail, row.suggestion = rng.choice([None, *WORDS]), rng.choice([None, *WORDS])
        row.tags = rng.sample(self.about["tags"], rng.choice([0, 0, 1, 2]))
        row.areas = {area: rng.randrange(1, 6) for area in self.about["areas"] if rng.random() < 0.4}
        row.evidence = rng.choice(["recorded", "recorded", "recorded", "confirmed", "suspicious"])
        row.suggestion_state = rng.choice(["none", "none", "new", "accepted", "adopted", "rejected"])
        row.decided, row.adopted = None, None
        if row.suggestion_state == "adopted":
            row.adopted = rng.choice([None, row.date, LATER])
        if row.suggestion_state not in ("none", "new"):
            row.decided = row.date + timedelta(seconds=rng.randrange(40 * 86400))
        row.screened = rng.choice([None, None, None, None, row.date, LATER])
        # nothing changes when who screens a suspicious answer does not believe it
        row.decided_on = row.screened if rng.random() < 0.7 else None
        row.is_doubted = row.evidence == "suspicious" or rng.random() < 0.2
        row.is_valid, row.corrected = row.evidence != "suspicious", None

    def _issue(self):
        rng, created = self.rng, self.moment()
        row = self._common(
            created=LATER if rng.random() < 0.03 else created,
            kind=rng.choice(["complaint", "problem"]),
            state=rng.choice(["new", "processing", "done", "closed", "closed", "closed", "closed", "cancelled"]),
            priority=rng.choice("0012"),
            product=self.some("products", 0.6),
            category=rng.choice(self.about["categories"]),
            contact_deadline=created.date() + timedelta(days=3) if rng.random() < 0.7 else None,
            contacted=created + timedelta(hours=rng.randrange(120)) if rng.random() < 0.6 else None,
            resolution_deadline=created.date() + timedelta(days=rng.randrange(90)),
            promised=created.date() + timedelta(days=rng.randrange(90)) if rng.random() < 0.3 else None,
            verification_deadline=created.date() + timedelta(days=rng.randrange(400)),
            done=None,
            closed=None,
            waiver=None,
            compensation=rng.choice([0, 0, 12.5, 40]),
            compensation_state=rng.choice(["granted", "granted", "requested", "declined"]),
            compensated=created + timedelta(hours=rng.randrange(900)),
        )
        row.user = row.user or self.about["users"][0]
        row.waiting = None
        if not row.partner:
            row.state = rng.choice(["closed", "cancelled"])
        if row.state in ("done", "closed"):
            row.done = created + timedelta(hours=rng.randrange(400))
        if row.state == "closed":
            row.closed = row.done + timedelta(hours=rng.randrange(200))
            row.waiver = rng.choice([None, "unreachable"])
        if row.state == "processing" and rng.random() < 0.4:
            row.waiting = created.date() + timedelta(days=rng.randrange(60))
        return row

    def _action(self):
        rng, deadline = self.rng, self.day()
        state = rng.choice(["planned", "in_progress", "done", "done", "cancelled"])
        done = datetime.combine(deadline, time()) + timedelta(hours=rng.randrange(-100, 100))
        effect = rng.choice([None, "proven", "no_evidence", "worse"]) if state == "done" else None
        return SimpleNamespace(
            id=None,
            state=state,
            deadline=deadline,
            done=done if state == "done" else None,
            effect=effect,
            measured=effect and done + timedelta(days=30),
            created=LATER if rng.random() < 0.05 else datetime.combine(deadline - timedelta(days=30), time()),
            team=self.some("teams"),
            user=rng.choice(self.about["users"]),
            products=rng.sample(self.about["products"], rng.randrange(3)),
        )

    def _order(self):
        rng, moment = self.rng, self.moment()
        partner = rng.choice(self.about["partners"])
        row = SimpleNamespace(
            id=None,
            date=moment,
            partner=partner,
            customer=self.about["commercial"][partner],
            state=rng.choice(["sale", "sale", "sale", "draft", "cancel"]),
            amount=rng.randrange(4000) / 4,  # halves and quarters: their sums have no rounding of their own
            rate=rng.choice([1, 1, 2, 0.5]),
            moves=[],
        )
        if row.state == "sale" and rng.random() < 0.7:
            for _number in range(rng.choice([1, 1, 2, 3])):
                row.moves.append(
                    SimpleNamespace(
                        date=self.moment() if rng.random() < 0.2 else moment + timedelta(hours=rng.randrange(400)),
                        state=rng.choice(["done"] * 6 + ["assigned", "cancel"]),
                        is_out=rng.random() < 0.8,
                        returns=None,
                    )
                )
            if rng.random() < 0.2:
                back = SimpleNamespace(**vars(row.moves[0]))
                back.returns, back.state, back.is_out = row.moves[0], rng.choice(["done", "assigned"]), False
                row.moves.append(back)
        return row
