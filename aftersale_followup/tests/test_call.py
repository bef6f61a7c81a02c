from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .capture_common import CaptureCase


class CallCase(CaptureCase):
    def _call(self, followup=None, user=None, **values):
        """Return the call form as ``user`` (the agent) opens it from the follow-up."""
        followup = (followup or self.followup).with_user(user or self.agent)
        action = followup.action_open_call()
        return (
            self.env[action["res_model"]].with_user(user or self.agent).with_context(**action["context"]).create(values)
        )

    def _answers(self, score=4, **texts):
        answers = {str(self._question("satisfaction")["id"]): score}
        return answers | {str(self._question(role)["id"]): text for role, text in texts.items()}


@tagged("post_install", "-at_install")
class TestCall(CallCase):
    """The agent's form: sees and writes what belongs to the own follow-up, and nothing else."""

    def test_form_shows_whom_to_call_and_what_to_ask(self):
        self.env["aftersale.feedback"].create({"followup_id": self._followup().id, "score": 3})
        issue = self._issue()
        self.plan_new.script = "# Opening\nHello [customer], about [product].\n\n# Consent\nShall <we> begin?"
        call = self._call()
        self.assertEqual(call.phone, self.partner.phone)
        self.assertIn("Kettle", call.products)
        self.assertIn("Last score: 3", call.history)
        self.assertIn(issue.title, call.history)
        self.assertIn("<summary><b>Opening</b></summary><p>Hello Wang Fang, about Kettle.</p>", call.script)
        self.assertIn("<p>Shall &lt;we&gt; begin?</p>", call.script, "The script is text")
        titles = [question["title"] for question in call.questionnaire]
        self.assertEqual(titles, self.survey.question_ids.mapped("title"))
        self.assertEqual(call.channel_id.code, "phone")

    def test_saved_answers_become_feedback_of_the_agent(self):
        call = self._call(answers=self._answers(2, detail="Too loud"), consent=True, contact_name="Mr Li", note="Calm")
        call.action_save()
        feedback = self.followup.feedback_ids
        self.assertEqual((feedback.score, feedback.detail, feedback.contact_name), (2, "Too loud", "Mr Li"))
        self.assertEqual((feedback.source, feedback.evidence, feedback.user_id), ("staff", "recorded", self.agent))
        self.assertEqual(feedback.channel_id.code, "phone")
        attempt = self.followup.attempt_ids
        self.assertEqual((attempt.outcome, attempt.user_id, attempt.note), ("reached", self.agent, "Calm"))
        self.assertEqual(self.followup.state, "done")

    def test_nothing_is_recorded_without_consent(self):
        with self.assertRaises(UserError):
            self._call(answers=self._answers()).action_save()
        self.assertFalse(self.followup.attempt_ids)

    def test_wrong_answers_are_refused_by_the_server(self):
        foreign = self._question("dimension")["choices"][0]["id"]
        category = str(self._question("category")["id"])
        for answers in (
            {},
            self._answers(6),
            self._answers("abc"),
            self._answers(4) | {category: [foreign]},
            "text",
            [1],
        ):
            with self.subTest(answers=answers), self.assertRaises(UserError), self.env.cr.savepoint():
                self._call(answers=answers, consent=True).action_save()
        self.assertFalse(self.followup.feedback_ids)

    @mute_logger("odoo.addons.base.models.ir_rule")
    def test_follow_up_of_another_agent_stays_closed(self):
        with self.assertRaises(AccessError):
            self.followup.with_user(self.agent_2).action_open_call()
        foreign = self.env["aftersale.call"].with_user(self.agent_2)
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            foreign.create({"followup_id": self.followup.id})
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            foreign.new({"followup_id": self.followup.id}).script  # noqa: B018
        # Even with a form that somebody else created the follow-up is checked again.
        call = self._call(answers=self._answers(), consent=True).with_user(self.agent_2)
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            call.action_save()
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            call.with_context(outcome="busy").action_log()
        self.assertFalse(self.followup.feedback_ids | self.env["aftersale.feedback"])
        self.assertFalse(self.followup.attempt_ids)

    def test_what_is_typed_stays_with_the_agent(self):
        call = self._call(note="Sounded angry", answers=self._answers(1))
        other = self.env["aftersale.call"].with_user(self.agent_2)
        self.assertFalse(other.search([("id", "=", call.id)]))
        with self.assertRaises(AccessError):
            other.browse(call.id).read(["note", "contact_name", "answers"])

    def test_agent_has_no_other_way_to_create_feedback(self):
        with self.assertRaises(AccessError):
            self.env["aftersale.feedback"].with_user(self.agent).create({"followup_id": self.followup.id, "score": 5})

    def test_attempt_without_answers_is_logged_with_its_outcome(self):
        when = fields.Datetime.now() + timedelta(days=1)
        for outcome, values in (
            ("no_answer", {}),
            ("busy", {"note": "Engaged"}),
            ("call_back", {"call_back_date": when}),
        ):
            with self.subTest(outcome=outcome):
                followup = self._followup()
                self._call(followup, **values).with_context(outcome=outcome).action_log()
                self.assertEqual(followup.attempt_ids.outcome, outcome)
                self.assertEqual(followup.attempt_ids.user_id, self.agent)
                self.assertEqual(followup.attempt_ids.channel_id.code, "phone")
                self.assertEqual(followup.state, "ready")
                self.assertGreater(followup.date_next, fields.Datetime.now())
        with self.assertRaises(UserError):
            self._call().with_context(outcome="call_back").action_log()

    def test_only_outcomes_of_the_form_can_be_logged(self):
        for outcome in (None, "reached", "contested", "sent", "x"):
            with self.subTest(outcome=outcome), self.assertRaises(UserError), self.env.cr.savepoint():
                self._call().with_context(outcome=outcome).action_log()
        self.assertFalse(self.followup.attempt_ids)

    def test_refusal_is_kept_as_far_as_the_customer_wants(self):
        self._call(refusal="all").with_context(outcome="refused").action_log()
        self.assertEqual(self.followup.state, "refused")
        optout = self.env["aftersale.optout"].search([("partner_id", "=", self.partner.id)])
        self.assertEqual(set(optout.mapped("source")), {"staff"})
        self.assertEqual(set(optout.mapped("scenario")), {False})

    def test_answered_meanwhile_is_said_and_not_overwritten(self):
        call = self._call(answers=self._answers(1), consent=True)
        self.followup._record_answers(self._read(self._form(5)), "customer", dwell=60)
        with self.assertRaises(UserError):
            call.action_save()
        with self.assertRaises(UserError):
            call.with_context(outcome="busy").action_log()
        with self.assertRaises(UserError):
            self.followup.with_user(self.agent).action_open_call()
        self.assertEqual(self.followup.feedback_ids.mapped("score"), [5])


@tagged("post_install", "-at_install")
class TestCallBrowser(CallCase, HttpCase):
    """The form in the browser, as the agent uses it."""

    def test_agent_answers_the_questions_by_keyboard_and_mouse(self):
        plan = self.plan_verify
        issue = self._solved_issue()
        followup = self._followup(plan, issue_id=issue.id, user_id=self.agent_2.id)
        action = self.env["ir.actions.act_window"].create(
            {
                "name": "Call",
                "res_model": "aftersale.call",
                "view_mode": "form",
                "target": "new",
                "context": {"default_followup_id": followup.id},
            }
        )
        self.start_tour(f"/odoo/action-{action.id}", "aftersale_followup_call", login=self.agent_2.login)
        feedback = followup.feedback_ids
        self.assertEqual((feedback.score, feedback.resolved, feedback.detail), (4, "partly", "The lid"))
        self.assertEqual(feedback.dimension_ids.mapped("score"), [5])
        self.assertEqual(feedback.user_id, self.agent_2)
