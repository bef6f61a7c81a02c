from math import inf

from odoo import models
from odoo.fields import Domain
from odoo.tools import SQL

from ..models.typical import is_similar
from .anonymous import anonymise
from .figures_scope import counting

MEASURES = 20


class AftersaleFigures(models.AbstractModel):
    """The figures about improvement: measures, and the suggestions chosen for the report."""

    _inherit = "aftersale.figures"

    @counting("aftersale.action")
    def _get_measures(self, scope):
        """Measures in time, and the measures open or due or done in the period; no names of customers."""
        domain = self._get_measure_domain(scope)
        Action = self.env["aftersale.action"].sudo().with_context(active_test=False)  # archived products, too
        actions = Action.search(domain, order="date_deadline, id", limit=MEASURES)
        counts = self._count_measures(scope)
        tag_names = self._names(actions.tag_ids)
        departments = self._names(actions.department_id | actions.department_ids)
        today = scope.company._aftersale_date(scope.cutoff)
        return {
            "measures_in_time": self._rate(scope, counts.get(True, (0, 0)), counts.get(False, (0, 0))),
            "measures_due": dict(zip(("in_time", "due"), counts.get(True, (0, 0)), strict=True)),
            "measure_count": Action.search_count(domain) if len(actions) == MEASURES else len(actions),
            "measures": [
                {
                    "name": action.name,
                    "problem": [tag_names[tag.id] for tag in action.tag_ids],
                    "department": departments.get(action.department_id.id),
                    "cooperating": [departments[department.id] for department in action.department_ids],
                    "department_ids": (action.department_id | action.department_ids).ids,
                    "owner": action.user_id.name or None,
                    "deadline": action.date_deadline.isoformat() if action.date_deadline else None,
                    "state": action.state,
                    "late": bool(action.state != "done" and action.date_deadline and action.date_deadline < today),
                    "steps": action.note or None,
                    "expected": action.expected_effect or None,
                    "target": action.target_rate or None,
                    "effect": action.effect or None,
                    "before": action.rate_before if action.effect else None,
                    "after": action.rate_after if action.effect else None,
                    "n": [action.sample_before, action.sample_after],
                    "change": [action.change_low, action.change_high],
                    "withheld": min(action.sample_before, action.sample_after) < scope.company.aftersale_min_n,
                }
                for action in actions
            ],
        }

    def _get_measure_domain(self, scope):
        since, until = scope.bounds[-2:]
        domain = (
            Domain("company_id", "=", scope.company.id)
            & Domain("create_date", "<=", scope.cutoff)
            & Domain("create_date", "<", until)
            & scope.domain("aftersale.action")
            & (
                Domain("state", "in", ("planned", "in_progress"))
                | Domain("state", "=", "done")
                & (Domain("date_done", ">=", since) | Domain("date_deadline", ">=", scope.date_from))
            )
        )
        return domain & Domain("team_id", "=", scope.team.id) if scope.team else domain

    def _count_measures(self, scope):
        """{is this period: (measures done by their deadline, measures due)}; due is decided by the cutoff."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT date_deadline >= %(date_from)s, COUNT(*) FILTER (WHERE done_day <= date_deadline), COUNT(*)
                  FROM (SELECT a.date_deadline,
                               CASE WHEN a.date_done <= %(cutoff)s
                                    THEN (a.date_done AT TIME ZONE 'UTC' AT TIME ZONE %(zone)s)::date END AS done_day
                          FROM aftersale_action a
                         WHERE %(where)s AND a.state <> 'cancelled'
                           AND a.date_deadline BETWEEN %(before_from)s AND %(date_to)s) due
                 WHERE done_day IS NOT NULL OR date_deadline < %(today)s
              GROUP BY 1
                """,
                where=scope.where("a", "aftersale.action"),
                cutoff=scope.cutoff,
                zone=scope.company._aftersale_tz(),
                today=scope.company._aftersale_date(scope.cutoff),
                before_from=scope.periods[-2][0],
                date_from=scope.date_from,
                date_to=scope.date_to,
            )
        )
        return {is_now: (in_time, due) for is_now, in_time, due in rows}

    @counting("aftersale.feedback")
    def _get_lead_time(self, scope):
        """Days from a suggestion to the first decision about it, of the suggestions decided in the period."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT is_now, SUM(seconds)::float / 86400, SUM(seconds * seconds)::float / 86400 ^ 2,
                       COUNT(*)
                  FROM (SELECT f.suggestion_date >= %(since)s AS is_now,
                               EXTRACT(EPOCH FROM f.suggestion_date - f.date) AS seconds
                          FROM aftersale_feedback f
                         WHERE %(where)s AND %(valid)s AND f.suggestion_date <= %(cutoff)s
                           AND f.suggestion_date >= %(before)s AND f.suggestion_date < %(until)s) decided
              GROUP BY 1
                """,
                since=scope.bounds[-2],
                where=scope.where("f", "aftersale.feedback"),
                valid=scope.valid("f"),
                cutoff=scope.cutoff,
                before=scope.bounds[-3],
                until=scope.bounds[-1],
            )
        )
        sums = {is_now: tuple(values) for is_now, *values in rows}
        nothing = (0.0, 0.0, 0)
        return {
            "suggestion_lead_time": self._mean(scope, sums.get(True, nothing), sums.get(False, nothing), 0, inf),
        }

    def _get_suggestions(self, scope, chosen):
        """The chosen suggestions without names, each with how many others of the period are like it.

        That is: share a problem with it; or, where neither has any, a telling word.
        """
        chosen = chosen.sudo()
        tagged = Domain("tag_ids", "in", chosen.tag_ids.ids)
        if not all(feedback.tag_ids for feedback in chosen):
            tagged |= Domain("tag_ids", "=", False)
        others = (
            self.env["aftersale.feedback"]
            .sudo()
            .search(
                Domain("company_id", "=", scope.company.id)
                & Domain("suggestion_state", "!=", "none")
                & Domain("is_valid", "=", True)
                & Domain("date", ">=", scope.bounds[-2])
                & Domain("date", "<", scope.bounds[-1])
                & Domain("create_date", "<=", scope.cutoff)
                & tagged
            )
        )
        features = {feedback: feedback._get_suggestion_features() for feedback in others | chosen}
        tag_names = self._names(chosen.tag_ids)
        return [
            {
                "text": anonymise(feedback.suggestion, *feedback._get_traces()),
                "tags": [tag_names[tag.id] for tag in feedback.tag_ids],
                "similar": sum(
                    other != feedback and is_similar(features[feedback], features[other]) for other in others
                ),
                "state": feedback.suggestion_state,
            }
            for feedback in chosen
        ]
