import json
import random
from datetime import datetime, timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import SQL, mute_logger

from ..models import aftersale_feedback_sealed as sealed_module
from .anonymous_common import AnonymousCase

LOGGER = "odoo.addons.aftersale_followup.models.aftersale_feedback_sealed"


@tagged("post_install", "-at_install")
class TestAnonymousRelease(AnonymousCase):
    """Sealed answers become feedback among at least five, in an order of their own, or not at all."""

    def test_four_wait_five_are_released(self):
        for number in range(4):
            self._answer(number)
        self.assertFalse(self._release())
        self.assertEqual(self.Sealed.search_count([]), 4)
        self._answer(4)
        self.assertEqual(len(self._release()), 5)
        self.assertFalse(self.Sealed.search([]))

    def test_the_settings_ask_for_more_but_never_for_fewer(self):
        for least, released in ((3, 0), (6, 0)):
            self.company.aftersale_min_n = least
            self._answer(least)
            self._answer(least + 10)
            self.assertEqual(len(self._release()), released)
        self._answer(0)
        self.assertFalse(self._release(), "Five are not six.")
        self._answer(1)
        self.assertEqual(len(self._release()), 6)

    def test_plans_and_companies_do_not_mix(self):
        other = self.plan_new.copy({"name": "Other plan"})
        company = self.env["res.company"].create({"name": "Other company"})
        for number in range(4):
            self._answer(number)
        self._answer(4, followup={"plan": other})
        self._answer(5, followup={"company_id": company.id, "team_id": False, "user_id": False})
        self.assertFalse(self._release())

    @freeze_time("2026-03-02 10:17:23")
    def test_feedback_says_what_was_said_and_nothing_else(self):
        followups = self.env["aftersale.followup"]
        for number in range(5):
            followup = self._followup(partner=self._customer(number), order_id=self._order().id)
            followup._seal_answers(self._read(self._whole_form(2)))
            followups |= followup
        with freeze_time("2026-03-05 08:11:00"):
            released = self._release()
        self.assertEqual(len(released), 5)
        for feedback in released:
            self.assertEqual(feedback.date, datetime(2026, 3, 5, 12))
            self.assertEqual((feedback.plan_id, feedback.company_id), (self.plan_new, self.company))
            self.assertEqual((feedback.scenario, feedback.channel_id.code), ("new_customer", "online"))
            self.assertEqual((feedback.score, feedback.score_raw, feedback.score_max), (2, 2, 5))
            self.assertEqual((feedback.nps, feedback.source, feedback.evidence), ("0", "customer", "recorded"))
            self.assertEqual(sorted(feedback.dimension_ids.mapped("score")), [1, 3, 5])
            self.assertEqual(feedback.detail, "It came two days late.")
            self.assertEqual(feedback.suggestion_state, "new")
            self.assertIn(self.env.ref("aftersale_followup.tag_logistics_delay"), feedback.tag_ids)
            self.assertTrue(feedback.is_tag_confirmed and feedback.is_low_score and feedback.is_valid)
            self.assertEqual((feedback.priority, feedback.is_repeat), ("1", False))
            for name in ("followup_id", "partner_id", "commercial_partner_id", "order_id", "user_id", "team_id"):
                self.assertFalse(feedback[name], name)
            self.assertFalse(feedback.contact_name or feedback.contact_data or feedback.customer_number)
        self.assertFalse(followups.feedback_ids)
        self.assertFalse(released.issue_ids, "Anonymous answers open no issue,")
        released.action_confirm_tags()
        self.assertFalse(released.issue_ids, "neither later.")
        day = fields.Date.to_date("2026-03-05")
        figures = self.env["aftersale.figures"]._get(self.company, day, day)
        self.assertEqual(figures["satisfaction"]["n"], 5, "From its release on it is in the figures.")

    def test_answers_without_a_field_stay_readable(self):
        question = self.env["survey.question"].create(
            {
                "survey_id": self.survey.id,
                "title": "Which colour?",
                "question_type": "char_box",
                "sequence": 99,
            }
        )
        for number in range(5):
            followup = self._followup(partner=self._customer(number), lang="zh_CN")
            answers = self._read(self._form(5) | {f"q{question.id}": ["Blue"]})
            followup._seal_answers(answers)
        self.assertEqual(set(self._release().mapped("note")), {"Which colour? Blue"})

    def test_the_order_is_not_the_order_of_answering(self):
        for number in range(8):
            self._answer(number, detail=f"Text {number}")
        with patch.object(sealed_module, "_random", random.Random(5)):
            released = self._release()
        expected = list(range(8))
        random.Random(5).shuffle(expected)
        self.assertNotEqual(expected, sorted(expected))
        self.assertEqual(released.mapped("detail"), [f"Text {number}" for number in expected])

    def test_the_order_cannot_be_computed_afterwards(self):
        self.assertIsInstance(sealed_module._random, random.SystemRandom)

    def test_no_row_of_the_database_leads_from_feedback_to_customer(self):
        """Every row that holds the words or refers to released feedback, in any table and column."""
        followups = self.env["aftersale.followup"]
        for number in range(6):
            followups |= self._answer(number, score=2, detail=f"Words of number {number}", suggestion="Cheaper")
        released = self._release()
        secrets = [*followups.sudo().mapped("access_token"), *followups.partner_id.mapped("email")]
        for number in range(6):
            rows = self._rows_with(f"Words of number {number}")
            self.assertEqual([table for table, _row in rows], ["aftersale_feedback"])
            row = rows[0][1]
            self.assertFalse([secret for secret in secrets if secret in json.dumps(row)])
            # Whatever the row refers to is what all of them refer to.
            for column, target in self._references("aftersale_feedback"):
                if target not in ("aftersale_tag", "aftersale_category"):
                    same = {one[column] for _table, one in self._rows_with("Words of number")}
                    self.assertEqual(len(same), 1, column)
        for table, column in self._referring("aftersale_feedback"):
            names = (SQL.identifier(table), SQL.identifier(column))
            for (row,) in self.env.execute_query(
                SQL("SELECT to_jsonb(t) FROM %s t WHERE %s IN %s", *names, released._ids)
            ):
                targets = {target for name, target in self._references(table) if row[name]}
                self.assertFalse(targets & {"res_partner", "aftersale_followup", "survey_user_input"}, (table, row))

    def _references(self, table):
        """Return ``[(column, table referred to)]`` of the foreign keys of ``table``."""
        return self.env.execute_query(
            SQL(
                """SELECT a.attname, k.confrelid::regclass::text FROM pg_constraint k
                     JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY(k.conkey)
                    WHERE k.contype = 'f' AND k.conrelid = %s::regclass""",
                table,
            )
        )

    def _referring(self, table):
        """Return ``[(table, column)]`` of the foreign keys to ``table``."""
        return self.env.execute_query(
            SQL(
                """SELECT k.conrelid::regclass::text, a.attname FROM pg_constraint k
                     JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY(k.conkey)
                    WHERE k.contype = 'f' AND k.confrelid = %s::regclass""",
                table,
            )
        )

    def _released_products(self, *counts):
        """Return how often each product stands on the feedback released when so many customers bought each."""
        products = [self._product(f"Product {number}") for number in range(len(counts))]
        number = 0
        for product, count in zip(products, counts, strict=True):
            for _one in range(count):
                number += 1
                self._answer(number, followup={"product_ids": [Command.set(product.ids)]})
        released = self._release()
        self.assertEqual(len(released), sum(counts), "No answer is lost for its product.")
        return [len(released.filtered(lambda f, p=product: f.product_ids == p)) for product in products]

    def test_product_is_shown_where_five_share_it(self):
        self.assertEqual(self._released_products(5), [5])

    def test_rare_products_are_hidden(self):
        self.assertEqual(self._released_products(4, 3), [0, 0])
        self.assertEqual(self._released_products(6, 2, 3), [6, 0, 0])

    def test_hidden_products_are_not_found_out_by_elimination(self):
        """Of six answers, five with a product, the sixth would be the customer who bought something else."""
        self.assertEqual(self._released_products(5, 1), [0, 0])
        self.assertEqual(self._released_products(7, 5, 1), [7, 0, 0])

    def test_rare_combinations_are_hidden(self):
        pair = self._product("Pot") | self._product("Pan")
        for number in range(5):
            self._answer(number, followup={"product_ids": [Command.set(pair[0].ids)]})
            self._answer(number + 10, followup={"product_ids": [Command.set(pair[1].ids)]})
        self._answer(99, followup={"product_ids": [Command.set(pair.ids)]})
        released = self._release()
        self.assertFalse(released.filtered(lambda f: len(f.product_ids) > 1), "Only one customer bought both.")
        self.assertGreaterEqual(len(released.filtered(lambda f: not f.product_ids)), 5)

    def test_too_few_are_given_up_after_90_days_and_counted(self):
        with freeze_time(fields.Datetime.now() - timedelta(days=91)):
            for number in range(3):
                self._answer(number, detail="Old words")
        with freeze_time(fields.Datetime.now() - timedelta(days=89)):
            self._answer(4, detail="Young words")
        self.plan_new.error_count = 1
        self.assertFalse(self._release())
        self.assertEqual(self.plan_new.anonymous_dropped, 3)
        self.assertEqual(self.plan_new.error_count, 1, "Counting is no work on the plan.")
        self.assertFalse(self._rows_with("Old words"))
        self.assertEqual(len(self._rows_with("Young words")), 1)

    def test_old_ones_among_enough_are_released(self):
        with freeze_time(fields.Datetime.now() - timedelta(days=91)):
            self._answer(0)
        for number in range(1, 5):
            self._answer(number)
        self.assertEqual(len(self._release()), 5)
        self.assertFalse(self.plan_new.anonymous_dropped)

    def test_one_bad_answer_stops_nobody_and_makes_no_small_batch(self):
        for number in range(5):
            self._answer(number)
        bad = self.Sealed.search([], limit=1)
        bad.answers = {**bad.answers, "score": 9}
        with mute_logger(LOGGER, "odoo.sql_db"):
            self.assertFalse(self._release(), "Four of five would be a batch of four.")
            self.assertEqual(bad.error_count, 1)
            self.assertTrue(self.plan_new.error_message)
            self._answer(5)
            self.assertEqual(len(self._release()), 5)
            self.assertEqual(self.Sealed.search([]), bad)
            for number in range(6, 11):
                self._answer(number)
            self.assertEqual(len(self._release()), 5)
        self.assertEqual(bad.error_count, 3)
        for number in range(11, 16):
            self._answer(number)
        self.assertEqual(len(self._release()), 5, "Parked at three: it is not tried any more.")
        bad.day -= timedelta(days=91)
        self._release()
        self.assertFalse(bad.exists())
        self.assertEqual(self.plan_new.anonymous_dropped, 1)

    def test_deleted_tag_is_left_out(self):
        tag = self.env["aftersale.tag"].create(
            {"name": "New", "code": "new", "category_id": self.env["aftersale.category"].search([], limit=1).id}
        )
        choice = self.env.ref("aftersale_followup.survey_new_category_late")
        choice.aftersale_tag_id = tag
        self.addCleanup(self.env.registry.clear_cache)
        for number in range(5):
            form = self._form(5) | {f"q{self._question('category')['id']}": [str(choice.id)]}
            self._followup(partner=self._customer(number))._seal_answers(self._read(form))
        choice.aftersale_tag_id = False
        tag.unlink()
        released = self._release()
        self.assertEqual(len(released), 5)
        self.assertFalse(released.tag_ids)

    def test_batches_are_bounded(self):
        for number in range(13):
            self._answer(number)
        with patch.object(sealed_module, "BATCH", 6):
            self.assertEqual(len(self._release()), 12)
        self.assertEqual(self.Sealed.search_count([]), 1, "The rest waits for others.")

    def test_cron_hangs_on_its_model(self):
        self.assertEqual(self.env.ref("aftersale_followup.ir_cron_release").model_id.model, self.Sealed._name)
