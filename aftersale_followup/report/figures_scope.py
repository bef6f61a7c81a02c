from dataclasses import dataclass, field
from datetime import datetime, timedelta

from odoo import models
from odoo.fields import Domain
from odoo.tools import SQL

# How long it is watched what follows: another purchase, the same problem again.
OBSERVED = timedelta(days=90)
# What each filter compares in which table. A table that does not name a filter knows nothing of it: figures counted
# from it are left out when it is set. The channel of feedback is how it was answered, that of a follow-up how it went
# out; the agent of an issue is who works on it.
FILTERS = {
    "aftersale.feedback": {
        "plan": "plan_id",
        "scenario": "scenario",
        "product": "product_ids",
        "product_category": "product_ids.categ_id",
        "customer_type": "customer_type",
        "segment": "followup_id.is_high_value",
        "channel": "channel_id",
        "user": "user_id",
    },
    "aftersale.followup": {
        "plan": "plan_id",
        "scenario": "scenario",
        "product": "product_ids",
        "product_category": "product_ids.categ_id",
        "customer_type": "customer_type",
        "segment": "is_high_value",
        "channel": "channel_id",
        "user": "user_id",
    },
    "aftersale.issue": {
        "product": "product_id",
        "product_category": "product_id.categ_id",
        "user": "user_id",
    },
    "aftersale.action": {
        "product": "product_ids",
        "product_category": "product_ids.categ_id",
    },
}


def counting(*names):
    """Decorate a part of the figures that counts records of these models, and can be filtered as all of them can.

    A part without it is left out as soon as there is a filter: absent instead of wrong.
    """

    def decorate(method):
        method._aftersale_counts = names
        return method

    return decorate


@dataclass
class Scope:
    """What the figures are about: whose, when, as of which moment, and which part of it."""

    company: models.BaseModel
    team: models.BaseModel
    cutoff: datetime
    periods: list  # (first day, last day), oldest first, the period asked for last
    bounds: list  # their limits in UTC: one more than there are periods, each the end of one and the start of the next
    filters: dict = field(default_factory=dict)  # those that are set, by the names of `FILTERS`
    is_past: bool = False  # whether something may have been corrected or decided since the cutoff

    @property
    def date_from(self):
        return self.periods[-1][0]

    @property
    def date_to(self):
        return self.periods[-1][1]

    @property
    def zone(self):
        return self.company._aftersale_tz()

    @property
    def cohorts(self):
        """The limits in UTC of the last two periods, `OBSERVED` earlier: what followed can be seen for all of them."""
        days = [self.periods[-2][0], self.date_from, self.date_to + timedelta(days=1)]
        return [self.company._aftersale_moment(day - OBSERVED) for day in days]

    @property
    def is_whole_company(self):
        """Whether nothing of the company is left out; orders can be held against nothing less."""
        return not self.team and not self.filters

    def knows(self, part):
        """Return whether all that ``part`` counts can be filtered as asked for."""
        names = getattr(part, "_aftersale_counts", ())
        return not self.filters or bool(names) and all(self.filters.keys() <= FILTERS[name].keys() for name in names)

    def domain(self, name):
        """Return the filters, as a domain on the model called ``name``."""
        return Domain.AND(
            self._condition(key, FILTERS[name][key], wanted) for key, wanted in sorted(self.filters.items())
        )

    def _condition(self, key, path, wanted):
        if key == "segment":
            return Domain(path, "=", wanted == "high")
        if key == "product_category":
            return Domain(path, "child_of", wanted.ids)
        if key == "product" and wanted._name == "product.template":
            return Domain(path, "in", wanted.with_context(active_test=False).product_variant_ids.ids)
        return Domain(path, "in", wanted.ids if isinstance(wanted, models.BaseModel) else [wanted])

    def where(self, alias, name=None):
        """Company, team and cutoff of a table that has all three, and the filters of the model called ``name``."""
        return SQL(
            "%(alias)s.company_id = %(company)s AND %(alias)s.create_date <= %(cutoff)s AND (%(team)s) AND %(filters)s",
            alias=SQL.identifier(alias),
            company=self.company.id,
            cutoff=self.cutoff,
            team=SQL("%s.team_id = %s", SQL.identifier(alias), self.team.id) if self.team else SQL("TRUE"),
            filters=self._filter(alias, name) if self.filters else SQL("TRUE"),
        )

    def valid(self, alias):
        """Whether a feedback counted as of the cutoff: not corrected by then, nor suspicious.

        What was decided since is taken back: an answer believed since was suspicious if it has a reason for it, which
        stays; one suspicious since counted. A suspicious answer that was only confirmed to be one did not change.
        """
        table = SQL.identifier(alias)
        if not self.is_past:
            return SQL("%s.is_valid", table)
        return SQL(
            """CASE WHEN %(table)s.evidence_date > %(cutoff)s
                    THEN %(table)s.evidence = 'suspicious' OR COALESCE(%(table)s.suspicious_reason, '') = ''
                    ELSE %(table)s.evidence <> 'suspicious' END
               AND NOT EXISTS (SELECT FROM aftersale_feedback correction
                                WHERE correction.correction_of_id = %(table)s.id
                                  AND correction.create_date <= %(cutoff)s)""",
            table=table,
            cutoff=self.cutoff,
        )

    def _filter(self, alias, name):
        # archived products, plans and channels are those of the past
        model = self.company.env[name].sudo().with_context(active_test=False)
        return SQL("%s.id IN %s", SQL.identifier(alias), model._search(self.domain(name)).subselect())
