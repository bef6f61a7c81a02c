from odoo import models


class IrActionsReport(models.Model):
    _inherit = "ir.actions.report"

    def _get_rendering_context(self, report, docids, data):
        """Note who prints records of customers; hand the codes of follow-ups to what prints deliveries."""
        values = super()._get_rendering_context(report, docids, data)
        printed = self.env.get(report.model)
        if isinstance(printed, self.env.registry["aftersale.personal.mixin"]):
            self.env["aftersale.access.log"]._note("print", printed.browse(docids)._get_personal(), report.name)
        if report.model == "stock.picking":
            # Here and not in the template: personal links are made for this paper, not for any template.
            values["aftersale_slip"] = printed.browse(docids)._aftersale_get_slip_codes()
        return values
