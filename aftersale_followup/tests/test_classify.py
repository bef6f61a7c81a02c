from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, HttpCase, tagged

from ..models import words
from ..models.words import split_words
from .common import AftersaleCase


class ClassifyCase(AftersaleCase):
    @classmethod
    def tag(cls, code):
        return cls.env.ref(f"aftersale_followup.tag_{code}")

    @classmethod
    def _decided(cls, pairs, **values):
        """Return feedback of as many customers whose classification is decided: ``pairs`` of a text and a tag code."""
        return cls.env["aftersale.feedback"].create(
            [
                {
                    "detail": text,
                    "tag_ids": [Command.set(cls.tag(code).ids)],
                    "is_tag_confirmed": True,
                    "source": "customer",
                    "team_id": cls.team.id,
                    "company_id": cls.company.id,
                    **values,
                }
                for text, code in pairs
            ]
        )

    @classmethod
    def _answer(cls, detail, **values):
        """Return feedback of a new customer, planned for the agent."""
        cls.customers = getattr(cls, "customers", 0) + 1
        email = f"classify{cls.customers}@example.com"
        partner = cls.env["res.partner"].create({"name": f"Customer {cls.customers}", "email": email})
        return cls._feedback(cls._ready(partner=partner), score=4, detail=detail, **values)

    def _learn(self):
        with self.enter_registry_test_mode():
            self.env.ref("aftersale_followup.ir_cron_learn").method_direct_trigger()
        self.env.invalidate_all()

    def _words(self):
        return set(self.env["aftersale.tag.word"].search([]).mapped("word"))


@tagged("post_install", "-at_install")
class TestLearning(ClassifyCase):
    """What past decisions teach, and what is not kept of them."""

    def test_words_of_three_customers_are_learned_with_their_tag(self):
        self._decided([(f"The wobbly shelf number {n} tilts", "installation") for n in range(3)])
        self._decided([("The shelf is green", "cosmetic_defect")] * 3)
        self._learn()
        rows = self.env["aftersale.tag.word"].search([("word", "in", ("wobbly", "shelf"))])
        self.assertEqual(
            {(row.tag_id.code, row.word): row.count for row in rows},
            {("installation", "wobbly"): 3, ("installation", "shelf"): 3, ("cosmetic_defect", "shelf"): 3},
        )
        self.assertEqual((self.tag("installation") | self.tag("cosmetic_defect")).mapped("learned_count"), [3, 3])

    def test_what_fewer_customers_wrote_may_be_a_name_and_is_not_kept(self):
        partner = self.env["res.partner"].create({"name": "Zacharias"})
        self._decided([("Zacharias is waiting", "response_speed")] * 5, partner_id=partner.id)
        self._decided([("Waiting", "response_speed")] * 2)
        self._learn()
        self.assertIn("waiting", self._words())
        self.assertNotIn("zacharias", self._words())

    def test_numbers_and_addresses_are_not_kept(self):
        text = "Ring 13800138000, mail wang.min@example.com, see https://example.com/wang, my serial AB12CD, it wobbles"
        self._decided([(text, "installation")] * 3)
        self._learn()
        self.assertIn("wobbles", self._words())
        self.assertFalse({"13800138000", "ab12cd", "wang", "min", "example", "com", "https"} & self._words())

    def test_only_decided_answers_that_count_teach(self):
        self._decided([("Wobbly shelf", "installation")] * 3, is_tag_confirmed=False)
        self._decided(
            [("Crooked shelf", "installation")] * 3, evidence="suspicious", suspicious_reason="Answered too fast"
        )
        self._learn()
        self.assertFalse({"wobbly", "crooked", "shelf"} & self._words())

    def test_erased_answers_are_forgotten(self):
        first, *_others = feedback = self._decided([("Wobbly shelf", "installation")] * 3)
        self._learn()
        self.assertIn("wobbly", self._words())
        first._anonymise()
        self._learn()
        self.assertNotIn("wobbly", self._words())
        feedback._anonymise()
        self._learn()
        self.assertEqual(self.tag("installation").learned_count, 0)

    def test_chinese_words_with_and_without_the_library(self):
        text = "快递员很凶"
        self.assertLessEqual({"快递", "凶"}, split_words(text))
        with patch.object(words, "rjieba", None):
            self.assertEqual(split_words(text), {"快", "递", "员", "很", "凶", "快递", "递员", "员很", "很凶"})

    def test_suggestions_cost_the_same_for_many(self):
        self._decided([("Wobbly shelf", "installation")] * 3)
        self._learn()
        feedback = self._decided([("The shelf is wobbly", "other")] * 12, is_tag_confirmed=False)
        feedback[:2]._suggest_tags()

        def count(records):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            records._suggest_tags()
            return self.env.cr.sql_log_count - before

        self.assertEqual(count(feedback[:2]), count(feedback))

    def test_recording_an_answer_does_not_wait_for_the_model(self):
        def count():
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self._decided([("The shelf is wobbly", "other")], is_tag_confirmed=False, tag_ids=[])
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        count()
        without = count()
        self._decided([("Wobbly shelf", "installation")] * 3)
        self._learn()
        count()
        self.assertEqual(count(), without)


