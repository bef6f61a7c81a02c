from datetime import date, datetime

from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged
from odoo.tools import html2plaintext

from .test_analysis import IssueCase


@tagged("post_install", "-at_install")
class TestAnalysisMeeting(IssueCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        department = cls.env["hr.department"].create({"name": "Logistics", "company_id": cls.company.id})
        cls.env["aftersale.action"].create(
            {
                "name": "Carriers rated",
                "company_id": cls.company.id,
                "department_id": department.id,
                "user_id": cls.manager.id,
                "date_deadline": date(2099, 3, 20),
                "expected_effect": "Half as often",
                "tag_ids": [Command.set(cls.tag_late.ids)],
            }
        )
        cls.env.cr.execute("UPDATE aftersale_action SET create_date = '2026-01-01'")
        cls.readers = cls.reader + cls.chinese_reader

    def _meeting(self, analysis, user=None):
        action = analysis.with_user(user or self.manager).action_meeting()
        return self.env[action["res_model"]].browse(action["res_id"])

    def test_meeting_is_made_once_with_the_measures_as_agenda(self):
        for _number in range(2):
            self._feedback(datetime(2026, 1, 10), 2, self.tag_late)
        analysis = self._issued(recipient_ids=[Command.set(self.readers.ids)])
        with freeze_time("2026-02-05 02:00:00"):  # a Thursday
            meeting = self._meeting(analysis)
        self.assertEqual(meeting.start, datetime(2026, 2, 10, 2), "third working day, 10:00 in Shanghai")
        self.assertEqual(meeting.partner_ids, self.readers + self.manager.partner_id)
        self.assertEqual((meeting.res_model, meeting.res_id), ("aftersale.analysis", analysis.id))
        self.assertEqual(meeting.notes, meeting.description)
        agenda = html2plaintext(meeting.description)
        for part in ("Late goods 100%", "Carriers rated", "Logistics", self.manager.name, "03/20/2099", "Planned"):
            self.assertIn(part, agenda)
        self.assertEqual(self._meeting(analysis), meeting)
        self.assertEqual(self._meeting(analysis, self.supervisor), meeting, "one for all")
        with self.assertRaises(AccessError):
            analysis.with_user(self.agent).action_meeting()

    def test_agenda_is_for_those_invited_only(self):
        for _number in range(2):
            self._feedback(datetime(2026, 1, 10), 2, self.tag_late)
        invited, other = (
            new_test_user(self.env, f"meeting_{name}", "base.group_user", company_id=self.company.id)
            for name in ("invited", "other")
        )
        analysis = self._issued(recipient_ids=[Command.set(invited.partner_id.ids)])
        meeting = self._meeting(analysis)
        for user, seen in ((self.manager, True), (invited, True), (other, False)):
            meeting.invalidate_recordset()
            (values,) = meeting.with_user(user).sudo(False).read(["name", "description", "notes"])
            for name, part in (("name", "January"), ("description", "Carriers rated"), ("notes", "Carriers rated")):
                with self.subTest(user=user.login, field=name):
                    self.assertEqual(part in str(values[name]), seen)

    def test_deleted_meeting_is_made_anew(self):
        analysis = self._issued(recipient_ids=[Command.set(self.readers.ids)])
        first = self._meeting(analysis)
        first.active = False
        second = self._meeting(analysis)
        self.assertNotEqual(first, second)
        second.unlink()
        self.assertTrue(self._meeting(analysis).exists())

    def test_agenda_speaks_the_organiser_s_language(self):
        self._feedback(datetime(2026, 1, 10), 2, self.tag_late)
        self.manager.lang = "zh_CN"
        analysis = self._issued(recipient_ids=[Command.set(self.readers.ids)])
        agenda = html2plaintext(self._meeting(analysis.with_context(lang="zh_CN")).description)
        self.assertIn("物流配送", agenda)
        self.assertIn("2026年1月", agenda)

    def test_day_is_printed_as_it_was_when_issued(self):
        formatter = self.env["report.aftersale_followup.report_analysis"]
        draft = self._analysis(recipient_ids=[Command.set(self.readers.ids)])
        self.assertFalse(formatter._get_page(draft)["meeting"])
        meeting = self._meeting(draft)
        meeting.write({"start": "2026-03-03 02:00:00", "stop": "2026-03-03 03:00:00"})
        self.assertIn("10:00", formatter._get_page(draft)["meeting"])
        html = self.env["ir.actions.report"]._render_qweb_html("aftersale_followup.action_report_analysis", draft.ids)[
            0
        ]
        self.assertIn("Review meeting", html.decode())
        draft._issue()
        printed = formatter._get_page(draft)["meeting"]
        meeting.write({"start": "2026-03-04 03:00:00", "stop": "2026-03-04 04:00:00"})
        self.assertEqual(formatter._get_page(draft)["meeting"], printed, "an issued analysis never changes")
        self.assertIn("10:00", html2plaintext(draft.mail_html))
