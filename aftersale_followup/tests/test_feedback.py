from psycopg2 import IntegrityError

from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from .common import AftersaleCase


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestFeedback(AftersaleCase):
    def tag(self, code):
        return self.env.ref(f"aftersale_followup.tag_{code}")

    def other_partner(self, name):
        return self.env["res.partner"].create({"name": name, "email": f"{name}@example.com".lower()})

    # -- gate ----------------------------------------------------------------

    def test_feedback_takes_the_snapshot_and_ends_the_follow_up(self):
        followup = self._ready(customer_type="new")
        feedback = self._feedback(followup, score=5)
        self.assertEqual(followup.state, "done")
        self.assertEqual(followup.feedback_id, feedback)
        self.assertEqual(feedback.partner_id, self.partner)
        self.assertEqual(feedback.product_ids, self.product)
        self.assertEqual(feedback.plan_id, self.plan_new)
        self.assertEqual((feedback.user_id, feedback.team_id), (self.agent, self.team))
        self.assertEqual(feedback.customer_type, "new")
        self.assertTrue(feedback.is_valid)

    def test_database_keeps_one_answer_per_follow_up(self):
        feedback = self._feedback(score=4)
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            self.env.cr.execute(
                "INSERT INTO aftersale_feedback (followup_id, company_id, date, source, evidence, priority,"
                " suggestion_state) VALUES (%s, %s, now(), 'customer', 'recorded', '0', 'none')",
                (feedback.followup_id.id, self.company.id),
            )

    def test_score_outside_one_to_five_is_refused(self):
        for score in (6, -1):
            with self.subTest(score=score), self.assertRaises(IntegrityError):
                with mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                    self._feedback(self._planned(state="ready"), score=score)

    def test_what_the_customer_said_never_changes(self):
        feedback = self._feedback(score=2, detail="Broken")
        with self.assertRaisesRegex(UserError, "correction"):
            feedback.score = 5
        with self.assertRaisesRegex(UserError, "kept"):
            feedback.unlink()

    def test_correction_takes_the_place_in_the_figures(self):
        feedback = self._feedback(score=2)
        correction = self._feedback(feedback.followup_id, score=3, correction_of_id=feedback.id, source="staff")
        self.assertFalse(feedback.is_valid)
        self.assertTrue(correction.is_valid)
        self.assertEqual(feedback.followup_id.feedback_id, correction)
        # One in its place, not two that both count: who corrects again corrects the correction.
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.env.cr.savepoint():
            self._feedback(feedback.followup_id, score=4, correction_of_id=feedback.id, source="staff")

    def test_suspicious_answer_does_not_count(self):
        self.assertFalse(self._feedback(score=5, evidence="suspicious").is_valid)

    # -- keywords ----------------------------------------------------------------

    def test_keywords_suggest_tags(self):
        tags = self.env["aftersale.tag"].search([])
        cases = [
            ("The courier was late again", "logistics_delay"),
            ("用了三天就漏水，客服态度差", "functional_defect"),
            ("客服态度差", "service_attitude"),
            ("包装破损", "transport_damage"),
            ("I would like an export to CSV", "feature_request"),
        ]
        for text, code in cases:
            with self.subTest(text=text):
                self.assertIn(self.tag(code), tags._match_keywords(text))

    def test_keyword_after_a_negation_does_not_count(self):
        tags = self.env["aftersale.tag"].search([])
        for text, code in [("包装没有破损", "transport_damage"), ("It was not late", "logistics_delay")]:
            with self.subTest(text=text):
                self.assertNotIn(self.tag(code), tags._match_keywords(text))

    def test_english_keywords_match_whole_words(self):
        tags = self.env["aftersale.tag"].search([])
        self.assertNotIn(self.tag("logistics_delay"), tags._match_keywords("We translated the chocolate label"))

    def test_safety_words_count_even_inside_a_denial(self):
        feedback = self._feedback(score=5, detail="没有漏电，但是插头很烫")
        self.assertTrue(feedback.is_safety)
        self.assertEqual(feedback.priority, "1")

    def test_longest_keyword_wins(self):
        tags = self.env["aftersale.tag"].search([])
        found = tags._match_keywords("配件不匹配")
        self.assertEqual(found[:1], self.tag("spare_parts"))

    def test_choice_of_the_customer_stands(self):
        feedback = self._feedback(
            score=4, detail="物流太慢", tag_ids=[Command.set(self.tag("invoicing").ids)], is_tag_confirmed=True
        )
        self.assertEqual(feedback.tag_ids, self.tag("invoicing"))
        self.assertEqual(feedback.category_id, self.env.ref("aftersale_followup.category_process"))

    # -- priority ------------------------------------------------------------------

    def test_low_score_is_high_priority(self):
        for score, priority in [(1, "1"), (2, "1"), (3, "0"), (0, "0")]:
            with self.subTest(score=score):
                partner = self.other_partner(f"Low{score}")
                self.assertEqual(self._feedback(self._ready(partner=partner), score=score).priority, priority)

    def test_threshold_of_low_score_is_a_setting(self):
        self.company.aftersale_low_score = 3
        self.assertEqual(self._feedback(score=3).priority, "1")

    def test_same_problem_three_times_in_thirty_days_is_recurring(self):
        for number, expected in enumerate([False, False, True]):
            partner = self.other_partner(f"Recurring{number}")
            feedback = self._feedback(self._ready(partner=partner), score=4, detail="The lid leak is back")
            self.assertEqual(feedback.is_recurring, expected)
        old = self.env["aftersale.feedback"].search([("detail", "like", "lid leak")])
        old.date = "2026-01-15 10:00:00"
        fresh = self._feedback(self._ready(partner=self.other_partner("Later")), score=4, detail="A leak")
        self.assertFalse(fresh.is_recurring, "Older ones no longer count.")

    def test_second_complaint_of_one_customer_is_high(self):
        first = self._feedback(score=2, detail="First").issue_ids
        first.write({"state": "cancelled", "cancel_reason": "Entered twice"})
        self.env["aftersale.followup"].search([]).write({"date_sent": "2025-01-01 10:00:00"})
        second = self._feedback(self._ready(plan=self.plan_verify), score=2, scenario="other")
        self.assertTrue(second.is_repeat)
        self.assertIn("Second Complaint", second._get_priority_reasons())

    # -- issues --------------------------------------------------------------------

    def test_low_score_opens_an_issue_at_once(self):
        feedback = self._feedback(score=2, detail="The pump stopped\nafter two days")
        issue = feedback.issue_ids
        self.assertEqual(issue.title, "The pump stopped")
        self.assertEqual((issue.kind, issue.priority, issue.state), ("complaint", "1", "new"))
        self.assertEqual(issue.product_id, self.product)
        self.assertTrue(issue.contact_deadline)
        self.assertEqual(feedback.followup_status, "new")
        activity = issue.activity_ids
        self.assertEqual(activity.user_id, self.supervisor, "The supervisor is told at once.")
        self.assertEqual(len(activity), 1)

    def test_suggested_problem_waits_until_staff_accept_it(self):
        feedback = self._feedback(score=4, detail="The courier was late")
        self.assertFalse(feedback.issue_ids)
        feedback.with_user(self.supervisor).action_confirm_tags()
        self.assertEqual(feedback.issue_ids.kind, "problem")
        self.assertEqual(feedback.issue_ids.priority, "0")

    def test_problem_chosen_by_the_customer_opens_an_issue(self):
        chosen = {"tag_ids": [Command.set(self.tag("missing_parts").ids)], "is_tag_confirmed": True}
        self.assertTrue(self._feedback(score=4, **chosen).issue_ids)

    def test_policy_high_leaves_normal_problems_alone(self):
        self.company.aftersale_issue_policy = "high"
        chosen = {"tag_ids": [Command.set(self.tag("missing_parts").ids)], "is_tag_confirmed": True}
        self.assertFalse(self._feedback(score=4, **chosen).issue_ids)

    def test_praise_opens_nothing(self):
        feedback = self._feedback(score=5, detail="Great, thank you", suggestion="")
        self.assertIn(self.tag("praise"), feedback.tag_ids)
        self.assertFalse(feedback.issue_ids)

    def test_same_problem_of_the_same_customer_joins_the_open_issue(self):
        first = self._feedback(score=2, detail="It is broken")
        second = self._feedback(self._planned(plan=self.plan_verify, state="ready"), score=1, detail="Still broken")
        self.assertEqual(second.issue_ids, first.issue_ids)
        self.assertEqual(first.issue_ids.feedback_ids, first | second)

    def test_other_product_opens_its_own_issue(self):
        first = self._feedback(score=2, detail="It is broken")
        pot = self._product("Pot")
        followup = self._planned(plan=self.plan_verify, state="ready", product_ids=[Command.set(pot.ids)])
        second = self._feedback(followup, score=1, detail="Broken too")
        self.assertNotEqual(second.issue_ids, first.issue_ids)

    def test_joining_reopens_an_issue_that_is_done(self):
        issue = self._solved_issue()
        feedback = self._feedback(self._planned(state="ready"), score=1, detail="It is broken again")
        self.assertEqual(feedback.issue_ids, issue)
        self.assertEqual((issue.state, issue.reopen_count, issue.priority), ("processing", 1, "2"))

    def test_suggestion_is_registered(self):
        self.assertEqual(self._feedback(score=5, suggestion="A longer cable").suggestion_state, "new")

    def test_staff_judge_but_do_not_rewrite(self):
        feedback = self._feedback(score=4, detail="Fine")
        mine = feedback.with_user(self.supervisor)
        mine.write({"note": "Called back", "improvement": "Faster courier"})
        for vals in ({"date": "2026-01-01 00:00:00"}, {"priority": "1"}, {"plan_id": self.plan_verify.id}):
            with self.subTest(vals=vals), self.assertRaisesRegex(UserError, "correction"):
                mine.write(vals)

    def test_correction_belongs_to_the_same_follow_up(self):
        feedback = self._feedback(score=2)
        other = self._planned(plan=self.plan_verify, state="ready")
        with self.assertRaisesRegex(ValidationError, "same follow-up"):
            self._feedback(other, score=3, correction_of_id=feedback.id)
