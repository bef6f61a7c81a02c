from datetime import timedelta

from odoo import api, fields, models

RECENT = timedelta(days=120)


class AftersaleHealth(models.TransientModel):
    """Analyses: those that did not reach everybody, and those that cannot be issued."""

    _inherit = "aftersale.health"

    @api.model
    def _get_checks(self):
        return [*super()._get_checks(), self._check_analyses(), self._check_analysis_mails()]

    def _check_analyses(self):
        stuck = self.env["aftersale.analysis"].search([("state", "=", "draft"), ("error_count", ">", 0)])
        return self._found(
            self.env._("Analyses that cannot be issued"),
            stuck,
            ", ".join(f"{analysis.title}: {analysis.error_message}" for analysis in stuck[:3]),
            self.env._("Remove the cause, then issue them by hand. After three failures they rest."),
        )

    def _check_analysis_mails(self):
        issued = self.env["aftersale.analysis"].search(
            [("state", "=", "issued"), ("date_sent", ">=", fields.Datetime.now() - RECENT)]
        )
        unsent = issued.filtered("unsent_note")
        return self._found(
            self.env._("Analyses that did not reach everybody"),
            unsent,
            "; ".join(f"{analysis.title}: {analysis.unsent_note}" for analysis in unsent[:3]).replace("\n", ", "),
            self.env._("Correct the address or the mail server, then press “Send to the Missing” on the analysis."),
            "2_warning",
        )
