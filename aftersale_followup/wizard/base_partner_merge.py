from odoo import api, models


# Two contacts become one: Odoo moves their records in SQL, what we derive from the contact follows here.
class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    @api.model
    def _update_values(self, src_partners, dst_partner):
        result = super()._update_values(src_partners, dst_partner)
        # Whoever may merge contacts need not be allowed to see follow-ups.
        dst_partner.sudo()._aftersale_take_over(src_partners)
        return result
