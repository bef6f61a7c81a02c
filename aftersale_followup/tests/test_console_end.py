from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .console_common import ConsoleCase


@tagged("post_install", "-at_install")
class TestConsoleEnd(ConsoleCase):
    """How a call ends."""

    def test_saved_answers_become_feedback_of_the_agent(self):
        draft = self._draft(2, detail="Too loud") | {"contact_name": "Mr Li", "note": "Calm"}
        result = self._console().console_finish("reached", {"draft": draft})
        self.assertNotIn("errors", result)
        feedback = self.followup.feedback_ids
        self.assertEqual((feedback.score, feedback.detail, feedback.contact_name), (2, "Too loud", "Mr Li"))
        self.assertEqual((feedback.source, feedback.user_id, feedback.channel_id), ("staff", self.agent, self.phone))
        attempt = self.followup.attempt_ids
        self.assertEqual((attempt.outcome, attempt.user_id, attempt.note), ("reached", self.agent, "Calm"))
        self.assertEqual(self.followup.state, "done")

    def test_consent_is_kept_with_wording_and_version(self):
        self.plan_new.script = "# Opening\nHello\n# Consent\nMay we ask you, [customer]?"
        self._save()
        self.assertEqual((self.followup.consent, self.followup.consent_text), ("asked", "May we ask you, Wang Fang?"))
        first, other = self.followup.consent_version, self._followup(partner_id=self._second_customer().id)
        self._save(other)
        self.assertEqual(other.consent_version, first, "The same words, another name.")
        self.plan_new.script = "# Opening\nHello\n# Consent\nMay we begin?"
        third = self._followup()
        self._save(third)
        self.assertNotEqual(third.consent_version, first)

    def test_nothing_is_recorded_without_consent(self):
        with self.assertRaises(UserError), self.env.cr.savepoint():
            self._console().console_finish("reached", {"draft": {"answers": self._answers()}})
        self.assertFalse(self.followup.attempt_ids)

    def test_wrong_answers_are_shown_at_their_question(self):
        score = str(self._question("satisfaction")["id"])
        foreign = self._question("dimension")["choices"][0]["id"]
        category = str(self._question("category")["id"])
        for answers, where in (
            ({}, score),
            ({score: 6}, score),
            ({score: "abc"}, score),
            (self._answers(4) | {category: [foreign]}, category),
        ):
            with self.subTest(answers=answers):
                followup = self._followup()
                draft = {"answers": answers, "consent": True}
                result = self._console(followup).console_finish("reached", {"draft": draft})
                self.assertEqual(list(result["errors"]), [where])
                self.assertFalse(followup.feedback_ids or followup.attempt_ids)

    def test_attempt_without_answers_is_logged_with_its_outcome(self):
        when = fields.Datetime.now() + timedelta(days=1)
        for outcome, values in (
            ("no_answer", {}),
            ("busy", {"draft": {"note": "Engaged"}}),
            ("call_back", {"call_back_date": fields.Datetime.to_string(when)}),
        ):
            with self.subTest(outcome=outcome):
                followup = self._followup(channel_id=self.phone.id)
                self._console(followup).console_finish(outcome, values)
                attempt = followup.attempt_ids
                self.assertEqual(
                    (attempt.outcome, attempt.user_id, attempt.channel_id), (outcome, self.agent, self.phone)
                )
                self.assertEqual(followup.state, "ready")
                self.assertGreater(followup.date_call, fields.Datetime.now())

    def test_call_back_needs_a_time_to_come_and_keeps_the_answers(self):
        past = fields.Datetime.to_string(fields.Datetime.now() - timedelta(hours=1))
        for text in (None, "", "soon", past):
            with self.subTest(text=text), self.assertRaises(UserError), self.env.cr.savepoint():
                self._console().console_finish("call_back", {"call_back_date": text})
        when = fields.Datetime.now() + timedelta(days=1)
        draft = self._draft(3) | {"note": "In a meeting"}
        values = {"draft": draft, "call_back_date": fields.Datetime.to_string(when)}
        self._console().console_finish("call_back", values)
        shown = self._console().console_open()["draft"]
        self.assertEqual(shown["answers"], self._answers(3))
        self.assertFalse(shown["consent"], "Asked anew at the next call.")
        self.assertFalse(shown["note"])

    def test_only_outcomes_of_the_console_can_be_logged(self):
        for outcome in (None, "contested", "sent", "x", []):
            with self.subTest(outcome=outcome), self.assertRaises(UserError), self.env.cr.savepoint():
                self._console().console_finish(outcome)
        self.assertFalse(self.followup.attempt_ids)

    def test_refusal_is_kept_as_far_as_the_customer_wants(self):
        with self.assertRaises(UserError), self.env.cr.savepoint():
            self._console().console_finish("refused", {"level": "x"})
        self._console().console_finish("refused", {"level": "all", "declined": True})
        self.assertEqual((self.followup.state, self.followup.consent), ("refused", "declined"))
        optout = self.env["aftersale.optout"].search([("partner_id", "=", self.partner.id)])
        self.assertEqual((set(optout.mapped("source")), set(optout.mapped("scenario"))), ({"staff"}, {False}))

    def test_wrong_number_goes_to_the_salesperson_and_the_next_channel(self):
        self._console().console_finish("wrong_contact")
        self.assertEqual(self.followup.channel_id.code, "email")
        self.assertIn("contact data is wrong", self.partner.activity_ids.note)

    def test_answered_meanwhile_is_said_and_not_overwritten(self):
        self.followup._record_answers(self._read(self._form(5)), "customer", dwell=60)
        with self.assertRaises(UserError), self.env.cr.savepoint():
            self._save(score=1)
        self.assertEqual(self.followup.feedback_ids.mapped("score"), [5])

    def test_agent_has_no_other_way_to_create_feedback(self):
        with self.assertRaises(AccessError):
            self.env["aftersale.feedback"].with_user(self.agent).create({"followup_id": self.followup.id, "score": 5})

    def test_a_call_that_fails_leaves_nothing(self):
        broken = patch.object(type(self.followup), "_create_user_input", side_effect=UserError("broken on purpose"))
        with broken, self.assertRaises(UserError), self.env.cr.savepoint():
            self._save()
        self.assertFalse(self.followup.attempt_ids)
        self.assertEqual(self.followup.state, "ready")
