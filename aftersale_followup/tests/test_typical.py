from datetime import datetime
from random import Random
from unittest.mock import patch

from odoo.tests import BaseCase, tagged

from odoo.addons.aftersale_followup.models import words
from odoo.addons.aftersale_followup.models.typical import Text, pick_typical
from odoo.addons.aftersale_followup.report.stop_words import is_telling

from .test_analysis import IssueCase

ENGLISH = {
    "hours": [
        "Answer the phone after eight",
        "The phone is never answered after eight in the evening when I am home from work and could talk about it",
        "Phone support after eight, please",
    ],
    "parcel": ["A stronger parcel", "The parcel should be stronger", "Leave the parcel with the neighbour"],
    "alone": ["Print the manual in Danish"],
}
CHINESE = {
    "hours": [
        "晚上客服电话要有人接",
        "晚上客服电话没人接",
        "客服电话里的音乐我每次打过去都要听上好半天，能不能换成一首轻快一点的曲子，或者干脆静音算了",
    ],
    "parcel": ["包装盒要结实一点", "包装盒太薄，请换结实的包装盒"],
    "alone": ["说明书请印丹麦文"],
}


def text(sentence, tags=(), writer=None):
    return Text(frozenset(tags), frozenset(filter(is_telling, words.split_words(sentence))), writer or sentence)


@tagged("post_install", "-at_install")
class TestTypical(BaseCase):
    def test_the_middle_of_each_of_the_biggest_groups(self):
        texts = {
            1: text("late", [7]),
            2: text("late courier slow", [7]),
            3: text("late courier", [7]),
            4: text("broken lid", [8]),
            5: text("lid broken again", [8]),
            6: text("nothing like it", [9]),
        }
        self.assertEqual(pick_typical(texts, 5), [3, 4])
        self.assertEqual(pick_typical(texts, 1), [3])

    def test_order_of_the_texts_does_not_matter(self):
        random = Random(8)
        texts = {
            number: text(" ".join(random.choices("abcdefghij", k=5)), random.sample(range(6), 2), number)
            for number in range(200)
        }
        rows = list(texts.items())
        first = pick_typical(texts, 5)
        self.assertEqual(len(first), 5)
        for _turn in range(5):
            random.shuffle(rows)
            self.assertEqual(pick_typical(dict(rows), 5), first)

    def test_one_writer_is_no_group(self):
        texts = {number: text("longer hours", [7], "same") for number in range(4)}
        self.assertFalse(pick_typical(texts, 5))

    def test_what_the_chosen_stand_for_is_left_out(self):
        texts = {1: text("late", [7]), 2: text("later", [7]), 3: text("lid loose", [8]), 4: text("lid off", [8])}
        self.assertEqual(pick_typical(texts, 5, [text("slow", [7])]), [3])

    def test_without_tags_words_tell(self):
        for language in (ENGLISH, CHINESE):
            for library in (words.rjieba, None):
                with self.subTest(rjieba=bool(library)), patch.object(words, "rjieba", library):
                    said = [(group, sentence) for group, sentences in language.items() for sentence in sentences]
                    texts = {number: text(sentence) for number, (_group, sentence) in enumerate(said)}
                    picked = [said[number] for number in pick_typical(texts, 5)]
                    self.assertEqual(sorted(group for group, _sentence in picked), ["hours", "parcel"])
                    self.assertNotIn(max(language["hours"], key=len), [sentence for _group, sentence in picked])


@tagged("post_install", "-at_install")
class TestProposed(IssueCase):
    def _wish(self, day, suggestion, tags=None, **values):
        return self._feedback(datetime(2026, 1, day), 4, tags, suggestion=suggestion, **values)

    def _customer(self, name):
        return self.env["res.partner"].create({"name": name})

    def test_drafts_propose_what_is_said_most_and_people_change_it(self):
        late = [self._wish(day, f"Faster courier, please ({day})", self.tag_late) for day in (5, 6, 7)]
        self._wish(8, "Tell me when it comes, by text message, with the hour and the name of the driver", self.tag_late)
        dear = [self._wish(day, "A smaller price for two", self.tag_price) for day in (9, 10)]
        self._wish(11, "A blue one", self.tag_manual)
        analysis = self._analysis()
        analysis.with_user(self.manager).action_preview()
        self.assertEqual(analysis.suggestion_ids.sorted("date"), late[0] + dear[0])
        rows = {row["text"]: row["similar"] for row in analysis.figures["suggestions"]}
        self.assertEqual(rows, {late[0].suggestion: 3, dear[0].suggestion: 1})
        analysis.with_user(self.manager).suggestion_ids = late[1]
        analysis.with_user(self.manager).action_preview()
        self.assertEqual(analysis.suggestion_ids, late[1], "the choice of people stands")
        analysis.with_user(self.manager).action_propose()
        self.assertEqual(analysis.suggestion_ids.sorted("date"), late[0] + dear[0])

    def test_marked_ones_come_first_and_are_not_repeated(self):
        marked = self._wish(5, "Ask the carrier for mornings", self.tag_late, is_typical=True)
        self._wish(6, "Faster", self.tag_late)
        self._wish(7, "Faster!", self.tag_late)
        dear = [self._wish(day, "A smaller price for two", self.tag_price) for day in (9, 10)]
        analysis = self._analysis()
        analysis._compute_figures()
        self.assertEqual(analysis.suggestion_ids, marked + dear[0])

    def test_nothing_that_names_somebody_is_proposed(self):
        ada = self._customer("Ada Brown")
        self._wish(5, "Call Ada Brown earlier", self.tag_late, partner_id=ada.id)
        self._wish(6, "Write to me@example.com earlier", self.tag_late)
        self._wish(7, "Call 138 0013 8000 earlier", self.tag_late)
        self._wish(8, f"{self.agent.name} should call earlier", self.tag_late, user_id=self.agent.id)
        self._wish(9, "Call " + "much " * 80 + "earlier", self.tag_late)
        self._wish(10, "!", self.tag_late)
        analysis = self._analysis()
        analysis._compute_figures()
        self.assertFalse(analysis.suggestion_ids)
        plain = [self._wish(day, "Call earlier", self.tag_late) for day in (11, 12)]
        analysis._compute_figures()
        self.assertEqual(analysis.suggestion_ids, plain[0])

    def test_one_customer_who_insists_is_not_typical(self):
        ada = self._customer("Ada Brown")
        for day in (5, 6, 7):
            self._wish(day, "Open on Sundays", self.tag_late, partner_id=ada.id)
        analysis = self._analysis()
        analysis._compute_figures()
        self.assertFalse(analysis.suggestion_ids)

    def test_untagged_ones_are_counted_by_their_words(self):
        first = self._wish(5, "Please open the workshop on Sundays")
        self._wish(6, "Workshop open on Sundays")
        self._wish(7, "More colours")
        analysis = self._analysis()
        analysis._compute_figures()
        self.assertEqual(len(analysis.suggestion_ids), 1)
        self.assertEqual(analysis.figures["suggestions"][0]["similar"], 1)
        self.assertIn(first.suggestion[-7:], analysis.suggestion_ids.suggestion)
