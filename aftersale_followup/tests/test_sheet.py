from lxml import etree

from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.aftersale_followup.models.aftersale_export_mixin import as_text
from odoo.addons.aftersale_followup.models.masking import mask_email, mask_phone

from .common import AftersaleCase, utc

COLUMNS = [
    "customer_number",
    "customer_name",
    "contact_name",
    "contact_data",
    "day",
    "channel_id",
    "user_id",
    "score",
    "content",
    "classification",
    "proposal",
    "followup_status",
    "completion",
    "note",
]
LIVE = ["=1+1", "+86", "-1", "@SUM(A1)", "\t=1", "\r=1", "http://a.example", "{=1}", "mailto:a@b.c", "<r>x</r>", "＝1"]


class SheetCase(AftersaleCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tag = cls.env.ref("aftersale_followup.tag_logistics_delay")
        cls.tag_2 = cls.env.ref("aftersale_followup.tag_praise")
        cls.phone = cls.env.ref("aftersale_followup.channel_phone")
        cls.email = cls.env.ref("aftersale_followup.channel_email")

    def _row(self, **values):
        followup = self._planned()
        followup._contact()
        feedback = self._feedback(
            followup,
            channel_id=self.phone.id,
            source="staff",
            contact_name="Xiao Li",
            score=4,
            detail="Works fine, but came late",
            suggestion="A faster courier",
            tag_ids=[Command.set((self.tag | self.tag_2).ids)],
            improvement="Rate the carriers",
            note="Logistics informed",
            **values,
        )
        return feedback


@tagged("post_install", "-at_install")
class TestSheet(SheetCase):
    def test_list_has_the_fourteen_columns_in_order(self):
        """Those shown are also those that "Export All" writes, in this order."""
        arch = etree.fromstring(self.env["aftersale.feedback"].get_views([(False, "list")])["views"]["list"]["arch"])
        shown = [
            node.get("name")
            for node in arch.findall("field")
            if node.get("optional") != "hide" and node.get("column_invisible") not in ("1", "True")
        ]
        self.assertEqual(shown, COLUMNS)

    def test_export_template_has_the_same_columns(self):
        template = self.env.ref("aftersale_followup.export_feedback_sheet")
        self.assertEqual(template.resource, "aftersale.feedback")
        self.assertEqual(template.export_fields.mapped("name"), COLUMNS)

    def test_customer_number_and_name(self):
        parent = self.env["res.partner"].create({"name": "Great Wall Trading", "is_company": True})
        self.partner.parent_id = parent
        feedback = self._row()
        self.assertEqual(feedback.customer_number, f"C{parent.id:06d}")
        self.assertEqual(feedback.customer_name, "Great Wall Trading")
        parent.write({"ref": "K-17", "aftersale_short_name": "GWT"})
        self.assertEqual((feedback.customer_number, feedback.customer_name), ("K-17", "GWT"))

    def test_contact_data_is_what_was_used(self):
        """The number of a call, the address of a mailed link; what the follow-up went to, not what is entered later."""
        feedback = self._row()
        self.assertEqual(feedback.contact_data, "138****1234")
        online = self._feedback(self._ready(channel_id=self.email.id, partner=self._customer()), score=4)
        self.assertEqual(online.followup_id.channel_id, self.email)
        self.assertEqual(online.contact_data, "c***@example.com")
        self.partner.phone = "+8613911112222"
        feedback.invalidate_recordset()
        self.assertEqual(feedback.contact_data, "138****1234")
        self.company.aftersale_masking = False
        self.assertEqual(feedback.contact_data, "+8613800001234")
        self.assertEqual(online.contact_data, "customer@example.com")

    def _customer(self):
        return self.env["res.partner"].create({"name": "Li Na", "email": "customer@example.com"})

    def test_date_is_the_company_day(self):
        self.company.resource_calendar_id.tz = "Asia/Shanghai"
        feedback = self._row(date=utc("2026-03-02 18:30"))
        self.assertEqual(str(feedback.day), "2026-03-03")

    def test_texts_of_a_row(self):
        feedback = self._row()
        self.assertEqual(feedback.content, "Works fine, but came late\nA faster courier")
        self.assertEqual(feedback.classification, f"{self.tag.display_name}；{self.tag_2.display_name}")
        self.assertEqual(feedback.proposal, "Rate the carriers")

    def test_without_a_proposal_the_measures_stand_there(self):
        feedback = self._row()
        feedback.improvement = False
        issue = self._issue(feedback_ids=[Command.link(feedback.id)])
        common = {
            "kind": "supplier",
            "user_id": self.manager.id,
            "date_deadline": "2026-12-24",
            "expected_effect": "20",
        }
        self.env["aftersale.action"].create(
            [
                {"name": "Live tracking", "issue_ids": [Command.link(issue.id)], **common},
                {"name": "Rate the carriers", "issue_ids": [Command.link(issue.id)], **common},
            ]
        )
        feedback.invalidate_recordset()
        self.assertEqual(set(feedback.proposal.split("\n")), {"Live tracking", "Rate the carriers"})
        (feedback.issue_ids - issue).unlink()
        issue.resolution_deadline = False
        feedback.invalidate_recordset()
        self.assertEqual(feedback.completion, "12/24/2026 (planned)")

    def test_completion_of_an_answer_without_issue_is_that_of_its_measures(self):
        """The last of them counts; one that is only planned may have no deadline; a cancelled one is none."""
        feedback = self._row()
        feedback.issue_ids = False
        common = {"suggestion_ids": [Command.link(feedback.id)], "user_id": self.manager.id}
        measures = self.env["aftersale.action"].create(
            [
                {"name": "Someday", **common},
                {"name": "Soon", "date_deadline": "2026-12-24", **common},
                {"name": "Never", "date_deadline": "2027-01-31", "state": "cancelled", "cancel_reason": "No", **common},
            ]
        )
        self.assertEqual((feedback.followup_status, feedback.completion), ("none", "12/24/2026 (planned)"))
        self.assertEqual(feedback.proposal, "Rate the carriers", "what staff propose goes first")
        feedback.improvement = False
        self.assertEqual(set(feedback.proposal.split("\n")), {"Soon", "Someday"})
        measures[0].write({"state": "cancelled", "cancel_reason": "No"})
        measures[1].write({"state": "in_progress"})
        measures[1].write({"state": "done", "date_done": utc("2026-12-20 10:00")})
        feedback.invalidate_recordset()
        self.assertEqual(feedback.completion, "12/20/2026")

    def test_status_and_completion_follow_the_issue(self):
        """Planned day until the issue is done; of several the least advanced counts; cancelled ones have none."""
        feedback = self._row()
        feedback.issue_ids = False
        self.assertEqual((feedback.followup_status, feedback.completion), ("none", ""))
        issue = self._issue(user_id=self.agent.id, feedback_ids=[Command.link(feedback.id)])
        feedback.invalidate_recordset()
        issue.resolution_deadline = "2026-11-30"
        self.assertEqual((feedback.followup_status, feedback.completion), ("new", "11/30/2026 (planned)"))
        issue.state = "processing"
        issue.write({"root_cause": "Carrier", "solution": "Paid back", "state": "done"})
        issue.date_done = utc("2026-11-27 10:00")
        feedback.invalidate_recordset()
        self.assertEqual((feedback.followup_status, feedback.completion), ("done", "11/27/2026"))
        other = self._issue(feedback_ids=[Command.link(feedback.id)])
        feedback.invalidate_recordset()
        self.assertEqual(feedback.followup_status, "new")
        other.with_user(self.supervisor).write({"state": "cancelled", "cancel_reason": "Twice"})
        issue.with_user(self.supervisor).write({"state": "cancelled", "cancel_reason": "Twice"})
        feedback.invalidate_recordset()
        self.assertEqual(feedback.followup_status, "cancelled")

    def test_status_is_told_to_agents_who_may_not_read_the_issue(self):
        feedback = self._row()
        feedback.issue_ids = False
        self._issue(user_id=self.agent_2.id, feedback_ids=[Command.link(feedback.id)])
        feedback.invalidate_recordset()
        self.assertEqual(feedback.with_user(self.agent).followup_status, "new")

    # -- masking ---------------------------------------------------------------

    def test_masks(self):
        for number, masked in {
            "+8613800001234": "138****1234",
            "138 0000 1234": "138****1234",
            "+4915112345678": "151****5678",
            "+49 89 1234567": "89****567",
            "123456": "1****56",
            "110": "****",
            "call me": "****",
            "": "",
            False: "",
        }.items():
            self.assertEqual(mask_phone(number), masked, number)
        for address, masked in {
            "zhang.san@example.com": "z***@example.com",
            "a@b@example.com": "a***@example.com",
            "nonsense": "***",
            False: "",
        }.items():
            self.assertEqual(mask_email(address), masked, address)

    def test_no_field_of_the_sheet_shows_contact_data(self):
        values = self._row().with_user(self.agent).read(COLUMNS)[0]
        self.assertNotIn("13800001234", str(values))
        self.assertNotIn("wang.fang", str(values))

    # -- plain text ------------------------------------------------------------

    def test_texts_that_would_come_alive(self):
        for text in LIVE:
            self.assertEqual(as_text(text), f"'{text}")
        for value in ("Fine = good", "a@b.example", "4", 4, -1, None, False, "'=1", "", "很好", "r>", b"=1"):
            self.assertEqual(as_text(value), value)

    def test_every_model_of_ours_exports_plain_text(self):
        mixin = self.env.registry["aftersale.export.mixin"]
        for name in [*filter(lambda n: n.startswith("aftersale."), self.env.registry), "survey.user_input.line"]:
            model = self.env[name]
            if not model._abstract and not model._transient:
                with self.subTest(model=name):
                    self.assertIsInstance(model, mixin)

    def test_export_through_another_model(self):
        """A path from another model's export ends in our texts, too; nothing is marked twice."""
        order = self._order()
        self._deliver(order)
        order.aftersale_followup_ids.explanation = "=1+1"
        rows = order.export_data(["name", "aftersale_followup_ids/explanation"])["datas"]
        self.assertEqual(rows[0][1], "'=1+1")
        rows = order.aftersale_followup_ids.export_data(["explanation", "order_id/name"])["datas"]
        self.assertEqual(rows[0][0], "'=1+1")