@tagged("post_install", "-at_install")
class TestClassify(ClassifyCase):
    """Suggestions with their reasons, one click or many at once, and how often they were right."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._decided([("The wobbly shelf tilts", "installation")] * 4)
        cls._decided([("The screen flickers", "functional_defect")] * 4)
        cls._decided([("Nice colleague", "praise")] * 4)

    def setUp(self):
        super().setUp()
        self._learn()

    def _suggested(self, feedback):
        return [(tag.code, by) for tag, by, _words in feedback._suggest_tags()[feedback]]

    # -- suggestions -------------------------------------------------------------

    def test_keywords_first_then_what_was_learned_each_with_its_words(self):
        feedback = self._answer("The courier was late, and the shelf is wobbly")
        self.assertEqual(self._suggested(feedback), [("logistics_delay", "keywords"), ("installation", "learned")])
        why = [entry["why"] for entry in feedback.tag_suggestions]
        self.assertIn("courier, late", why[0])
        self.assertRegex(why[1], "Learned.*(shelf, wobbly|wobbly, shelf)")
        self.assertNotIn("courier", why[1])

    def test_at_most_five(self):
        feedback = self._answer("late, scratch, missing, rude, expensive, invoice, refund, repair, wobbly")
        self.assertEqual(len(feedback.tag_suggestions), 5)

    def test_what_was_learned_never_sets_a_tag_by_itself(self):
        feedback = self._answer("It is wobbly")
        self.assertFalse(feedback.tag_ids or feedback.category_id or feedback.is_tag_confirmed)
        self.assertEqual(self._suggested(feedback), [("installation", "learned")])

    def test_choice_of_the_customer_stands_and_nothing_is_suggested(self):
        chosen = self.tag("invoicing")
        feedback = self._answer("It is wobbly", tag_ids=[Command.set(chosen.ids)], is_tag_confirmed=True)
        self.assertEqual(feedback.tag_ids, chosen)
        self.assertFalse(feedback.tag_suggestions or feedback.suggested_tag_id)

    def test_archived_tags_are_not_suggested(self):
        self.tag("installation").active = False
        feedback = self._answer("It is wobbly")
        self.assertFalse(feedback.tag_suggestions)
        with self.assertRaisesRegex(UserError, "decided already"):
            feedback.action_accept_tag(self.tag("installation").id)

    def test_safety_words_raise_the_flag_whatever_was_learned(self):
        self._decided([("There was smoke, the wobbly shelf", "praise")] * 30)
        self._learn()
        feedback = self._answer("The wobbly shelf, there was smoke")
        self.assertTrue(feedback.is_safety)
        self.assertEqual(feedback.priority, "1")
        self.assertEqual(self._suggested(feedback)[0], ("safety_hazard", "keywords"))
        feedback.with_user(self.agent).action_accept_tag(self.tag("praise").id)
        self.assertEqual(feedback.tag_ids, self.tag("praise") | self.tag("safety_hazard"))
        self.assertTrue(feedback.is_safety, "Accepting something else does not lower it.")
        self._classify(feedback, self.supervisor, mode="set", tag_ids=self.tag("price"))
        self.assertEqual(feedback.tag_ids, self.tag("price") | self.tag("safety_hazard"))

    # -- one click ---------------------------------------------------------------

    def test_one_click_accepts_and_opens_the_issue(self):
        feedback = self._answer("The delivery was fine but the shelf is wobbly")
        self.assertEqual(feedback.tag_ids, self.tag("logistics_delay"), "Guessed by a keyword")
        feedback.with_user(self.agent).action_accept_tag(self.tag("installation").id)
        self.assertEqual(feedback.tag_ids, self.tag("installation"))
        self.assertEqual(feedback.category_id, self.env.ref("aftersale_followup.category_quality"))
        self.assertTrue(feedback.is_tag_confirmed)
        self.assertEqual(feedback.issue_ids.kind, "problem")
        self.assertFalse(feedback.tag_suggestions)
        self.assertEqual((feedback.suggested_tag_id, feedback.suggested_by), (self.tag("logistics_delay"), "keywords"))

    def test_what_somebody_added_stays_beside_the_accepted_one(self):
        feedback = self._answer("The delivery was fine but the shelf is wobbly")
        feedback.with_user(self.supervisor).tag_ids = [Command.link(self.tag("price").id)]
        feedback.with_user(self.supervisor).action_accept_tag(self.tag("installation").id)
        self.assertEqual(feedback.tag_ids, self.tag("installation") | self.tag("price"))

    def test_agents_decide_about_their_own_once(self):
        mine, other = self._answer("wobbly"), self._feedback(self._ready(user_id=self.agent_2.id), detail="wobbly")
        tag = self.tag("installation")
        with self.assertRaises(AccessError):
            other.with_user(self.agent).action_accept_tag(tag.id)
        with self.assertRaises(AccessError):
            other.with_user(self.agent).action_confirm_tags()
        with self.assertRaises(AccessError):
            mine.with_user(self._user("asf_stranger", "base.group_user")).action_accept_tag(tag.id)
        with self.assertRaises(AccessError):
            mine.with_user(self.agent).write({"is_tag_confirmed": True})
        mine.with_user(self.agent).action_accept_tag(tag.id)
        with self.assertRaisesRegex(UserError, "Ask a supervisor"):
            mine.with_user(self.agent).action_confirm_tags()
        with self.assertRaisesRegex(UserError, "decided already"):
            mine.with_user(self.supervisor).action_accept_tag(self.tag("price").id)

    def test_category_follows_tags_entered_by_hand(self):
        feedback = self._answer("wobbly").with_user(self.supervisor)
        feedback.tag_ids = [Command.set(self.tag("price").ids)]
        self.assertEqual(feedback.category_id, self.env.ref("aftersale_followup.category_other"))

    # -- many at once ------------------------------------------------------------

    def _classify(self, feedback, user, **values):
        wizard = Form(self.env["aftersale.classify"].with_user(user).with_context(default_feedback_ids=feedback.ids))
        wizard.mode = values.get("mode", "accept")
        for tag in values.get("tag_ids", ()):
            wizard.tag_ids.add(tag)
        self.summary = wizard.summary
        return wizard.save().action_classify()

    def test_accept_many(self):
        keyword, learned, bare = self._answer("Late"), self._answer("wobbly"), self._answer("Hm")
        decided = self._answer("Late", tag_ids=[Command.set(self.tag("price").ids)], is_tag_confirmed=True)
        result = self._classify(keyword | learned | bare | decided, self.supervisor)
        self.assertEqual(self.summary, "4 chosen: 2 with a suggestion, 1 without, 1 classified already.")
        self.assertEqual(keyword.tag_ids, self.tag("logistics_delay"))
        self.assertEqual((learned.tag_ids, learned.suggested_by), (self.tag("installation"), "learned"))
        self.assertTrue(keyword.issue_ids and learned.issue_ids)
        self.assertFalse(bare.is_tag_confirmed)
        self.assertEqual(decided.tag_ids, self.tag("price"))
        self.assertIn("1 answers", result["params"]["message"])

    def test_set_and_add_many(self):
        first, second = self._answer("Late"), self._answer("wobbly")
        self._classify(first | second, self.agent, mode="add", tag_ids=self.tag("price"))
        self.assertEqual(first.tag_ids, self.tag("logistics_delay") | self.tag("price"))
        self.assertEqual(second.tag_ids, self.tag("price"))
        self.assertTrue(first.is_tag_confirmed and second.is_tag_confirmed)
        with self.assertRaisesRegex(UserError, "Ask a supervisor"):
            self._classify(first, self.agent, mode="set", tag_ids=self.tag("returns"))
        self._classify(first | second, self.supervisor, mode="set", tag_ids=self.tag("returns"))
        self.assertEqual((first | second).tag_ids, self.tag("returns"))

    def test_many_leaves_those_of_others_alone(self):
        other = self._feedback(self._ready(user_id=self.agent_2.id), detail="wobbly")
        for mode in ("accept", "set"):
            wizard = self.env["aftersale.classify"].with_user(self.agent).create({"mode": mode})
            wizard.sudo().write({"feedback_ids": other.ids, "tag_ids": self.tag("price").ids})
            self.env.invalidate_all()
            wizard.action_classify()
            self.assertFalse(other.tag_ids or other.is_tag_confirmed)

    # -- share -------------------------------------------------------------------

    def test_share_of_first_suggestions_accepted(self):
        for detail, code in [
            ("Late", "logistics_delay"),
            ("late!", "price"),
            ("wobbly", "installation"),
            ("Hm", "price"),
        ]:
            self._classify(self._answer(detail), self.supervisor, mode="set", tag_ids=self.tag(code))
        self.env.flush_all()
        rows = self.env["aftersale.feedback.report"]._read_group(
            [("suggested_tag_id", "!=", False)], ["suggested_by"], ["__count", "suggestion_share:avg"]
        )
        self.assertEqual(rows, [("keywords", 2, 50.0), ("learned", 1, 100.0)])
        late = self.tag("logistics_delay").with_user(self.manager)
        self.assertEqual((late.suggested_count, late.accepted_count, late.accepted_share), (2, 1, 50.0))
        other = self.tag("returns").with_user(self.manager)
        self.assertEqual((other.suggested_count, other.accepted_share), (0, 0.0))

    def test_confirming_by_any_way_notes_the_first_suggestion(self):
        feedback = self._answer("wobbly").with_user(self.supervisor)
        feedback.write({"is_tag_confirmed": True, "tag_ids": [Command.set(self.tag("price").ids)]})
        self.assertEqual((feedback.suggested_tag_id, feedback.suggested_by), (self.tag("installation"), "learned"))
        with self.assertRaisesRegex(UserError, "not changed"):
            feedback.suggested_tag_id = self.tag("price")


@tagged("post_install", "-at_install")
class TestClassifyTour(ClassifyCase, HttpCase):
    def test_agent_classifies_in_the_list_in_the_form_and_many_at_once(self):
        """As an agent without the right to write feedback."""
        self._decided([("A shelf that wobbles", "installation"), ("Nice colleague", "praise")] * 3)
        self._learn()
        answers = [
            self._answer(text) for text in ("The courier was late", "A shelf that wobbles", "Rude", "Too expensive")
        ]
        self.start_tour("/odoo/aftersale-classify", "aftersale_followup_classify", login=self.agent.login)
        self.env.invalidate_all()
        codes = [answer.tag_ids.mapped("code") for answer in answers]
        self.assertEqual(codes, [["logistics_delay"], ["installation"], ["service_attitude"], ["price"]])
        for answer in answers:
            self.assertTrue(answer.is_tag_confirmed and answer.issue_ids and answer.suggested_tag_id)
