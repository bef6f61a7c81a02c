import re

from odoo.fields import Command
from odoo.tests import tagged

from .capture_common import CaptureCase
from .test_page import PageCase


class OwnSurvey:
    """Questionnaires of all kinds of questions, made as a manager would make them."""

    @classmethod
    def _survey(cls, *questions, **values):
        """Return a questionnaire with a question of satisfaction and these."""
        first = {"title": "How was it?", "question_type": "scale", "aftersale_role": "satisfaction"}
        first |= {"scale_min": 1, "scale_max": 5}
        return cls.env["survey.survey"].create(
            {
                "title": "All kinds",
                "survey_type": "aftersale",
                "questions_layout": "one_page",
                "scoring_type": "no_scoring",
                "lang_ids": [Command.clear()],
                "question_and_page_ids": [
                    Command.create({"sequence": number, **question})
                    for number, question in enumerate([first, *questions], start=1)
                ],
                **values,
            }
        )

    @staticmethod
    def _answers(*labels):
        return [Command.create({"value": label}) for label in labels]


@tagged("post_install", "-at_install")
class TestScaleNames(OwnSurvey, CaptureCase):
    """Every point of a scale has a name, and the same one wherever the scale is shown."""

    def _labels(self, **values):
        question = self._survey().question_ids
        question.write(values)
        return [point["label"] for point in self._question("satisfaction", question.survey_id)["points"]]

    def test_five_points_have_five_names(self):
        usual = ["Very dissatisfied", "Dissatisfied", "Neutral", "Satisfied", "Very satisfied"]
        self.assertEqual(self._labels(), usual)
        matrix = self.survey._aftersale_form()["questions"][3]
        self.assertEqual([choice["label"] for choice in matrix["choices"]], usual, "Areas use the same names")

    def test_ten_points_share_the_names_two_by_two_as_they_share_the_score(self):
        labels = self._labels(scale_max=10)
        self.assertEqual(
            (labels[0], labels[1], labels[4], labels[9]), ("Very dissatisfied",) * 2 + ("Neutral", labels[8])
        )
        question = self.survey._aftersale_form()["questions"][0]
        names = dict(zip(range(1, 6), (point["label"] for point in question["points"]), strict=True))
        ten = self._survey()
        ten.question_ids.scale_max = 10
        form = ten._aftersale_form()
        for point in form["questions"][0]["points"]:
            score = self.followup._prepare_feedback(form, {ten.question_ids.id: point["value"]})["score"]
            self.assertEqual(point["label"], names[score])
        legend = form["questions"][0]["legend"]
        self.assertEqual(legend[0], {"points": "1–2", "label": "Very dissatisfied"})
        self.assertEqual(len(legend), 5)

    def test_own_names_are_taken_when_there_is_one_for_each_point(self):
        self.assertEqual(
            self._labels(scale_max=3, aftersale_point_labels="Bad\n\n So-so \nGood\n"), ["Bad", "So-so", "Good"]
        )
        self.assertEqual(self._labels(scale_max=3, aftersale_point_labels="Bad\nGood"), ["", "", ""])
        self.assertEqual(self._labels(scale_max=3, scale_min_label="Bad", scale_max_label="Good"), ["Bad", "", "Good"])

    def test_shipped_scales_are_named_throughout(self):
        for name in ("new", "relation", "verify", "pilot", "service", "shop"):
            for question in self.env.ref(f"aftersale_followup.survey_{name}")._aftersale_form()["questions"]:
                if question["type"] == "scale" and question["role"] != "nps":
                    with self.subTest(survey=name, question=question["title"]):
                        self.assertTrue(all(point["label"] for point in question["points"]))


