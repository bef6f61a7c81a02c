from odoo import models


class AftersaleOverview(models.AbstractModel):
    _inherit = "aftersale.overview"

    def _get_part_of_figure(self):
        return {**super()._get_part_of_figure(), "conversion": "_get_conversion"}
