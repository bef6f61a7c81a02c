from odoo.exceptions import AccessError
from odoo.tests import tagged

from .console_common import ConsoleCase

WORDS = "The lid leaks since the first day."


@tagged("post_install", "-at_install")
class TestHideAnswers(ConsoleCase):
    """With the setting, agents work without seeing what single customers answered; supervisors see it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.aftersale_hide_answers = True
        cls.followup.user_id = cls.agent

    def _answered(self, score=1, **texts):
        """Return the answer that the customer gives to the agent's follow-up on the page."""
        form = self._form(score, **{"detail": WORDS, **texts})
        feedback = self.followup._record_answers(self._read(form), "customer")
        self.env.flush_all()
        self.env.invalidate_all()
        return feedback

    def test_agents_find_no_single_answer_by_any_way(self):
        feedback = self._answered()
        feedback.sudo().dimension_ids.create(
            {
                "feedback_id": feedback.id,
                "dimension_id": self.env["aftersale.dimension"].search([], limit=1).id,
                "score": 2,
            }
        )
        self.agent.group_ids += self.env.ref("base.group_allow_export")
        seen = self.env(user=self.agent)
        Feedback, own = seen["aftersale.feedback"], feedback.with_env(seen)
        self.assertFalse(Feedback.search([("followup_id", "=", self.followup.id)]), "list")
        self.assertFalse(own.has_access("read"))
        for method, *arguments in (
            ("read", ["score", "detail"]),
            ("export_data", ["score"]),
            ("web_read", {"score": {}}),
        ):
            with self.subTest(method=method), self.assertRaises(AccessError):
                getattr(own, method)(*arguments)
        domain = [("followup_id", "=", self.followup.id)]
        self.assertEqual(Feedback._read_group(domain, [], ["__count", "score:sum"]), [(0, False)], "group")
        self.assertFalse(seen["aftersale.feedback.dimension"].search([("feedback_id", "=", feedback.id)]))
        self.assertFalse(seen["aftersale.feedback.report"].search([("id", "=", feedback.id)]), "pivot")
        followup = self.followup.with_env(seen)
        self.assertEqual([followup.state, followup.feedback_id.id, followup.feedback_ids.ids], ["done", False, []])
        guess = [("id", "=", followup.id), ("feedback_ids.score", "=", 1)]
        self.assertFalse(seen["aftersale.followup"].search(guess), "a guess that finds it tells it")
        self.assertEqual(self.followup.partner_id.with_env(seen).aftersale_score, 0)
        product = self.followup.product_ids[:1].product_tmpl_id
        self.assertEqual(product.with_env(seen).aftersale_score, 0)
        for user in (self.supervisor, self.manager):
            self.assertEqual(feedback.with_user(user).score, 1)

    def test_a_second_answer_is_not_told_by_its_attempt(self):
        self._answered()
        attempt = self.env["aftersale.attempt"].create(
            {"followup_id": self.followup.id, "outcome": "contested", "note": "score: 5"}
        )
        tried = self.env["aftersale.attempt"].create({"followup_id": self.followup.id, "outcome": "sent"})
        found = self.env["aftersale.attempt"].with_user(self.agent).search([("id", "in", (attempt | tried).ids)])
        self.assertEqual(found, tried)

    def test_the_console_shows_no_past_scores(self):
        self._answered(score=5, suggestion="Make it blue, please.")
        self.followup.feedback_id.suggestion_state = "accepted"
        followup = self._followup(
            partner_id=self.followup.partner_id.id,
            channel_id=self.phone.id,
            origin="test:again",
            user_id=self.agent.id,
        )
        context = self._console(followup).console_open()["context"]
        self.assertEqual(context["scores"], [])
        self.assertNotIn("blue", str(context))
        self.company.aftersale_hide_answers = False
        context = self._console(followup).console_open()["context"]
        self.assertEqual([row["score"] for row in context["scores"]], [5])
        self.assertIn("blue", str(context["points"]))

    def test_what_agents_entered_themselves_stays_with_them(self):
        self._save(score=3, detail=WORDS)
        feedback = self.followup.sudo().feedback_id.with_user(self.agent)
        self.assertEqual((feedback.score, feedback.detail), (3, WORDS))

    def test_an_issue_tells_its_solver_what_to_solve(self):
        issue = self._answered().issue_ids
        issue.user_id = self.agent
        self.env.flush_all()
        self.env.invalidate_all()
        own = issue.with_user(self.agent)
        names = ("title", "feedback_ids", "problem_text", "priority_reasons")
        [values] = own.web_read({name: {} for name in names})
        self.assertEqual(
            [values[name] for name in names], [WORDS, [], WORDS, "Low Score"], "read together, as the form does"
        )
        self.assertFalse(issue.with_user(self.supervisor).problem_text, "who sees the answers reads them there")
        notes = {activity.user_id: activity.note for activity in issue.activity_ids}
        self.assertIn("Score 1", notes[self.supervisor])

    def test_the_owner_of_an_issue_is_not_told_the_score(self):
        issue = self._answered().issue_ids
        issue.user_id = self.agent
        again = self._followup(partner_id=self.followup.partner_id.id, origin="test:again")
        again._record_answers(self._read(self._form(2, detail=WORDS)), "customer")
        issue._tell_about(again.feedback_id)
        notes = issue.activity_ids.filtered(lambda activity: activity.user_id == self.agent).mapped("note")
        self.assertTrue(notes)
        self.assertNotIn("Score 2", str(notes))

    def test_a_low_score_without_words_gives_a_title_without_it(self):
        issue = self._answered(score=2, detail="").issue_ids
        self.assertEqual(issue.title, "Low Score")

    def test_without_the_setting_agents_see_their_answers(self):
        self.company.aftersale_hide_answers = False
        feedback = self._answered().with_user(self.agent)
        self.assertEqual((feedback.score, feedback.detail), (1, WORDS))
        self.assertFalse(feedback.issue_ids.sudo().with_user(self.supervisor).problem_text)
