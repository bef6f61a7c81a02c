import json
import re

from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo import SUPERUSER_ID
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .anonymous_common import AnonymousCase
from .common import utc
from .test_page import PageCase

INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ](?!00:00:00)\d\d:\d\d:\d\d")


@tagged("post_install", "-at_install")
class TestAnonymousPage(AnonymousCase, PageCase):
    """What the customer sees, and what one sending leaves behind: the day, and nothing that leads back."""

    def test_box_stands_there_only_where_the_plan_allows_it(self):
        text = self._get().text
        self.assertIn('type="checkbox" name="anonymous"', text)
        self.assertIn("We cannot call you back and cannot tell who you are.", text)
        self.assertIn("tell us below how to reach you", text)
        self.assertLess(text.index('name="anonymous"'), text.index('name="call_back"'), "below means below")
        self.assertIn("Unless you answer anonymously, we keep your name", text)
        self.plan_new.allow_anonymous = False
        text = self._get().text
        self.assertNotIn("anonymous", text.lower())
        self.assertIn("We keep your name", text)

    def test_answer_without_a_name(self):
        response = self._post(self._whole_form(5) | {"anonymous": "1"})
        self.assertEqual(response.status_code, 200)
        self.assertIn("Thank you", response.text)
        self.env.invalidate_all()
        today = self.company._aftersale_today()
        self.assertEqual((self.followup.state, self.followup.is_anonymous), ("done", True))
        self.assertEqual(self.followup.date_done, self.company._aftersale_moment(today))
        self.assertEqual(self.followup.consent, "notice")
        self.assertFalse(self.followup.feedback_ids | self.followup.feedback_id)
        self.assertFalse(self.followup.user_input_id)
        self.assertFalse(self.followup.attempt_ids)
        self.assertFalse(self.followup.sudo().answer_digest)
        self.assertFalse(self.env["survey.user_input"].search([("survey_id", "=", self.survey.id)]))
        sealed = self.Sealed.search([])
        self.assertEqual((sealed.plan_id, sealed.company_id, sealed.day), (self.plan_new, self.company, today))
        self.assertEqual(sealed.product_ids, self.product)
        self.assertEqual((sealed.answers["score"], sealed.answers["nps"]), (5, "0"))

    def test_without_the_box_the_answer_has_its_name(self):
        self._post(self._whole_form(5))
        self.env.invalidate_all()
        self.assertEqual(self.followup.feedback_id.partner_id, self.partner)
        self.assertFalse(self.followup.is_anonymous)
        self.assertFalse(self.Sealed.search([]))

    def test_nothing_written_tells_the_minute_or_the_person(self):
        """Every row of every table that the sending wrote: no clock, no token, and the answers in one place only."""
        places = self._places()
        self._post(self._whole_form(4) | {"anonymous": "1"})
        written = self._written_since(places)
        tables = {table for table, _row in written}
        rel = "aftersale_feedback_sealed_product_product_rel"
        self.assertEqual(tables, {"aftersale_followup", "aftersale_feedback_sealed", rel})
        for table, row in written:
            self.assertFalse(INSTANT.findall(json.dumps(row)) and table != "aftersale_followup", (table, row))
        row = dict(written)["aftersale_followup"]
        for column in ("write_date", "date_done", "consent_date"):
            self.assertRegex(row[column], r"T00:00:00$", column)
        sealed = dict(written)["aftersale_feedback_sealed"]
        self.assertEqual(set(sealed), {"id", "plan_id", "company_id", "day", "answers", "error_count"})
        self.assertEqual(dict(written)[rel].keys(), {"aftersale_feedback_sealed_id", "product_product_id"})
        self.assertNotIn(self.followup.sudo().access_token, json.dumps(sealed))
        self.assertEqual(
            [table for table, _row in self._rows_with("Use a faster courier")], ["aftersale_feedback_sealed"]
        )

    def test_follow_up_keeps_no_minute_of_answering(self):
        """Of the follow-up's own times only those from before the answer are precise."""
        before = self._rows_with(self.followup.sudo().access_token)
        precise = {name for _table, row in before for name, value in row.items() if INSTANT.search(str(value))}
        self._post(self._form(5) | {"anonymous": "1"})
        after = self._rows_with(self.followup.sudo().access_token)
        self.assertEqual({table for table, _row in after}, {"aftersale_followup"})
        left = {name for _table, row in after for name, value in row.items() if INSTANT.search(str(value))}
        self.assertEqual(left, precise - {"write_date", "date_next"})

    def test_logged_in_customer_leaves_no_trace_as_author(self):
        user = new_test_user(self.env, "asf_customer", groups="base.group_portal", partner_id=self.partner.id)
        self.authenticate(user.login, user.login)
        places = self._places()
        self._post(self._form(2, detail="It began to smoke and burned my hand.") | {"anonymous": "1"})
        for table, row in self._written_since(places):
            if table.startswith(("aftersale_", "mail_")):
                self.assertIn(row.get("write_uid", SUPERUSER_ID), (SUPERUSER_ID, None), table)
                self.assertIn(row.get("create_uid", SUPERUSER_ID), (SUPERUSER_ID, self.env.uid, None), table)

    def test_low_score_promises_no_call(self):
        response = self._post(self._form(1) | {"anonymous": "1"})
        self.assertIn("Thank you", response.text)
        self.assertNotIn("will contact you", response.text)
        self.assertNotIn("will contact you", self._get().text)
        self.assertFalse(self.env["mail.activity"].search([("res_model", "=", "res.partner")]))

    def test_where_it_is_not_allowed_nothing_is_kept_under_the_name(self):
        """The plan changed while the page was open: the promise is kept, the answers come back to the customer."""
        self.plan_new.allow_anonymous = False
        response = self._post(self._form(2, detail="My own words") | {"anonymous": "1"})
        self.assertEqual(response.status_code, 422)
        self.assertIn("answers are kept with your name", response.text)
        self.assertIn("My own words", response.text)
        self.env.invalidate_all()
        self.assertEqual(self.followup.state, "ready")
        self.assertFalse(self.Sealed.search([]))
        self.assertFalse(self.followup.feedback_ids)

    def test_call_and_anonymity_exclude_each_other(self):
        response = self._post(self._form(2) | {"anonymous": "1", "call_back": "1", "call_back_note": "13800001234"})
        self.assertEqual(response.status_code, 422)
        self.assertIn("choose one of the two", response.text)
        self.assertRegex(response.text, r'name="anonymous"[^>]*checked')
        self.assertRegex(response.text, r'name="call_back"[^>]*checked')
        self.env.invalidate_all()
        self.assertEqual(self.followup.state, "ready")
        self.assertFalse(self.partner.activity_ids)

    def test_later_answers_are_thanked_for_and_kept_nowhere(self):
        """Not even as contested: beside the customer's name a repeated answer would tell which one it is."""
        form = self._form(2, detail="The very same words")
        first = self._post(form | {"anonymous": "1"})
        places = self._places()
        again = (form | {"anonymous": "1"}, form, self._form(5, detail="Other words"))
        for number, later in enumerate(again):
            with self.subTest(number=number):
                response = self._post(later)
                self.assertEqual((response.status_code, response.text), (200, first.text))
        self.assertFalse(self._written_since(places))
        self.assertEqual(self._get().status_code, 200)

    def test_anonymous_words_after_a_named_answer_are_kept_nowhere(self):
        self._post(self._form(5))
        self._post(self._form(1, detail="What I dare not say") | {"anonymous": "1"})
        self.assertFalse(self._rows_with("What I dare not say"))

    def test_hasty_answer_is_suspicious(self):
        self._post(self._whole_form(5) | {"anonymous": "1"}, slow=False)
        self.assertEqual(self.Sealed.search([]).answers["evidence"], "suspicious")

    def test_danger_is_told_at_once_without_the_customer(self):
        places = self._places()
        self._post(self._form(3, detail="The plug began to smoke, it burned my hand.") | {"anonymous": "1"})
        activity = self.env["mail.activity"].search([("user_id", "=", self.supervisor.id)])
        self.assertEqual(len(activity), 1)
        self.assertIn("it burned my hand", activity.note)
        self.assertFalse(activity.res_model or activity.res_id)
        self.assertTrue(activity.with_user(self.supervisor).has_access("read"))
        for secret in (self.partner.name, self.plan_new.name, self.product.name, self.followup.name):
            self.assertNotIn(secret, f"{activity.note} {activity.summary} {activity.display_name}")
        for table, row in self._written_since(places):
            if table == "bus_bus":  # the supervisor's counter; swept by Odoo within a day
                self.assertEqual(json.loads(row["message"])["payload"], {"activity_created": True, "count_diff": 1})
            elif table != "aftersale_followup":
                self.assertFalse(INSTANT.findall(json.dumps(row)), (table, row))
        self.assertFalse(self.env["aftersale.issue"].search([("partner_id", "=", self.partner.id)]))

    def test_a_danger_chosen_among_the_answers_is_told_as_well(self):
        tag = self.env["aftersale.tag"].search([("is_safety", "=", True)], limit=1)
        choice = self.env.ref("aftersale_followup.survey_new_category_late")
        choice.aftersale_tag_id = tag
        self.addCleanup(self.env.registry.clear_cache)
        form = self._form(5) | {f"q{self._question('category')['id']}": [str(choice.id)]}
        self._post(form | {"anonymous": "1"})
        self.assertIn(tag.name, self.env["mail.activity"].search([("user_id", "=", self.supervisor.id)]).note)

    def test_no_danger_no_alert(self):
        self._post(self._whole_form(1) | {"anonymous": "1"})
        activity = self.env["mail.activity"].search([("user_id", "=", self.supervisor.id)])
        self.assertFalse(activity, activity.mapped("note"))


