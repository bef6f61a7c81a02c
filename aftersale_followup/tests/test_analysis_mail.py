from datetime import datetime, timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged
from odoo.tools import html2plaintext, mute_logger

from odoo.addons.base.models.ir_mail_server import MailDeliveryException
from odoo.addons.mail.tests.common import MockEmail

from .test_analysis import IssueCase


class MailCase(MockEmail, IssueCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["ir.mail_server"].search([]).unlink()
        cls.company.write(
            {
                "aftersale_report_managers": False,
                "aftersale_report_leaders": False,
                "aftersale_report_heads": False,
                "aftersale_report_recipient_ids": [Command.set((cls.reader + cls.chinese_reader).ids)],
            }
        )
        cls.logistics, cls.workshop = cls.env["hr.department"].create(
            [{"name": name, "company_id": cls.company.id} for name in ("Logistics", "Workshop")]
        )
        cls.head = cls._user("analysis_head", "base.group_user")
        cls._lead(cls.head, cls.logistics)
        cls.tag_late.department_id = cls.logistics
        cls.tag_fault.department_id = cls.workshop

    @classmethod
    def _user(cls, login, group):
        return new_test_user(
            cls.env,
            login,
            groups=group,
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
            email=f"{login}@analysis.example",
        )

    @classmethod
    def _lead(cls, user, department):
        department.manager_id = cls.env["hr.employee"].create(
            {"name": user.name, "user_id": user.id, "company_id": cls.company.id}
        )

    def _measure(self, department, name):
        return self.env["aftersale.action"].create(
            {
                "name": name,
                "company_id": self.company.id,
                "department_id": department.id,
                "user_id": self.manager.id,
                "date_deadline": "2026-03-20",
                "expected_effect": "Half as often",
            }
        )

    def _reports(self, analysis):
        domain = [("model", "=", analysis._name), ("res_id", "=", analysis.id), ("is_notification", "=", True)]
        return self.env["mail.mail"].sudo().search(domain, order="id")

    def _notifications(self, analysis):
        messages = self.env["mail.message"].search([("model", "=", analysis._name), ("res_id", "=", analysis.id)])
        return messages.filtered(lambda message: message.message_type == "email_outgoing").notification_ids

    def _text(self, mail):
        return " ".join(html2plaintext(mail.body_html).split())

    def _deliver(self, refused=None):
        """Send what is queued of the analyses; the server hangs up on mails to one address. Return who got one."""
        server = self.registry["ir.mail_server"]
        send = server.send_email

        def send_email(model, message, *args, **kwargs):
            if refused and refused in message["To"]:
                raise MailDeliveryException("hung up")
            return send(model, message, *args, **kwargs)

        queued = self.env["mail.mail"].search([("model", "=", "aftersale.analysis"), ("state", "=", "outgoing")])
        with (
            self.mock_mail_gateway(mail_unlink_sent=True),
            patch.object(server, "send_email", send_email),
            mute_logger("odoo.addons.mail.models.mail_mail"),
        ):
            queued.send()
            return [(mail["msg_to"], mail["message"].split("Message-Id: ")[1].split()[0]) for mail in self.emails]


@tagged("post_install", "-at_install")
class TestAnalysisMail(MailCase):
    def test_each_recipient_has_a_mail_of_their_own_in_their_language(self):
        self._scores(1, [5, 4, 4])
        self._feedback(datetime(2026, 1, 20), 4, self.tag_late)
        second = self.env["res.partner"].create({"name": "Bo", "email": "bo@analysis.example", "lang": "en_US"})
        self.company.aftersale_report_recipient_ids += second
        analysis = self._issued()
        mails = self._reports(analysis)
        self.assertEqual([len(mail.recipient_ids) for mail in mails], [1, 1, 1])
        self.assertEqual(len(mails.mail_message_id), 2, "one message a language")
        english = mails.filtered(lambda mail: mail.recipient_ids == self.reader)
        chinese = mails.filtered(lambda mail: mail.recipient_ids == self.chinese_reader)
        self.assertIn("Late goods 100%", self._text(english))
        self.assertIn("2026年1月", self._text(chinese))
        self.assertIn("物流配送 100%", self._text(chinese))
        for mail, name in ((english, "en_US.pdf"), (chinese, "zh_CN.pdf")):
            self.assertTrue(mail.attachment_ids.name.endswith(name))
        self.assertEqual(len(self._deliver()), 3)
        self.assertEqual(set(self._notifications(analysis).mapped("notification_status")), {"sent"})
        self.assertFalse(analysis.unsent_note)

    def test_body_holds_the_headline_with_lights_as_words(self):
        self.company.aftersale_weak_n = 30
        self._feedback(datetime(2025, 12, 10), 4)
        self._scores(1, [5, 5, 4, 4, 3], nps="9")
        text = self._text(self._reports(self._issued()).filtered(lambda mail: mail.recipient_ids == self.reader))
        for part in (
            "4.2, +0.2*",
            "CSAT",
            "80%",
            "NPS",
            "+100",
            "Response rate",
            "Complaint rate",
            "target ≥ 4.2",
            "reached",
        ):
            self.assertIn(part, text)

    def test_what_is_withheld_is_not_mailed(self):
        self.company.aftersale_min_n = 5
        self._scores(1, [5, 4])
        text = self._text(self._reports(self._issued())[0])
        self.assertIn("too few answers", text)
        self.assertNotIn("4.5", text)

    def test_what_failed_is_tried_again_alone_and_with_the_same_message_id(self):
        self._scores(1, [5])
        analysis = self._issued()
        delivered = self._deliver(refused="li@analysis.example")
        self.assertEqual([to for to, _id in delivered], ['"Ann" <ann@analysis.example>'])
        self.assertIn("Li: ", analysis.unsent_note)
        self.assertIn("hung up", analysis.unsent_note)
        health = self.env["aftersale.health"]._check_analysis_mails()
        self.assertEqual((health["status"], health["res_domain"]), ("2_warning", analysis.ids))
        (failed,) = self._reports(analysis)
        message_id = failed.message_id
        with self.assertRaisesRegex(UserError, "Nobody is left"):
            analysis.action_send_missing()
        failed._aftersale_settle_failed()
        analysis.invalidate_recordset()
        self.assertIn("tried again at", analysis.unsent_note)
        failed.aftersale_retry_date = fields.Datetime.now() - timedelta(minutes=1)
        failed._aftersale_settle_failed()
        self.assertEqual((failed.state, failed.aftersale_tries), ("outgoing", 1))
        ((to, again),) = self._deliver()
        self.assertEqual((to, again), ('"Li" <li@analysis.example>', message_id))
        analysis.invalidate_recordset()
        self.assertFalse(analysis.unsent_note)
        self.assertEqual(self.env["aftersale.health"]._check_analysis_mails()["status"], "3_ok")

    def test_who_has_no_address_is_named_and_gets_it_later(self):
        self._scores(1, [5])
        self.reader.email = False
        analysis = self._issued()
        self.assertEqual(analysis.recipient_ids, self.reader + self.chinese_reader)
        self.assertEqual(analysis.unsent_note, "Ann: no e-mail address")
        self.assertEqual(self._reports(analysis).recipient_ids, self.chinese_reader)
        self.reader.email = "ann@analysis.example"
        analysis.with_user(self.manager).action_send_missing()
        self.assertEqual(self._reports(analysis).recipient_ids, self.reader + self.chinese_reader)
        self.assertEqual(len(self._reports(analysis)), 2, "the other one got it before")
        with self.assertRaises(AccessError):
            analysis.with_user(self.supervisor).action_send_missing()

    def test_who_got_it_is_not_missing_after_odoo_deleted_the_notifications(self):
        self._scores(1, [5])
        self.reader.email = False
        analysis = self._issued()
        self.assertEqual(analysis.sent_partner_ids, self.chinese_reader)
        self._deliver()
        self._notifications(analysis).unlink()
        self.reader.email = "ann@analysis.example"
        self.assertEqual(analysis._get_missing(), self.reader)
        analysis.with_user(self.manager).action_send_missing()
        self.assertEqual([to for to, _id in self._deliver()], ['"Ann" <ann@analysis.example>'])
        self.assertFalse(analysis._get_missing())
        self.assertEqual(analysis.sent_partner_ids, self.reader + self.chinese_reader)
        with self.assertRaises(AccessError):
            analysis.with_user(self.manager).sudo(False).sent_partner_ids = False

    def test_whose_mail_was_given_up_is_missing(self):
        self._scores(1, [5])
        analysis = self._issued()
        self._deliver(refused="li@analysis.example")
        (failed,) = self._reports(analysis)
        self.assertFalse(analysis._get_missing(), "it is tried again")
        failed.aftersale_tries = 99
        self.assertEqual(analysis._get_missing(), self.chinese_reader)

    def test_heads_of_departments_get_their_part_only(self):
        self.company.write({"aftersale_report_heads": True})
        self._measure(self.logistics, "Carriers rated")
        self._measure(self.workshop, "Screws tightened")
        self.env.cr.execute("UPDATE aftersale_action SET create_date = '2026-01-01'")
        for tag in (self.tag_late, self.tag_late, self.tag_fault):
            self._feedback(datetime(2026, 1, 10), 2, tag)
        analysis = self._issued()
        self.assertEqual(analysis.head_ids, self.head.partner_id)
        mail = self._reports(analysis).filtered(lambda mail: mail.recipient_ids == self.head.partner_id)
        text = self._text(mail)
        for part in ("Logistics", "Late goods", "67%", "Carriers rated"):
            self.assertIn(part, text)
        for part in ("Faults", "Screws tightened", "CSAT", "Average"):
            self.assertNotIn(part, text)
        self.assertFalse(mail.attachment_ids)

    def test_heads_with_nothing_of_theirs_get_nothing(self):
        self.company.aftersale_report_heads = True
        self._scores(1, [5])
        self.assertFalse(self._issued().head_ids)

    def test_heads_who_are_managers_get_all_of_it_once(self):
        self.company.write({"aftersale_report_heads": True, "aftersale_report_managers": True})
        boss = self._user("analysis_boss", "aftersale_followup.group_manager")
        self._lead(boss, self.workshop)
        self._feedback(datetime(2026, 1, 10), 2, self.tag_fault)
        analysis = self._issued()
        self.assertNotIn(boss.partner_id, analysis.head_ids)
        (mail,) = self._reports(analysis).filtered(lambda mail: mail.recipient_ids == boss.partner_id)
        self.assertIn("CSAT", self._text(mail))
        self.assertTrue(mail.attachment_ids)

    def test_roles_are_switched_one_by_one(self):
        team = self.env["crm.team"].create(
            {"name": "North", "company_id": self.company.id, "user_id": self.supervisor.id}
        )
        self._followup(1, "done", team_id=team.id)
        readers = self.reader + self.chinese_reader
        analysis = self._analysis()
        self.assertEqual(analysis._default_recipients(), readers)
        self.company.aftersale_report_leaders = True
        self.assertEqual(analysis._default_recipients(), readers + self.supervisor.partner_id)
        self.company.write({"aftersale_report_leaders": False, "aftersale_report_managers": True})
        self.assertIn(self.manager.partner_id, analysis._default_recipients())
        self.assertNotIn(self.supervisor.partner_id, analysis._default_recipients())

    def test_recipients_choose_how_often(self):
        analysis = self._analysis()
        wanted = {"week": "all", "month": "month, quarter", "quarter": "quarter", "none": "", False: "all"}
        for choice, periods in wanted.items():
            self.reader.aftersale_report_frequency = choice
            for period in ("week", "month", "quarter"):
                analysis = self.env["aftersale.analysis"].new({"period": period, "company_id": self.company.id})
                with self.subTest(choice=choice, period=period):
                    self.assertEqual(
                        self.reader in analysis._default_recipients()._origin, periods == "all" or period in periods
                    )

    def test_users_choose_for_themselves(self):
        self.head.with_user(self.head).write({"aftersale_report_frequency": "none"})
        self.assertEqual(self.head.partner_id.aftersale_report_frequency, "none")
        self.company.aftersale_report_heads = True
        self._feedback(datetime(2026, 1, 10), 2, self.tag_late)
        self.assertFalse(self._issued().head_ids)
        with self.assertRaises(AccessError):
            self.manager.with_user(self.head).write({"aftersale_report_frequency": "none"})
