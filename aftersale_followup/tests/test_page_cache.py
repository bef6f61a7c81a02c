from unittest.mock import patch

from odoo.tests import tagged

from .capture_common import CaptureCase


@tagged("post_install", "-at_install")
class TestPageCache(CaptureCase):
    """What answering keeps in the cache is seen at once when it changes, in every language."""

    def _found(self, text):
        return self.env["aftersale.tag"]._match_keywords(text).mapped("code")

    def test_changed_keywords_count_at_once(self):
        tag = self.env["aftersale.tag"].search([("keywords", "!=", False)], limit=1)
        self.assertEqual(self._found("It grumbles"), [])
        tag.keywords = "grumbles, 嗡嗡"
        self.assertEqual(self._found("It grumbles"), [tag.code])
        self.assertEqual(self._found("一直嗡嗡响"), [tag.code])
        tag.keywords = "whistles"
        self.assertEqual(self._found("It grumbles"), [])
        self.assertEqual(self._found("It whistles"), [tag.code])

    def test_archived_and_deleted_tags_are_not_suggested(self):
        category = self.env["aftersale.category"].search([], limit=1)
        tag = self.env["aftersale.tag"].create(
            {"name": "Hum", "code": "hum", "keywords": "hums", "category_id": category.id}
        )
        self.assertEqual(self._found("It hums"), ["hum"])
        tag.active = False
        # Nor for who looks at archived records at that moment, or after that.
        self.assertFalse(self.env["aftersale.tag"].with_context(active_test=False)._match_keywords("It hums"))
        self.assertEqual(self._found("It hums"), [])
        tag.active = True
        self.assertEqual(self._found("It hums"), ["hum"])
        tag.unlink()
        self.assertEqual(self._found("It hums"), [])

    def test_a_tag_that_becomes_a_hazard_counts_inside_a_denial(self):
        tag = self.env["aftersale.tag"].search([("keywords", "!=", False), ("is_safety", "=", False)], limit=1)
        tag.keywords = "glows"
        self.assertEqual(self._found("It never glows"), [])
        tag.is_safety = True
        self.assertEqual(self._found("It never glows"), [tag.code])

    def test_order_of_tags_follows_their_categories(self):
        first, second = self.env["aftersale.category"].create(
            [{"name": name, "code": name, "sequence": number} for number, name in enumerate(("one", "two"), 1000)]
        )
        self.env["aftersale.tag"].create(
            [
                {"name": code, "code": code, "keywords": "wobbles", "category_id": category.id}
                for code, category in (("a", first), ("b", second))
            ]
        )
        self.assertEqual(self._found("It wobbles"), ["a", "b"])
        second.sequence = 999
        self.assertEqual(self._found("It wobbles"), ["b", "a"])

    def test_channel_is_found_by_its_present_code(self):
        Channel = self.env["aftersale.channel"]
        self.assertFalse(Channel._by_code("pigeon"))
        channel = Channel.create({"name": "Pigeon", "code": "pigeon"})
        self.assertEqual(Channel._by_code("pigeon"), channel)
        channel.code = "dove"
        self.assertFalse(Channel._by_code("pigeon"))
        self.assertEqual(Channel._by_code("dove"), channel)
        channel.unlink()
        self.assertFalse(Channel._by_code("dove"))

    def test_a_plan_knows_its_present_touchpoints(self):
        plan, other = self.plan_new.copy(), self.plan_new.copy()
        self.assertFalse(plan._get_touchpoints())
        first, second = self.env["aftersale.touchpoint"].create(
            [{"plan_id": plan.id, "sequence": number} for number in (1, 2)]
        )
        self.assertEqual(plan._get_touchpoints().ids, [first.id, second.id])
        first.sequence = 3
        self.env.flush_all()
        self.env.invalidate_all()  # an order that the form shows already is not sorted anew
        self.assertEqual(plan._get_touchpoints().ids, [second.id, first.id])
        first.plan_id = other
        self.assertEqual((plan._get_touchpoints(), other._get_touchpoints()), (second, first))
        second.unlink()
        self.assertFalse(plan._get_touchpoints())

    def test_only_what_the_cache_holds_empties_it(self):
        """Every process of the server loses its cache each time: not for a colour or a name."""
        plan = self.plan_new.copy()
        touchpoint = self.env["aftersale.touchpoint"].create({"plan_id": plan.id})
        tag = self.env["aftersale.tag"].search([("keywords", "!=", False)], limit=1)
        changes = [
            (self.env["aftersale.channel"]._by_code("phone"), {"is_automatic": True, "sequence": 77}),
            (tag, {"probe": "Since when?", "is_problem": False}),
            (tag.category_id, {"color": 7}),
            (touchpoint, {"delay_max": 9}),
        ]
        with patch.object(type(self.env.registry), "clear_cache") as clear:
            for record, vals in changes:
                record.write(vals)
                self.assertFalse(clear.call_count, record)
            for record, name in ((changes[0][0], "code"), (tag, "keywords"), (touchpoint, "sequence")):
                clear.reset_mock()
                record.write({name: record[name]})
                self.assertTrue(clear.call_count, record)

    def test_changed_question_is_shown_at_once_in_each_language(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        survey = self.survey.copy()
        question = survey.question_ids.filtered(lambda q: q.aftersale_role == "satisfaction")

        def titles():
            return [
                survey.with_context(lang=lang)._aftersale_form()["questions"][0]["title"] for lang in ("en_US", "zh_CN")
            ]

        titles()
        question.with_context(lang="en_US").title = "How was it?"
        question.with_context(lang="zh_CN").title = "怎么样？"
        self.assertEqual(titles(), ["How was it?", "怎么样？"])
        question.with_context(lang="zh_CN").title = "满意吗？"
        self.assertEqual(titles(), ["How was it?", "满意吗？"])
        question.update_field_translations("title", {"zh_CN": "还好吗？"})
        self.assertEqual(titles(), ["How was it?", "还好吗？"])
        choice = survey.question_ids.suggested_answer_ids[:1]
        question = choice.question_id
        survey._aftersale_form()
        choice.value = "Something else"
        labels = [
            c["label"] for q in survey._aftersale_form()["questions"] if q["id"] == question.id for c in q["choices"]
        ]
        self.assertIn("Something else", labels)

    def test_type_of_a_questionnaire_is_read_afresh(self):
        survey = self.survey.copy()
        self.assertTrue(survey._is_aftersale())
        survey.survey_type = "custom"
        self.assertFalse(survey._is_aftersale())

    def test_moved_question_is_kept_with_its_present_place(self):
        question = self.env.ref("aftersale_followup.survey_new_satisfaction")
        self.survey._aftersale_form()
        question.sequence = 77
        self.followup._record_answers(self._read(self._form(5, detail="Works well.")), "customer", dwell=600.0)
        self.env.flush_all()
        self.env.invalidate_all()
        lines = self.followup.user_input_id.user_input_line_ids
        self.assertEqual(lines.survey_id, self.survey)
        self.assertEqual(lines.filtered(lambda line: line.question_id == question).question_sequence, 77)


@tagged("post_install", "-at_install")
class TestPageCost(CaptureCase):
    """Answering costs little: a whole answer that asks for no attention is written in few queries, once."""

    def test_number_of_queries_of_an_answer(self):
        form = self._form(5, detail="Works well.", suggestion="None.")
        matrix, nps = self._question("dimension"), self._question("nps")
        form[f"q{nps['id']}"] = ["9"]
        for row in matrix["rows"]:
            form[f"q{matrix['id']}_{row['id']}"] = [str(matrix["choices"][-1]["id"])]
        answers = self._read(form)
        warm, measured = self._followup(), self._followup()
        token = measured.access_token
        warm._record_answers(answers, "customer", dwell=600.0)
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertQueryCount(21):
            followup, _code = self.env["aftersale.followup"]._find_by_token(token)
            followup._record_answers(answers, "customer", dwell=600.0)
            self.env.flush_all()
        self.assertEqual(measured.feedback_id.score, 5)
