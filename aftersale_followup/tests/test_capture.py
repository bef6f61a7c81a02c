from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from ..models.aftersale_followup_capture import MAX_CONTESTED
from .capture_common import CaptureCase


@tagged("post_install", "-at_install")
class TestAnswers(CaptureCase):
    """Reading: nothing from outside is believed, nothing that was typed is lost."""

    def test_whole_answer_fills_the_feedback_by_role(self):
        feedback = self.followup._record_answers(self._read(self._whole_form(score=2)), "customer", dwell=60)
        self.assertEqual((feedback.score, feedback.score_raw, feedback.score_max, feedback.nps), (2, 2, 5, "0"))
        self.assertEqual(feedback.detail, "It came two days late.")
        self.assertEqual(feedback.suggestion, "Use a faster courier.")
        self.assertIn(self.env.ref("aftersale_followup.tag_logistics_delay"), feedback.tag_ids)
        self.assertTrue(feedback.is_tag_confirmed, "The customer chose the tag")
        scores = {line.dimension_id.code: line.score for line in feedback.dimension_ids}
        self.assertEqual(scores, {"product_quality": 1, "response_speed": 3, "professionalism": 5})
        self.assertEqual(feedback.channel_id, self.env.ref("aftersale_followup.channel_online"))
        self.assertEqual(feedback.user_id, self.agent, "Online answers belong to the agent of the follow-up")
        self.assertEqual((feedback.source, feedback.evidence), ("customer", "recorded"))
        self.assertEqual(self.followup.state, "done")

    def test_answers_are_kept_in_the_survey_without_its_mails(self):
        surveys = [("model", "=like", "survey.%")]
        mails = self.env["mail.mail"].search_count(surveys)
        self.followup._record_answers(self._read(self._whole_form()), "customer", dwell=60)
        user_input = self.followup.user_input_id
        self.assertEqual((user_input.state, user_input.test_entry), ("done", False))
        self.assertEqual(user_input.partner_id, self.partner)
        lines = user_input.user_input_line_ids
        self.assertEqual(len(lines), 8, "One line an answer, one a row of the matrix")
        self.assertEqual(lines.filtered(lambda line: line.question_id.aftersale_role == "nps").value_scale, 0)
        self.assertEqual(self.env["mail.mail"].search_count(surveys), mails)
        self.assertFalse(user_input.message_ids)

    def test_scale_of_ten_is_halved_upwards(self):
        question = self.env.ref("aftersale_followup.survey_new_satisfaction")
        question.scale_max = 10
        for raw, score in ((1, 1), (2, 1), (3, 2), (7, 4), (10, 5)):
            with self.subTest(raw=raw):
                form = self.survey._aftersale_form()
                values = self.followup._prepare_feedback(form, {question.id: raw})
                self.assertEqual((values["score"], values["score_raw"], values["score_max"]), (score, raw, 10))

    def test_stability_and_loyalty_are_kept_on_the_feedback(self):
        survey = self.env.ref("aftersale_followup.survey_relation")
        stability, loyalty = (self._question(role, survey) for role in ("stability", "loyalty"))
        form = survey._aftersale_form()
        for choice in stability["choices"]:
            answers = {stability["id"]: choice["id"], loyalty["id"]: 4}
            values = self.followup._prepare_feedback(form, answers)
            self.assertEqual((values["stability"], values["loyalty"]), (choice["value"], 4))
        self.assertEqual({choice["value"] for choice in stability["choices"]}, {"better", "same", "worse", "unknown"})
        self.env["survey.question"].browse(loyalty["id"]).scale_max = 10
        values = self.followup._prepare_feedback(survey._aftersale_form(), {loyalty["id"]: 7})
        self.assertEqual(values, {"loyalty": 4}, "Any scale ends up on five points, and is no satisfaction")
        for odd in ("6", "often", False):
            self.assertEqual(self.followup._fit_feedback("loyalty", odd), 0)

    def test_only_scores_of_the_scale_are_accepted(self):
        number = self._question("satisfaction")["id"]
        for raw in (["0"], ["6"], ["abc"], ["5.0"], ["-5"], ["٤"], ["1", "5"], [], [""], [" "], True, {"a": 5}, 9**30):
            with self.subTest(raw=raw):
                answers, errors = self.survey._aftersale_check({number: raw})
                self.assertIn(number, errors)
                self.assertNotIn(number, answers)
        self.assertEqual(self.survey._aftersale_check({str(number): 5}), ({number: 5}, {}))

    def test_anything_but_a_dict_of_answers_is_an_empty_answer(self):
        for raw in (None, [], "5", 5):
            with self.subTest(raw=raw):
                answers, errors = self.survey._aftersale_check(raw)
                self.assertFalse(answers)
                self.assertEqual(list(errors), [self._question("satisfaction")["id"]])

    def test_answer_of_another_question_is_refused(self):
        category, matrix = self._question("category"), self._question("dimension")
        foreign = matrix["choices"][0]["id"]
        form = self._form(5) | {f"q{category['id']}": [str(foreign)]}
        self.assertIn(category["id"], self.survey._aftersale_read_form(form)[1])
        row = matrix["rows"][0]["id"]
        form = self._form(5) | {f"q{matrix['id']}_{row}": [str(category["choices"][0]["id"])]}
        self.assertIn(matrix["id"], self.survey._aftersale_read_form(form)[1])
        form = self._form(5) | {f"q{matrix['id']}_{row}": [str(choice["id"]) for choice in matrix["choices"][:2]]}
        self.assertIn(matrix["id"], self.survey._aftersale_read_form(form)[1], "One answer a row")

    def test_answer_to_a_question_that_was_not_asked_is_left_out(self):
        survey = self.env.ref("aftersale_followup.survey_verify")
        resolved = f"q{self._question('resolved', survey)['id']}"
        detail = self._question("detail", survey)["id"]
        form = self._form(4, survey, detail="The lid")
        fully = self.env.ref("aftersale_followup.survey_verify_resolved_fully")
        partly = self.env.ref("aftersale_followup.survey_verify_resolved_partly")
        self.assertNotIn(detail, self._read(form | {resolved: [str(fully.id)]}, survey))
        self.assertEqual(self._read(form | {resolved: [str(partly.id)]}, survey)[detail], "The lid")

    def test_satisfaction_comes_first_wherever_it_stands(self):
        survey = self.env.ref("aftersale_followup.survey_verify")
        self.assertEqual(survey._aftersale_form()["questions"][0]["role"], "satisfaction")

    def test_text_is_bounded_and_cleaned(self):
        detail = self._question("detail")["id"]
        self.assertEqual(self._read(self._form(5, detail="好" * 10_000))[detail], "好" * 10_000)
        errors = self.survey._aftersale_read_form(self._form(5, detail="好" * 10_001))[1]
        self.assertIn("10001", errors[detail])
        self.assertEqual(self._read(self._form(5, detail="a\x00b\ud800c\x1b\r\nd"))[detail], "ab?c\nd")

    def test_form_is_described_without_queries_until_it_changes(self):
        self.survey._aftersale_form()
        with self.assertQueryCount(0):
            self.survey._aftersale_form()
        question = self.env.ref("aftersale_followup.survey_new_suggestion")
        question.title = "One wish?"
        self.assertEqual(self._question("suggestion")["title"], "One wish?")
        self.env.ref("aftersale_followup.survey_new_category_late").value = "Too late"
        self.assertIn("Too late", [choice["label"] for choice in self._question("category")["choices"]])

    def test_answered_question_cannot_change_its_meaning(self):
        question = self.env.ref("aftersale_followup.survey_new_satisfaction")
        late = self.env.ref("aftersale_followup.survey_new_category_late")
        question.title = "Changed while nobody has answered"
        self.followup._record_answers(self._read(self._whole_form()), "customer", dwell=60)
        for change in (
            lambda: question.write({"scale_max": 10}),
            lambda: question.write({"title": "Something else"}),
            lambda: late.write({"value": "Came early"}),
            lambda: late.unlink(),
            lambda: question.unlink(),
            lambda: self.survey.unlink(),
        ):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                change()
        question.sequence = 5  # the order of the questions is free