@tagged("post_install", "-at_install")
class TestAnonymousRules(AnonymousCase):
    """Who may answer without a name, who may look, and how it is shown."""

    def test_verification_needs_a_name(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.env.cr.savepoint():
            self.plan_verify.allow_anonymous = True
            self.env.flush_all()
        # The plan was another one when this follow-up was planned.
        followup = self._followup(scenario="resolution_check")
        self.assertFalse(followup._allows_anonymous())
        with self.assertRaises(UserError):
            followup._seal_answers(self._read(self._form(5)))

    def test_off_by_default(self):
        self.assertFalse(self.env["aftersale.plan"].default_get(["allow_anonymous"]).get("allow_anonymous"))
        shipped = self.env["aftersale.plan"].with_context(active_test=False).search([("id", "!=", self.plan_new.id)])
        self.assertFalse(shipped.filtered("allow_anonymous"))

    def test_sealed_answers_are_for_nobody(self):
        sealed = self._answer(0) and self.Sealed.search([])
        admin = self.env.ref("base.user_admin")
        admin.group_ids = [Command.link(self.env.ref("aftersale_followup.group_manager").id)]
        for user in (self.agent, self.supervisor, self.manager, admin):
            for operation in ("read", "write", "create", "unlink"):
                with self.subTest(user=user.login, operation=operation), self.assertRaises(AccessError):
                    sealed.with_user(user).check_access(operation)

    def test_one_answer_per_follow_up(self):
        followup = self._answer(0)
        with self.assertRaises(UserError):
            followup._seal_answers(self._read(self._form(5)))
        with self.assertRaises(UserError):
            followup._record_answers(self._read(self._form(5)), "staff")
        self.assertEqual(self.Sealed.search_count([]), 1)

    def test_anonymous_feedback_is_shown_as_such(self):
        for number in range(5):
            self._answer(number)
        feedback = self._release()[0].with_user(self.supervisor)
        self.assertEqual((feedback.customer_name, feedback.customer_number), ("Anonymous", ""))
        self.assertEqual(feedback.display_name, f"{feedback.name} Anonymous")
        self.manager.group_ids = [Command.link(self.env.ref("base.group_allow_export").id)]
        exported = feedback.with_user(self.manager).export_data(["customer_name", "contact_name", "score"])["datas"]
        self.assertEqual(exported, [["Anonymous", "", 5]])
        sheet = self.env["ir.actions.report"]._render_qweb_html(
            "aftersale_followup.report_feedback_sheet", feedback.ids
        )
        self.assertIn("Anonymous", sheet[0].decode())
        self.assertNotIn(feedback, self.Feedback.search([("partner_id", "=", self.partner.id)]))

    @freeze_time("2026-03-02 10:17:23")
    def test_day_is_that_of_the_company(self):
        zones = {"Asia/Shanghai": "2026-03-02 00:00", "America/Lima": "2026-03-02 05:00"}
        for number, (zone, moment) in enumerate(zones.items()):
            self.company.resource_calendar_id.tz = zone
            self.assertEqual(self._answer(number).date_done, utc(moment), zone)

    def test_nobody_gives_anonymous_feedback_a_name(self):
        for number in range(5):
            self._answer(number)
        feedback = self._release()[0]
        for vals in ({"contact_name": "Wang"}, {"partner_id": self.partner.id}, {"user_id": self.agent.id}):
            with self.subTest(vals=vals), mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
                with self.env.cr.savepoint():
                    feedback.write(vals)
                    self.env.flush_all()

    def test_anonymous_answer_counts_as_a_response(self):
        done = self.plan_new.done_count
        self._answer(0)
        self.plan_new.invalidate_recordset()
        self.assertEqual(self.plan_new.done_count, done + 1)
