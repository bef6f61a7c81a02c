from odoo import api, fields, models
from odoo.fields import Domain

from odoo.addons.aftersale_followup.report.aftersale_timeline import Source


class AftersaleTimeline(models.Model):
    _inherit = "aftersale.timeline"

    kind = fields.Selection(selection_add=[("opportunity", "Opportunity")])

    @api.model
    def _get_sources(self):
        opportunities = Domain("type", "=", "opportunity")
        return {
            **super()._get_sources(),
            "opportunity": Source(9, "crm.lead", ("create_date",), opportunities, "fa-handshake-o"),
        }

    def _describe_opportunity(self, lead):
        return lead.name, [lead.stage_id.name]