@tagged("post_install", "-at_install")
class TestRecording(CaptureCase):
    """Recording: once, complete, by whom it was, and believable."""

    def test_missing_satisfaction_writes_nothing(self):
        with self.assertRaises(UserError):
            self.followup._record_answers({self._question("detail")["id"]: "Good"}, "staff", user=self.agent)
        self.assertEqual(self.followup.state, "ready")
        self.assertFalse(self.followup.user_input_id)

    def test_second_answer_is_refused(self):
        self.followup._record_answers(self._read(self._form(5)), "customer", dwell=60)
        with self.assertRaises(UserError):
            self.followup._record_answers(self._read(self._form(1)), "staff")
        self.assertEqual(self.followup.feedback_ids.mapped("score"), [5])

    def test_staff_may_record_after_the_link_has_expired_the_customer_may_not(self):
        self.followup._set_state("expired")
        with self.assertRaises(UserError):
            self.followup._record_answers(self._read(self._form(5)), "customer", dwell=60)
        phone = self.env.ref("aftersale_followup.channel_phone")
        feedback = self.followup._record_answers(self._read(self._form(4)), "staff", channel=phone, user=self.agent_2)
        self.assertEqual((feedback.source, feedback.channel_id, feedback.user_id), ("staff", phone, self.agent_2))

    def test_answers_faster_than_a_person_are_suspicious(self):
        self.company.aftersale_seconds_per_question = 2.0
        for dwell, source, evidence in (
            (11.9, "customer", "suspicious"),
            (12.0, "customer", "recorded"),
            (None, "customer", "recorded"),
            (0.5, "staff", "recorded"),
        ):
            with self.subTest(dwell=dwell, source=source):
                followup = self._followup()
                feedback = followup._record_answers(self._read(self._whole_form()), source, dwell=dwell)
                self.assertEqual(feedback.evidence, evidence)
                self.assertEqual(bool(feedback.suspicious_reason), evidence == "suspicious")
                self.assertEqual(feedback.is_valid, evidence != "suspicious")

    def test_number_of_queries_does_not_grow_with_the_answers(self):
        def queries(form):
            followup = self._followup()
            answers = self._read(form)
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            followup._record_answers(answers, "customer", dwell=60)
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        texts = self._form(5, detail="Fine", suggestion="None")
        nps = {f"q{self._question('nps')['id']}": ["10"]}
        queries(texts)
        self.assertLessEqual(queries(texts | nps), queries(texts))

    def test_wish_to_be_called_back_reaches_the_agent(self):
        feedback = self.followup._record_answers(
            self._read(self._form(5)), "customer", dwell=60, call_back="Monday <b>10:00</b>"
        )
        self.assertIn("Monday", feedback.note)
        activity = self.env["mail.activity"].search(
            [("res_model", "=", "res.partner"), ("res_id", "=", self.partner.id)]
        )
        self.assertEqual(activity.user_id, self.agent)
        self.assertIn("Monday &lt;b&gt;10:00", activity.note, "The customer's words are text, not markup")

    def test_later_answers_are_kept_but_change_nothing_and_are_bounded(self):
        self.followup._record_answers(self._read(self._form(5)), "customer", dwell=60)
        self.followup._contest("1 star\x00")
        self.followup._contest("1 star")
        attempts = self.followup.attempt_ids.filtered(lambda attempt: attempt.outcome == "contested")
        self.assertEqual(attempts.mapped("note"), ["1 star"], "The same text is kept once")
        self.assertFalse(attempts.user_id)
        for number in range(30):
            self.followup._contest(f"Text {number}")
        attempts = self.followup.attempt_ids.filtered(lambda attempt: attempt.outcome == "contested")
        self.assertEqual(len(attempts), MAX_CONTESTED)
        self.assertEqual(self.followup.feedback_ids.mapped("score"), [5])

    def test_nonce_is_genuine_for_this_follow_up_and_a_day(self):
        other = self._followup()
        with freeze_time("2026-03-02 10:00:00"):
            nonce = self.followup._make_nonce()
        with freeze_time("2026-03-02 10:00:30"):
            self.assertEqual(self.followup._check_nonce(nonce), 30)
            again = self.followup._make_nonce(opened=self.followup._read_nonce(nonce)[0])
            self.assertEqual(self.followup._check_nonce(again), 30, "A page shown again keeps its time")
            self.assertIsNone(other._check_nonce(nonce))
            opened, issued, mac = nonce.split("-")
            for forged in (f"1-{issued}-{mac}", f"{opened}-{issued}-{'0' * 64}", "", "x", None, "é" * 70, nonce + "0"):
                self.assertIsNone(self.followup._check_nonce(forged))
        with freeze_time("2026-03-03 10:00:31"):
            self.assertIsNone(self.followup._check_nonce(nonce))
            self.assertTrue(self.followup._read_nonce(nonce), "Too old, but known to be ours")

    def test_link_is_good_for_what_the_state_allows(self):
        Followup = self.env["aftersale.followup"]
        token = self.followup.access_token
        self.assertEqual(Followup._find_by_token(token), (self.followup, "ok"))
        self.followup.date_expiry = fields.Datetime.now() - timedelta(seconds=1)
        self.assertEqual(Followup._find_by_token(token)[1], "gone")
        self.followup.date_expiry = fields.Datetime.now() + timedelta(days=1)
        self.followup._record_answers(self._read(self._form(5)), "customer", dwell=60)
        self.assertEqual(Followup._find_by_token(token)[1], "answered")
        for state in ("planned", "expired", "unreachable", "refused", "cancelled"):
            with self.subTest(state=state):
                self.assertEqual(Followup._find_by_token(self._followup(state=state).access_token)[1], "gone")
        with self.assertQueryCount(0):
            for text in ("", "x" * 21, "x" * 23, "%" * 22, "_' OR 1=1 --_________", "x" * 21 + "\x00", None, 7):
                self.assertEqual(Followup._find_by_token(text)[1], "unknown")
        self.assertEqual(Followup._find_by_token("x" * 22)[1], "unknown")

    def test_opt_out_ends_the_request_and_says_how_far_it_goes(self):
        for level, scenario, only_this in (
            ("request", False, True),
            ("scenario", "new_customer", False),
            ("all", False, False),
        ):
            with self.subTest(level=level):
                followup = self._followup()
                followup._opt_out(level)
                followup._opt_out(level)
                self.assertEqual(followup.state, "refused")
                optout = self.env["aftersale.optout"].search(
                    [("key", "=", followup.email_key)], order="id desc", limit=1
                )
                self.assertEqual(optout.scenario, scenario)
                self.assertEqual(optout.followup_id, followup if only_this else self.env["aftersale.followup"])
        self.assertEqual(self.env["aftersale.optout"].search_count([("key", "=", self.partner.email_normalized)]), 3)
        planned = self._followup(state="planned", email_key=False)
        planned._opt_out("all")
        self.assertEqual((planned.state, planned.skip_reason), ("skipped", "opt_out"))


