import hashlib
from datetime import timedelta
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .common import RewardCase


@tagged("post_install", "-at_install")
class TestRewardDraw(RewardCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rule.write({"kind": "draw", "name": "a kettle", "program_id": False, "value": 40})
        cls.today = cls.company._aftersale_today()

    def _enter(self, count=6):
        return self.Reward.union(*(self._given(number, score=number % 5 + 1) for number in range(count)))

    def _draw(self, **values):
        draw = self.env["aftersale.reward.draw"].with_user(self.manager)
        return draw.create({"rule_id": self.rule.id, "date_from": self.today, "date_to": self.today, **values})

    def test_taking_part_costs_nothing_and_depends_on_no_score(self):
        entries = self._enter()
        self.assertEqual(set(entries.mapped("state")), {"waiting"})
        self.assertEqual(self.budget_row.spent, 0)
        self.assertFalse(self._mails(entries) or entries.activity_ids)

    def test_winners_follow_from_the_seed(self):
        entries = self._enter()
        draw = self._draw(prize_count=2)
        self.assertEqual(draw.waiting_count, 6)
        draw.action_draw()
        # computed by hand, as anybody could
        places = sorted(entries.ids, key=lambda number: hashlib.sha256(f"{draw.seed}:{number}".encode()).digest())
        self.assertEqual(set(draw.winner_ids.ids), set(places[:2]))
        self.assertEqual(sorted(entries.mapped("state")), ["lost"] * 4 + ["open"] * 2)
        self.assertEqual((draw.entry_count, draw.drawn_by_id, self.budget_row.spent), (6, self.manager, 80))
        self.assertEqual(len(draw.record.splitlines()), 6)
        self.assertTrue(all(entry.code in draw.record for entry in entries))
        self.assertEqual(len(draw.winner_ids.activity_ids), 2, "the prizes are handed over")
        self.assertEqual(draw.action_check()["params"]["type"], "success")
        winner = draw.winner_ids[:1].sudo()
        winner.action_hand_over()
        self.assertEqual(draw.action_check()["params"]["type"], "success", "handed over is still won")
        loser = entries.filtered(lambda entry: entry.state == "lost")[:1]
        winner.state, loser.state = "lost", "open"
        self.assertEqual(draw.action_check()["params"]["type"], "danger", "a winner who was put there is found out")

    def test_a_seed_is_neither_chosen_nor_tried(self):
        self._enter(2)
        with self.assertRaisesRegex(UserError, "the draw alone"):
            self._draw(seed="mine")
        draw = self._draw()
        self.assertFalse(draw.seed, "unknown until the winners are drawn")
        with self.assertRaisesRegex(UserError, "the draw alone"):
            draw.seed = "mine"
        draw.action_draw()
        for attempt in (draw.action_draw, draw.unlink, lambda: draw.write({"prize_count": 2})):
            with self.assertRaises(UserError):
                attempt()

    def test_only_entries_of_the_period_that_wait_are_drawn(self):
        entries = self._enter(3)
        entries[0].date -= timedelta(days=40)
        draw = self._draw(prize_count=9)
        self.company.aftersale_reward_budget = 1000
        draw.action_draw()
        self.assertEqual(draw.winner_ids, entries[1:])
        with self.assertRaisesRegex(UserError, "Nobody waits"):
            self._draw().action_draw()

    def test_prizes_stay_inside_the_budget(self):
        entries = self._enter(3)
        with self.assertRaisesRegex(UserError, "is left of this month"):
            self._draw(prize_count=3).action_draw()
        self.assertEqual(set(entries.mapped("state")), {"waiting"})

    def test_prize_may_be_a_coupon(self):
        self.rule.program_id = self.program
        self._enter(3)
        draw = self._draw()
        draw.action_draw()
        self.assertEqual((draw.winner_ids.state, draw.winner_ids.card_id.program_id), ("given", self.program))
        self.assertIn(draw.winner_ids.code, self._mails(draw.winner_ids).body_html)

    def test_same_entries_another_seed(self):
        entries = self._enter(6)
        draw = self._draw().sudo()
        orders = set()
        for seed in ("a", "b", "c", "d"):
            draw.seed = seed
            self.assertEqual(draw._rank(entries), draw._rank(entries[::-1]), "whatever the order they come in")
            orders.add(tuple(draw._rank(entries).ids))
        self.assertGreater(len(orders), 1)

    def test_draws_are_for_managers(self):
        self._enter(1)
        draw = self._draw()
        for user in (self.agent, self.supervisor):
            with self.assertRaises(AccessError):
                draw.with_user(user).action_draw()
        self.assertTrue(draw.with_user(self.supervisor).name)

    def test_what_is_given_at_once_is_not_drawn(self):
        self.rule.active = False
        self.env.flush_all()
        gift = self._rule(name="a tea towel", kind="gift")
        with self.assertRaisesRegex(ValidationError, "nothing to draw"):
            self._draw(rule_id=gift.id)

    def test_anonymous_entries_take_part(self):
        self._answer(1)
        draw = self._draw()
        with patch.object(type(draw), "_rank", lambda draw, entries: entries):
            draw.action_draw()
        self.assertTrue(draw.winner_ids.is_anonymous)
        self.assertFalse(draw.winner_ids.activity_ids, "nobody knows whom to call: the code is shown")