@tagged("post_install", "-at_install")
class TestPageForm(OwnSurvey, PageCase):
    """One page for every kind of question, in the questionnaire's languages, with or without JavaScript."""

    def _ask(self, *questions, **values):
        survey = self._survey(*questions, **values)
        survey.aftersale_is_own = False  # as if it had been tried
        self.plan_new.survey_id = survey
        self.followup.survey_id = False  # not asked with the one before
        return survey

    def test_every_kind_of_question_is_asked_and_kept(self):
        survey = self._ask(
            {"title": "Which?", "question_type": "simple_choice", "suggested_answer_ids": self._answers("A", "B")},
            {
                "title": "Which ones?",
                "question_type": "multiple_choice",
                "suggested_answer_ids": self._answers("C", "D"),
            },
            {"title": "In a word?", "question_type": "char_box"},
            {"title": "How many?", "question_type": "numerical_box"},
            {"title": "Since when?", "question_type": "date"},
            {"title": "At what time?", "question_type": "datetime"},
            {
                "title": "And each?",
                "question_type": "matrix",
                "suggested_answer_ids": self._answers("Good", "Bad"),
                "matrix_row_ids": self._answers("Price", "Speed"),
            },
            {"title": "What happened?", "question_type": "text_box"},
        )
        score, one, several, word, number, date, time, matrix, text = survey.question_ids
        rows, good = matrix.matrix_row_ids, matrix.suggested_answer_ids[0]
        form = {
            f"q{score.id}": "4",
            f"q{one.id}": one.suggested_answer_ids[1].id,
            f"q{several.id}": several.suggested_answer_ids.ids,
            f"q{word.id}": "fine",
            f"q{number.id}": "2,5",
            f"q{date.id}": "2025-02-28",
            f"q{time.id}": "2025-02-28T10:30",
            **{f"q{matrix.id}_{row.id}": good.id for row in rows},
            f"q{text.id}": "多谢",
        }
        page = self._get().text
        for name in form:
            self.assertIn(f'name="{name}"', page)
        self.assertEqual(self._post(form).status_code, 200)
        lines = self.followup.user_input_id.user_input_line_ids
        self.assertEqual(lines.filtered(lambda line: line.question_id == number).value_numerical_box, 2.5)
        self.assertEqual(str(lines.filtered(lambda line: line.question_id == date).value_date), "2025-02-28")
        self.assertEqual(len(lines), 7 + 2 + 2, "Two ticks and two rows are two lines each")

    def test_a_number_with_two_meanings_is_asked_for_again(self):
        number = self._ask({"title": "How many?", "question_type": "numerical_box"}).question_ids[1]
        score = self.plan_new.survey_id.question_ids[0]
        response = self._post({f"q{score.id}": "4", f"q{number.id}": "1,000"})
        self.assertEqual(response.status_code, 422)
        self.assertIn("“1,000” can be read in two ways", response.text)
        self.assertEqual(self._post({f"q{score.id}": "4", f"q{number.id}": "1 000"}).status_code, 200)
        self.assertEqual(self.followup.user_input_id.user_input_line_ids[-1:].value_numerical_box, 1000)

    def test_lowest_point_can_be_chosen(self):
        """A recommendation of 0 is an answer; a radio button without a value would send "on"."""
        page = self._get().text
        for value in range(11):
            self.assertRegex(page, rf'name="q{self._question("nps")["id"]}" value="{value}"')

    def test_conditional_question_says_when_and_never_blocks(self):
        survey = self._ask(
            {
                "title": "Was it late?",
                "question_type": "simple_choice",
                "suggested_answer_ids": self._answers("Yes", "No"),
            },
            {"title": "How late?", "question_type": "char_box", "constr_mandatory": True},
        )
        score, late, how = survey.question_ids
        how.triggering_answer_ids = yes = late.suggested_answer_ids[0]
        self.assertIn("Only if you chose: Yes", self._get().text)
        block = re.search(rf'<fieldset class="q" id="q{how.id}".*?</fieldset>', self._get().text, re.S)[0]
        self.assertNotIn(' required="', block, "A browser would insist on an answer that is not asked for")
        base = {f"q{score.id}": "4"}
        self.assertEqual(self._post(base | {f"q{late.id}": yes.id}).status_code, 422)
        # Without JavaScript the field is there and can be filled in though it is not asked for.
        other = {f"q{late.id}": late.suggested_answer_ids[1].id, f"q{how.id}": "not asked"}
        self.assertEqual(self._post(base | other).status_code, 200)
        lines = self.followup.user_input_id.user_input_line_ids
        self.assertEqual(lines.question_id, score | late)

    def test_page_speaks_the_languages_of_the_questionnaire_only(self):
        Lang = self.env["res.lang"]
        chinese, french = (Lang._activate_lang(code) for code in ("zh_CN", "fr_FR"))
        self.assertIn("?lang=fr_FR", self._get().text, "Without a choice: all that are installed")
        self.plan_new.survey_id.lang_ids = chinese | Lang._lang_get("en_US")
        text = self._get().text
        self.assertIn("?lang=zh_CN", text)
        self.assertNotIn("?lang=fr_FR", text)
        self.followup.lang = "fr_FR"
        self.assertIn('<html lang="en-US">', self._get(f"{self.path}?lang=fr_FR").text)
        self.plan_new.survey_id.lang_ids = chinese
        text = self._get(headers={"Accept-Language": "fr"}).text
        self.assertIn('<html lang="zh-CN">', text)
        self.assertNotIn("<nav", text, "Nothing to choose")
        self.assertTrue(french.active)

    def test_shipped_questionnaires_are_offered_in_every_language(self):
        for name in ("new", "relation", "verify", "pilot", "service", "shop"):
            self.assertFalse(self.env.ref(f"aftersale_followup.survey_{name}").lang_ids)

    def test_draft_has_a_name_that_tells_nothing_and_ends_with_the_answer(self):
        name = re.search(r'data-draft="([0-9a-f]{16})"', self._get().text)[1]
        self.assertNotIn(name, self.followup.access_token)
        self.assertNotEqual(name, self._followup()._get_draft_name())
        self.assertNotIn("data-draft", self._get(f"{self.path}/optout").text)
        thanks = self._post(self._form(5)).text
        self.assertIn(name, thanks)
        self.assertNotIn("<form", thanks, "A page without a form tells the browser to forget the draft")
