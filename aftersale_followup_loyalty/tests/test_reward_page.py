from odoo.tests import tagged

from odoo.addons.aftersale_followup.tests.test_page import PageCase

from .common import RewardCase


@tagged("post_install", "-at_install")
class TestRewardPage(RewardCase, PageCase):
    """The thank-you page, over HTTP."""

    def test_reward_stands_on_the_page_and_when_it_is_opened_again(self):
        texts = []
        for number, score in enumerate((1, 5)):
            self.followup = self._followup(partner=self._customer(number))
            self.path = f"/aftersale/{self.followup.access_token}"
            page = self._post(self._form(score)).text
            reward = self.Reward.search([("followup_id", "=", self.followup.id)])
            self.assertIn(reward.code, page)
            self.assertIn("a coupon of 10 %", page)
            self.assertIn(reward.code, self._get().text, "lost codes are found again by the personal link")
            start = page.index('<section class="reward">')
            texts.append(page[start : page.index("</section>")].replace(reward.code, ""))
        self.assertEqual(texts[0], texts[1], "the same words for the unhappy and the happy")

    def test_anonymous_page_shows_its_code_once(self):
        page = self._post({**self._form(3), "anonymous": "1"}).text
        reward = self.Reward.search([("is_anonymous", "=", True)])
        self.assertIn(reward.code, page)
        self.assertNotIn(reward.code, self._get().text)

    def test_no_reward_no_word(self):
        self.company.aftersale_reward_budget = 0
        self.assertNotIn("reward", self._post(self._form(3)).text)
