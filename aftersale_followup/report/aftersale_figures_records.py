from odoo import models
from odoo.fields import Domain

NOT_HELD = ("skipped", "cancelled")


class AftersaleFigures(models.AbstractModel):
    """The one place that says which records a figure counts, for pages that lead from the figure to them."""

    _inherit = "aftersale.figures"

    def _get_records(self, scope, key, part=None):
        """Return (model, domain) of the ``n`` records behind a figure; of the complaint rate, the complaints.

        As many as `n` where the reader may read them all: record rules apply to whoever opens them.

        :param part: of `problems` the tag's id, of `areas` the code of the area, of `channels` that of the channel
        """
        if key == "measures_in_time":
            return "aftersale.action", self._measures_due(scope)
        if key in ("followup_rate", "response_rate", "channels"):
            return "aftersale.followup", self._due(scope) & self._followups_behind(key, part)
        if key in ("contact_in_time", "closed_loop", "complaint_rate"):
            return "aftersale.issue", self._within(scope, "aftersale.issue") & self._issues_behind(scope, key)
        if key == "reopened":
            verified = self._said(scope) & Domain("scenario", "=", "resolution_check")
            return "aftersale.issue", Domain("verification_followup_ids.feedback_ids", "any", verified)
        return "aftersale.feedback", self._said(scope) & self._feedback_behind(key, part)

    def _within(self, scope, name):
        """What all records of the model ``name`` have in common that the figures are about."""
        domain = Domain("company_id", "=", scope.company.id) & scope.domain(name)
        return domain & Domain("team_id", "=", scope.team.id) if scope.team else domain

    def _during(self, scope, field):
        since, until = scope.bounds[-2:]
        return Domain(field, ">=", since) & Domain(field, "<", until)

    def _said(self, scope):
        valid = Domain("is_valid", "=", True)
        return self._within(scope, "aftersale.feedback") & valid & self._during(scope, "date")

    def _due(self, scope):
        came = Domain("date_planned", "<=", scope.company._aftersale_date(scope.cutoff))
        return (
            self._within(scope, "aftersale.followup")
            & (came | self._contacted())
            & Domain("date_planned", ">=", scope.date_from)
            & Domain("date_planned", "<=", scope.date_to)
            & Domain("channel_id", "not any", [("code", "=", "inbound")])
        )

    def _feedback_behind(self, key, part):
        return {
            "satisfaction": Domain("score", ">", 0),
            "csat": Domain("score", ">", 0),
            "nps": Domain("nps", "!=", False),
            "suggestion_adoption": Domain("suggestion_state", "!=", "none"),
            "problems": Domain("tag_ids", "in", [part]),
            "areas": Domain("dimension_ids", "any", [("dimension_id.code", "=", part), ("score", ">", 0)]),
        }[key]

    def _contacted(self):
        tried = [("outcome", "!=", "contested"), ("is_passed_over", "=", False)]
        return Domain("attempt_ids", "any", tried) | Domain("dropped_contact_date", "!=", False)

    def _followups_behind(self, key, part):
        contacted = self._contacted()
        return {
            "followup_rate": contacted | Domain("state", "not in", NOT_HELD),
            "response_rate": contacted,
            "channels": contacted & Domain("channel_id.code", "=", part),
        }[key]

    def _measures_due(self, scope):
        today = scope.company._aftersale_date(scope.cutoff)
        return (
            self._within(scope, "aftersale.action")
            & Domain("state", "!=", "cancelled")
            & Domain("date_deadline", ">=", scope.date_from)
            & Domain("date_deadline", "<=", scope.date_to)
            & (Domain("date_done", "!=", False) | Domain("date_deadline", "<", today))
        )

    def _issues_behind(self, scope, key):
        today = scope.company._aftersale_date(scope.cutoff)
        held = Domain("state", "!=", "cancelled")
        return (
            held
            & {
                "contact_in_time": Domain("priority", "!=", "0")
                & Domain("contact_deadline", ">=", scope.date_from)
                & Domain("contact_deadline", "<=", scope.date_to)
                & (Domain("date_contacted", "!=", False) | Domain("contact_deadline", "<", today)),
                "closed_loop": self._during(scope, "date_done"),
                "complaint_rate": Domain("kind", "=", "complaint") & self._during(scope, "create_date"),
            }[key]
        )
