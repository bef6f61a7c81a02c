import json
from io import BytesIO

from lxml import etree
from openpyxl import load_workbook

from odoo import http
from odoo.fields import Command
from odoo.tests import HttpCase, tagged

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


@tagged("post_install", "-at_install")
class TestSheetFiles(SheetCase, HttpCase):
    """The export as the web client asks for it, and the print."""

    def _xlsx(self, names, records, groupby=()):
        self.authenticate("asf_manager", "asf_manager")
        model = records._name
        fields = records.fields_get(names)
        data = {
            "model": model,
            "fields": [{"name": n, "label": fields[n]["string"], "type": fields[n]["type"]} for n in names],
            "ids": records.ids,
            "domain": [],
            "groupby": list(groupby),
            "import_compat": False,
            "context": {},
        }
        form = {"data": json.dumps(data), "csrf_token": http.Request.csrf_token(self)}
        response = self.url_open("/web/export/xlsx", data=form)
        response.raise_for_status()
        return load_workbook(BytesIO(response.content)).active

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager.group_ids = [Command.link(cls.env.ref("base.group_allow_export").id)]

    def test_export_is_one_row_per_feedback(self):
        feedback = self._row()
        sheet = self._xlsx(COLUMNS, feedback)
        rows = [[cell.value for cell in row] for row in sheet.rows]
        self.assertEqual(len(rows), 2)
        self.assertEqual(
            rows[0],
            [
                "Customer No.",
                "Customer / Short Name",
                "Contact",
                "Contact Data",
                "Follow-up Date",
                "Channel",
                "Agent",
                "Score (1–5)",
                "Feedback Details",
                "Problem Classification",
                "Proposed Improvement",
                "Follow-up Status",
                "Completion",
                "Remark",
            ],
        )
        self.assertEqual(rows[1][0], f"C{self.partner.id:06d}")
        self.assertEqual(rows[1][3], "138****1234")
        self.assertEqual(rows[1][7], 4)
        self.assertEqual(rows[1][9], f"{self.tag.display_name}；{self.tag_2.display_name}")

    def test_score_not_asked_is_no_zero(self):
        feedback = self._feedback(self._ready(), detail="No score")
        self.assertIsNone(self._xlsx(["score", "content"], feedback)["A2"].value)

    def test_customers_words_are_no_formula(self):
        words = '=HYPERLINK("http://evil.example","click")'
        feedback = self._feedback(self._ready(), score=1, detail=words, contact_name=words)
        sheet = self._xlsx(["detail", "content", "contact_name"], feedback)
        for cell in sheet[2]:
            self.assertEqual((cell.data_type, cell.value), ("s", f"'{words}"))
            self.assertIsNone(cell.hyperlink)
        for text in LIVE:
            feedback.note = text
            cell = self._xlsx(["note"], feedback)["A2"]
            self.assertEqual(cell.data_type, "s", text)
            self.assertIsNone(cell.hyperlink, text)
            self.assertTrue(cell.value.startswith("'"), text)

    def test_group_titles_are_no_formula(self):
        words = "=1+1"
        feedback = self._feedback(self._ready(), score=4, contact_name=words)
        sheet = self._xlsx(["content", "note"], feedback, groupby=["contact_name"])
        self.assertEqual((sheet["A2"].data_type, sheet["A2"].value), ("s", f"'{words} (1)"))
        self.partner.name = words
        sheet = self._xlsx(["content", "note"], feedback, groupby=["partner_id"])
        self.assertEqual((sheet["A2"].data_type, sheet["A2"].value), ("s", f"'{words} (1)"))

    def test_print_shows_every_row_and_masks(self):
        rows = self._row() | self._feedback(
            self._ready(partner=self.env["res.partner"].create({"name": "<b>Li</b>", "email": "li@example.com"})),
            score=5,
        )
        report = self.env["ir.actions.report"].with_user(self.agent)
        html = report._render_qweb_html("aftersale_followup.report_feedback_sheet", rows.ids)[0].decode()
        body = etree.HTML(html)
        self.assertEqual(len(body.findall(".//thead//th")), 14)
        self.assertEqual(len(body.findall(".//tbody/tr")), 2)
        self.assertIn("138****1234", html)
        self.assertNotIn("13800001234", html)
        self.assertIn("&lt;b&gt;Li&lt;/b&gt;", html)
        self.assertEqual(self.env.ref("aftersale_followup.paperformat_feedback_sheet").orientation, "Landscape")
