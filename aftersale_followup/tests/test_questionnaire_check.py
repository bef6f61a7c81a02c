from lxml import etree
from psycopg2 import IntegrityError

from odoo.exceptions import ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .capture_common import CaptureCase
from .test_page_form import OwnSurvey

SHIPPED = ("new", "relation", "verify", "pilot", "service", "shop")
DETAIL = {"title": "What happened?", "question_type": "text_box", "aftersale_role": "detail"}
WISH = {"title": "What should we change?", "question_type": "text_box", "aftersale_role": "suggestion"}
PLAIN = {"title": "Since when?", "question_type": "date"}


@tagged("post_install", "-at_install")
class TestQuestionnaireCheck(OwnSurvey, CaptureCase):
    """Whoever writes a questionnaire is told what will make its answers fewer or worth less."""

    def _good(self, *questions):
        return self._survey(DETAIL, WISH, *questions)

    def test_shipped_questionnaires_are_without_fault_in_both_languages(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self.env["ir.module.module"]._load_module_terms(["aftersale_followup"], ["zh_CN"])
        for name in SHIPPED:
            survey = self.env.ref(f"aftersale_followup.survey_{name}")
            with self.subTest(survey=name):
                self.assertTrue(5 <= len(survey.question_ids) <= 8)
                self.assertEqual((survey.aftersale_warnings, survey.aftersale_obstacles), ("", ""))
                titles = survey._aftersale_titles(survey.question_ids[0])
                self.assertEqual(len(titles), 2, "Both wordings are read")

    def test_length_is_measured_by_the_settings(self):
        survey = self._good(PLAIN, PLAIN)
        self.assertFalse(survey.aftersale_warnings)
        self.company.write({"aftersale_questions_min": 6, "aftersale_questions_max": 7})
        survey.invalidate_recordset()
        self.assertEqual(survey.aftersale_warnings, "5 questions: 6 to 7 are usual.")
        long = self._good(*[PLAIN] * 5)
        self.assertEqual(long.aftersale_warnings, "8 questions: 6 to 7 are usual.")
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            self.company.write({"aftersale_questions_min": 9, "aftersale_questions_max": 8})

    def test_missing_questions_are_named(self):
        warnings = self._survey(PLAIN, PLAIN, PLAIN, PLAIN).aftersale_warnings
        self.assertIn("what the customer experienced", warnings)
        self.assertIn("for suggestions", warnings)
        self.assertNotIn("no score", warnings)
        survey = self._good(PLAIN, PLAIN)
        survey.question_ids[0].question_type = "text_box"
        self.assertIn("there will be no score", survey.aftersale_warnings, "Satisfaction as a text is no score")

    def test_wording(self):
        leading = (
            "suggests the answer",
            "Our service was fine, wasn't it?",
            "服务还不错吧？",
            "打5分可以吗？",
            "问题解决了对吧？",
        )
        twice = (
            "two things in one",
            "Are price and speed right for you",
            "价格以及速度怎么样？",
            "产品和服务怎么样？",
            "Fast? Friendly?",
        )
        secret = (
            "identity or bank data",
            "Your passport number",
            "您的身份证号码？",
            "Which bank account?",
            "银行卡号是多少？",
        )
        for reason, *titles in (leading, twice, secret):
            for title in titles:
                with self.subTest(title=title):
                    survey = self._good({**PLAIN, "title": title}, PLAIN)
                    self.assertIn(reason, survey.aftersale_warnings)
        for title in (
            "How did you get on with us?",
            "您怎么评价和我们的合作？",
            "Is the lid still tight?",
            "Was the brand right",
        ):
            with self.subTest(title=title):
                self.assertFalse(self._good({**PLAIN, "title": title}, PLAIN).aftersale_warnings)

    def test_wording_is_read_in_every_language_of_the_questionnaire(self):
        chinese = self.env["res.lang"]._activate_lang("zh_CN")
        survey = self._good(PLAIN, PLAIN)
        survey.question_ids[3].with_context(lang="zh_CN").title = "我们的服务不错吧？"
        self.assertIn("我们的服务不错吧？", survey.aftersale_warnings)
        survey.lang_ids = self.env["res.lang"]._lang_get("en_US")
        self.assertFalse(survey.aftersale_warnings)
        self.assertTrue(chinese.active)

    def test_scales_without_names_and_answers_without_meaning(self):
        scale = {"title": "How fast?", "question_type": "scale", "scale_min": 1, "scale_max": 4}
        survey = self._good(scale, PLAIN)
        self.assertIn("“How fast?”: not every point of the scale has a name.", survey.aftersale_warnings)
        survey.question_ids[3].aftersale_point_labels = "Slow\nRather slow\nRather fast\nFast"
        self.assertFalse(survey.aftersale_warnings)
        nps = {
            "title": "Recommend?",
            "question_type": "scale",
            "aftersale_role": "nps",
            "scale_min": 1,
            "scale_max": 10,
        }
        self.assertIn("from 0 to 10", self._good(nps, PLAIN).aftersale_warnings)
        area = {"title": "Areas?", "question_type": "matrix", "aftersale_role": "dimension"}
        area |= {"suggested_answer_ids": self._answers("Good", "Bad"), "matrix_row_ids": self._answers("Price")}
        self.assertIn("the codes 1 to 5", self._good(area, PLAIN).aftersale_warnings)

    def test_question_before_its_condition_is_found(self):
        choice = {"title": "Late?", "question_type": "simple_choice", "suggested_answer_ids": self._answers("Yes")}
        survey = self._good(PLAIN, choice)
        early, late = survey.question_ids[3:]
        early.triggering_answer_ids = late.suggested_answer_ids
        self.assertIn("never asked", survey.aftersale_warnings)
        early.sequence = 50
        survey.invalidate_recordset()
        self.assertFalse(survey.aftersale_warnings)

    def test_warnings_stand_in_the_form_and_stop_nobody(self):
        Survey = self.env["survey.survey"].with_user(self.manager).with_context(default_survey_type="aftersale")
        form = Form(Survey, "aftersale_followup.survey_survey_view_form")
        form.title = "Short"
        with form.question_and_page_ids.new() as question:
            question.title = "Fine, isn't it?"
            question.question_type = "scale"
            question.aftersale_role = "satisfaction"
        self.assertIn("suggests the answer", form.aftersale_warnings)
        self.assertTrue(form.save().id)
        other = self.env["survey.survey"].create({"title": "Canteen"})
        self.assertFalse(other.aftersale_warnings or other.aftersale_obstacles, "Others' surveys are none of ours")

    def test_nothing_is_offered_that_goes_past_the_follow_ups(self):
        Survey = self.env["survey.survey"].with_user(self.manager)
        for number, kind in self.env.ref("aftersale_followup.survey_survey_action").views:
            arch = etree.fromstring(Survey.get_view(number, kind)["arch"])
            shown = {node.get("name") for node in arch.iter("a", "button") if node.get("invisible") != "True"}
            with self.subTest(view=kind):
                self.assertFalse(shown & {"action_send_survey", "action_test_survey", "action_start_session"})


@tagged("post_install", "-at_install")
class TestQuestionnaireRefused(OwnSurvey, CaptureCase):
    """What the page cannot do, no plan asks with, and the message says what it is."""

    def _refused(self, reason, *questions, **values):
        survey = self._survey(*questions)
        survey.write(values)
        self.assertIn(reason, survey.aftersale_obstacles or "no questionnaire of the type")
        with self.assertRaisesRegex(ValidationError, reason), self.env.cr.savepoint():
            self.plan_new.survey_id = survey
        with self.assertRaisesRegex(ValidationError, reason), self.env.cr.savepoint():
            self.plan_new.next_survey_id = survey

    def test_surveys_that_need_more(self):
        self._refused("limited in time", is_time_limited=True, time_limit=5)
        self._refused("drawn at random", questions_selection="random")
        self._refused("gives points", scoring_type="scoring_without_answers")
        self._refused("certificate", scoring_type="scoring_without_answers", certification=True)
        self._refused("sign in", users_login_required=True)
        self._refused("live session", session_state="ready")
        self._refused("no questionnaire of the type", survey_type="custom")

    def test_questions_that_need_more(self):
        choice = {"title": "Which?", "question_type": "simple_choice", "suggested_answer_ids": self._answers("A")}
        self._refused("a comment beside", {**choice, "comments_allowed": True})
        self._refused("limited in time", {**choice, "is_time_limited": True, "time_limit": 5})

    def test_questionnaire_of_a_plan_does_not_come_to_need_more(self):
        for values in ({"is_time_limited": True, "time_limit": 5}, {"questions_selection": "random"}):
            with self.subTest(values=values), self.assertRaises(ValidationError), self.env.cr.savepoint():
                self.survey.write(values)
        category = self.env.ref("aftersale_followup.survey_new_category")
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            category.comments_allowed = True
        self.plan_new.active = False
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            self.survey.questions_selection = "random"