@tagged("post_install", "-at_install")
class TestSurveyAccess(CaptureCase):
    """Questionnaires: managers write, supervisors read, agents get nothing; other surveys stay closed to all of us."""

    @mute_logger("odoo.addons.base.models.ir_model", "odoo.addons.base.models.ir_rule")
    def test_each_role_gets_its_part(self):
        self.followup._record_answers(self._read(self._whole_form()), "customer", dwell=60)
        other = self.env["survey.survey"].create(
            {
                "title": "Staff survey",
                "question_and_page_ids": [
                    Command.create(
                        {
                            "title": "Which?",
                            "question_type": "simple_choice",
                            "suggested_answer_ids": [Command.create({"value": "A"})],
                        }
                    )
                ],
            }
        )
        question = other.question_ids
        foreign_input = self.env["survey.user_input"].create({"survey_id": other.id})
        foreign_line = self.env["survey.user_input.line"].create(
            {"user_input_id": foreign_input.id, "question_id": question.id, "skipped": True, "answer_type": False}
        )
        user_input = self.followup.user_input_id
        ours = [
            self.survey,
            self.survey.question_ids[0],
            self._answer_record("late"),
            user_input,
            user_input.user_input_line_ids[0],
        ]
        foreign = [other, question, question.suggested_answer_ids, foreign_input, foreign_line]
        for record in ours:
            with self.subTest(model=record._name):
                self.assertFalse(record.with_user(self.agent).has_access("read"))
                self.assertTrue(record.with_user(self.supervisor).has_access("read"))
                self.assertFalse(record.with_user(self.supervisor).has_access("write"))
                self.assertTrue(record.with_user(self.manager).has_access("read"))
                is_answer = record._name.startswith("survey.user_input")
                for operation in ("write", "unlink"):
                    self.assertEqual(record.with_user(self.manager).has_access(operation), not is_answer)
        for record in foreign:
            for user in (self.agent, self.supervisor, self.manager):
                with self.subTest(model=record._name, user=user.login), self.assertRaises(AccessError):
                    record.with_user(user).check_access("read")

    def test_manager_writes_a_questionnaire_and_finds_its_answers(self):
        Survey = self.env["survey.survey"].with_user(self.manager)
        form = Form(Survey.with_context(default_survey_type="aftersale"), "aftersale_followup.survey_survey_view_form")
        form.title = "After a repair"
        with form.question_and_page_ids.new() as question:
            question.title = "How do you rate it?"
            question.question_type = "scale"
            question.aftersale_role = "satisfaction"
        survey = form.save()
        self.assertEqual(survey._aftersale_form()["questions"][0]["role"], "satisfaction")
        self.assertEqual(survey.get_formview_id(), self.env.ref("aftersale_followup.survey_survey_view_form").id)
        self.followup._record_answers(self._read(self._form(5)), "customer", dwell=60)
        action = self.survey.with_user(self.manager).action_survey_user_input_completed()
        found = self.env["survey.user_input"].with_user(self.manager).search(action["domain"])
        self.assertIn(self.followup.user_input_id, found)

    def _answer_record(self, name):
        return self.env.ref(f"aftersale_followup.survey_new_category_{name}")
