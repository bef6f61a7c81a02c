from collections import defaultdict
from datetime import timedelta

from odoo import api, models
from odoo.tools import SQL

from .planning_occasion import prepare_occasion


class AftersaleAction(models.Model):
    """Asking those who reported a problem whether they notice the improvement."""

    _inherit = "aftersale.action"

    def _plan_improved(self):
        """Plan the follow-ups of finished measures; planning that fails is left to the sweep."""
        finished = self.filtered(lambda action: action.state == "done")
        if finished:
            self.env["aftersale.plan"]._plan_isolated("resolution", finished)

    def _get_authors(self):
        """Return {customer: feedback} of who reported the problem, or suggested the measure, before it was done."""
        self.ensure_one()
        reported = self.feedback_ids.filtered(lambda f: f.partner_id and f.date <= self.date_done)
        return reported.grouped("partner_id")

    def _get_problem(self, partner):
        """Return the problem in the words of ``partner``'s own issue, else by its classification."""
        own = self.issue_ids.filtered(lambda issue: issue.partner_id == partner)[:1]
        return own.title or ", ".join(self.tag_ids.mapped("name")) or self.name or ""

    def _aftersale_occasions(self, trigger):
        """Return what planning needs to know of each customer who reported what a finished measure improves."""
        finished = self.filtered(lambda action: action.state == "done")
        authors = {action: action._get_authors() for action in finished}
        asked = finished._get_asked(authors)
        return [
            prepare_occasion(
                action.company_id,
                partner,
                f"action:{action.id}:{partner.id}",
                self.env._("completion"),
                action.date_done,
                action=action,
                asked=partner in asked[action],
                products=feedback.product_ids,
                team=action.team_id,
            )
            for action in finished
            for partner, feedback in authors[action].items()
        ]

    def _get_asked(self, authors):
        """Return {action: customers} asked about the same matter of late: its issues, or a measure for the problem.

        "Of late" is the company's time between contacts of one kind, 30 days by default.
        """
        asked = defaultdict(set)
        if not self:
            return asked
        days = max(self.company_id.mapped("aftersale_cap_same_days"))
        first = min(action.company_id._aftersale_today() for action in self) - timedelta(days=days)
        partners = {partner.id for by_partner in authors.values() for partner in by_partner}
        recent = self.env["aftersale.followup"].search(
            [
                ("partner_id", "in", list(partners)),
                ("date_planned", ">", first),
                ("state", "not in", ("skipped", "cancelled")),
                "|",
                ("issue_id", "in", self.issue_ids.ids),
                ("action_id", "!=", False),
            ]
        )
        for action in self:
            since = action.company_id._aftersale_today() - timedelta(days=action.company_id.aftersale_cap_same_days)
            for followup in recent:
                same = (
                    followup.issue_id in action.issue_ids
                    if followup.issue_id
                    else (followup.action_id == action or followup.action_id.tag_ids & action.tag_ids)
                )
                if same and followup._get_contact_day() > since:
                    asked[action].add(followup.partner_id)
        return asked

    @api.model
    def _get_unplanned(self, plan, since):
        """Return the measures done since ``since`` with a customer who has no follow-up under ``plan``."""
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """SELECT DISTINCT a.id
                     FROM aftersale_action a
                     JOIN (SELECT action_id, feedback_id FROM aftersale_action_suggestion_rel
                            UNION
                           SELECT ai.action_id, fi.feedback_id
                             FROM aftersale_action_issue_rel ai
                             JOIN aftersale_issue_feedback_rel fi ON fi.issue_id = ai.issue_id) said
                       ON said.action_id = a.id
                     JOIN aftersale_feedback f
                       ON f.id = said.feedback_id AND f.partner_id IS NOT NULL AND f.date <= a.date_done
                    WHERE a.state = 'done' AND a.date_done >= %s
                      AND NOT EXISTS (SELECT 1 FROM aftersale_followup u WHERE u.plan_id = %s
                                         AND u.origin = 'action:' || a.id || ':' || f.partner_id)""",
                since,
                plan.id,
            )
        )
        return self.browse(action_id for (action_id,) in rows)
