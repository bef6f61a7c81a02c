from datetime import date, datetime

from odoo.tests import tagged

from odoo.addons.aftersale_followup.report import aftersale_figures_words
from odoo.addons.aftersale_followup.report.stop_words import is_telling

from .analysis_common import AnalysisCase

DAY = datetime(2026, 1, 15, 4)


@tagged("post_install", "-at_install")
class TestFiguresDetails(AnalysisCase):
    """Words, cohorts, sampling and exclusions: what only a report has room for."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customers = cls.env["res.partner"].create(
            [
                {"name": f"Kowalski{letter}", "street": "Lindenweg 7", "city": "Bremen", "is_company": letter == "A"}
                for letter in "ABCDEF"
            ]
        )

    def _say(self, customers, detail, score=3, **values):
        for customer in customers:
            self._feedback(DAY, score, partner_id=customer.id, detail=detail, **values)

    def _words(self, **kwargs):
        found = self._january(details=True, **kwargs)["words"]["top"]
        return {row["word"]: (row["n"], row["value"]) for row in found}

    def test_words_of_both_languages_with_the_score_of_who_said_them(self):
        self._say(self.customers, "快递太慢，包装破损", 2)
        self._say(self.customers[:5], "The Courier was rude, the courier!", 5)
        words = self._words()
        self.assertEqual(words["courier"], (5, 5.0))
        self.assertEqual(words["rude"], (5, 5.0))
        self.assertEqual(words["包装"], (6, 2.0))
        self.assertFalse(words.keys() & {"the", "was"}, "filler words")

    def test_word_counts_from_as_many_different_customers_as_the_smallest_group(self):
        self.company.aftersale_min_n = 1
        self._say(self.customers[:4], "squeaky")
        self._say(self.customers[0], "squeaky")
        self._feedback(DAY, 3, detail="squeaky")  # of nobody known: perhaps of one of the four
        self.assertNotIn("squeaky", self._words())
        self._say(self.customers[4], "squeaky")
        self.assertEqual(self._words()["squeaky"][0], 7)
        self.company.aftersale_min_n = 6
        self.assertNotIn("squeaky", self._words())

    def test_no_name_number_or_address_is_a_word(self):
        self.env["res.users"].create({"name": "Helga Brinkmann", "login": "helga@analysis.example"})
        text = "Brinkmann called 0421 5554433 and {}, Lindenweg in Bremen, x7 a@b.example www.shop.example: helpful"
        for customer in self.customers:
            self._say(customer, text.format(customer.name))
        self._say(self.customers, "KowalskiB said so", 1)  # a person's name, whoever says it
        self.assertEqual(self._words().keys() - {"called"}, {"helpful"})

    def test_chinese_numbers_are_no_words(self):
        for word in ("三次", "十五天", "第二", "几个", "一", "the"):
            self.assertFalse(is_telling(word), word)
        for word in ("一致", "快递", "courier"):
            self.assertTrue(is_telling(word), word)

    def test_texts_are_read_in_batches_and_none_is_lost(self):
        self.patch(aftersale_figures_words, "BATCH", 4)
        self._say(self.customers, "wobbly")  # all at the same moment
        self._say(self.customers[:5], "shiny", suggestion="wobbly")
        self.assertEqual(self._words(), {"wobbly": (11, 3.0), "shiny": (5, 3.0)})
        self.patch(aftersale_figures_words, "MAX_TEXTS", 8)
        self.assertEqual(self._january(details=True)["words"]["texts"], 8)

    def test_words_are_left_to_those_who_ask(self):
        self._say(self.customers, "wobbly")
        self.assertFalse({"words", "sampling", "exclusions", "left_out"} & self._january().keys())

    def test_funnel_by_week_ends_with_the_period(self):
        self._followup(1, "done", ["sent"], date_planned=date(2026, 1, 31))  # a Saturday
        self._followup(2, "ready", ["sent"], date_planned=date(2026, 1, 26))
        self._followup(3, "skipped", skip_reason="opt_out", date_planned=date(2026, 1, 1))
        self._followup(4, "done", ["sent"], date_planned=date(2026, 2, 1))
        weeks = [
            [week[key] for key in ("date_from", "date_to", "due", "contacted", "answered", "skipped")]
            for week in self._january()["funnel_weeks"]
        ]
        self.assertEqual(
            weeks,
            [["2026-01-01", "2026-01-04", 1, 0, 0, {"opt_out": 1}], ["2026-01-26", "2026-01-31", 2, 2, 1, {}]],
        )

    def test_sampling_and_what_does_not_count(self):
        self.plan.sampling_rate = 40
        self._followup(1, "skipped", skip_reason="sampled_out", date_planned=date(2026, 1, 5))
        self._followup(2, "ready", date_planned=date(2026, 1, 5))
        self._feedback(DAY, 4)
        self._feedback(DAY, 1, evidence="suspicious", suspicious_reason="Too fast")
        doubted = self._feedback(DAY, 1, evidence="suspicious", suspicious_reason="Too fast")
        self._feedback(DAY, 3, correction_of_id=doubted.id, correction_reason="Typing error")
        before = self._january(details=True)["left_out"]
        self.plan.sudo().anonymous_dropped += 3
        self.env["aftersale.pretest"].create(
            [
                {"plan_id": self.plan.id, "survey_id": self.plan.survey_id.id, "fingerprint": "x", "date_done": done}
                for done in (DAY, datetime(2026, 2, 1), False)
            ]
        )
        figures = self._january(details=True)
        [plan] = figures["sampling"]
        self.assertEqual((plan["rate"], plan["due"], plan["not_drawn"]), (40, 2, 1))
        self.assertEqual(figures["exclusions"], {"suspicious": 1, "corrected": 1})
        self.assertEqual(figures["left_out"]["pretests"] - before["pretests"], 1)
        self.assertEqual(figures["left_out"]["anonymous_dropped"] - before["anonymous_dropped"], 3)
        team = self.env["crm.team"].create({"name": "North", "company_id": self.company.id})
        self.assertNotIn("left_out", self._january(details=True, team=team))
