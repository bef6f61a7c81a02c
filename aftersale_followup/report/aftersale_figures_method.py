from odoo import models
from odoo.fields import Domain
from odoo.tools import SQL

from .figures_scope import counting


class AftersaleFigures(models.AbstractModel):
    """How the figures came about: who was drawn for the sample, and what was left out."""

    _inherit = "aftersale.figures"

    def _get_detail_parts(self):
        return [*super()._get_detail_parts(), self._get_sampling, self._get_exclusions, self._get_left_out]

    @counting("aftersale.followup")
    def _get_sampling(self, scope):
        """The plans of the follow-ups that came due, with their sampling rate and how many were not drawn."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT u.plan_id, COUNT(*), COUNT(*) FILTER (WHERE u.skip_reason = 'sampled_out')
                  FROM aftersale_followup u
                 WHERE %(where)s AND u.date_planned BETWEEN %(date_from)s AND %(date_to)s AND u.plan_id IS NOT NULL
              GROUP BY 1
                """,
                where=scope.where("u", "aftersale.followup"),
                date_from=scope.date_from,
                date_to=scope.date_to,
            )
        )
        counts = {plan_id: (due, not_drawn) for plan_id, due, not_drawn in rows}
        plans = self.env["aftersale.plan"].sudo().browse(counts).sorted()
        names = self._names(plans)
        return {
            "sampling": [
                {
                    "name": names[plan.id],
                    "rate": plan.sampling_rate,
                    "due": counts[plan.id][0],
                    "not_drawn": counts[plan.id][1],
                }
                for plan in plans
            ]
        }

    @counting("aftersale.feedback")
    def _get_exclusions(self, scope):
        """How much feedback of the period does not count, by reason; what is corrected is not counted as suspicious."""
        [(suspicious, corrected)] = self.env.execute_query(
            SQL(
                """
                SELECT COUNT(*) FILTER (WHERE c.id IS NULL), COUNT(c.id)
                  FROM aftersale_feedback f
             LEFT JOIN aftersale_feedback c ON c.correction_of_id = f.id AND c.create_date <= %(cutoff)s
                 WHERE %(where)s AND (%(valid)s) IS NOT TRUE AND f.date >= %(since)s AND f.date < %(until)s
                """,
                where=scope.where("f", "aftersale.feedback"),
                valid=scope.valid("f"),
                cutoff=scope.cutoff,
                since=scope.bounds[-2],
                until=scope.bounds[-1],
            )
        )
        return {"exclusions": {"suspicious": suspicious, "corrected": corrected}}

    def _get_left_out(self, scope):
        """What never became feedback: pre-tests of the period, and anonymous answers dropped so far.

        Plans of all companies are tested for all of them; what was dropped has no day any more.
        """
        if not scope.is_whole_company:
            return {}
        plans = Domain("company_id", "in", (False, scope.company.id))
        Plan = self.env["aftersale.plan"].sudo().with_context(active_test=False)
        tested = (
            Domain("plan_id", "any", plans)
            & Domain("date_done", ">=", scope.bounds[-2])
            & Domain("date_done", "<", scope.bounds[-1])
            & Domain("date_done", "<=", scope.cutoff)
        )
        [(dropped,)] = Plan._read_group(plans, [], ["anonymous_dropped:sum"])
        return {
            "left_out": {
                "pretests": self.env["aftersale.pretest"].sudo().search_count(tested),
                "anonymous_dropped": dropped or 0,
            }
        }
