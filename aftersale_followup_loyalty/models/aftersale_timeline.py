from odoo import api, fields, models
from odoo.fields import Domain

from odoo.addons.aftersale_followup.report.aftersale_timeline import Source


class AftersaleTimeline(models.Model):
    _inherit = "aftersale.timeline"

    kind = fields.Selection(selection_add=[("reward", "Reward")])

    @api.model
    def _get_sources(self):
        return {
            **super()._get_sources(),
            "reward": Source(8, "aftersale.reward", ("date",), Domain("is_anonymous", "=", False), "fa-gift"),
        }

    def _describe_reward(self, reward):
        return reward.display_name, [self._label(reward, "state")]
