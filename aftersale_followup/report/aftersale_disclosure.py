from odoo import api, models
from odoo.exceptions import AccessError


class ReportDisclosure(models.AbstractModel):
    """The copy of all after-sales data that a customer may ask for."""

    _name = "report.aftersale_followup.report_disclosure"
    _description = "After-Sales Data of a Customer"

    @api.model
    def _get_report_values(self, docids, data=None):
        """Return the records of each customer in the selected companies; whoever prints it is noted."""
        if not self.env.user.has_group("aftersale_followup.group_privacy"):
            raise AccessError(self.env._("Copies of a customer's data are given by those responsible for privacy."))
        partners = self.env["res.partner"].browse(docids)
        partners.check_access("read")
        self.env["aftersale.access.log"]._note_strictly("disclosure", partners)
        return {
            "doc_ids": docids,
            "doc_model": "res.partner",
            "docs": partners,
            "copies": {partner.id: self._get_copy(partner) for partner in partners},
        }

    def _get_copy(self, partner):
        family = partner._aftersale_family()
        followups, feedback, issues = family._aftersale_records()
        lang = {"lang": partner.lang or self.env.lang}
        return {
            "followups": followups.with_context(**lang).sorted("id"),
            "feedback": feedback.with_context(**lang).sorted("date"),
            "issues": issues.with_context(**lang).sorted("id"),
            "targets": family._aftersale_target_lines().target_id,
            "optouts": family._aftersale_optouts().with_context(**lang),
        }
