from datetime import timedelta

from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import float_compare, split_every

DAY = timedelta(days=1)
# Of so many analyses the figures are counted again each night.
RECOUNTED = 3
BATCH = 50


class AftersaleAudit(models.Model):
    """Checks of the loop: closed only when confirmed, and reports that stay what they were."""

    _inherit = "aftersale.audit"

    def _check_closed(self):
        issues = self.env["aftersale.issue"].search(
            Domain("company_id", "=", self.company_id.id)
            & Domain("state", "=", "closed")
            & Domain("date_closed", ">=", self.date_from)
        )
        return len(issues), issues.filtered(
            lambda issue: not (issue.waiver_reason and issue.waiver_note) and not self._is_confirmed(issue)
        )

    def _is_confirmed(self, issue):
        answer = issue.confirmed_by_id
        # of a customer whose data were erased, the follow-up no longer names the issue
        return bool(answer) and answer._is_passed() and answer.followup_id.issue_id in (issue, issue.browse())

    def _check_verified(self):
        resolved = self.env["aftersale.issue"].search(
            Domain("company_id", "=", self.company_id.id) & Domain("state", "=", "done")
        )
        limit = fields.Datetime.now() - DAY
        waiting = resolved.filtered(lambda issue: issue.date_done < limit)
        asked = waiting.verification_followup_ids.filtered(lambda f: f.origin == f.issue_id._verification_origin())
        return len(resolved), waiting - asked.issue_id

    def _repair_verified(self):
        self.env["aftersale.plan"]._plan_isolated("resolution", self._check_verified()[1])

    def _get_issued(self, **options):
        company = Domain("company_id", "=", self.company_id.id)
        return self.env["aftersale.analysis"].search(company & Domain("state", "=", "issued"), **options)

    def _check_frozen(self):
        """Compare the figures and the printed reports with their seals."""
        issued, changed = self._get_issued(), self.env["aftersale.analysis"]
        for batch in split_every(BATCH, issued.ids, issued.browse):
            changed |= batch.filtered(lambda analysis: not analysis._is_unchanged())
            batch.invalidate_recordset(["figures"])
        return len(issued), changed

    def _check_recomputed(self):
        """Count the figures of the last analyses again; all that is told is which of them differ."""
        last = self._get_issued(limit=RECOUNTED).filtered("figures")
        known = self.env["aftersale.figures"]._get_definitions()  # figures of a bridge go with it
        differing, words = last.browse(), []
        for analysis in last:
            now = self.env["aftersale.figures"]._get(
                analysis.company_id,
                analysis.date_from,
                analysis.date_to,
                team=analysis.team_id,
                cutoff=analysis.cutoff,
            )
            keys = [
                key for key, figure in analysis.figures.items() if key in known and self._is_other(figure, now.get(key))
            ]
            if keys:
                differing |= analysis
                words.append(f"{analysis.name}: {', '.join(keys)}")
        return len(last), differing, "; ".join(words)

    @staticmethod
    def _is_other(then, now):
        """Return whether a figure is counted differently now; lists and texts beside the figures do not count."""
        if not isinstance(then, dict) or "n" not in then or "value" not in then:
            return False
        if not now or then["n"] != now["n"] or then["withheld"] != now["withheld"]:
            return True
        # what is withheld is not stored
        return not then["withheld"] and bool(float_compare(then["value"], now["value"], precision_digits=9))
