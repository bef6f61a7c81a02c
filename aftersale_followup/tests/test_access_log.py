from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import AftersaleCase


@tagged("post_install", "-at_install")
class TestAccessLog(AftersaleCase):
    """What is noted, what is not, and that noting never gets in anybody's way."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.privacy = new_test_user(cls.env, "asf_privacy", groups="aftersale_followup.group_privacy")
        (cls.agent | cls.supervisor).group_ids = [Command.link(cls.env.ref("base.group_allow_export").id)]
        cls.log = cls.env["aftersale.access.log"]
        cls.log.search([]).unlink()
        cls.followup = cls._ready(user_id=cls.agent.id)

    def _rows(self):
        return [
            (row.user_id, row.purpose, row.partner_id, row.model_id.model, row.record_count)
            for row in self.log.search([], order="id")
        ]

    def test_opening_a_call_is_noted(self):
        self.followup.with_user(self.agent).action_open_call()
        self.assertEqual(self._rows(), [(self.agent, "call", self.partner, "aftersale.followup", 1)])

    def test_a_number_taken_past_the_button_is_noted_once(self):
        row = [(self.agent, "call", self.partner, "aftersale.followup", 1)]
        for _time in range(2):
            shown = self.followup.with_user(self.agent).console_open()
            self.assertEqual(shown["customer"]["phone"], "+8613800001234")
            self.assertEqual(self._rows(), row, "The same call.")

    def test_looking_at_own_work_is_not_noted(self):
        followup = self.followup.with_user(self.agent)
        self.assertIn("13800001234", followup.read(["contact_data"])[0]["contact_data"])
        followup.search([]).mapped("contact_data")
        self.assertEqual(self._rows(), [])

    def test_masked_data_is_shown_on_request_and_noted(self):
        followup = self.followup.with_user(self.supervisor)
        self.assertTrue(followup.is_contact_masked)
        self.assertNotIn("13800001234", followup.contact_data)
        shown = followup.action_show_contact()["params"]["message"]
        self.assertEqual(shown, "+8613800001234 · wang.fang@example.com")
        self.assertEqual(self._rows(), [(self.supervisor, "reveal", self.partner, "aftersale.followup", 1)])
        self.assertFalse(self.followup.with_user(self.agent).is_contact_masked)

    def test_contact_data_is_not_shown_to_a_department(self):
        employee = self._user("asf_worker", "base.group_user")
        issue = self._issue(user_id=employee.id)
        self.assertTrue(issue.with_user(employee).has_access("read"))
        with self.assertRaises(AccessError):
            issue.with_user(employee).action_show_contact()
        with self.assertRaises(AccessError):
            self.followup.with_user(self.agent_2).action_show_contact()
        self.assertEqual(self._rows(), [])

    def test_an_export_is_one_row(self):
        followups = (self.followup | self._planned()).with_user(self.supervisor)
        followups.export_data(["name", "contact_data"])
        self.assertEqual(self._rows(), [(self.supervisor, "export", self.env["res.partner"], "aftersale.followup", 2)])
        self.assertEqual(self.log.search([]).note, "name, contact_data")

    def test_no_model_of_ours_is_exported_unseen(self):
        self.manager.group_ids = [Command.link(self.env.ref("base.group_allow_export").id)]
        self.followup._log_attempt("no_answer", note="Wang Fang is out")
        action = self.env["aftersale.action"].create({"name": "Seal", "issue_ids": self._issue().ids})
        plan = self.plan_new.copy({"trigger": "manual"})
        target = self.env["aftersale.target"].create({"name": "Autumn", "plan_id": plan.id})
        line = self.env["aftersale.target.line"].create({"target_id": target.id, "partner_id": self.partner.id})
        for records, path in (
            (self.followup.attempt_ids, "followup_id/partner_id/phone"),
            (line, "partner_id/phone"),
            (action, "issue_ids/partner_id/phone"),
        ):
            with self.subTest(model=records._name):
                self.log.search([]).unlink()
                exported = records.with_user(self.manager).with_context(import_compat=False)
                rows = exported.export_data([path])["datas"]
                self.assertIn("13800001234", str(rows))
                ((user, purpose, _partner, model, count),) = self._rows()
                self.assertEqual((user, purpose, model), (self.manager, "export", records._name))
                self.assertEqual((count, self.log.search([]).note), (len(records), path))

    def test_a_refused_export_is_not_noted(self):
        self.supervisor.group_ids = [Command.unlink(self.env.ref("base.group_allow_export").id)]
        with self.assertRaises(UserError):
            self.followup.with_user(self.supervisor).export_data(["name"])
        self.assertEqual(self._rows(), [])

    def test_surveys_of_others_are_not_noted(self):
        survey = self.env["survey.survey"].create({"title": "Canteen"})
        answers = self.env["survey.user_input"].create({"survey_id": survey.id})
        answers.export_data(["state"])
        self.assertEqual(self._rows(), [])

    def test_a_printed_record_sheet_is_noted(self):
        feedback = self._feedback(self.followup, score=5)
        report = self.env["ir.actions.report"].with_user(self.supervisor)
        report._render_qweb_html("aftersale_followup.report_feedback_sheet", feedback.ids)
        self.assertEqual(self._rows(), [(self.supervisor, "print", self.partner, "aftersale.feedback", 1)])

    def test_noting_never_stops_the_work(self):
        with (
            patch.object(type(self.log), "_note_strictly", side_effect=ValueError("no room")),
            mute_logger("odoo.addons.aftersale_followup.models.aftersale_access_log"),
        ):
            action = self.followup.with_user(self.agent).action_open_call()
        self.assertEqual(action["tag"], "aftersale_followup.console")

    def test_nobody_writes_the_log(self):
        self.followup.with_user(self.agent).action_open_call()
        row = self.log.search([])
        for user in (self.privacy, self.manager):
            with self.subTest(user=user.login):
                with self.assertRaises(AccessError):
                    row.with_user(user).write({"purpose": "print"})
                with self.assertRaises(AccessError):
                    row.with_user(user).unlink()
                with self.assertRaises(AccessError):
                    row.with_user(user).create({"purpose": "print", "company_id": self.company.id})

    def test_the_log_of_another_company_is_not_shown(self):
        other = self.env["res.company"].create({"name": "Other company"})
        row = self.log._note_strictly("call", self._planned(company_id=other.id, team_id=False, user_id=False))
        self.assertEqual(row.company_id, other)
        self.assertFalse(row.with_user(self.privacy).has_access("read"))

    def test_menu_of_privacy_alone(self):
        menus = self.env["ir.ui.menu"].with_user(self.privacy)
        visible = menus.browse(menus._visible_menu_ids()).get_external_id().values()
        ours = {name.partition(".")[2] for name in visible if name.startswith("aftersale_followup.")}
        self.assertIn("menu_access_log", ours)
        self.assertFalse(ours & {"menu_plan", "menu_optout", "menu_followup_all", "menu_feedback_all", "menu_settings"})
