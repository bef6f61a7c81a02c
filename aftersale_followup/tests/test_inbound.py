from email.message import EmailMessage

from psycopg2.errors import CheckViolation, UniqueViolation

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, freeze_time, tagged
from odoo.tools import mute_logger

from .common import AftersaleCase

MAIL = "odoo.addons.mail.models.mail_thread"


class InboundCase(AftersaleCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Feedback = cls.env["aftersale.feedback"]

    def _keep_no_longer(self):
        for model, domain, method in self.company._aftersale_get_expired():
            getattr(self.env[model].search(domain), method)()

    def _inbound(self, **values):
        return self.Feedback.create({"inbound_source": "form", "source": "customer", "detail": "The lid", **values})


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestInbound(InboundCase):
    """What comes in unasked: where it ends up, and the form in which staff write it down."""

    def test_it_has_its_channel_and_team(self):
        feedback = self._inbound()
        self.assertEqual(feedback.channel_id.code, "inbound")
        self.assertEqual((feedback.company_id, feedback.team_id), (self.company, self.team))
        self.assertFalse(feedback.partner_id or feedback.issue_ids)

    def test_a_complaint_opens_an_issue_whatever_the_score_and_the_policy(self):
        self.company.aftersale_issue_policy = "high"
        praise = self._inbound(partner_id=self.partner.id, detail="Thank you")
        self.assertFalse(praise.issue_ids)
        complaint = self._inbound(partner_id=self.partner.id, detail="Nobody answers me", is_complaint=True, score=4)
        self.assertEqual(complaint.issue_ids.kind, "complaint")
        self.assertFalse(complaint.is_repeat)
        again = self._inbound(partner_id=self.partner.id, detail="Still nobody", is_complaint=True)
        self.assertTrue(again.is_repeat, "A second complaint within three months.")

    def test_a_complaint_of_nobody_known_is_told_to_the_supervisor(self):
        kind = self.env.ref("aftersale_followup.activity_type_record")
        self._inbound(detail="Thank you", score=5)
        self.assertFalse(self.env["mail.activity"].search([("activity_type_id", "=", kind.id)]))
        complaint = self._inbound(is_complaint=True)
        activity = self.env["mail.activity"].search([("activity_type_id", "=", kind.id)])
        self.assertEqual(activity.user_id, self.supervisor)
        self.assertIn(complaint.name, activity.note)
        self.assertFalse(activity.res_model)

    def test_the_same_twice_and_links_of_any_kind_are_refused(self):
        self._inbound(inbound_key="a")
        with self.assertRaises(UniqueViolation), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            self._inbound(inbound_key="a")
        self.assertEqual(self._inbound(inbound_url="https://example.com/review").inbound_url[:5], "https")
        with self.assertRaises(CheckViolation), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            self._inbound(inbound_url="javascript:alert(1)")

    def test_contact_data_as_given_is_masked_and_forgotten(self):
        feedback = self._inbound(email="zhang@example.com", phone="+8613800001234", contact_name="Zhang")
        own = feedback.with_user(self.supervisor)
        self.assertEqual(own.contact_data, "138****1234 · z***@example.com")
        self.assertIn("zhang@example.com", own.action_show_contact()["params"]["message"])
        with self.assertRaises(AccessError):
            own.read(["email"])
        feedback._anonymise()
        self.assertFalse(feedback.email or feedback.phone or feedback.contact_name or feedback.detail)

    def test_retention_reaches_people_who_are_no_customers(self):
        old = self._inbound(email="zhang@example.com", date="2023-01-01 10:00:00")
        kept = self._inbound(email="zhang@example.com", date="2026-01-01 10:00:00")
        self._keep_no_longer()
        self.assertFalse(old.email or old.detail)
        self.assertTrue(kept.email and kept.detail)

    # -- Record Feedback ---------------------------------------------------------

    def test_agent_records_a_review_in_their_own_name(self):
        with Form(self.env["aftersale.record"].with_user(self.agent)) as form:
            form.inbound_source = "review"
            form.inbound_url = "https://example.com/reviews/7"
            form.partner_id = self.partner
            form.score = "2"
            form.detail = "The lid leaks"
            form.product_ids.add(self.product)
        action = form.record.action_record()
        feedback = self.Feedback.browse(action["res_id"])
        self.assertEqual((feedback.inbound_source, feedback.channel_id.code), ("review", "inbound"))
        self.assertEqual((feedback.source, feedback.user_id, feedback.team_id), ("staff", self.agent, self.team))
        self.assertEqual((feedback.score, feedback.contact_name), (2, "Wang Fang"))
        self.assertEqual(feedback.issue_ids.partner_id, self.partner)
        self.assertTrue(feedback.with_user(self.agent).has_access("read"))

    def test_recording_keeps_the_rules_of_the_gate(self):
        Record = self.env["aftersale.record"].with_user(self.agent)
        values = {"detail": "Fine", "partner_id": self.partner.id}
        with self.assertRaisesRegex(UserError, "31 days"):
            Record.create({**values, "date": "2025-10-01 00:00:00"}).action_record()
        with self.assertRaisesRegex(UserError, "for themselves"):
            Record.create({**values, "partner_id": self.agent.partner_id.id}).action_record()
        mine = Record.create(values)
        self.assertFalse(mine.with_user(self.agent_2).search([]), "A form that is being filled is nobody else's.")


@tagged("post_install", "-at_install")
class TestComplaintMail(InboundCase):
    """A mail to the complaint address, fed to Odoo's own gateway."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        domain = cls.env["mail.alias.domain"].create(
            {"name": "aftersale.example.com", "company_ids": [Command.set(cls.company.ids)]}
        )
        cls.mailbox = (
            cls.env["aftersale.mailbox"]
            .with_user(cls.manager)
            .create({"alias_name": "complaints", "alias_domain_id": domain.id, "team_id": cls.team.id})
        )

    def _send(
        self, text="It leaks\nand it smells.", sender="Wang Fang <wang.fang@example.com>", message_id="1", **head
    ):
        mail = EmailMessage()
        mail["From"], mail["To"] = sender, "complaints@aftersale.example.com"
        mail["Subject"] = head.pop("subject", "The lid")
        mail["Message-ID"] = f"<{message_id}@example.com>"
        for name, value in head.items():
            mail[name.replace("_", "-")] = value
        mail.set_content(text)
        mail.add_attachment(b"photo", maintype="image", subtype="png", filename="lid.png")
        with mute_logger(MAIL, "odoo.addons.mail.models.mail_mail"):
            self.env["mail.thread"].message_process(False, mail.as_bytes())
        return self.Feedback.search([("inbound_source", "=", "mail")])

    def test_a_mail_becomes_feedback_with_an_issue(self):
        feedback = self._send()
        self.assertEqual((feedback.partner_id, feedback.source), (self.partner, "customer"))
        self.assertEqual(feedback.detail, "The lid\nIt leaks\nand it smells.")
        issue = feedback.issue_ids
        self.assertEqual((issue.kind, issue.title, issue.team_id), ("complaint", "The lid", self.team))
        message = issue.message_ids.filtered(lambda m: m.message_type == "email")
        self.assertEqual(message.attachment_ids.name, "lid.png")
        self.assertEqual(message.author_id, self.partner)
        self.assertEqual(message.attachment_ids.res_model, "aftersale.issue")

    def test_the_same_mail_twice_is_one(self):
        self._send()
        self.assertEqual(len(self._send()), 1)
        self.env["mail.message"].search([("message_id", "=", "<1@example.com>")]).unlink()
        feedback = self._send()
        self.assertEqual(len(feedback), 1, "Known by its fingerprint, though its message is gone.")
        self.assertEqual(len(feedback.issue_ids), 1)

    def test_a_reply_stays_with_its_issue(self):
        issue = self._send().issue_ids
        before = len(issue.message_ids)
        feedback = self._send("Here is more", message_id="2", In_Reply_To="<1@example.com>")
        self.assertEqual((len(feedback), len(issue.message_ids)), (1, before + 1))

    def test_who_is_not_known_becomes_a_contact(self):
        feedback = self._send(sender="Li Lei <li.lei@example.com>")
        self.assertEqual((feedback.partner_id.name, feedback.partner_id.email), ("Li Lei", "li.lei@example.com"))
        self.assertEqual(feedback.issue_ids.partner_id, feedback.partner_id)
        self.assertEqual(feedback.contact_name, "Li Lei")

    def test_programs_do_not_complain(self):
        issue = self._send().issue_ids
        before = len(issue.message_ids)
        automatic = ({"Auto_Submitted": "auto-replied"}, {"Precedence": "bulk"}, {"X_Autoreply": "yes"})
        for number, head in enumerate(automatic):
            with self.subTest(head=head):
                self._send(message_id=f"auto{number}", **head)
                self._send(message_id=f"reply{number}", In_Reply_To="<1@example.com>", **head)
        self._send(sender="MAILER-DAEMON@example.com", message_id="bounce")
        self.assertEqual(len(self.Feedback.search([("inbound_source", "=", "mail")])), 1)
        self.assertEqual(len(issue.message_ids), before)
        self.assertEqual(len(self._send(message_id="human", Auto_Submitted="no")), 2)

    def test_colleagues_are_sent_back(self):
        before = self.env["mail.mail"].sudo().search([], order="id desc", limit=1).id or 0
        self.assertFalse(self._send(sender=f"Agent <{self.agent.email}>"))
        bounce = self.env["mail.mail"].sudo().search([("id", ">", before)])
        self.assertEqual(bounce.email_to, f'"Agent" <{self.agent.email}>')
        self.assertIn("Record Feedback", bounce.body_html)

    def test_addresses_belong_to_managers_of_the_company(self):
        self.assertEqual(self.mailbox.display_name, "complaints@aftersale.example.com")
        self.assertEqual(self.mailbox.sudo().alias_id.alias_model_id.model, "aftersale.issue")
        with self.assertRaises(AccessError):
            self.mailbox.with_user(self.supervisor).alias_name = "other"
        other = self.env["res.company"].create({"name": "Other company"})
        stranger = self._user("asf_other", "aftersale_followup.group_manager")
        stranger.write({"company_ids": [Command.set(other.ids)], "company_id": other.id})
        self.assertFalse(self.env["aftersale.mailbox"].with_user(stranger).search([]))
        self.mailbox.team_id = False
        self.assertEqual(self._send(message_id="later").team_id, self.team, "Without a team it is the company's.")
