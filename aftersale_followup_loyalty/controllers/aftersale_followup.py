from odoo.addons.aftersale_followup.controllers.aftersale_followup import AftersalePage

THANKS = "aftersale_followup.page_thanks"


class RewardPage(AftersalePage):
    """The thank-you page shows the reward, also when it is opened again."""

    def _render(self, template, followup, values=None, status=200):
        if template == THANKS:
            values = {**(values or {}), "reward": followup._get_reward_values()}
        return super()._render(template, followup, values, status)
